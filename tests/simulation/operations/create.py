"""CreateTable: its members, and how many tables may be created at once (rules 9, 12 to 14, 16, 20, 29)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simulation import index_rules
from simulation.operations import policy, tags
from simulation.refusal import invalid, limit, taken
from simulation.table import ZERO, Table, indexes_of
from simulation.updates import encryption, throughput_limits, warm_throughput

if TYPE_CHECKING:
    from simulation.simulated_dynamodb import SimulatedDynamoDB

OPERATION = "CreateTable"
BEGIN = {"IndexStatus": "CREATING"}


def create_table(dynamodb: SimulatedDynamoDB, params: dict[str, Any]) -> dict[str, Any]:
    name = params["TableName"]
    if name in dynamodb.tables:
        raise taken(OPERATION, f"table {name} exists")
    _within_limits(dynamodb, params)
    description = _description(dynamodb, params)
    _check(description, params)
    if "ResourcePolicy" in params:
        policy.check_policy(OPERATION, params["ResourcePolicy"])
    tags.check_keys(OPERATION, [tag["Key"] for tag in params.get("Tags", [])])
    now = dynamodb.clock.seconds
    table = Table(description, born=now, visible_at=now + dynamodb.stale, counted_items_at=now)
    table.tags = {tag["Key"]: tag["Value"] for tag in params.get("Tags", [])} if dynamodb.has_tags else {}
    if "ResourcePolicy" in params:
        table.side["policies"] = {description["TableArn"]: (params["ResourcePolicy"], "revision-0")}
    table.on_change = dynamodb.changed
    dynamodb.tables[name] = table
    dynamodb.ghosts.pop(name, None)
    dynamodb.soon(table, lambda: _made(table))
    return {"TableDescription": description}


def _made(table: Table) -> None:
    table.description["TableStatus"] = "ACTIVE"
    for index in indexes_of(table.description):
        index["IndexStatus"] = "ACTIVE"


def _within_limits(dynamodb: SimulatedDynamoDB, params: dict[str, Any]) -> None:
    busy = [table for table in dynamodb.tables.values() if table.status != "ACTIVE"]
    indexed = bool(params.get("GlobalSecondaryIndexes") or params.get("LocalSecondaryIndexes"))
    if len(busy) >= (dynamodb.limit_with_indexes if indexed else dynamodb.limit):
        raise limit(OPERATION, f"{len(busy)} table operations are in flight")


def _description(dynamodb: SimulatedDynamoDB, params: dict[str, Any]) -> dict[str, Any]:
    dynamodb.born += 1
    description: dict[str, Any] = {
        "TableName": params["TableName"],
        "TableStatus": "CREATING",
        "TableArn": dynamodb.arn(params["TableName"]),
        "CreationDateTime": dynamodb.clock.now(),
        "KeySchema": params["KeySchema"],
        "AttributeDefinitions": params["AttributeDefinitions"],
        "BillingModeSummary": {"BillingMode": params.get("BillingMode", "PROVISIONED")},
        "ProvisionedThroughput": params.get("ProvisionedThroughput", dict(ZERO)),
        "DeletionProtectionEnabled": params.get("DeletionProtectionEnabled", False),
        "ItemCount": 0,
        "TableSizeBytes": 0,
    }
    if params.get("BillingMode") == "PAY_PER_REQUEST" and dynamodb.strict:
        description["BillingModeSummary"]["LastUpdateToPayPerRequestDateTime"] = dynamodb.clock.now()
    if dynamodb.table_ids:
        description["TableId"] = f"id-{dynamodb.born}"
    if params.get("LocalSecondaryIndexes"):
        description["LocalSecondaryIndexes"] = params["LocalSecondaryIndexes"]
    for member in ("GlobalSecondaryIndexes", "VectorIndexes"):
        if params.get(member):
            description[member] = [{**index, **BEGIN} for index in params[member]]
    if params.get("StreamSpecification", {}).get("StreamEnabled"):
        description["StreamSpecification"] = params["StreamSpecification"]
        description["LatestStreamArn"] = f"{description['TableArn']}/stream/{dynamodb.born}"
    if params.get("TableClass", "STANDARD") != "STANDARD":
        description["TableClassSummary"] = {"TableClass": params["TableClass"]}
    if "SSESpecification" in params:
        encryption.set_encryption(dynamodb, OPERATION, description, params["SSESpecification"])
    for holder in (description, *description.get("GlobalSecondaryIndexes", [])):
        warm_throughput.begin(dynamodb, holder, params.get("WarmThroughput", {}) if holder is description else {})
    if "GlobalTableSettingsReplicationMode" in params:
        description["GlobalTableSettingsReplicationMode"] = params["GlobalTableSettingsReplicationMode"]
    if "OnDemandThroughput" in params:
        description["OnDemandThroughput"] = throughput_limits.checked(OPERATION, params["OnDemandThroughput"])
    if "GlobalTableSourceArn" in params:
        _joins(dynamodb, description, params["GlobalTableSourceArn"])
    return description


def _check(description: dict[str, Any], params: dict[str, Any]) -> None:
    mode = description["BillingModeSummary"]["BillingMode"]
    if ("ProvisionedThroughput" in params) != (mode == "PROVISIONED"):
        raise invalid(OPERATION, "throughput goes exactly with PROVISIONED")
    index_rules.check_table_key(OPERATION, description["KeySchema"])
    index_rules.check_local(OPERATION, description)
    for index in params.get("GlobalSecondaryIndexes", []):
        index_rules.check_global(OPERATION, index, mode)
    for index in params.get("VectorIndexes", []):
        index_rules.check_vector(OPERATION, index, description, mode)
    index_rules.check_counts(OPERATION, description)
    given = params["AttributeDefinitions"]
    description["AttributeDefinitions"] = index_rules.defined(OPERATION, description, given)


def _joins(dynamodb: SimulatedDynamoDB, description: dict[str, Any], source: str) -> None:
    """A replica in another account: the source must replicate its settings (rule 29)."""
    if dynamodb.sources.get(source) != "ENABLED":
        raise invalid(OPERATION, "the source table must have settings replication ENABLED")
    description["Replicas"] = [{"RegionName": source.split(":")[3], "ReplicaStatus": "ACTIVE"}]
