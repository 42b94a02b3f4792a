"""The properties of ``AWS::DynamoDB::GlobalTable``: one replica in each Region, that of the table among them.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-globaltable.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.declarations.export.whole_document import Document
from reconciler.model.scaling import AutoScaling, Scaling
from reconciler.model.table import TableSpec

UNIT_WARNING = (
    "CloudFormation scales the writes of every provisioned global table; the template needs "
    "WriteCapacityAutoScalingSettings before it can be deployed. Declare auto_scaling.write"
)
_SHARED = (
    *("TableName", "KeySchema", "AttributeDefinitions", "BillingMode", "WarmThroughput", "LocalSecondaryIndexes"),
    *("VectorIndexes", "TimeToLiveSpecification", "MultiRegionConsistency", "GlobalTableSourceArn"),
)
_OF_THE_REPLICA = (
    *("ContributorInsightsSpecification", "DeletionProtectionEnabled", "PointInTimeRecoverySpecification"),
    *("TableClass", "DisassociationProtectionEnabled", "GlobalTableSettingsReplicationMode"),
)
_CAPACITIES = (("read", "Read"), ("write", "Write"))


def needs_scaling(spec: TableSpec) -> bool:
    """Whether the table is provisioned and its writes are not scaled, which a template cannot say."""
    scaled = spec.auto_scaling and spec.auto_scaling.of(None, "write")
    return bool(spec.billing and spec.billing.mode == "PROVISIONED" and not (scaled and scaled.enabled))


def global_table(spec: TableSpec, document: Document, region: str) -> Document:
    """The properties. ``region`` is the one of the table, in which the stack is deployed."""
    found: Document = {name: document[name] for name in _SHARED if name in document}
    own: Document = {"Region": region}
    own |= {name: document[name] for name in _OF_THE_REPLICA if name in document}
    if spec.tags is not None:
        own["Tags"] = [{"Key": key, "Value": value} for key, value in spec.tags]
    if spec.kinesis_streaming is not None and spec.kinesis_streaming.stream_arn:
        own["KinesisStreamSpecification"] = document["KinesisStreamSpecification"]
    if document.get("ResourcePolicy"):
        own["ResourcePolicy"] = {"PolicyDocument": document["ResourcePolicy"]}
    if document.get("StreamPolicy"):
        own["ReplicaStreamSpecification"] = {"ResourcePolicy": {"PolicyDocument": document["StreamPolicy"]}}
    if spec.stream is not None and spec.stream.enabled:
        found["StreamSpecification"] = {"StreamViewType": spec.stream.view}
    elif spec.stream is None and found.get("MultiRegionConsistency") != "STRONG":
        # Replicas with eventual consistency follow the stream, which needs both images.
        found["StreamSpecification"] = {"StreamViewType": "NEW_AND_OLD_IMAGES"}
    if spec.sse is not None:
        encryption = dict(document["SSESpecification"])
        key = encryption.pop("KMSMasterKeyId", None)
        found["SSESpecification"] = encryption
        if key is not None:
            own["SSESpecification"] = {"KMSMasterKeyId": key}
    if "GlobalTableWitnesses" in document:
        found["GlobalTableWitnesses"] = [{"Region": each["RegionName"]} for each in document["GlobalTableWitnesses"]]
    _capacity(document, None, spec.auto_scaling, found, own)
    _indexes(spec, document, found, own)
    others = [_replica(each) for each in document["Replicas"] if each["RegionName"] != region]
    return {**found, "Replicas": [own, *others]}


def _indexes(spec: TableSpec, document: Document, found: Document, own: Document) -> None:
    if "GlobalSecondaryIndexes" not in document:
        return
    found["GlobalSecondaryIndexes"], of_replica = [], []
    for each in document["GlobalSecondaryIndexes"]:
        shared = {
            name: each[name] for name in ("IndexName", "KeySchema", "Projection", "WarmThroughput") if name in each
        }
        beside: Document = {"IndexName": each["IndexName"]}
        if "ContributorInsightsSpecification" in each:
            beside["ContributorInsightsSpecification"] = each["ContributorInsightsSpecification"]
        _capacity(each, each["IndexName"], spec.auto_scaling, shared, beside)
        found["GlobalSecondaryIndexes"].append(shared)
        if len(beside) > 1:
            of_replica.append(beside)
    if of_replica:
        own["GlobalSecondaryIndexes"] = of_replica


def _capacity(
    holder: Mapping[str, Any], index: str | None, scaling: AutoScaling | None, shared: Document, own: Document
) -> None:
    """Reads stand with each replica, writes with the table: they are the same in every Region."""
    for capacity, kind in _CAPACITIES:
        target = own if capacity == "read" else shared
        units = holder.get("ProvisionedThroughput", {}).get(f"{kind}CapacityUnits")
        maximum = holder.get("OnDemandThroughput", {}).get(f"Max{kind}RequestUnits")
        scaled = scaling.of(index, capacity) if scaling else None
        if scaled is not None and scaled.enabled:
            settings = _settings(scaled) | ({} if units is None else {"SeedCapacity": units})
            target[f"{kind}ProvisionedThroughputSettings"] = {f"{kind}CapacityAutoScalingSettings": settings}
        elif units is not None:
            target[f"{kind}ProvisionedThroughputSettings"] = {f"{kind}CapacityUnits": units}
        if maximum is not None:
            target[f"{kind}OnDemandThroughputSettings"] = {f"Max{kind}RequestUnits": maximum}


def _settings(scaling: Scaling) -> Document:
    limits = {"MinCapacity": scaling.min, "MaxCapacity": scaling.max}
    tracking = {
        "TargetValue": scaling.target,
        "ScaleInCooldown": scaling.scale_in_cooldown,
        "ScaleOutCooldown": scaling.scale_out_cooldown,
        "DisableScaleIn": scaling.disable_scale_in,
    }
    found: Document = {name: value for name, value in limits.items() if value is not None}
    policy = {name: value for name, value in tracking.items() if value is not None}
    return {**found, "TargetTrackingScalingPolicyConfiguration": policy} if policy else found


def _replica(replica: Mapping[str, Any]) -> Document:
    """A replica in another Region."""
    found: Document = {"Region": replica["RegionName"]}
    if "KMSMasterKeyId" in replica:
        found["SSESpecification"] = {"KMSMasterKeyId": replica["KMSMasterKeyId"]}
    if "TableClassOverride" in replica:
        found["TableClass"] = replica["TableClassOverride"]
    found |= _overrides(replica)
    if replica.get("GlobalSecondaryIndexes"):
        found["GlobalSecondaryIndexes"] = [
            {"IndexName": each["IndexName"], **_overrides(each)} for each in replica["GlobalSecondaryIndexes"]
        ]
    return found


def _overrides(settings: Mapping[str, Any]) -> Document:
    found: Document = {}
    if "ProvisionedThroughputOverride" in settings:
        found["ReadProvisionedThroughputSettings"] = settings["ProvisionedThroughputOverride"]
    if "OnDemandThroughputOverride" in settings:
        found["ReadOnDemandThroughputSettings"] = settings["OnDemandThroughputOverride"]
    return found
