"""Every mutating operation of the simulated service."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from simulation.operations import (
    backups,
    bulk,
    create,
    delete,
    insights,
    kinesis,
    on_demand_backups,
    policy,
    tags,
    ttl,
    update,
)

if TYPE_CHECKING:
    from simulation.simulated_dynamodb import SimulatedDynamoDB

OPERATIONS: dict[str, Callable[[SimulatedDynamoDB, dict[str, Any]], dict[str, Any]]] = {
    "CreateTable": create.create_table,
    "UpdateTable": update.update_table,
    "DeleteTable": delete.delete_table,
    "UpdateTimeToLive": ttl.update_ttl,
    "TagResource": tags.tag,
    "UntagResource": tags.untag,
    "UpdateContinuousBackups": backups.update_backups,
    "CreateBackup": on_demand_backups.create_backup,
    "DeleteBackup": on_demand_backups.delete_backup,
    "RestoreTableFromBackup": on_demand_backups.restore_from_backup,
    "RestoreTableToPointInTime": on_demand_backups.restore_to_time,
    "PutResourcePolicy": policy.put_policy,
    "DeleteResourcePolicy": policy.delete_policy,
    "UpdateContributorInsights": insights.update_insights,
    "EnableKinesisStreamingDestination": kinesis.enable,
    "UpdateKinesisStreamingDestination": kinesis.update,
    "DisableKinesisStreamingDestination": kinesis.disable,
    "ImportTable": bulk.import_table,
    "StartBulkPutItems": bulk.bulk_put,
    "CancelBulkOperation": bulk.cancel,
    "ExportTableToPointInTime": bulk.export,
}
