"""DeleteTable: only of an ACTIVE, unprotected table with idle indexes (rule 17); a second one is not an error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simulation.refusal import in_use, invalid
from simulation.table import indexes_of

if TYPE_CHECKING:
    from simulation.simulated_dynamodb import SimulatedDynamoDB

OPERATION = "DeleteTable"


def delete_table(dynamodb: SimulatedDynamoDB, params: dict[str, Any]) -> dict[str, Any]:
    table = dynamodb.table(OPERATION, params["TableName"])
    if table.status == "DELETING":
        return {"TableDescription": table.description}
    if table.status != "ACTIVE":
        raise in_use(OPERATION, f"the table is {table.status}")
    building = [i["IndexName"] for i in indexes_of(table.description) if i["IndexStatus"] != "ACTIVE"]
    if building:
        raise in_use(OPERATION, f"index {building[0]} is being changed")
    if table.description["DeletionProtectionEnabled"]:
        raise invalid(OPERATION, "deletion protection is on")
    table.description["TableStatus"] = "DELETING"
    dynamodb.soon(table, lambda: _gone(dynamodb, table.name))
    return {"TableDescription": table.description}


def _gone(dynamodb: SimulatedDynamoDB, name: str) -> None:
    del dynamodb.tables[name]
    dynamodb.ghosts[name] = dynamodb.clock.seconds + dynamodb.stale
