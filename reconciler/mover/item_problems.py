"""Collects the items that a migration could not change: equal errors are one problem that names the first items.

Called by ``migrate`` and ``migrate_commands``.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

from reconciler.model.desired import Item
from reconciler.model.errors import Problem
from reconciler.mover.checkpoints import key_text

MOST_KEYS = 3
"""Items that are named of those with equal errors."""
Error = tuple[int | None, str | None, str, str]


class ItemProblems:
    """At most ``most`` different problems of one table. Threads add to it."""

    def __init__(self, file: str, table: str, key_names: Sequence[str], most: int) -> None:
        self._file = file
        self._table = table
        self._key_names = key_names
        self._most = most
        self._found: dict[Error, tuple[list[str], int]] = {}
        self._lock = threading.Lock()

    def add(self, item: Item, line: int | None, field: str | None, reason: str, remedy: str) -> None:
        """Note that ``item`` failed."""
        error = (line, field, reason, remedy)
        key = key_text({part: item[part] for part in self._key_names if part in item})
        with self._lock:
            if error not in self._found and len(self._found) >= self._most:
                return
            keys, count = self._found.get(error, ([], 0))
            self._found[error] = ([*keys, key] if len(keys) < MOST_KEYS else keys, count + 1)

    @property
    def items(self) -> int:
        """How many items the problems speak of."""
        return sum(count for _, count in self._found.values())

    @property
    def problems(self) -> tuple[Problem, ...]:
        """One for each different error, in the order in which they were found."""
        return tuple(
            Problem(self._file, line, field, f"{self._subject(keys, count)}: {reason}", remedy)
            for (line, field, reason, remedy), (keys, count) in self._found.items()
        )

    def _subject(self, keys: Sequence[str], count: int) -> str:
        if count == 1:
            return f"item {keys[0]} of {self._table}"
        more = f" and {count - len(keys):,} more" if count > len(keys) else ""
        return f"{count:,} items of {self._table} ({', '.join(keys)}{more})"
