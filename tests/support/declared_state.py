"""Checks whether raw answers show a table as declared, without the facets of the product."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from support.table_settings import KEYS

from reconciler.model.observed import Responses
from reconciler.model.table import GlobalIndex, KeyElement, LocalIndex, TableSpec, Throughput, VectorIndex

Shape = Mapping[str, Any]
Expectation = tuple[str, Any, Any]
NONE = {"ReadCapacityUnits": 0, "WriteCapacityUnits": 0}
NO_INDEX: Shape = {"KeySchema": [], "Projection": {"ProjectionType": None}, "ProvisionedThroughput": NONE}


def violations(responses: Responses, desired: TableSpec) -> list[str]:
    """Each declared feature that the answers contradict, as a sentence."""
    table = responses.table
    expected = [*_table(table, desired), *_indexes(table, desired), *_vectors(table, desired)]
    expected += _beside(responses, desired)
    return [f"{what} is {seen!r}, not {wanted!r}" for what, seen, wanted in expected if seen != wanted]


def _table(table: Shape, desired: TableSpec) -> Iterator[Expectation]:
    yield "key", _key_of(table["KeySchema"], table), _key(desired.keys)
    if desired.billing:
        yield "mode", _mode(table), desired.billing.mode
        if desired.billing.mode == "PROVISIONED" and desired.billing.throughput:
            yield "throughput", _units(table["ProvisionedThroughput"]), _requested(desired.billing.throughput)
    if desired.stream:
        stream = table.get("StreamSpecification") or {"StreamEnabled": False}
        yield "stream", stream.get("StreamEnabled", False), desired.stream.enabled
        if desired.stream.enabled:
            yield "view", stream.get("StreamViewType"), desired.stream.view
    if desired.deletion_protection is not None:
        yield "protection", table.get("DeletionProtectionEnabled", False), desired.deletion_protection
    if desired.table_class:
        yield "class", table.get("TableClassSummary", {}).get("TableClass", "STANDARD"), desired.table_class
    yield from _limits("table", table, desired)
    if desired.sse:
        sse = table.get("SSEDescription") or {}
        yield "encrypted by KMS", sse.get("Status") == "ENABLED", desired.sse.enabled
        if desired.sse.key:
            yield "key", sse.get("KMSMasterKeyArn"), KEYS.get(desired.sse.key, desired.sse.key)


def _limits(owner: str, shape: Shape, desired: TableSpec | GlobalIndex) -> Iterator[Expectation]:
    most, warm = desired.on_demand_throughput, desired.warm_throughput
    for name, requested in (("MaxReadRequestUnits", most and most.read), ("MaxWriteRequestUnits", most and most.write)):
        if requested is not None:
            yield f"{name} of {owner}", shape.get("OnDemandThroughput", {}).get(name, -1), requested
    for name, requested in (("ReadUnitsPerSecond", warm and warm.read), ("WriteUnitsPerSecond", warm and warm.write)):
        if requested is not None:
            yield f"{name} of {owner} suffice", shape.get("WarmThroughput", {}).get(name, 0) >= requested, True


def _indexes(table: Shape, desired: TableSpec) -> Iterator[Expectation]:
    for member, declared in (
        ("GlobalSecondaryIndexes", desired.global_indexes),
        ("LocalSecondaryIndexes", desired.local_indexes),
    ):
        seen = {index["IndexName"]: index for index in table.get(member) or []}
        if declared is not None:
            yield member, sorted(seen), sorted(index.name for index in declared)
        for index in declared or ():
            shape = seen.get(index.name, NO_INDEX)
            yield f"key of {index.name}", _key_of(shape["KeySchema"], table), _key(index.keys)
            yield f"projection of {index.name}", _projection(shape["Projection"]), _projected(index)
            if isinstance(index, GlobalIndex) and index.throughput and _mode(table) == "PROVISIONED":
                yield (
                    f"throughput of {index.name}",
                    _units(shape["ProvisionedThroughput"]),
                    _requested(index.throughput),
                )
            if isinstance(index, GlobalIndex):
                yield from _limits(index.name, shape, index)


def _vectors(table: Shape, desired: TableSpec) -> Iterator[Expectation]:
    if desired.vector_indexes is None:
        return
    seen = {index["IndexName"]: index for index in table.get("VectorIndexes") or []}
    yield "vector indexes", sorted(seen), sorted(index.name for index in desired.vector_indexes)
    for index in desired.vector_indexes:
        shape = seen.get(index.name, {})
        wanted = (index.attribute, index.dimensions, index.distance)
        found = (
            shape.get("VectorAttribute", {}).get("AttributeName"),
            shape.get("Dimensions"),
            shape.get("DistanceFunction"),
        )
        yield f"vectors of {index.name}", found, wanted
        yield (
            f"projection of {index.name}",
            _projection(shape.get("Projection", {"ProjectionType": None})),
            _projected(index),
        )
        search = {(e["AttributeName"], e["SearchSchemaElementType"]) for e in shape.get("SearchSchema", [])}
        yield f"search schema of {index.name}", search, {(e.attribute, e.role) for e in index.search}


def _beside(responses: Responses, desired: TableSpec) -> Iterator[Expectation]:
    if desired.ttl:
        ttl = responses.answers["DescribeTimeToLive"]["TimeToLiveDescription"]
        yield "ttl", ttl["TimeToLiveStatus"], "ENABLED" if desired.ttl.enabled else "DISABLED"
        if desired.ttl.enabled:
            yield "ttl attribute", ttl.get("AttributeName"), desired.ttl.attribute
    if desired.point_in_time_recovery:
        backups = responses.answers["DescribeContinuousBackups"]["ContinuousBackupsDescription"]
        shape, requested = backups["PointInTimeRecoveryDescription"], desired.point_in_time_recovery
        yield "recovery", shape["PointInTimeRecoveryStatus"], "ENABLED" if requested.enabled else "DISABLED"
        if requested.days:
            yield "days", shape.get("RecoveryPeriodInDays"), requested.days
    for what, key, requested in (
        ("policy", "GetResourcePolicy", desired.resource_policy),
        ("stream policy", "GetResourcePolicy stream", desired.stream_policy),
    ):
        if requested:
            seen, wanted = (
                json.loads(text or "{}") for text in (responses.answers.get(key, {}).get("Policy"), requested.document)
            )
            yield what, seen, wanted
    yield from _insights(responses, desired)
    if desired.kinesis_streaming:
        live = [
            (each["StreamArn"], each["ApproximateCreationDateTimePrecision"])
            for each in responses.answers["DescribeKinesisStreamingDestination"]["KinesisDataStreamDestinations"]
            if each["DestinationStatus"] == "ACTIVE"
        ]
        arn, precision = desired.kinesis_streaming.stream_arn, desired.kinesis_streaming.precision
        yield "destinations", [arn for arn, _ in live], [arn] if arn else []
        if precision:
            yield "precision", [kind for _, kind in live], [precision]
    if desired.tags and "ListTagsOfResource" in responses.answers:
        tags = {tag["Key"]: tag["Value"] for tag in responses.answers["ListTagsOfResource"]["Tags"]}
        yield "tags", {key: tags.get(key) for key, _ in desired.tags}, dict(desired.tags)


def _insights(responses: Responses, desired: TableSpec) -> Iterator[Expectation]:
    own = desired.contributor_insights
    desired_states = [("", own.enabled, own.mode), *((i.name, i.enabled, i.mode) for i in own.indexes)] if own else []
    for name, enabled, mode in desired_states:
        if enabled is None:
            continue
        answer = responses.answers[f"DescribeContributorInsights {name}".strip()]
        yield f"insights of {name}", answer["ContributorInsightsStatus"], "ENABLED" if enabled else "DISABLED"
        if mode and enabled:
            yield f"mode of insights of {name}", answer.get("ContributorInsightsMode"), mode


def _mode(table: Shape) -> str:
    mode: str = table.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED")
    return mode


def _key_of(schema: list[dict[str, str]], table: Shape) -> list[tuple[str, str, str]]:
    types = {d["AttributeName"]: d["AttributeType"] for d in table["AttributeDefinitions"]}
    return [(e["AttributeName"], e["KeyType"], types[e["AttributeName"]]) for e in schema]


def _key(keys: tuple[KeyElement, ...]) -> list[tuple[str, str, str]]:
    return [(key.attribute, key.role, key.type) for key in keys]


def _units(shape: dict[str, Any]) -> tuple[int, int]:
    return shape["ReadCapacityUnits"], shape["WriteCapacityUnits"]


def _requested(throughput: Throughput) -> tuple[int, int]:
    return throughput.read, throughput.write


def _projection(shape: dict[str, Any]) -> tuple[str, frozenset[str]]:
    return shape["ProjectionType"], frozenset(shape.get("NonKeyAttributes") or [])


def _projected(index: GlobalIndex | LocalIndex | VectorIndex) -> tuple[str, frozenset[str]]:
    return index.projection.type, index.projection.non_key_attributes
