"""An observed table → the document that declares it. The reverse of ``normalise``; called by ``files``.

What is off or as the service gives it to every table is left out, so that it stays nobody's. Warm throughput is left
out too: it rises by itself. A schedule of backups cannot be read off a table.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from typing import Any

from reconciler.declarations import written_beyond as beyond
from reconciler.declarations.document.policy_numbers import POLICIES
from reconciler.declarations.placeholders import escape, mapped
from reconciler.model.table import (
    GlobalIndex,
    IndexInsights,
    KeyElement,
    KinesisStreaming,
    LocalIndex,
    OnDemandThroughput,
    Projection,
    ResourcePolicy,
    Sse,
    TableSpec,
    Throughput,
    VectorIndex,
)

Shape = dict[str, Any]


def document(spec: TableSpec, base_name: str) -> Shape:
    """The document under ``base_name``, in the order in which people read one."""
    members: list[tuple[str, Any]] = [
        ("table_name", base_name),
        ("key_schema", _key_schema(spec.keys)),
        ("attribute_definitions", _definitions(spec)),
        ("billing_mode", spec.billing and spec.billing.mode),
        ("provisioned_throughput", spec.billing and _throughput(spec.billing.throughput)),
        ("on_demand_throughput", _maximum(spec.on_demand_throughput)),
        ("global_secondary_indexes", [_global(index, spec) for index in spec.global_indexes or ()]),
        ("local_secondary_indexes", [_local(index) for index in spec.local_indexes or ()]),
        ("vector_indexes", [_vector(index) for index in spec.vector_indexes or ()]),
        ("auto_scaling", beyond.auto_scaling(spec.auto_scaling)),
        ("stream_specification", _stream(spec)),
        ("time_to_live", _ttl(spec)),
        ("table_class", spec.table_class if spec.table_class != "STANDARD" else None),
        ("sse_specification", _sse(spec.sse)),
        ("point_in_time_recovery", _recovery(spec)),
        ("deletion_protection_enabled", spec.deletion_protection or None),
        ("contributor_insights", _insights(spec.contributor_insights)),
        ("kinesis_streaming", _kinesis(spec.kinesis_streaming)),
        ("resource_policy", _policy(spec.resource_policy)),
        ("stream_policy", _policy(spec.stream_policy)),
        *beyond.global_table(spec),
        ("tags", dict(spec.tags or ())),
    ]
    return {name: _escaped(name, value) for name, value in members if value not in (None, [], {})}


def _escaped(name: str, value: Any) -> Any:
    """The value as a declaration spells it, where a placeholder would be refused."""
    return mapped(value, partial(escape, policy=name in POLICIES))


def _key_schema(keys: tuple[KeyElement, ...]) -> list[Shape]:
    return [{"AttributeName": key.attribute, "KeyType": key.role} for key in keys]


def _definitions(spec: TableSpec) -> list[Shape]:
    types: dict[str, str] = {key.attribute: key.type for keys in _all_keys(spec) for key in keys}
    searched = (element for index in spec.vector_indexes or () for element in index.search)
    types |= {element.attribute: element.type for element in searched if element.type}
    return [{"AttributeName": name, "AttributeType": kind} for name, kind in types.items()]


def _all_keys(spec: TableSpec) -> Iterator[tuple[KeyElement, ...]]:
    yield spec.keys
    yield from (index.keys for index in spec.global_indexes or ())
    yield from (index.keys for index in spec.local_indexes or ())


def _throughput(units: Throughput | None) -> Shape | None:
    return None if units is None else {"ReadCapacityUnits": units.read, "WriteCapacityUnits": units.write}


def _maximum(limit: OnDemandThroughput | None) -> Shape | None:
    if limit is None:
        return None
    shape = {"MaxReadRequestUnits": limit.read, "MaxWriteRequestUnits": limit.write}
    return {name: units for name, units in shape.items() if units not in (None, -1)}


def _projection(projection: Projection) -> Shape:
    names = {"NonKeyAttributes": sorted(projection.non_key_attributes)} if projection.non_key_attributes else {}
    return {"ProjectionType": projection.type, **names}


def _global(index: GlobalIndex, spec: TableSpec) -> Shape:
    provisioned = spec.billing is not None and spec.billing.mode == "PROVISIONED"
    members = {
        "ProvisionedThroughput": _throughput(index.throughput) if provisioned else None,
        "OnDemandThroughput": None if provisioned else _maximum(index.on_demand_throughput),
        "contributor_insights": _insights(_of_index(index.name, spec)),
    }
    return {**_local(index), **{name: value for name, value in members.items() if value}}


def _of_index(name: str, spec: TableSpec) -> IndexInsights | None:
    told = spec.contributor_insights.indexes if spec.contributor_insights else ()
    return next((each for each in told if each.name == name), None)


def _local(index: GlobalIndex | LocalIndex) -> Shape:
    return {
        "IndexName": index.name,
        "KeySchema": _key_schema(index.keys),
        "Projection": _projection(index.projection),
    }


def _vector(index: VectorIndex) -> Shape:
    search = [{"AttributeName": e.attribute, "SearchSchemaElementType": e.role} for e in index.search]
    return {
        "IndexName": index.name,
        "VectorAttribute": {"AttributeName": index.attribute},
        "Dimensions": index.dimensions,
        "DistanceFunction": index.distance,
        "Projection": _projection(index.projection),
        **({"SearchSchema": search} if search else {}),
    }


def _stream(spec: TableSpec) -> Shape | None:
    on = spec.stream is not None and spec.stream.enabled
    return {"StreamEnabled": True, "StreamViewType": spec.stream.view} if spec.stream and on else None


def _ttl(spec: TableSpec) -> Shape | None:
    return {"Enabled": True, "AttributeName": spec.ttl.attribute} if spec.ttl and spec.ttl.enabled else None


def _sse(sse: Sse | None) -> Shape | None:
    if sse is None or not sse.enabled:
        return None
    return {"SSEEnabled": True, "SSEType": "KMS", **({"KMSMasterKeyId": sse.key} if sse.key else {})}


def _recovery(spec: TableSpec) -> Shape | None:
    recovery = spec.point_in_time_recovery
    if recovery is None or not recovery.enabled:
        return None
    days = {} if recovery.days is None else {"RecoveryPeriodInDays": recovery.days}
    return {"PointInTimeRecoveryEnabled": True, **days}


def _insights(told: Any) -> Shape | None:
    if told is None or not told.enabled:
        return None
    return {"enabled": True, **({"mode": told.mode} if told.mode else {})}


def _kinesis(streaming: KinesisStreaming | None) -> Shape | None:
    if streaming is None or streaming.stream_arn is None:
        return None
    return {"stream_arn": streaming.stream_arn, **({"precision": streaming.precision} if streaming.precision else {})}


def _policy(policy: ResourcePolicy | None) -> Any:
    return json.loads(policy.document) if policy and policy.document else None
