"""A ``TableSpec`` as the complete document that declares it, what is off included. Used by every format of ``export``.

``table_document`` writes what ``import`` declares: there, what is off is left out so that it stays unmanaged.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from reconciler.declarations.features.base import given
from reconciler.declarations.features.keys import KEYS
from reconciler.declarations.features.local_indexes import LOCAL_INDEXES
from reconciler.declarations.features.vector_indexes import VECTOR_INDEXES
from reconciler.facets import wire
from reconciler.model.global_table import Replica
from reconciler.model.scaling import Scaling
from reconciler.model.table import (
    ContributorInsights,
    GlobalIndex,
    IndexInsights,
    OnDemandThroughput,
    ResourcePolicy,
    TableSpec,
    WarmThroughput,
)

Document = dict[str, Any]


def whole_document(spec: TableSpec) -> Document:
    """The fields in the spelling of AWS. A field that is not declared is missing; an empty list stays."""
    keys, billing, consistency = KEYS.from_model(spec), spec.billing, spec.multi_region_consistency
    settings, local, vectors = spec.global_table_settings, spec.local_indexes, spec.vector_indexes
    return given(
        {
            "TableName": spec.name,
            "KeySchema": keys["key_schema"],
            "AttributeDefinitions": keys["attribute_definitions"],
            "BillingMode": billing and billing.mode,
            "ProvisionedThroughput": wire.throughput(billing.throughput) if billing and billing.throughput else None,
            "OnDemandThroughput": on_demand_maximum(spec.on_demand_throughput),
            "WarmThroughput": warm(spec.warm_throughput),
            "GlobalSecondaryIndexes": None
            if spec.global_indexes is None
            else [_global_index(each, spec) for each in spec.global_indexes],
            "LocalSecondaryIndexes": None
            if local is None
            else LOCAL_INDEXES.from_model(spec)["local_secondary_indexes"],
            "VectorIndexes": None if vectors is None else VECTOR_INDEXES.from_model(spec)["vector_indexes"],
            "AutoScaling": _auto_scaling(spec),
            **_switches(spec),
            "TableClass": spec.table_class,
            "Backups": spec.backups
            and {"schedule": spec.backups.schedule, "keep": spec.backups.keep, "name": spec.backups.name},
            "DeletionProtectionEnabled": spec.deletion_protection,
            "ResourcePolicy": policy(spec.resource_policy),
            "StreamPolicy": policy(spec.stream_policy),
            "Replicas": None if spec.replicas is None else [_replica(each) for each in spec.replicas],
            "MultiRegionConsistency": consistency and consistency.mode,
            "GlobalTableWitnesses": [{"RegionName": consistency.witness}]
            if consistency and consistency.witness
            else None,
            "GlobalTableSettingsReplicationMode": settings and settings.mode,
            "GlobalTableSourceArn": settings and settings.source_arn,
            "DisassociationProtectionEnabled": spec.disassociation_protection,
            "Tags": None if spec.tags is None else dict(spec.tags),
        }
    )


def on_demand_maximum(limit: OnDemandThroughput | None) -> Document | None:
    """The maximum; -1, which removes one, stays."""
    return None if limit is None else given({"MaxReadRequestUnits": limit.read, "MaxWriteRequestUnits": limit.write})


def warm(throughput: WarmThroughput | None) -> Document | None:
    """The warm throughput."""
    if throughput is None:
        return None
    return given({"ReadUnitsPerSecond": throughput.read, "WriteUnitsPerSecond": throughput.write})


def policy(value: ResourcePolicy | None) -> Document | None:
    """The policy as a mapping; an empty one removes the policy."""
    if value is None:
        return None
    found: Document = json.loads(value.document) if value.document else {}
    return found


def scaling_members(scaling: Scaling) -> Document:
    """One scaled capacity as a declaration spells it."""
    if not scaling.enabled:
        return {"enabled": False}
    scheduled = None
    if scaling.scheduled is not None:
        scheduled = [
            given({"name": a.name, "schedule": a.schedule, "min": a.min, "max": a.max, "timezone": a.timezone})
            for a in scaling.scheduled
        ]
    names = ("min", "max", "target", "scale_in_cooldown", "scale_out_cooldown", "disable_scale_in")
    return given({**{name: getattr(scaling, name) for name in names}, "scheduled": scheduled})


def _auto_scaling(spec: TableSpec) -> Document | None:
    scaling = spec.auto_scaling
    if scaling is None:
        return None
    found: Document = {}
    indexes: dict[str, Document] = {}
    for index, capacity, each in scaling.capacities():
        holder = found if index is None else indexes.setdefault(index, {"index_name": index})
        holder[capacity] = scaling_members(each)
    return {**found, **({"indexes": list(indexes.values())} if indexes else {})}


def _switches(spec: TableSpec) -> Mapping[str, Any]:
    """The features that are on or off, each with its details where it is on."""
    stream, ttl, sse, recovery = spec.stream, spec.ttl, spec.sse, spec.point_in_time_recovery
    kinesis = spec.kinesis_streaming
    return {
        "StreamSpecification": stream
        and given({"StreamEnabled": stream.enabled, "StreamViewType": stream.view if stream.enabled else None}),
        "TimeToLiveSpecification": ttl and given({"Enabled": ttl.enabled, "AttributeName": ttl.attribute}),
        "SSESpecification": sse
        and given(
            {"SSEEnabled": sse.enabled, "SSEType": "KMS" if sse.enabled else None, "KMSMasterKeyId": sse.key or None}
        ),
        "PointInTimeRecoverySpecification": recovery
        and given({"PointInTimeRecoveryEnabled": recovery.enabled, "RecoveryPeriodInDays": recovery.days}),
        "ContributorInsightsSpecification": _insights(spec.contributor_insights),
        "KinesisStreamSpecification": kinesis
        and (
            given({"StreamArn": kinesis.stream_arn, "ApproximateCreationDateTimePrecision": kinesis.precision})
            if kinesis.stream_arn
            else {"Enabled": False}
        ),
    }


def _insights(insights: ContributorInsights | IndexInsights | None) -> Document | None:
    if insights is None or insights.enabled is None:
        return None
    return given({"Enabled": insights.enabled, "Mode": insights.mode})


def _global_index(index: GlobalIndex, spec: TableSpec) -> Document:
    of_indexes = spec.contributor_insights.indexes if spec.contributor_insights else ()
    insights = next((each for each in of_indexes if each.name == index.name), None)
    return given(
        {
            "IndexName": index.name,
            "KeySchema": wire.key_schema(index.keys),
            "Projection": wire.projection(index.projection),
            "ProvisionedThroughput": wire.throughput(index.throughput) if index.throughput else None,
            "OnDemandThroughput": on_demand_maximum(index.on_demand_throughput),
            "WarmThroughput": warm(index.warm_throughput),
            "ContributorInsightsSpecification": _insights(insights),
            "Backfill": index.backfill,
        }
    )


def _replica(replica: Replica) -> Document:
    indexes = None
    if replica.indexes is not None:
        indexes = [
            {"IndexName": index.name, **_overrides(index.read_capacity, index.max_read_request_units)}
            for index in replica.indexes
        ]
    return given(
        {
            "RegionName": replica.region,
            "KMSMasterKeyId": replica.kms_key,
            "TableClassOverride": replica.table_class,
            **_overrides(replica.read_capacity, replica.max_read_request_units),
            "GlobalSecondaryIndexes": indexes,
        }
    )


def _overrides(read: int | None, maximum: int | None) -> Document:
    return given(
        {
            "ProvisionedThroughputOverride": None if read is None else {"ReadCapacityUnits": read},
            "OnDemandThroughputOverride": None if maximum is None else {"MaxReadRequestUnits": maximum},
        }
    )
