"""Converts values of the model to shapes of DynamoDB and back. Used by all facets. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from reconciler.model.change import Change
from reconciler.model.errors import Malformed
from reconciler.model.table import KeyElement, Projection, Throughput, VectorIndex

Shape = dict[str, Any]


def read_keys(schema: Iterable[Mapping[str, Any]], definitions: Iterable[Mapping[str, Any]]) -> tuple[KeyElement, ...]:
    """A KeySchema in order, with the types of AttributeDefinitions. Raises ``Malformed`` if one is missing."""
    types = {definition["AttributeName"]: definition["AttributeType"] for definition in definitions}
    keys = []
    for element in schema:
        name = element["AttributeName"]
        if name not in types:
            raise Malformed("DescribeTable", "MissingDefinition", f"key attribute {name} has no AttributeDefinition")
        keys.append(KeyElement(name, element["KeyType"], types[name]))
    return tuple(keys)


def key_schema(keys: Iterable[KeyElement]) -> list[Shape]:
    """KeySchema of a request."""
    return [{"AttributeName": key.attribute, "KeyType": key.role} for key in keys]


def attribute_definitions(*schemas: Iterable[KeyElement]) -> list[Shape]:
    """AttributeDefinitions: the union of all key attributes, each once, sorted by name; a later schema's type wins."""
    types = {key.attribute: key.type for keys in schemas for key in keys}
    return [{"AttributeName": name, "AttributeType": types[name]} for name in sorted(types)]


def search_keys(index: VectorIndex) -> tuple[KeyElement, ...]:
    """The attributes of a search schema as key elements: they must be defined as keys are (UpdateTable)."""
    return tuple(KeyElement(e.attribute, "HASH", e.type) for e in index.search if e.type is not None)


def keys_for_display(keys: Iterable[KeyElement]) -> list[Shape]:
    """A key for display: its elements in order, each with its type."""
    return [{"AttributeName": k.attribute, "KeyType": k.role, "AttributeType": k.type} for k in keys]


def read_projection(shape: Mapping[str, Any]) -> Projection:
    """A Projection; the order of NonKeyAttributes means nothing."""
    return Projection(shape["ProjectionType"], frozenset(shape.get("NonKeyAttributes") or ()))


def projection(value: Projection) -> Shape:
    """Projection of a request; NonKeyAttributes only with INCLUDE."""
    if value.type != "INCLUDE":
        return {"ProjectionType": value.type}
    return {"ProjectionType": value.type, "NonKeyAttributes": sorted(value.non_key_attributes)}


def read_throughput(shape: Mapping[str, Any] | None) -> Throughput | None:
    """ProvisionedThroughput; None for the zeros of an on-demand table."""
    if not shape or not shape.get("ReadCapacityUnits") or not shape.get("WriteCapacityUnits"):
        return None
    return Throughput(int(shape["ReadCapacityUnits"]), int(shape["WriteCapacityUnits"]))


def throughput(value: Throughput) -> Shape:
    """ProvisionedThroughput of a request, in capacity units."""
    return {"ReadCapacityUnits": value.read, "WriteCapacityUnits": value.write}


def throughput_changes(facet: str, path: str, desired: Throughput, observed: Throughput | None) -> Iterator[Change]:
    """One change for each of read and write that differs."""
    before_read, before_write = (observed.read, observed.write) if observed else (None, None)
    if before_read != desired.read:
        yield Change(facet, f"{path}.read", before_read, desired.read)
    if before_write != desired.write:
        yield Change(facet, f"{path}.write", before_write, desired.write)
