"""UpdateTable: one concern per call, on an idle table (rules 1, 2 and 3); the concerns are in ``updates``."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from simulation.copies import copied
from simulation.refusal import in_use, invalid, limit
from simulation.table import Table
from simulation.updates import (
    capacity,
    encryption,
    indexes,
    replicas,
    simple,
    stream,
    throughput_limits,
    warm_throughput,
)

if TYPE_CHECKING:
    from simulation.simulated_dynamodb import SimulatedDynamoDB

OPERATION = "UpdateTable"
Apply = Callable[["SimulatedDynamoDB", Table, dict[str, Any], dict[str, Any]], None]

MEMBERS: dict[str, str] = {
    "BillingMode": "capacity",
    "ProvisionedThroughput": "capacity",
    "VectorIndexUpdates": "index",
    "StreamSpecification": "stream",
    "SSESpecification": "encryption",
    "TableClass": "class",
    "DeletionProtectionEnabled": "protection",
    "OnDemandThroughput": "on demand",
    "WarmThroughput": "warm",
    "ReplicaUpdates": "replicas",
    "MultiRegionConsistency": "replicas",
    "GlobalTableWitnessUpdates": "replicas",
    "GlobalTableSettingsReplicationMode": "settings",
    "DisassociationProtectionEnabled": "disassociation",
}
INDEX_MEMBERS = {"ProvisionedThroughput": "capacity", "OnDemandThroughput": "on demand", "WarmThroughput": "warm"}
CONCERNS: dict[str, Apply] = {
    "capacity": capacity.apply,
    "index": indexes.apply,
    "stream": stream.apply,
    "encryption": encryption.apply,
    "class": simple.table_class,
    "protection": simple.protection,
    "on demand": throughput_limits.apply,
    "warm": warm_throughput.apply,
    "replicas": replicas.apply,
    "settings": replicas.settings,
    "disassociation": replicas.disassociation_protection,
}


def update_table(dynamodb: SimulatedDynamoDB, params: dict[str, Any]) -> dict[str, Any]:
    table = dynamodb.table(OPERATION, params["TableName"])
    concern = _concern(params)
    _at_rest(table, concern, params)
    draft = copied(table.description)
    CONCERNS[concern](dynamodb, table, draft, params)
    table.description = draft
    draft["TableStatus"] = "UPDATING" if dynamodb.delay else "ACTIVE"
    dynamodb.soon(table, lambda: table.description.update(TableStatus="ACTIVE"), 0.5 if concern == "index" else 1.0)
    return {"TableDescription": draft}


def _concern(params: dict[str, Any]) -> str:
    """The one thing that the call is about."""
    found = []
    for member, value in params.items():
        if member in ("TableName", "AttributeDefinitions"):
            continue
        if member == "GlobalSecondaryIndexUpdates":
            found += [concern for update in value for concern in _of_index(update)]
        elif member in MEMBERS:
            found.append(MEMBERS[member])
        else:
            raise invalid(OPERATION, f"{member} cannot be changed")
    concerns = set(found)
    if not concerns:
        raise invalid(OPERATION, "nothing is asked for")
    if concerns == {"index"} and len(_index_operations(params)) > 1:
        raise limit(OPERATION, "Only 1 online index can be created or deleted simultaneously")
    if len(concerns) > 1:
        raise invalid(OPERATION, f"one concern a call, not {sorted(concerns)}")
    return found[0]


def _of_index(update: dict[str, Any]) -> list[str]:
    if "Update" not in update:
        return ["index"]
    return [INDEX_MEMBERS[member] for member in update["Update"] if member != "IndexName"] or ["nothing"]


def _index_operations(params: dict[str, Any]) -> list[dict[str, Any]]:
    return [*params.get("GlobalSecondaryIndexUpdates", []), *params.get("VectorIndexUpdates", [])]


def _at_rest(table: Table, concern: str, params: dict[str, Any]) -> None:
    busy = table.busy_index
    cancels = busy is not None and concern == "index" and indexes.cancels(table, params)
    if busy is not None and concern == "index" and not cancels:
        raise limit(OPERATION, "Only 1 online index can be created or deleted simultaneously")
    if table.status != "ACTIVE":
        raise in_use(OPERATION, f"the table is {table.status}")
    if busy is not None and not cancels:
        raise in_use(OPERATION, f"index {busy} is being changed")
