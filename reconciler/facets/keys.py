"""Facet keys: the key schema of the table and the types of its attributes. It cannot change in place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from reconciler.facets import wire
from reconciler.facets.base import Facet, InCreateTable
from reconciler.facets.rank import Rank
from reconciler.model.change import Call, Change, Hazard
from reconciler.model.observed import ObservedTable, Responses
from reconciler.model.table import KeyElement, TableSpec

UNSAFE = (
    "the key of a table never changes in place: the table is deleted and created again, and every item in it is lost"
)


class KeysFacet(Facet, InCreateTable):
    """Any difference requires a replacement of the table, which the deletion gate decides on."""

    name = "keys"
    rank = Rank.TABLE

    def observe(self, responses: Responses) -> tuple[KeyElement, ...]:
        table = responses.table
        return wire.read_keys(table["KeySchema"], table["AttributeDefinitions"])

    def diff(self, desired: TableSpec, observed: TableSpec) -> Iterator[Change]:
        if desired.keys != observed.keys:
            before, after = wire.keys_for_display(observed.keys), wire.keys_for_display(desired.keys)
            yield Change(self.name, "keys", before, after, Hazard.REPLACEMENT, UNSAFE)

    def request(self, change: Change, desired: TableSpec, observed: ObservedTable) -> Call:
        return Call("DeleteTable", {"TableName": desired.name})

    def key_attributes(self, desired: TableSpec) -> Iterator[Iterable[KeyElement]]:
        yield desired.keys

    def shown_in_create(self, desired: TableSpec) -> Any:
        return wire.keys_for_display(desired.keys)

    def create_members(self, desired: TableSpec) -> Mapping[str, Any]:
        return {"KeySchema": wire.key_schema(desired.keys)}
