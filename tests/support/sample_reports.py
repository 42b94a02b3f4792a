"""Sample pass reports for metrics, pages and the loop."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from reconciler.model.change import Call, Change
from reconciler.model.identity import Endpoint, Flavor
from reconciler.model.plan import Action, Reason, Step
from reconciler.model.report import PassReport, TableReport, TableStatus

T0 = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
LOCAL = Endpoint("http://127.0.0.1:8000", "us-east-1", "000000000000", "aws", Flavor.DYNAMODB_LOCAL)


def ttl_step(**fields: Any) -> Step:
    """A ready step that moves a TTL."""
    change = Change("ttl", "ttl.attribute", None, "expires_at")
    return Step(Action.UPDATE, "ttl", (change,), Call("UpdateTimeToLive", {}), **fields)


def deferred_step(not_before: datetime | None = None) -> Step:
    """A step that waits, for ever so long or until a given time."""
    return ttl_step().deferred(Reason.BUSY if not_before is None else Reason.PRUNE_GRACE, "waits", not_before)


def table(name: str = "users", status: TableStatus = TableStatus.IN_SYNC, **fields: Any) -> TableReport:
    """A declared table; any field may be given."""
    defaults: dict[str, Any] = {
        "base_name": name,
        "declaration": f"table_configs/{name}_table.py:5",
        "facets": ("keys", "billing", "ttl"),
        "ready": True,
    }
    return TableReport(name, status, **{**defaults, **fields})


def report(*tables: TableReport, seconds: float = 0.25, **fields: Any) -> PassReport:
    """A pass that started at T0 and took ``seconds``."""
    defaults: dict[str, Any] = {
        "pass_id": "pass-1",
        "trigger": "interval",
        "environment": "default",
        "stack": "default",
        "started": T0,
        "finished": T0 + timedelta(seconds=seconds),
        "endpoint": LOCAL,
    }
    return PassReport(tables=tables, **{**defaults, **fields})
