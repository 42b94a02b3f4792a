"""The on-demand maximum of table and index: at least 1, or -1 to remove it; on demand only (rule 9)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simulation.refusal import invalid
from simulation.table import Table
from simulation.updates.named import named

if TYPE_CHECKING:
    from simulation.simulated_dynamodb import SimulatedDynamoDB

MEMBERS = ("MaxReadRequestUnits", "MaxWriteRequestUnits")


def apply(dynamodb: SimulatedDynamoDB, table: Table, draft: dict[str, Any], params: dict[str, Any]) -> None:
    if table.mode != "PAY_PER_REQUEST":
        raise invalid("UpdateTable", "a maximum on demand needs a table that is on demand")
    if "OnDemandThroughput" in params:
        _set(draft, params["OnDemandThroughput"])
    updates = [update["Update"] for update in params.get("GlobalSecondaryIndexUpdates", [])]
    indexes = named(draft, [update["IndexName"] for update in updates])
    for update in updates:
        _set(indexes[update["IndexName"]], update["OnDemandThroughput"])


def checked(operation: str, requested: dict[str, Any]) -> dict[str, Any]:
    """The requested value, if the service accepts it."""
    if not requested:
        raise invalid(operation, "OnDemandThroughput needs MaxReadRequestUnits, MaxWriteRequestUnits, or both")
    if any(value < 1 and value != -1 for value in requested.values()):
        raise invalid(operation, "a maximum is at least 1, or -1 for none")
    return requested


def _set(holder: dict[str, Any], requested: dict[str, Any]) -> None:
    have = {**dict.fromkeys(MEMBERS, -1), **holder.get("OnDemandThroughput", {})}
    after = {**have, **checked("UpdateTable", requested)}
    if after == have:
        raise invalid("UpdateTable", "the maximum will not change")
    holder["OnDemandThroughput"] = after
