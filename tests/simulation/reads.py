"""Every describe operation of the simulated service."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from simulation.operations import backups, insights, kinesis, on_demand_backups, policy, tags
from simulation.refusal import missing
from simulation.table import Table
from simulation.updates import encryption

if TYPE_CHECKING:
    from simulation.simulated_dynamodb import SimulatedDynamoDB

Params = dict[str, Any]


def _seen(dynamodb: SimulatedDynamoDB, operation: str, name: str) -> Table:
    """The table, once the answers of the service know of it (eventual consistency)."""
    table = dynamodb.table(operation, name)
    if table.visible_at > dynamodb.clock.seconds:
        raise missing(operation, f"no table {name} yet")
    return table


def _table(dynamodb: SimulatedDynamoDB, params: Params) -> dict[str, Any]:
    return {"Table": _seen(dynamodb, "DescribeTable", params["TableName"]).description}


def _ttl(dynamodb: SimulatedDynamoDB, params: Params) -> dict[str, Any]:
    return {"TimeToLiveDescription": dict(dynamodb.table("DescribeTimeToLive", params["TableName"]).ttl)}


def _key(dynamodb: SimulatedDynamoDB, params: Params) -> dict[str, Any]:
    key = params["KeyId"]
    if key not in dynamodb.aliases and key != encryption.AWS_MANAGED:
        raise missing("kms:DescribeKey", f"no key {key}")
    return {"KeyMetadata": {"Arn": encryption.arn_of(dynamodb, key)}}


READS: dict[str, Callable[[SimulatedDynamoDB, Params], dict[str, Any]]] = {
    "DescribeTable": _table,
    "DescribeTimeToLive": _ttl,
    "kms:DescribeKey": _key,
    "ListTagsOfResource": tags.listed,
    "ListBackups": on_demand_backups.listed,
    "DescribeBackup": on_demand_backups.described,
    "DescribeContinuousBackups": backups.described,
    "GetResourcePolicy": policy.got,
    "DescribeExport": lambda dynamodb, params: dynamodb.jobs.exported(params["ExportArn"]),
    "DescribeBulkOperation": lambda dynamodb, params: dynamodb.jobs.described(params["BulkOperationArn"]),
    "DescribeImport": lambda dynamodb, params: dynamodb.jobs.import_described(params["ImportArn"]),
    "ListImports": lambda dynamodb, params: dynamodb.jobs.imports_listed(params),
    "ListBulkOperations": lambda dynamodb, params: dynamodb.jobs.listed(),
    "DescribeContributorInsights": insights.described,
    "DescribeKinesisStreamingDestination": kinesis.described,
}
