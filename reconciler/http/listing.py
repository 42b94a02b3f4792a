"""Which tables a page shows: filtered by name and status, sorted, a hundred at a time. Pure; called by the page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from reconciler.http.summary import differs
from reconciler.model.plan import StepStatus
from reconciler.model.report import TableReport, TableStatus

PAGE = 100
URGENT = 25
"""Groups of tables that need attention and are shown before all others; the list shows all of them."""
GRAVEST_FIRST = (
    TableStatus.ERROR,
    TableStatus.BLOCKED,
    TableStatus.MISSING,
    TableStatus.DRIFTED,
    TableStatus.PENDING,
    TableStatus.IN_SYNC,
    TableStatus.RELEASED,
    TableStatus.UNMANAGED,
)
NEVER = datetime.max.replace(tzinfo=UTC)
SORTS: Mapping[str, Callable[[TableReport], Any]] = {
    "name": lambda table: table.name,
    "status": lambda table: (table.status.value, table.name),
    "since": lambda table: (table.drift_since or NEVER, table.name),
    "items": lambda table: (-(table.item_count or 0), table.name),
    "size": lambda table: (-(table.size_bytes or 0), table.name),
    "owner": lambda table: (table.ownership or "", table.name),
}


@dataclass(frozen=True, slots=True)
class ListingQuery:
    """The query of the reader; unknown values count as absent."""

    text: str = ""
    status: str = ""
    sort: str = "name"
    page: int = 1


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of tables out of ``found``; ``last`` is the number of the last page."""

    query: ListingQuery
    tables: Sequence[TableReport]
    found: int
    last: int


def named_like(tables: Sequence[TableReport], query: ListingQuery) -> Sequence[TableReport]:
    """The tables whose names contain the text of the query."""
    text = query.text.strip().lower()
    return [table for table in tables if text in table.name.lower()] if text else tables


def status_counts(tables: Sequence[TableReport], query: ListingQuery) -> list[tuple[str, int]]:
    """How many of these tables have which status, the gravest first; only what occurs or is chosen."""
    counted = Counter(table.status for table in tables)
    return [(each.value, counted[each]) for each in GRAVEST_FIRST if counted[each] or each.value == query.status]


def of_status(tables: Sequence[TableReport], query: ListingQuery) -> Sequence[TableReport]:
    """The tables with the status of the query; all if it names none."""
    return [table for table in tables if table.status.value == query.status] if query.status else tables


def listing(tables: Sequence[TableReport], query: ListingQuery) -> Listing:
    """The requested page of these tables, or the nearest one."""
    found = sorted(tables, key=SORTS.get(query.sort, SORTS["name"]))
    last = max(1, -(-len(found) // PAGE))
    page = min(max(query.page, 1), last)
    shown = found[(page - 1) * PAGE : page * PAGE]
    return Listing(ListingQuery(query.text, query.status, query.sort, page), shown, len(found), last)


def attention(tables: Sequence[TableReport], common: str | None = None) -> list[TableReport]:
    """Tables that differ: failed, blocked, then the rest. ``common`` is an error of all, which the banner shows."""

    def urgency(table: TableReport) -> tuple[int, str]:
        failed = table.error is not None or table.has(StepStatus.FAILED)
        return 0 if failed else 1 if table.has(StepStatus.BLOCKED) else 2, table.name

    urgent = (table for table in tables if differs(table) or table.has(StepStatus.BLOCKED))
    return sorted((table for table in urgent if common is None or table.error != common), key=urgency)
