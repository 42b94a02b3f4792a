"""The status of each table over time. Filled by ``LoopStatus``, drawn by the page.

A status is kept only where it changes, so that a quiet day costs nothing. What earlier processes found comes from the
run history, as far as that reaches: time in which no process is known to have observed is ``NOT_OBSERVED``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.observation import Found, Observation, digest_of
from reconciler.model.report import PassReport, TableReport

MAX_CHANGES = 64
"""Of one table; the oldest are dropped."""
NOT_OBSERVED = "not_observed"
"""The status of a table while no pass could look at it."""
UNKNOWN: Found = (NOT_OBSERVED, ())


@dataclass(frozen=True, slots=True)
class StatusChange:
    """From ``at`` on, the table has this status; ``drifted`` names the facets that differ."""

    at: datetime
    status: str
    drifted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RecordedPass:
    """A pass of the history that was over all tables."""

    holder: str
    at: datetime
    observation: Observation


class StatusHistory:
    """Written by the thread of the loop. Each value is a tuple, so that readers in other threads need no lock."""

    def __init__(self) -> None:
        self._changes: dict[str, tuple[StatusChange, ...]] = {}
        self._last: dict[str, TableReport] = {}
        self._blind = False
        self._earlier: tuple[RecordedPass, ...] = ()
        self._first: tuple[frozenset[str], str] | None = None
        """The tables of the first pass of this process that could look, and the digest of their names."""

    def begin_with(self, runs: Iterable[Mapping[str, Any]]) -> None:
        """Take over what earlier processes found, from ``runs`` of the history.

        Runs of releases that do not store it, and those that were not over all tables, tell nothing.
        """
        self._earlier = _in_order(
            RecordedPass(str(run["holder"]), datetime.fromisoformat(str(run["finished"])), run["observation"])
            for run in runs
            if "observation" in run and "holder" in run
        )

    def record(self, report: PassReport) -> None:
        """Note what a pass found. Tables that it does not contain are forgotten, unless it could see none."""
        blind = report.error is not None
        for table in report.tables:
            # The engine hands out the same object while nothing changes: 5,000 quiet tables take under a millisecond.
            if self._last.get(table.name) is not table or self._blind:
                unknown = blind or table.unanswered
                self._note(table, report.finished, NOT_OBSERVED if unknown else table.status.value)
        self._blind = blind
        if not blind:
            gone = self._changes.keys() - {table.name for table in report.tables}
            for name in gone:
                del self._changes[name]
            if self._first is None:
                names = frozenset(table.name for table in report.managed)
                self._first = names, digest_of(names)
        self._last = {table.name: table for table in report.tables}

    def of(self, name: str) -> tuple[StatusChange, ...]:
        """The changes of one table, oldest first; empty for one that no pass of this process has seen."""
        own = self._changes.get(name, ())
        if not own or not self._earlier:
            return own
        names, digest = self._first or (frozenset(), None)
        covered = digest if name in names else None
        return (*_until(own[0], _changes(self._earlier, name, covered)), *own)[-MAX_CHANGES:]

    def _note(self, table: TableReport, at: datetime, status: str) -> None:
        known = self._changes.get(table.name, ())
        change = StatusChange(at, status, table.drifted)
        if not known or (known[-1].status, known[-1].drifted) != (change.status, change.drifted):
            self._changes[table.name] = (*known, change)[-MAX_CHANGES:]


def _in_order(passes: Iterable[RecordedPass]) -> tuple[RecordedPass, ...]:
    """Process by process, in the order in which they began; within a process by time."""
    by_process: dict[str, list[RecordedPass]] = {}
    for each in sorted(passes, key=lambda each: each.at):
        by_process.setdefault(each.holder, []).append(each)
    return tuple(each for several in by_process.values() for each in several)


def _changes(passes: tuple[RecordedPass, ...], name: str, covered: str | None) -> Iterator[tuple[datetime, Found]]:
    """When a table had which status, by the records; after the last record of a process, nothing is known.

    Between two records, a process has found what the first one says, or it would have recorded more. Where two
    processes observed at once, the one that began first tells the status until its end.
    """
    seen_until: datetime | None = None
    earlier: RecordedPass | None = None
    for each in passes:
        before, earlier = earlier, each
        if seen_until is not None and each.at <= seen_until:
            continue
        if seen_until is not None:
            # A process has found what its record before says until this one, unless it could not look.
            blind = each.observation.unseen_since if before and before.holder == each.holder else seen_until
            if before is not None and (blind is None or blind > seen_until):
                yield seen_until, before.observation.found(name, covered) or UNKNOWN
            if blind is not None:
                yield max(blind, seen_until), UNKNOWN
        yield each.at, each.observation.found(name, covered) or UNKNOWN
        seen_until = each.at
    if seen_until is not None:
        yield seen_until, UNKNOWN


def _until(first: StatusChange, changes: Iterable[tuple[datetime, Found]]) -> Iterator[StatusChange]:
    """Those before ``first``, without repetitions; time about which nothing is known does not come first.

    The last record of a process that was killed has no duration: its status and the end of it have the same time.
    """
    last = UNKNOWN
    for at, found in changes:
        if at >= first.at:
            break
        if found != last:
            yield StatusChange(at, *found)
        last = found
