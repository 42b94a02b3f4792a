"""DeleteTable: only of an ACTIVE, unprotected table whose indexes rest (rule 17); a second one is no error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simulation.refusal import in_use, invalid
from simulation.table import indexes_of

if TYPE_CHECKING:
    from simulation.simulated_dynamodb import ControlPlane

OPERATION = "DeleteTable"


def delete_table(plane: ControlPlane, params: dict[str, Any]) -> dict[str, Any]:
    table = plane.table(OPERATION, params["TableName"])
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
    plane.soon(table, lambda: _gone(plane, table.name))
    return {"TableDescription": table.description}


def _gone(plane: ControlPlane, name: str) -> None:
    del plane.tables[name]
    plane.ghosts[name] = plane.clock.seconds + plane.stale
