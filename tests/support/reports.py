"""Builders of reports, so that a test names only the values that matter."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from reconciler.model.change import Call, Change
from reconciler.model.identity import Endpoint, Flavor
from reconciler.model.plan import Action, Reason, Step
from reconciler.model.report import PassReport, TableReport, TableStatus

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
LOCAL = Endpoint("http://localhost:8000", "us-east-1", "000000000000", "aws", Flavor.DYNAMODB_LOCAL)


def a_report(*tables: TableReport, **members: Any) -> PassReport:
    """A pass at noon in the default environment on DynamoDB Local."""
    given = {
        "pass_id": "p-1",
        "trigger": "preview",
        "environment": "default",
        "stack": "default",
        "started": NOON,
        "finished": NOON,
        "endpoint": LOCAL,
        **members,
    }
    return PassReport(tables=tables, **given)


def a_table(name: str, status: TableStatus, *steps: Step, **members: Any) -> TableReport:
    """A declared table; its changes are those of its steps unless given."""
    changes = tuple(change for step in steps for change in step.changes)
    given = {"declaration": f"table_configs/{name}_table.py:12", "changes": changes, **members}
    return TableReport(name=name, status=status, steps=steps, **given)


def create(name: str = "users") -> Step:
    """The creation of a table."""
    change = Change("keys", "keys", None, [{"attribute": "pk", "role": "HASH", "type": "S"}])
    return Step(Action.CREATE, "table", (change,), Call("CreateTable", {"TableName": name}))


def seeding() -> Step:
    """Seeding."""
    return Step(Action.SEED, "seed", message="2 items from seeds/users.json")


def ttl_moved() -> Step:
    """A change in place."""
    change = Change("ttl", "ttl.attribute", "old", "expires_at")
    call = Call("UpdateTimeToLive", {"TableName": "users", "TimeToLiveSpecification": {"Enabled": True}})
    return Step(Action.UPDATE, "ttl", (change,), call)


def removal(name: str = "gone") -> Step:
    """A delete."""
    return Step(Action.DELETE, "table", (), Call("DeleteTable", {"TableName": name}))


def key_change_blocked() -> Step:
    """A replacement that policy refuses."""
    change = Change("keys", "keys.0.type", "S", "N", unsafe="the table would be deleted with its items")
    step = Step(Action.REPLACE, "keys", (change,), Call("DeleteTable", {"TableName": "users"}))
    return step.blocked(Reason.DATA_LOSS, "the table holds items", "RECONCILER_DATA_LOSS=allow reconciler up users")


def in_sync(name: str = "users") -> TableReport:
    """A table as declared."""
    return a_table(name, TableStatus.IN_SYNC)


def missing(name: str = "users") -> TableReport:
    """A table that is not there yet, with a seed."""
    return a_table(name, TableStatus.MISSING, create(name), seeding(), seed_pending=True)


def drifted(name: str = "users") -> TableReport:
    """A table with one difference that may be closed now."""
    return a_table(name, TableStatus.DRIFTED, ttl_moved())


def blocked(name: str = "users") -> TableReport:
    """A table with a difference that policy keeps."""
    return a_table(name, TableStatus.BLOCKED, key_change_blocked())


def deferred(name: str = "users", until: datetime | None = NOON) -> TableReport:
    """A table whose step waits."""
    return a_table(name, TableStatus.PENDING, ttl_moved().deferred(Reason.BUSY, "index by_email is CREATING", until))


def unsupported(name: str = "users") -> TableReport:
    """A table whose only difference the endpoint does not support: counts as in sync."""
    return a_table(name, TableStatus.IN_SYNC, ttl_moved().unsupported("this endpoint has no tags"))


def failed(name: str = "users") -> TableReport:
    """A table whose step failed."""
    return a_table(name, TableStatus.ERROR, ttl_moved().failed("refused"), error="UpdateTimeToLive: refused")


def converged(name: str = "users") -> TableReport:
    """A table that was created and seeded in this run."""
    return a_table(name, TableStatus.IN_SYNC, create(name).done(), seeding().done(), seed_written=2)
