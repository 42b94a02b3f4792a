"""Import from S3 makes a new table; a bulk put writes into an existing one, once a token (rule 32, ``jobs``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simulation.refusal import in_use, invalid

if TYPE_CHECKING:
    from simulation.simulated_dynamodb import SimulatedDynamoDB

IMPORTABLE = frozenset(
    {
        *("TableName", "AttributeDefinitions", "KeySchema", "BillingMode", "ProvisionedThroughput"),
        *("OnDemandThroughput", "SSESpecification", "GlobalSecondaryIndexes", "VectorIndexes"),
    }
)


def import_table(dynamodb: SimulatedDynamoDB, params: dict[str, Any]) -> dict[str, Any]:
    wanted = params["TableCreationParameters"]
    if wanted["TableName"] in dynamodb.tables:
        raise in_use("ImportTable", f"table {wanted['TableName']} exists")
    if set(wanted) - IMPORTABLE:
        raise invalid("ImportTable", f"not at import: {sorted(set(wanted) - IMPORTABLE)}")
    dynamodb.do("CreateTable", wanted)
    return {"ImportTableDescription": {"ImportStatus": "IN_PROGRESS"}}


def bulk_put(dynamodb: SimulatedDynamoDB, params: dict[str, Any]) -> dict[str, Any]:
    return dynamodb.jobs.bulk_put(dynamodb.table("StartBulkPutItems", params["TableName"]), params)


def cancel(dynamodb: SimulatedDynamoDB, params: dict[str, Any]) -> dict[str, Any]:
    return dynamodb.jobs.cancel(params["BulkOperationArn"])


def export(dynamodb: SimulatedDynamoDB, params: dict[str, Any]) -> dict[str, Any]:
    return dynamodb.jobs.export(dynamodb.table("ExportTableToPointInTime", params["TableArn"]), params)
