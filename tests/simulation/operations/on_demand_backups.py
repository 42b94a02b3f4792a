"""On-demand backups and restores: kept beside the tables, so that they outlive them; whole after the delay."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from simulation.refusal import in_use, invalid, missing, no_backup, unknown
from simulation.table import Table, key_attributes, search_attributes
from simulation.updates import encryption

if TYPE_CHECKING:
    from simulation.simulated_dynamodb import ControlPlane

Params = dict[str, Any]
OVERRIDES = {
    "GlobalSecondaryIndexOverride": "GlobalSecondaryIndexes",
    "LocalSecondaryIndexOverride": "LocalSecondaryIndexes",
    "VectorIndexOverride": "VectorIndexes",
}
MAXIMA = (("OnDemandThroughputOverride", "OnDemandThroughput"),)


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


def described(plane: ControlPlane, params: Params) -> dict[str, Any]:
    _only_where_there_are_any(plane, "DescribeBackup")
    if params["BackupArn"] not in plane.backups:
        raise no_backup("DescribeBackup")
    kept = plane.backups[params["BackupArn"]]
    description = kept["table"].description
    features = {member: description[member] for member in OVERRIDES.values() if member in description}
    return {"BackupDescription": {"BackupDetails": kept["summary"], "SourceTableFeatureDetails": features}}


def restore_from_backup(plane: ControlPlane, params: Params) -> dict[str, Any]:
    _only_where_there_are_any(plane, "RestoreTableFromBackup")
    if params["BackupArn"] not in plane.backups:
        raise no_backup("RestoreTableFromBackup")
    return _restored(plane, plane.backups[params["BackupArn"]]["table"], params, params["BackupArn"])


def restore_to_time(plane: ControlPlane, params: Params) -> dict[str, Any]:
    source = plane.table("RestoreTableToPointInTime", params["SourceTableName"])
    if source.side.get("recovery", {}).get("PointInTimeRecoveryStatus") != "ENABLED":
        raise missing("RestoreTableToPointInTime", "point-in-time recovery is not enabled")
    wish, latest = params.get("RestoreDateTime"), plane.clock.now()
    if wish is not None and not source.side["recovery"]["EarliestRestorableDateTime"] <= wish <= latest:
        raise invalid("RestoreTableToPointInTime", "the time lies outside of the window")
    return _restored(plane, source, params)


def _restored(plane: ControlPlane, source: Table, params: Params, backup: str | None = None) -> dict[str, Any]:
    name = params["TargetTableName"]
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
        "RestoreSummary": {"SourceTableArn": plane.arn(source.name), "RestoreInProgress": bool(plane.delay)},
    }
    if backup is not None:
        description["RestoreSummary"]["SourceBackupArn"] = backup
    _override(plane, description, params)
    table = Table(description, born=plane.clock.seconds, items=copy.deepcopy(source.items))
    plane.tables[name] = table

    def whole() -> None:
        description["TableStatus"] = "ACTIVE"
        description["RestoreSummary"]["RestoreInProgress"] = False

    plane.soon(table, whole)
    return {"TableDescription": description}


def _override(plane: ControlPlane, description: dict[str, Any], params: Params) -> None:
    for member, indexes in OVERRIDES.items():
        known = {index["IndexName"]: index for index in description.get(indexes, [])}
        for wish in params.get(member, ()):
            had = known.get(wish["IndexName"])
            if had is None or any(wish[part] != had[part] for part in ("KeySchema", "Projection") if part in had):
                raise invalid("RestoreTable", f"{wish['IndexName']} is no index of the source")
        if member in params:
            description[indexes] = [{**known[wish["IndexName"]], **wish} for wish in params[member]]
    if "BillingModeOverride" in params:
        description["BillingModeSummary"] = {"BillingMode": params["BillingModeOverride"]}
    if params.get("BillingModeOverride") == "PROVISIONED":
        bare = [i for i in description.get("GlobalSecondaryIndexes", []) if not units_of(i)]
        if "ProvisionedThroughputOverride" not in params or bare:
            raise invalid("RestoreTable", "throughput must be given for the table and for every index")
    for member, name in (("ProvisionedThroughputOverride", "ProvisionedThroughput"), *MAXIMA):
        if member in params:
            description[name] = params[member]
    if "SSESpecificationOverride" in params:
        encryption.set_encryption(plane, "RestoreTable", description, params["SSESpecificationOverride"])
    used = {*key_attributes(description), *search_attributes(description)}
    description["AttributeDefinitions"] = [d for d in description["AttributeDefinitions"] if d["AttributeName"] in used]


def units_of(index: dict[str, Any]) -> int:
    units: int = index.get("ProvisionedThroughput", {}).get("ReadCapacityUnits", 0)
    return units


def _only_where_there_are_any(plane: ControlPlane, operation: str) -> None:
    if not plane.has_backups:
        raise unknown(operation)
