"""Facet keys: the key schema of the table and the types of its attributes. It never changes in place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.facets import wire
from reconciler.model.change import Call, Change, Hazard
from reconciler.model.observed import ObservedTable, Responses
from reconciler.model.table import KeyElement, TableSpec

UNSAFE = (
    "the key of a table never changes in place: the table is deleted and created again, and every item in it is lost"
)


class KeysFacet:
    """The order of the elements and the type of each are part of the key."""

    name = "keys"
    reads: tuple[str, ...] = ()

    def observe(self, responses: Responses) -> tuple[KeyElement, ...]:
        table = responses.table
        return wire.read_keys(table["KeySchema"], table["AttributeDefinitions"])

    def transitions(self, responses: Responses) -> Iterator[str]:
        yield from ()

    def diff(self, desired: TableSpec, observed: TableSpec) -> Iterator[Change]:
        if desired.keys != observed.keys:
            before, after = wire.readable_keys(observed.keys), wire.readable_keys(desired.keys)
            yield Change(self.name, "keys", before, after, Hazard.REPLACEMENT, UNSAFE)

    def request(self, change: Change, desired: TableSpec, observed: ObservedTable) -> Call:
        return Call("DeleteTable", {"TableName": desired.name})

    def create_members(self, desired: TableSpec) -> Mapping[str, Any]:
        return {"KeySchema": wire.key_schema(desired.keys)}
