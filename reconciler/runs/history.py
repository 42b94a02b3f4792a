"""The runs of this process, and of others at this stack, in the order in which they started.

Written by the loop, read by the API and the page.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import replace

from reconciler.runs.record import Record, State

MAX_RECORDS = 200


class RunHistory:
    """Thread-safe and bounded to ``most`` records. ``on_change`` is called with every record that is put.

    ``process`` is this process, which made the records that are put.
    """

    def __init__(
        self,
        on_change: Callable[[Record], None] | None = None,
        most: int = MAX_RECORDS,
        *,
        process: str | None = None,
    ) -> None:
        self._process = process
        self._records: dict[str, Record] = {}
        self._lock = threading.Lock()
        self._on_change = on_change
        self._most = most
        self._included: frozenset[str] = frozenset()

    def put(self, record: Record) -> None:
        """Keep a new record, or the new state of a known one.

        An idle pass replaces the idle pass right before it if both found the same; so does a preview of the page.
        Otherwise an idle day would push the runs that changed something out of the history.
        """
        record = replace(record, process=self._process)
        with self._lock:
            if record.state is State.RUNNING:
                self._records.pop(record.id, None)
            self._records[record.id] = record
            self._drop_superseded(record)
            for old in list(self._records)[: max(0, len(self._records) - self._most)]:
                del self._records[old]
        if self._on_change is not None:
            self._on_change(record)

    def begin_with(self, records: Iterable[Record | None]) -> None:
        """Add records of an earlier process, newest first; ``None`` entries are skipped."""
        older = [record for record in records if record is not None]
        with self._lock:
            self._records = {**{record.id: record for record in reversed(older)}, **self._records}
            self._included = frozenset(record.id for record in older)

    def include(self, records: Iterable[Record | None]) -> None:
        """Add the runs of other processes that are new, each at its time; ``None`` entries are skipped.

        ``records`` are all runs of others that are stored. One that was included before is not added again, even if it
        was dropped in the meantime.
        """
        stored = {record.id: record for record in records if record is not None}
        with self._lock:
            new = [stored[each] for each in stored.keys() - self._included - self._records.keys()]
            self._included = frozenset(stored)
            if new:
                merged = sorted([*self._records.values(), *new], key=lambda record: record.started or record.queued)
                self._records = {record.id: record for record in merged[-self._most :]}
        if self._on_change is not None:
            for record in sorted(new, key=lambda record: record.queued):
                self._on_change(record)

    def find(self, run_id: str) -> Record | None:
        """The run with this ID; ``None`` when it is unknown or has expired."""
        with self._lock:
            return self._records.get(run_id)

    def newest(self, limit: int = MAX_RECORDS) -> tuple[Record, ...]:
        """The newest first."""
        with self._lock:
            return tuple(reversed(self._records.values()))[:limit]

    def _drop_superseded(self, record: Record) -> None:
        ids = list(self._records)
        if len(ids) < 2 or ids[-1] != record.id:
            return
        before = self._records[ids[-2]]
        if before.superseded_by(record):
            del self._records[before.id]
