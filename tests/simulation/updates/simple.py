"""Table class and deletion protection: one value each, never a no-op; class switches are counted (rules 5, 17, 30)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simulation.refusal import invalid, limit
from simulation.table import Table

if TYPE_CHECKING:
    from simulation.simulated_dynamodb import SimulatedDynamoDB

OPERATION = "UpdateTable"
MONTH = 30 * 86400.0
SWITCHES = 2


def table_class(dynamodb: SimulatedDynamoDB, table: Table, draft: dict[str, Any], params: dict[str, Any]) -> None:
    have = draft.get("TableClassSummary", {}).get("TableClass", "STANDARD")
    if params["TableClass"] == have:
        raise invalid(OPERATION, f"Table is already in {have}")
    now, times = dynamodb.clock.seconds, table.counted.setdefault("class", [])
    if dynamodb.strict and len([time for time in times if now - time < MONTH]) >= SWITCHES:
        raise limit(OPERATION, "Subscriber limit exceeded: table class updates")
    times.append(now)
    draft["TableClassSummary"] = {"TableClass": params["TableClass"], "LastUpdateDateTime": dynamodb.clock.now()}


def protection(dynamodb: SimulatedDynamoDB, table: Table, draft: dict[str, Any], params: dict[str, Any]) -> None:
    draft["DeletionProtectionEnabled"] = params["DeletionProtectionEnabled"]
