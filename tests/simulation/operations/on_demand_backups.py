"""On-demand backups and restores: kept beside the tables, so that they outlive them; whole after the delay."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from simulation.refusal import in_use, missing, no_backup, unknown
from simulation.table import Table

if TYPE_CHECKING:
    from simulation.control_plane import ControlPlane

Params = dict[str, Any]


def create_backup(plane: ControlPlane, params: Params) -> dict[str, Any]:
    _only_where_there_are_any(plane, "CreateBackup")
    table = plane.table("CreateBackup", params["TableName"])
    if table.status != "ACTIVE":
        raise in_use("CreateBackup", f"the table is {table.status}")
    plane.born += 1
    arn = f"{plane.arn(table.name)}/backup/{plane.born:014}"
    summary = {
        "TableName": table.name,
        "TableId": table.description.get("TableId"),
        "TableArn": plane.arn(table.name),
        "BackupArn": arn,
        "BackupName": params["BackupName"],
        "BackupCreationDateTime": plane.clock.now(),
        "BackupStatus": "CREATING" if plane.delay else "AVAILABLE",
        "BackupType": "USER",
    }
    plane.backups[arn] = {"summary": summary, "table": copy.deepcopy(table)}
    plane.soon(table, lambda: summary.update(BackupStatus="AVAILABLE"))
    return {"BackupDetails": summary}


def delete_backup(plane: ControlPlane, params: Params) -> dict[str, Any]:
    _only_where_there_are_any(plane, "DeleteBackup")
    if params["BackupArn"] not in plane.backups:
        raise no_backup("DeleteBackup")
    kept = plane.backups.pop(params["BackupArn"])
    return {"BackupDescription": {"BackupDetails": {**kept["summary"], "BackupStatus": "DELETED"}}}


def listed(plane: ControlPlane, params: Params) -> dict[str, Any]:
    _only_where_there_are_any(plane, "ListBackups")
    summaries = [kept["summary"] for kept in plane.backups.values()]
    return {"BackupSummaries": [s for s in summaries if s["TableName"] == params["TableName"]]}


def restore_from_backup(plane: ControlPlane, params: Params) -> dict[str, Any]:
    _only_where_there_are_any(plane, "RestoreTableFromBackup")
    if params["BackupArn"] not in plane.backups:
        raise no_backup("RestoreTableFromBackup")
    return _restored(plane, plane.backups[params["BackupArn"]]["table"], params["TargetTableName"])


def restore_to_time(plane: ControlPlane, params: Params) -> dict[str, Any]:
    source = plane.table("RestoreTableToPointInTime", params["SourceTableName"])
    if source.side.get("recovery", {}).get("PointInTimeRecoveryStatus") != "ENABLED":
        raise missing("RestoreTableToPointInTime", "point-in-time recovery is not enabled")
    return _restored(plane, source, params["TargetTableName"])


def _restored(plane: ControlPlane, source: Table, name: str) -> dict[str, Any]:
    if name in plane.tables:
        raise in_use("RestoreTable", f"table {name} exists")
    plane.born += 1
    description = copy.deepcopy(source.description)
    description |= {
        "TableName": name,
        "TableArn": plane.arn(name),
        "TableId": f"id-{plane.born}",
        "CreationDateTime": plane.clock.now(),
        "TableStatus": "CREATING" if plane.delay else "ACTIVE",
    }
    table = Table(description, born=plane.clock.seconds, items=copy.deepcopy(source.items))
    plane.tables[name] = table
    plane.soon(table, lambda: description.update(TableStatus="ACTIVE"))
    return {"TableDescription": description}


def _only_where_there_are_any(plane: ControlPlane, operation: str) -> None:
    if not plane.has_backups:
        raise unknown(operation)
