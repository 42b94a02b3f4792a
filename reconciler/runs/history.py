"""The runs of this process, by their beginning, bounded; written by the loop, read by the API and the page."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable

from reconciler.runs.record import Record, State

MAX_RECORDS = 200


class RunHistory:
    """Safe for several threads. ``on_change`` hears of every record that is put."""

    def __init__(self, on_change: Callable[[Record], None] | None = None, most: int = MAX_RECORDS) -> None:
        self._records: dict[str, Record] = {}
        self._lock = threading.Lock()
        self._on_change = on_change
        self._most = most

    def put(self, record: Record) -> None:
        """Keep a new record, or the new state of a known one.

        A pass that wrote nothing takes the place of the one right before it that found the same, and so does a look at
        a plan, so that an idle day, or one on which something stays blocked, leaves room for what happened.
        """
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
        """Older records, newest first, of a process before this one."""
        older = [record for record in records if record is not None]
        with self._lock:
            self._records = {**{record.id: record for record in reversed(older)}, **self._records}

    def find(self, run_id: str) -> Record | None:
        """One run; ``None`` when it is unknown or forgotten."""
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
