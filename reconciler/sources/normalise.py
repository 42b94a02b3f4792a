"""A sound document → ``TableSpec``: collections sorted, key elements with their types. Called by ``assemble``."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.model.backups import Backups
from reconciler.model.desired import Lifecycle, Reference
from reconciler.model.table import (
    Billing,
    GlobalIndex,
    KeyElement,
    LocalIndex,
    OnDemandThroughput,
    PointInTimeRecovery,
    Projection,
    ScalarType,
    SearchElement,
    Sse,
    Stream,
    TableSpec,
    Throughput,
    Ttl,
    VectorIndex,
    WarmThroughput,
)
from reconciler.sources import normalise_aside
from reconciler.sources.document.indexes import GlobalIndexPart, LocalIndexPart, ProjectionPart
from reconciler.sources.document.keys import KeyElementPart
from reconciler.sources.document.limits import OnDemandThroughputPart, WarmThroughputPart
from reconciler.sources.document.table import TableDocument
from reconciler.sources.document.throughput import ThroughputPart
from reconciler.sources.document.vectors import VectorIndexPart
from reconciler.sources.normalise_global import consistency, replicas, settings
from reconciler.sources.normalise_scaling import auto_scaling
from reconciler.sources.rules.billing_mode import declared_mode

Types = Mapping[str, ScalarType]


def table_spec(document: TableDocument, name: str) -> TableSpec:
    """The table as the facets compare it; absence stays None, an empty list stays empty."""
    types = attribute_types(document)
    stream, ttl, tags = document.stream_specification, document.time_to_live, document.tags
    sse, recovery = document.sse_specification, document.point_in_time_recovery
    global_indexes, local_indexes = document.global_secondary_indexes, document.local_secondary_indexes
    vectors = document.vector_indexes
    return TableSpec(
        name=name,
        keys=_keys(document.key_schema or [], types),
        billing=_billing(document),
        global_indexes=None
        if global_indexes is None
        else tuple(_global_index(index, types) for index in sorted(global_indexes, key=lambda index: index.index_name)),
        local_indexes=None
        if local_indexes is None
        else tuple(_local_index(index, types) for index in sorted(local_indexes, key=lambda index: index.index_name)),
        stream=None if stream is None else Stream(stream.stream_enabled, stream.stream_view_type),
        ttl=None if ttl is None else Ttl(ttl.enabled, ttl.attribute_name),
        tags=None if tags is None else tuple(sorted((tag.key, tag.value) for tag in tags)),
        deletion_protection=document.deletion_protection_enabled,
        auto_scaling=auto_scaling(document.auto_scaling),
        backups=None
        if document.backups is None
        else Backups(document.backups.schedule, document.backups.keep, document.backups.name),
        table_class=document.table_class,
        on_demand_throughput=_maximum(document.on_demand_throughput),
        warm_throughput=_warm(document.warm_throughput),
        sse=None if sse is None else Sse(sse.enabled, sse.kms_master_key_id if sse.enabled else None),
        point_in_time_recovery=None
        if recovery is None
        else PointInTimeRecovery(recovery.enabled, recovery.recovery_period_in_days),
        replicas=replicas(document.replicas),
        multi_region_consistency=consistency(document),
        global_table_settings=settings(document),
        disassociation_protection=document.disassociation_protection_enabled,
        vector_indexes=None
        if vectors is None
        else tuple(_vector_index(index, types) for index in sorted(vectors, key=lambda index: index.index_name)),
        resource_policy=normalise_aside.policy(document.resource_policy),
        stream_policy=normalise_aside.policy(document.stream_policy),
        contributor_insights=normalise_aside.insights(document),
        kinesis_streaming=normalise_aside.kinesis(document.kinesis_streaming),
    )


def attribute_types(document: TableDocument) -> dict[str, ScalarType]:
    """The declared type of every key attribute."""
    return {part.attribute_name: part.attribute_type for part in document.attribute_definitions or []}


def lifecycle(document: TableDocument) -> Lifecycle:
    """What may be done to the table; the defaults of the model where nothing is said."""
    part = document.lifecycle
    if part is None:
        return Lifecycle()
    return Lifecycle(part.protect, tuple(part.ignore_changes), part.on_existing, part.allow_data_loss)


def references(document: TableDocument) -> tuple[Reference, ...]:
    """Which declared tables it refers to, in the order they are written; one said twice is one."""
    return tuple(dict.fromkeys(Reference(part.table, part.attribute) for part in document.references or []))


def _billing(document: TableDocument) -> Billing | None:
    throughput = _throughput(document.provisioned_throughput)
    mode = declared_mode(document)
    return None if mode is None else Billing(mode, throughput)


def _throughput(part: ThroughputPart | None) -> Throughput | None:
    return None if part is None else Throughput(part.read_capacity_units, part.write_capacity_units)


def _maximum(part: OnDemandThroughputPart | None) -> OnDemandThroughput | None:
    return None if part is None else OnDemandThroughput(part.max_read_request_units, part.max_write_request_units)


def _warm(part: WarmThroughputPart | None) -> WarmThroughput | None:
    return None if part is None else WarmThroughput(part.read_units_per_second, part.write_units_per_second)


def _keys(parts: list[KeyElementPart], types: Types) -> tuple[KeyElement, ...]:
    return tuple(KeyElement(part.attribute_name, part.key_type, types[part.attribute_name]) for part in parts)


def _projection(part: ProjectionPart) -> Projection:
    return Projection(part.projection_type, frozenset(part.non_key_attributes or ()))


def _global_index(part: GlobalIndexPart, types: Types) -> GlobalIndex:
    throughput = _throughput(part.provisioned_throughput)
    return GlobalIndex(
        part.index_name,
        _keys(part.key_schema, types),
        _projection(part.projection),
        throughput,
        _maximum(part.on_demand_throughput),
        _warm(part.warm_throughput),
    )


def _local_index(part: LocalIndexPart, types: Types) -> LocalIndex:
    return LocalIndex(part.index_name, _keys(part.key_schema, types), _projection(part.projection))


def _vector_index(part: VectorIndexPart, types: Types) -> VectorIndex:
    elements = (
        SearchElement(each.attribute_name, each.search_schema_element_type, types[each.attribute_name])
        for each in part.search_schema or []
    )
    return VectorIndex(
        part.index_name,
        part.vector_attribute.attribute_name,
        part.dimensions,
        part.distance_function,
        _projection(part.projection),
        tuple(sorted(elements, key=lambda each: (each.role, each.attribute))),
    )
