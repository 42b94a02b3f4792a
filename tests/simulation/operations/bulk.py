"""Import from S3 makes a new table; a bulk put writes into an existing one, once a token (rule 32, ``jobs``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simulation.operations import create
from simulation.refusal import invalid

if TYPE_CHECKING:
    from simulation.simulated_dynamodb import SimulatedDynamoDB
    from simulation.table import Table

IMPORTABLE = frozenset(
    {
        *("TableName", "AttributeDefinitions", "KeySchema", "BillingMode", "ProvisionedThroughput"),
        *("OnDemandThroughput", "SSESpecification", "GlobalSecondaryIndexes", "VectorIndexes"),
    }
)


def import_table(dynamodb: SimulatedDynamoDB, params: dict[str, Any]) -> dict[str, Any]:
    wanted = params["TableCreationParameters"]
    if set(wanted) - IMPORTABLE:
        raise invalid("ImportTable", f"not at import: {sorted(set(wanted) - IMPORTABLE)}")

    def make() -> Table:
        create.create_table(dynamodb, wanted)
        table = dynamodb.tables[wanted["TableName"]]
        # The import makes it ACTIVE.
        table.due.clear()
        return table

    return dynamodb.jobs.import_table(params, make)


def bulk_put(dynamodb: SimulatedDynamoDB, params: dict[str, Any]) -> dict[str, Any]:
    return dynamodb.jobs.bulk_put(dynamodb.table("StartBulkPutItems", params["TableName"]), params)


def cancel(dynamodb: SimulatedDynamoDB, params: dict[str, Any]) -> dict[str, Any]:
    return dynamodb.jobs.cancel(params["BulkOperationArn"])


def export(dynamodb: SimulatedDynamoDB, params: dict[str, Any]) -> dict[str, Any]:
    return dynamodb.jobs.export(dynamodb.table("ExportTableToPointInTime", params["TableArn"]), params)
