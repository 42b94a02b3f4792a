"""On-demand backups and restores: stored apart from the tables, so that they outlive them; complete after the delay."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from simulation.refusal import in_use, invalid, missing, no_backup, unknown
from simulation.table import Table, key_attributes, search_attributes
from simulation.updates import encryption

if TYPE_CHECKING:
    from simulation.simulated_dynamodb import SimulatedDynamoDB

Params = dict[str, Any]
OVERRIDES = {
    "GlobalSecondaryIndexOverride": "GlobalSecondaryIndexes",
    "LocalSecondaryIndexOverride": "LocalSecondaryIndexes",
    "VectorIndexOverride": "VectorIndexes",
}
MAXIMA = (("OnDemandThroughputOverride", "OnDemandThroughput"),)


def create_backup(dynamodb: SimulatedDynamoDB, params: Params) -> dict[str, Any]:
    _only_where_there_are_any(dynamodb, "CreateBackup")
    table = dynamodb.table("CreateBackup", params["TableName"])
    if table.status != "ACTIVE":
        raise in_use("CreateBackup", f"the table is {table.status}")
    dynamodb.born += 1
    arn = f"{dynamodb.arn(table.name)}/backup/{dynamodb.born:014}"
    summary = {
        "TableName": table.name,
        "TableId": table.description.get("TableId"),
        "TableArn": dynamodb.arn(table.name),
        "BackupArn": arn,
        "BackupName": params["BackupName"],
        "BackupCreationDateTime": dynamodb.clock.now(),
        "BackupStatus": "CREATING" if dynamodb.delay else "AVAILABLE",
        "BackupType": "USER",
    }
    # Of the table alone: a copy of its listeners would be one of the whole service.
    backed_up = Table(copy.deepcopy(table.description), born=table.born, items=copy.deepcopy(table.items))
    dynamodb.backups[arn] = {"summary": summary, "table": backed_up}
    dynamodb.soon(table, lambda: summary.update(BackupStatus="AVAILABLE"))
    return {"BackupDetails": summary}


def delete_backup(dynamodb: SimulatedDynamoDB, params: Params) -> dict[str, Any]:
    _only_where_there_are_any(dynamodb, "DeleteBackup")
    if params["BackupArn"] not in dynamodb.backups:
        raise no_backup("DeleteBackup")
    kept = dynamodb.backups.pop(params["BackupArn"])
    return {"BackupDescription": {"BackupDetails": {**kept["summary"], "BackupStatus": "DELETED"}}}


def listed(dynamodb: SimulatedDynamoDB, params: Params) -> dict[str, Any]:
    _only_where_there_are_any(dynamodb, "ListBackups")
    summaries = [kept["summary"] for kept in dynamodb.backups.values()]
    return {"BackupSummaries": [s for s in summaries if s["TableName"] == params["TableName"]]}


def described(dynamodb: SimulatedDynamoDB, params: Params) -> dict[str, Any]:
    _only_where_there_are_any(dynamodb, "DescribeBackup")
    if params["BackupArn"] not in dynamodb.backups:
        raise no_backup("DescribeBackup")
    kept = dynamodb.backups[params["BackupArn"]]
    description = kept["table"].description
    features = {member: description[member] for member in OVERRIDES.values() if member in description}
    return {"BackupDescription": {"BackupDetails": kept["summary"], "SourceTableFeatureDetails": features}}


def restore_from_backup(dynamodb: SimulatedDynamoDB, params: Params) -> dict[str, Any]:
    _only_where_there_are_any(dynamodb, "RestoreTableFromBackup")
    if params["BackupArn"] not in dynamodb.backups:
        raise no_backup("RestoreTableFromBackup")
    return _restored(dynamodb, dynamodb.backups[params["BackupArn"]]["table"], params, params["BackupArn"])


def restore_to_time(dynamodb: SimulatedDynamoDB, params: Params) -> dict[str, Any]:
    source = dynamodb.table("RestoreTableToPointInTime", params["SourceTableName"])
    if source.side.get("recovery", {}).get("PointInTimeRecoveryStatus") != "ENABLED":
        raise missing("RestoreTableToPointInTime", "point-in-time recovery is not enabled")
    requested, latest = params.get("RestoreDateTime"), dynamodb.clock.now()
    if requested is not None and not source.side["recovery"]["EarliestRestorableDateTime"] <= requested <= latest:
        raise invalid("RestoreTableToPointInTime", "the time lies outside of the window")
    return _restored(dynamodb, source, params)


def _restored(dynamodb: SimulatedDynamoDB, source: Table, params: Params, backup: str | None = None) -> dict[str, Any]:
    name = params["TargetTableName"]
    if name in dynamodb.tables:
        raise in_use("RestoreTable", f"table {name} exists")
    dynamodb.born += 1
    description = copy.deepcopy(source.description)
    description |= {
        "TableName": name,
        "TableArn": dynamodb.arn(name),
        "TableId": f"id-{dynamodb.born}",
        "CreationDateTime": dynamodb.clock.now(),
        "TableStatus": "CREATING" if dynamodb.delay else "ACTIVE",
        "RestoreSummary": {"SourceTableArn": dynamodb.arn(source.name), "RestoreInProgress": bool(dynamodb.delay)},
    }
    if backup is not None:
        description["RestoreSummary"]["SourceBackupArn"] = backup
    _override(dynamodb, description, params)
    table = Table(description, born=dynamodb.clock.seconds, items=copy.deepcopy(source.items))
    dynamodb.tables[name] = table

    def whole() -> None:
        description["TableStatus"] = "ACTIVE"
        description["RestoreSummary"]["RestoreInProgress"] = False

    dynamodb.soon(table, whole)
    return {"TableDescription": description}


def _override(dynamodb: SimulatedDynamoDB, description: dict[str, Any], params: Params) -> None:
    for member, indexes in OVERRIDES.items():
        known = {index["IndexName"]: index for index in description.get(indexes, [])}
        for requested in params.get(member, ()):
            had = known.get(requested["IndexName"])
            if had is None or any(requested[part] != had[part] for part in ("KeySchema", "Projection") if part in had):
                raise invalid("RestoreTable", f"{requested['IndexName']} is no index of the source")
        if member in params:
            description[indexes] = [{**known[requested["IndexName"]], **requested} for requested in params[member]]
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
        encryption.set_encryption(dynamodb, "RestoreTable", description, params["SSESpecificationOverride"])
    used = {*key_attributes(description), *search_attributes(description)}
    description["AttributeDefinitions"] = [d for d in description["AttributeDefinitions"] if d["AttributeName"] in used]


def units_of(index: dict[str, Any]) -> int:
    units: int = index.get("ProvisionedThroughput", {}).get("ReadCapacityUnits", 0)
    return units


def _only_where_there_are_any(dynamodb: SimulatedDynamoDB, operation: str) -> None:
    if not dynamodb.has_backups:
        raise unknown(operation)
