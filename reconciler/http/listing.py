"""Which tables a page shows: filtered by name and status, sorted, a hundred at a time. Pure; called by the page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from reconciler.http.summary import differs
from reconciler.model.plan import StepStatus
from reconciler.model.report import TableReport

PAGE = 100
URGENT = 25
"""Tables that need attention and are shown before all others; the list shows all of them."""
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


def listing(tables: Sequence[TableReport], query: ListingQuery) -> Listing:
    """The requested page, or the nearest one."""
    text = query.text.strip().lower()
    found = [
        table
        for table in tables
        if text in table.name.lower() and (not query.status or table.status.value == query.status)
    ]
    found.sort(key=SORTS.get(query.sort, SORTS["name"]))
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
