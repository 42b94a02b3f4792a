"""Facet local_indexes: local secondary indexes. CreateTable makes them, and they cannot change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from reconciler.facets import wire
from reconciler.facets.base import Facet, InCreateTable, Removal
from reconciler.facets.index_pairs import created_for_display, index_definition, index_for_display, pairs
from reconciler.facets.rank import Rank
from reconciler.model.change import Call, Change, Hazard
from reconciler.model.observed import ObservedTable, Responses
from reconciler.model.table import KeyElement, LocalIndex, TableSpec

UNSAFE = (
    "local index {name} can only be made with the table: "
    "the table is deleted and created again, and every item in it is lost"
)


class LocalIndexesFacet(Facet, InCreateTable):
    """A declared list is complete. Any difference requires a replacement of the table."""

    name = "local_indexes"
    rank = Rank.TABLE

    def observe(self, responses: Responses) -> tuple[LocalIndex, ...]:
        table = responses.table
        indexes = (
            LocalIndex(
                index["IndexName"],
                wire.read_keys(index["KeySchema"], table["AttributeDefinitions"]),
                wire.read_projection(index["Projection"]),
            )
            for index in table.get("LocalSecondaryIndexes") or ()
        )
        return tuple(sorted(indexes, key=lambda index: index.name))

    def diff(self, desired: TableSpec, observed: TableSpec) -> Iterator[Change]:
        if desired.local_indexes is None:
            return
        for name, want, have in pairs(desired.local_indexes, observed.local_indexes):
            path = f"local_indexes.{name}"
            if want is None or have is None:
                yield self._replacement(
                    name, path, index_for_display(have) if have else None, index_for_display(want) if want else None
                )
                continue
            if want.keys != have.keys:
                yield self._replacement(
                    name, f"{path}.keys", wire.keys_for_display(have.keys), wire.keys_for_display(want.keys)
                )
            if want.projection != have.projection:
                before, after = wire.projection(have.projection), wire.projection(want.projection)
                yield self._replacement(name, f"{path}.projection", before, after)

    def removal(self, observed: TableSpec) -> Removal:
        return Removal((), "local_secondary_indexes: []", "the table is replaced")

    def request(self, change: Change, desired: TableSpec, observed: ObservedTable) -> Call:
        return Call("DeleteTable", {"TableName": desired.name})

    def key_attributes(self, desired: TableSpec) -> Iterator[Iterable[KeyElement]]:
        yield from (index.keys for index in desired.local_indexes or ())

    def shown_in_create(self, desired: TableSpec) -> Any:
        return created_for_display(self.create_members(desired), desired.local_indexes)

    def create_members(self, desired: TableSpec) -> Mapping[str, Any]:
        if not desired.local_indexes:
            return {}
        return {"LocalSecondaryIndexes": [index_definition(index) for index in desired.local_indexes]}

    def _replacement(self, name: str, path: str, before: Any, after: Any) -> Change:
        return Change(self.name, path, before, after, Hazard.REPLACEMENT, UNSAFE.format(name=name))
