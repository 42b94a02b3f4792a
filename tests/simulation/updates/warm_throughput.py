"""Warm throughput of table and index: it can only be raised, and the service raises it by itself (rule 8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simulation.refusal import invalid
from simulation.table import Table
from simulation.updates.named import named

if TYPE_CHECKING:
    from simulation.simulated_dynamodb import SimulatedDynamoDB

OPERATION = "UpdateTable"
BASELINE = {"ReadUnitsPerSecond": 12000, "WriteUnitsPerSecond": 4000}


def apply(dynamodb: SimulatedDynamoDB, table: Table, draft: dict[str, Any], params: dict[str, Any]) -> None:
    if "WarmThroughput" in params:
        _raise(dynamodb, table, draft, params["WarmThroughput"])
    updates = [update["Update"] for update in params.get("GlobalSecondaryIndexUpdates", [])]
    indexes = named(draft, [update["IndexName"] for update in updates])
    for update in updates:
        _raise(dynamodb, table, indexes[update["IndexName"]], update["WarmThroughput"])


def begin(dynamodb: SimulatedDynamoDB, holder: dict[str, Any], requested: dict[str, Any]) -> None:
    """A new table or index is ready for the baseline, a provisioned one for its capacity, or for more."""
    requested = requested or holder.get("WarmThroughput", {})
    capacity = holder.get("ProvisionedThroughput", {})
    units = {f"{kind}UnitsPerSecond": capacity.get(f"{kind}CapacityUnits", 0) for kind in ("Read", "Write")}
    least = units if all(units.values()) else BASELINE
    if any(value < least[member] for member, value in requested.items()):
        raise invalid(OPERATION, f"the requested warm throughput is lower than the initial one: {least}")
    if dynamodb.strict or requested:
        holder["WarmThroughput"] = {**least, **requested, "Status": "ACTIVE"}


def _raise(dynamodb: SimulatedDynamoDB, table: Table, holder: dict[str, Any], requested: dict[str, Any]) -> None:
    """A value that was never returned is accepted: an emulator without warm throughput refuses nothing."""
    if not requested:
        raise invalid(OPERATION, "WarmThroughput needs ReadUnitsPerSecond, WriteUnitsPerSecond, or both")
    known = holder.get("WarmThroughput", BASELINE if dynamodb.strict else {})
    have = {member: known.get(member, 0) for member in BASELINE}
    if any(value < have[member] for member, value in requested.items()):
        raise invalid(OPERATION, f"warm throughput cannot be lowered: it is {have}")
    if {**have, **requested} == have:
        raise invalid(OPERATION, "warm throughput will not change")
    holder["WarmThroughput"] = {**have, **requested, "Status": "UPDATING" if dynamodb.delay else "ACTIVE"}
    dynamodb.soon(table, lambda: _settled(table))


def _settled(table: Table) -> None:
    for holder in (table.description, *table.description.get("GlobalSecondaryIndexes", [])):
        if "WarmThroughput" in holder:
            holder["WarmThroughput"]["Status"] = "ACTIVE"
