"""Counts what a command has changed, by its answered requests, for the message after a signal. Fed by ``telemetry``."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable

from reconciler.model.change import is_read

ITEMS = {"PutItem": "written", "DeleteItem": "removed", "TransactWriteItems": "written"}
"""Of transactions, only those of seeds are about tables other than the state table; they put items of one table."""
TABLES = {"CreateTable": "created", "DeleteTable": "deleted"}
NAMED = 3
"""Tables that are named; further ones are only counted."""


class ChangeCounter:
    """The counts of one command; thread-safe. Records of the state table do not count as items."""

    def __init__(self, state_table: str) -> None:
        self._state_table = state_table
        self._lock = threading.Lock()
        self._expected: dict[str, int] = {}
        self._items: Counter[tuple[str, str]] = Counter()
        self._tables: dict[str, dict[str, None]] = {"created": {}, "changed": {}, "deleted": {}}
        self._sent = False

    def expect(self, table: str, items: int) -> None:
        """How many seed items are declared for a table."""
        with self._lock:
            self._expected[table] = items

    def request(self, operation: str, tables: Iterable[str], items: int = 1) -> None:
        """One request, a transaction of so many ``items`` perhaps, was answered with success."""
        if is_read(operation):
            return
        named = [table for table in tables if table != self._state_table]
        with self._lock:
            self._sent = True
            for table in named:
                if operation in ITEMS:
                    self._items[ITEMS[operation], table] += items
                else:
                    self._tables[TABLES.get(operation, "changed")][table] = None

    def summary(self) -> str:
        """A clause such as ``3 tables (a, b, c) created; 1,200 of 8,000 items of a written``."""
        with self._lock:
            parts = [f"{_several(names)} {how}" for how, names in self._tables.items() if names]
            parts += [self._item_clause(how, table, count) for (how, table), count in self._items.items()]
            if parts:
                return "; ".join(parts)
            return "no table was changed, only records of the state table" if self._sent else "nothing was changed"

    def _item_clause(self, how: str, table: str, count: int) -> str:
        whole = self._expected.get(table, 0)
        of = f" of {whole:,}" if whole >= count else ""
        return f"{count:,}{of} items of {table} {how}"


def _several(names: Iterable[str]) -> str:
    listed = list(names)
    shown = ", ".join(listed[:NAMED]) + (", ..." if len(listed) > NAMED else "")
    return f"{len(listed):,} {'table' if len(listed) == 1 else 'tables'} ({shown})"
