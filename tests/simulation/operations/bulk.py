"""Import from S3 makes a new table; a bulk put writes into an existing one, once a token (rule 32)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simulation.refusal import in_use, invalid, mismatch

if TYPE_CHECKING:
    from simulation.simulated_dynamodb import SimulatedDynamoDB

TOKEN_LIFE = 8 * 3600.0
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
    operation = "StartBulkPutItems"
    table, token, now = (
        dynamodb.table(operation, params["TableName"]),
        params.get("ClientToken"),
        dynamodb.clock.seconds,
    )
    if table.status != "ACTIVE":
        raise in_use(operation, f"the table is {table.status}")
    known = dynamodb.tokens.get(token) if token else None
    if known and now - known[0] < TOKEN_LIFE:
        if known[1] != params:
            raise mismatch(operation)
        return {"BulkOperationId": known[2]}
    dynamodb.born += 1
    identifier = f"bulk-{dynamodb.born}"
    if token:
        dynamodb.tokens[token] = (now, params, identifier)
    return {"BulkOperationId": identifier}
