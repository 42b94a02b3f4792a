"""Whether a table, as raw answers show it, is as declared; written without the product's facets."""

from __future__ import annotations

from typing import Any

from reconciler.model.observed import Responses
from reconciler.model.table import GlobalIndex, KeyElement, LocalIndex, TableSpec, Throughput


def violations(responses: Responses, desired: TableSpec) -> list[str]:
    """Each declared feature that the answers contradict, as a sentence."""
    table = responses.table
    types = {d["AttributeName"]: d["AttributeType"] for d in table["AttributeDefinitions"]}
    found: list[str] = []

    def expect(what: str, seen: Any, wanted: Any) -> None:
        if seen != wanted:
            found.append(f"{what} is {seen!r}, not {wanted!r}")

    def key_of(schema: list[dict[str, str]]) -> list[tuple[str, str, str]]:
        return [(e["AttributeName"], e["KeyType"], types[e["AttributeName"]]) for e in schema]

    mode = table.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED")
    expect("key", key_of(table["KeySchema"]), _key(desired.keys))
    if desired.billing:
        expect("mode", mode, desired.billing.mode)
        if desired.billing.mode == "PROVISIONED" and desired.billing.throughput:
            expect("throughput", _units(table["ProvisionedThroughput"]), _wish(desired.billing.throughput))
    for member, declared in (
        ("GlobalSecondaryIndexes", desired.global_indexes),
        ("LocalSecondaryIndexes", desired.local_indexes),
    ):
        if declared is None:
            continue
        seen = {index["IndexName"]: index for index in table.get(member) or []}
        expect(member, sorted(seen), sorted(index.name for index in declared))
        for index in declared:
            if index.name in seen:
                shape = seen[index.name]
                expect(f"key of {index.name}", key_of(shape["KeySchema"]), _key(index.keys))
                expect(f"projection of {index.name}", _projection(shape["Projection"]), _projected(index))
                if isinstance(index, GlobalIndex) and index.throughput and mode == "PROVISIONED":
                    units = _units(shape["ProvisionedThroughput"])
                    expect(f"throughput of {index.name}", units, _wish(index.throughput))
    if desired.stream:
        stream = table.get("StreamSpecification") or {"StreamEnabled": False}
        expect("stream", stream.get("StreamEnabled", False), desired.stream.enabled)
        if desired.stream.enabled:
            expect("view", stream.get("StreamViewType"), desired.stream.view)
    if desired.deletion_protection is not None:
        expect("protection", table.get("DeletionProtectionEnabled", False), desired.deletion_protection)
    if desired.ttl:
        ttl = responses.answers["DescribeTimeToLive"]["TimeToLiveDescription"]
        expect("ttl", ttl["TimeToLiveStatus"], "ENABLED" if desired.ttl.enabled else "DISABLED")
        if desired.ttl.enabled:
            expect("ttl attribute", ttl.get("AttributeName"), desired.ttl.attribute)
    if desired.tags and "ListTagsOfResource" in responses.answers:
        tags = {tag["Key"]: tag["Value"] for tag in responses.answers["ListTagsOfResource"]["Tags"]}
        expect("tags", {key: tags.get(key) for key, _ in desired.tags}, dict(desired.tags))
    return found


def _key(keys: tuple[KeyElement, ...]) -> list[tuple[str, str, str]]:
    return [(key.attribute, key.role, key.type) for key in keys]


def _units(shape: dict[str, Any]) -> tuple[int, int]:
    return shape["ReadCapacityUnits"], shape["WriteCapacityUnits"]


def _wish(throughput: Throughput) -> tuple[int, int]:
    return throughput.read, throughput.write


def _projection(shape: dict[str, Any]) -> tuple[str, frozenset[str]]:
    return shape["ProjectionType"], frozenset(shape.get("NonKeyAttributes") or [])


def _projected(index: GlobalIndex | LocalIndex) -> tuple[str, frozenset[str]]:
    return index.projection.type, index.projection.non_key_attributes
