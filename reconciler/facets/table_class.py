"""Facet table_class: the storage class of a table. A switch to the class it has would be refused (UpdateTable)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.model.change import Call, Change
from reconciler.model.observed import ObservedTable, Responses
from reconciler.model.table import TableClass, TableSpec

STANDARD: TableClass = "STANDARD"


class TableClassFacet:
    """A table whose class was never set has no TableClassSummary, and is STANDARD."""

    name = "table_class"
    reads: tuple[str, ...] = ()

    def observe(self, responses: Responses) -> TableClass:
        summary = responses.table.get("TableClassSummary") or {}
        seen: TableClass = summary.get("TableClass") or STANDARD
        return seen

    def transitions(self, responses: Responses) -> Iterator[str]:
        yield from ()

    def diff(self, desired: TableSpec, observed: TableSpec) -> Iterator[Change]:
        have = observed.table_class or STANDARD
        if desired.table_class is not None and desired.table_class != have:
            yield Change(self.name, "table_class", have, desired.table_class)

    def request(self, change: Change, desired: TableSpec, observed: ObservedTable) -> Call:
        return Call("UpdateTable", {"TableName": desired.name, "TableClass": desired.table_class})

    def create_members(self, desired: TableSpec) -> Mapping[str, Any]:
        return {"TableClass": desired.table_class} if desired.table_class not in (None, STANDARD) else {}
