"""Facet table_class: the storage class of a table. UpdateTable rejects a switch to the current class."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from reconciler.facets.base import Facet, InCreateTable, Removal
from reconciler.facets.quota import DAY, Quota
from reconciler.facets.rank import Rank
from reconciler.model.change import Call, Change
from reconciler.model.observed import Counters, ObservedTable, Responses
from reconciler.model.table import TableClass, TableSpec

STANDARD: TableClass = "STANDARD"


class ClassSwitches(Quota):
    """DescribeTable has the time of the last switch. Creating a table with a class also sets it."""

    __slots__ = ()

    def last_change(self, counters: Counters) -> datetime | None:
        return counters.class_changed


QUOTA = ClassSwitches(
    "class",
    2,
    timedelta(days=30),
    "a table switches its class at most twice in 30 days (rule 30)",
    retry=DAY,
    ambiguous_refusal=True,
)


class TableClassFacet(Facet, InCreateTable):
    """A table without a TableClassSummary never had its class set, and is STANDARD."""

    name = "table_class"
    rank = Rank.SETTINGS
    quotas = (QUOTA,)

    def observe(self, responses: Responses) -> TableClass:
        summary = responses.table.get("TableClassSummary") or {}
        seen: TableClass = summary.get("TableClass") or STANDARD
        return seen

    def diff(self, desired: TableSpec, observed: TableSpec) -> Iterator[Change]:
        have = observed.table_class or STANDARD
        if desired.table_class is not None and desired.table_class != have:
            yield Change(self.name, "table_class", have, desired.table_class)

    def removal(self, observed: TableSpec) -> Removal:
        return Removal(STANDARD, "table_class: STANDARD")

    def request(self, change: Change, desired: TableSpec, observed: ObservedTable) -> Call:
        return Call("UpdateTable", {"TableName": desired.name, "TableClass": desired.table_class})

    def create_members(self, desired: TableSpec) -> Mapping[str, Any]:
        return {"TableClass": desired.table_class} if desired.table_class not in (None, STANDARD) else {}
