"""Which members of the service's requests are managed or left out and why; a test compares it with botocore.

A path leads to one member: ``GlobalSecondaryIndexes[].OnDemandThroughput.MaxReadRequestUnits``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def under(prefix: str, *members: str) -> tuple[str, ...]:
    """The members, each below ``prefix``."""
    return tuple(f"{prefix}.{member}" for member in members)


DEFINITIONS = under("AttributeDefinitions[]", "AttributeName", "AttributeType")
KEYS = under("KeySchema[]", "AttributeName", "KeyType")
PROJECTION = under("Projection", "ProjectionType", "NonKeyAttributes[]")
UNITS = under("ProvisionedThroughput", "ReadCapacityUnits", "WriteCapacityUnits")
MAXIMUM = under("OnDemandThroughput", "MaxReadRequestUnits", "MaxWriteRequestUnits")
WARM = under("WarmThroughput", "ReadUnitsPerSecond", "WriteUnitsPerSecond")
LOCAL = ("IndexName", *KEYS, *PROJECTION)
LIMITS = (*UNITS, *MAXIMUM, *WARM)
STREAM = under("StreamSpecification", "StreamEnabled", "StreamViewType")
SSE = under("SSESpecification", "Enabled", "SSEType", "KMSMasterKeyId")
TAGS = under("Tags[]", "Key", "Value")
SEARCH = under("SearchSchema[]", "AttributeName", "SearchSchemaElementType")
VECTOR = ("IndexName", "VectorAttribute.AttributeName", *SEARCH, *PROJECTION, "Dimensions", "DistanceFunction")
TABLE = ("TableName", *DEFINITIONS, "BillingMode", *LIMITS, *STREAM, *SSE, "TableClass", "DeletionProtectionEnabled")
OVERRIDES = ("ProvisionedThroughputOverride.ReadCapacityUnits", "OnDemandThroughputOverride.MaxReadRequestUnits")
REPLICA_INDEXES = under("GlobalSecondaryIndexes[]", "IndexName", *OVERRIDES)
REPLICA = ("RegionName", "KMSMasterKeyId", *OVERRIDES, *REPLICA_INDEXES, "TableClassOverride")
ADDRESS = ("ServiceNamespace", "ResourceId", "ScalableDimension")
TRACKING = ("TargetValue", "ScaleInCooldown", "ScaleOutCooldown", "DisableScaleIn")
METRIC = "PredefinedMetricSpecification"

MANAGED: Mapping[str, tuple[str, ...]] = {
    "CreateTable": (
        *TABLE,
        *KEYS,
        *under("LocalSecondaryIndexes[]", *LOCAL),
        *under("GlobalSecondaryIndexes[]", *LOCAL, *LIMITS),
        *under("VectorIndexes[]", *VECTOR),
        *TAGS,
        "ResourcePolicy",
        "GlobalTableSourceArn",
        "GlobalTableSettingsReplicationMode",
    ),
    "UpdateTable": (
        *TABLE,
        *under("GlobalSecondaryIndexUpdates[].Create", *LOCAL, *LIMITS),
        *under("GlobalSecondaryIndexUpdates[].Update", "IndexName", *LIMITS),
        *under("GlobalSecondaryIndexUpdates[].Delete", "IndexName"),
        *under("VectorIndexUpdates[].Create", *VECTOR),
        *under("VectorIndexUpdates[].Delete", "IndexName"),
        *under("ReplicaUpdates[].Create", *REPLICA),
        *under("ReplicaUpdates[].Update", *(member for member in REPLICA if member != "KMSMasterKeyId")),
        *under("ReplicaUpdates[].Delete", "RegionName"),
        "MultiRegionConsistency",
        *under("GlobalTableWitnessUpdates[].Create", "RegionName"),
        *under("GlobalTableWitnessUpdates[].Delete", "RegionName"),
        "GlobalTableSettingsReplicationMode",
        "DisassociationProtectionEnabled",
    ),
    "DeleteTable": ("TableName",),
    "UpdateTimeToLive": ("TableName", *under("TimeToLiveSpecification", "Enabled", "AttributeName")),
    "UpdateContinuousBackups": (
        "TableName",
        *under("PointInTimeRecoverySpecification", "PointInTimeRecoveryEnabled", "RecoveryPeriodInDays"),
    ),
    "UpdateContributorInsights": (*("TableName", "IndexName", "ContributorInsightsAction", "ContributorInsightsMode"),),
    "PutResourcePolicy": ("ResourceArn", "Policy", "ExpectedRevisionId"),
    "DeleteResourcePolicy": ("ResourceArn", "ExpectedRevisionId"),
    "EnableKinesisStreamingDestination": (
        *("TableName", "StreamArn", "EnableKinesisStreamingConfiguration.ApproximateCreationDateTimePrecision"),
    ),
    "UpdateKinesisStreamingDestination": (
        *("TableName", "StreamArn", "UpdateKinesisStreamingConfiguration.ApproximateCreationDateTimePrecision"),
    ),
    "DisableKinesisStreamingDestination": ("TableName", "StreamArn"),
    "TagResource": ("ResourceArn", *TAGS),
    "CreateBackup": ("TableName", "BackupName"),
    "DeleteBackup": ("BackupArn",),
    "application-autoscaling:RegisterScalableTarget": (*ADDRESS, "MinCapacity", "MaxCapacity"),
    "application-autoscaling:DeregisterScalableTarget": ADDRESS,
    "application-autoscaling:PutScalingPolicy": (
        *(*ADDRESS, "PolicyName", "PolicyType"),
        *under("TargetTrackingScalingPolicyConfiguration", *TRACKING, f"{METRIC}.PredefinedMetricType"),
    ),
    "application-autoscaling:PutScheduledAction": (
        *(*ADDRESS, "ScheduledActionName", "Schedule", "Timezone"),
        *under("ScalableTargetAction", "MinCapacity", "MaxCapacity"),
    ),
    "application-autoscaling:DeleteScheduledAction": (*ADDRESS, "ScheduledActionName"),
}
"""Members that some declaration or verb sets, by operation."""

ONE_WAY = "disassociation cannot be undone, so no difference ever leads to it"
ONE_METRIC = "the target is the share of the capacity that is used, which is the predefined metric of DynamoDB"
LEFT_OUT: Mapping[str, Mapping[str, str]] = {
    "UpdateTable": {
        "ReplicaUpdates[].Disassociate": ONE_WAY,
        "ReplicaUpdates[].Update.KMSMasterKeyId": "another key of a replica is a replica made again",
    },
    "PutResourcePolicy": {
        "ConfirmRemoveSelfResourceAccess": "the service's guard against locking oneself out stays on",
    },
    "DisableKinesisStreamingDestination": {
        "EnableKinesisStreamingConfiguration": "nothing is configured by switching off",
    },
    "application-autoscaling:RegisterScalableTarget": {
        "RoleARN": "DynamoDB's service-linked role is used, whatever is given",
        "SuspendedState": "suspending is an operator's means for a while, and stays as it is found",
        "Tags": "tags of scalable targets are not declared",
    },
    "application-autoscaling:PutScalingPolicy": {
        "StepScalingPolicyConfiguration": "DynamoDB takes target tracking alone",
        "PredictiveScalingPolicyConfiguration": "DynamoDB takes target tracking alone",
        f"TargetTrackingScalingPolicyConfiguration.{METRIC}.ResourceLabel": "it belongs to metrics of load balancers",
        "TargetTrackingScalingPolicyConfiguration.CustomizedMetricSpecification": ONE_METRIC,
    },
    "application-autoscaling:PutScheduledAction": {
        "StartTime": "an action stands as long as it is declared",
        "EndTime": "an action stands as long as it is declared",
    },
}
"""Members that nothing sets, by operation, each with the reason; what lies below one is left out with it."""

ITEMS = "it reads or writes items"
LEGACY = "it is for global tables of version 2017.11.29"
COPY = "it makes another table, which a verb names and no declaration"
ONCE = "it runs once over data, which is no state that could be declared"
LEFT_OUT_OPERATIONS: Mapping[str, str] = {
    **dict.fromkeys(("BatchExecuteStatement", "BatchGetItem", "BatchWriteItem", "DeleteItem"), ITEMS),
    **dict.fromkeys(("ExecuteStatement", "ExecuteTransaction", "PutItem", "Query", "Scan", "SearchVectors"), ITEMS),
    **dict.fromkeys(("TransactGetItems", "TransactWriteItems", "UpdateItem"), ITEMS),
    **dict.fromkeys(("CreateGlobalTable", "UpdateGlobalTable", "UpdateGlobalTableSettings"), LEGACY),
    **dict.fromkeys(("RestoreTableFromBackup", "RestoreTableToPointInTime"), COPY),
    **dict.fromkeys(("ImportTable", "ExportTableToPointInTime", "StartBulkPutItems", "CancelBulkOperation"), ONCE),
    "UntagResource": "it takes away what the record tells of, which no declaration does",
    "UpdateTableReplicaAutoScaling": "auto scaling is managed through Application Auto Scaling itself",
    "application-autoscaling:DeleteScalingPolicy": "a policy goes with its target",
    "application-autoscaling:TagResource": "tags of scalable targets are not declared",
    "application-autoscaling:UntagResource": "tags of scalable targets are not declared",
}
"""Operations that write and that no facet calls, each with the reason."""


def leaves(shape: Any, path: str = "") -> Iterator[str]:
    """Every member of a botocore shape that holds no further members."""
    if shape.type_name == "structure":
        for name, member in shape.members.items():
            yield from leaves(member, f"{path}.{name}" if path else name)
    elif shape.type_name == "list":
        yield from leaves(shape.member, f"{path}[]")
    else:
        yield path


def members_of(value: Any, path: str = "") -> Iterator[str]:
    """The same for the parameters of a planned call."""
    if isinstance(value, Mapping):
        for name, member in value.items():
            yield from members_of(member, f"{path}.{name}" if path else name)
    elif isinstance(value, list | tuple):
        for member in value:
            yield from members_of(member, f"{path}[]")
    else:
        yield path
