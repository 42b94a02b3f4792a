"""The status of each table over time, since this process started. Filled by ``LoopStatus``, drawn by the page.

A status is kept only where it changes, so that a quiet day costs nothing.
"""

from __future__ import annotations

from datetime import datetime

from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.report import PassReport, TableReport

MAX_CHANGES = 64
"""Of one table; the oldest are dropped."""
NOT_OBSERVED = "not_observed"
"""The status of a table while a pass could not look at it."""


@dataclass(frozen=True, slots=True)
class StatusChange:
    """From ``at`` on, the table has this status; ``drifted`` names the facets that differ."""

    at: datetime
    status: str
    drifted: tuple[str, ...] = ()


class StatusHistory:
    """Written by the thread of the loop. Each value is a tuple, so that readers in other threads need no lock."""

    def __init__(self) -> None:
        self._changes: dict[str, tuple[StatusChange, ...]] = {}
        self._last: dict[str, TableReport] = {}
        self._blind = False

    def record(self, report: PassReport) -> None:
        """Note what a pass found. Tables that it does not contain are forgotten, unless it could see none."""
        blind = report.error is not None
        for table in report.tables:
            # The engine hands out the same object while nothing changes: 5,000 quiet tables take under a millisecond.
            if self._last.get(table.name) is not table or self._blind:
                self._note(table, report.finished, NOT_OBSERVED if blind else table.status.value)
        self._blind = blind
        if not blind:
            gone = self._changes.keys() - {table.name for table in report.tables}
            for name in gone:
                del self._changes[name]
        self._last = {table.name: table for table in report.tables}

    def of(self, name: str) -> tuple[StatusChange, ...]:
        """The changes of one table, oldest first; empty for one that no pass has seen."""
        return self._changes.get(name, ())

    def _note(self, table: TableReport, at: datetime, status: str) -> None:
        known = self._changes.get(table.name, ())
        change = StatusChange(at, status, table.drifted)
        if not known or (known[-1].status, known[-1].drifted) != (change.status, change.drifted):
            self._changes[table.name] = (*known, change)[-MAX_CHANGES:]
