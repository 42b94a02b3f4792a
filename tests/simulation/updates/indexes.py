"""Global and vector indexes of a live table: made and deleted, one at a time (rules 3, 13 to 16)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simulation import index_rules
from simulation.refusal import in_use, invalid, missing
from simulation.table import Table, indexes_of, key_attributes, search_attributes
from simulation.updates import warm_throughput

if TYPE_CHECKING:
    from simulation.simulated_dynamodb import SimulatedDynamoDB

OPERATION = "UpdateTable"
MEMBERS = {"GlobalSecondaryIndexUpdates": "GlobalSecondaryIndexes", "VectorIndexUpdates": "VectorIndexes"}


def apply(dynamodb: SimulatedDynamoDB, table: Table, draft: dict[str, Any], params: dict[str, Any]) -> None:
    given = params.get("AttributeDefinitions", [])
    for updates, member in MEMBERS.items():
        for update in params.get(updates, []):
            if "Create" in update:
                _create(dynamodb, table, draft, member, update["Create"])
            else:
                _delete(dynamodb, table, draft, member, update["Delete"]["IndexName"])
    index_rules.check_counts(OPERATION, draft)
    draft["AttributeDefinitions"] = index_rules.defined(
        OPERATION, draft, given, table.description["AttributeDefinitions"]
    )


def cancels(table: Table, params: dict[str, Any]) -> bool:
    """Whether the call deletes just the index that is being built, which backfilling allows."""
    names = [u["Delete"]["IndexName"] for member in MEMBERS for u in params.get(member, []) if "Delete" in u]
    busy = [index["IndexName"] for index in indexes_of(table.description) if index["IndexStatus"] != "ACTIVE"]
    return bool(names) and names == busy


def _create(
    dynamodb: SimulatedDynamoDB, table: Table, draft: dict[str, Any], member: str, index: dict[str, Any]
) -> None:
    name = index["IndexName"]
    if name in {other["IndexName"] for other in indexes_of(draft)}:
        raise invalid(OPERATION, f"Attempting to create an index which already exists: {name}")
    if member == "VectorIndexes":
        index_rules.check_vector(OPERATION, index, draft, table.mode)
    else:
        index_rules.check_global(OPERATION, index, table.mode)
    made = {**index, "IndexStatus": "CREATING", "Backfilling": False}
    if member == "GlobalSecondaryIndexes":
        warm_throughput.begin(dynamodb, made, {})
    draft.setdefault(member, []).append(made)
    dynamodb.soon(table, lambda: _move(table, name, "CREATING", {"Backfilling": True}), 0.5)
    dynamodb.soon(table, lambda: _move(table, name, "CREATING", {"IndexStatus": "ACTIVE"}))


def _delete(dynamodb: SimulatedDynamoDB, table: Table, draft: dict[str, Any], member: str, name: str) -> None:
    found = [index for index in draft.get(member, []) if index["IndexName"] == name]
    if not found:
        raise missing(OPERATION, f"no index {name}")
    if found[0]["IndexStatus"] == "CREATING" and not found[0].get("Backfilling"):
        raise in_use(OPERATION, f"index {name} is being created and cannot be deleted before it is backfilling")
    found[0]["IndexStatus"] = "DELETING"
    dynamodb.soon(table, lambda: _gone(table, member, name))


def _move(table: Table, name: str, only: str, members: dict[str, Any]) -> None:
    for index in indexes_of(table.description):
        if index["IndexName"] == name and index["IndexStatus"] == only:
            index.update(members)
            if index["IndexStatus"] == "ACTIVE":
                index.pop("Backfilling", None)


def _gone(table: Table, member: str, name: str) -> None:
    description = table.description
    description[member] = [index for index in description[member] if index["IndexName"] != name]
    used = {*key_attributes(description), *search_attributes(description)}
    description["AttributeDefinitions"] = [d for d in description["AttributeDefinitions"] if d["AttributeName"] in used]
