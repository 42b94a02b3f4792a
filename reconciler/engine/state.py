"""What an engine remembers between its passes, all of it derivable again: losing it costs a write at most."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from reconciler.engine.ports import Clock
from reconciler.facets import TIME_DEPENDENT
from reconciler.model.change import Change
from reconciler.model.desired import Declaration, DesiredState
from reconciler.model.errors import ApiError, Denied, EndpointChanged, Forbidden, Malformed
from reconciler.model.identity import Flavor
from reconciler.model.observed import ObservedTable, Responses
from reconciler.model.plan import Reason, Step
from reconciler.model.records import Attempts, InventoryEntry, StateSnapshot
from reconciler.model.report import TableReport
from reconciler.model.table import TableSpec
from reconciler.planning.diff import diff, scaled_paths
from reconciler.planning.planner import plan

TIMES = ("unwanted_since", "empty_since", "forgotten_since", "guarded_since")
FRESH = timedelta(minutes=5)
"""A backup that this process made longer ago no longer stands for what the table holds."""
USED_WITHIN = timedelta(minutes=1)
"""A backup that was waited for without a break counts for so long after it was first seen AVAILABLE."""
ZERO = timedelta(0)
Planned = tuple[tuple[Change, ...], tuple[Step, ...]]


@dataclass(slots=True)
class CancelledDeletions:
    """By table and record field the time that counts no more; a wish that begins later has another one."""

    cancelled: dict[tuple[str, str], datetime] = field(default_factory=dict)

    def without_cancelled(self, recorded: InventoryEntry | None) -> InventoryEntry | None:
        """The record without the wishes that were taken back since it was written."""
        if recorded is None or not self.cancelled:
            return recorded
        for each in TIMES:
            at = getattr(recorded, each)
            if at is not None and self.cancelled.get((recorded.name, each)) == at:
                gone: dict[str, Any] = {each: None}
                recorded = replace(recorded, **gone)
        return recorded

    def record(self, seen: Iterable[tuple[InventoryEntry | None, InventoryEntry | None]]) -> None:
        """Keep what the second of each pair, the record as it should be, says no more; forget what is written."""
        for recorded, entry in seen:
            if recorded is None:
                continue
            for each in TIMES:
                at = getattr(recorded, each)
                if at is None:
                    self.cancelled.pop((recorded.name, each), None)
                elif entry is not None and getattr(entry, each) is None:
                    self.cancelled[recorded.name, each] = at


@dataclass(slots=True)
class ElapsedTimes:
    """When this process first saw each thing, by its steady and by its wall clock. Threads may share it."""

    seen: dict[Hashable, tuple[float, datetime]] = field(default_factory=dict)

    def elapsed(self, key: Hashable, since: datetime, clock: Clock, *, trusted: bool) -> timedelta:
        """How long ``key``, recorded ``since`` then, has lasted: by neither clock less.

        What passed before this process first saw it counts only if ``trusted``. A recorded time in the future says
        nothing, and then the steady clock alone decides.
        """
        steady, wall = clock.monotonic(), clock.now()
        began, first = self.seen.setdefault((key, since), (steady, wall))
        here = timedelta(seconds=steady - began)
        if trusted:
            here += max(ZERO, first - since)
        return min(here, wall - since) if wall >= since else here

    def within(self, key: Hashable, at: datetime, span: timedelta, clock: Clock) -> bool:
        """Whether what was recorded ``at`` that time is no older than ``span`` by either clock."""
        began, _ = self.seen.setdefault((key, at), (clock.monotonic(), clock.now()))
        return clock.now() - at < span or timedelta(seconds=clock.monotonic() - began) < span


@dataclass(slots=True)
class SafetyLatch:
    """Whether such an answer came while this pass was acting."""

    closed: bool = False
    endpoint_changed: bool = False
    """Whether an answer came from another endpoint or account: then nothing at all is written any more."""

    def note(self, error: ApiError) -> None:
        """Take in how a call ended."""
        self.closed = self.closed or closes_latch(error)
        self.endpoint_changed = self.endpoint_changed or isinstance(error, EndpointChanged)


def closes_latch(error: ApiError | None) -> bool:
    """Whether nothing may be destroyed in the pass that met it; a missing permission alone is no such error."""
    refused = isinstance(error, Denied) and not isinstance(error, Forbidden)
    return refused or isinstance(error, Malformed)


def endpoint_changed_step(step: Step) -> Step:
    """A step of any kind after an answer of another endpoint or account."""
    return step.blocked(Reason.INVALID_ANSWER, "the endpoint or the account changed in this pass", "the next pass")


def latched_step(step: Step) -> Step:
    """A destructive step after such an answer."""
    return step.blocked(Reason.INVALID_ANSWER, "an invalid answer came earlier in this pass", "the next pass")


@dataclass(frozen=True, slots=True)
class _Observation:
    spec: TableSpec | None
    responses: Responses
    observed: ObservedTable


@dataclass(frozen=True, slots=True)
class _CachedPlan:
    declaration: Declaration
    observed: ObservedTable
    flavor: Flavor
    planned: Planned


@dataclass(slots=True)
class PlanCache:
    """One look and one plan for each table, by its name. Threads that look at different tables may share it."""

    observations: dict[str, _Observation] = field(default_factory=dict)
    plans: dict[str, _CachedPlan] = field(default_factory=dict)

    def observed(
        self, name: str, spec: TableSpec | None, responses: Responses, read: Callable[[], ObservedTable]
    ) -> ObservedTable:
        """What ``read`` makes of the responses, or the very object it made of equal ones last time."""
        last = self.observations.get(name)
        timeless = responses.answers.keys().isdisjoint(TIME_DEPENDENT)
        if last is not None and timeless and _equal(last, spec, responses):
            return last.observed
        observed = read()
        self.observations[name] = _Observation(spec, responses, observed)
        return observed

    def planned(self, declaration: Declaration, observed: ObservedTable, flavor: Flavor) -> Planned:
        """Every difference, and the steps that close them; see ``diff`` and ``plan``."""
        name = declaration.spec.name
        last = self.plans.get(name)
        if last is not None and last.observed is observed and last.flavor is flavor and last.declaration == declaration:
            return last.planned
        changes = diff(declaration.spec, observed.spec, scaled_paths(declaration, observed))
        steps = plan(declaration, observed, lacks=flavor.lacks, changes=changes)
        planned = (changes, steps)
        self.plans[name] = _CachedPlan(declaration, observed, flavor, planned)
        return planned


def _equal(last: _Observation, spec: TableSpec | None, responses: Responses) -> bool:
    before = last.responses
    return (
        before.answers == responses.answers
        and before.unsupported == responses.unsupported
        and before.denied == responses.denied
        and last.spec == spec
    )


@dataclass(slots=True)
class SafetyBackup:
    """A backup of this process, by its steady clock. Those of other processes and earlier decisions do not count."""

    arn: str
    name: str
    made: float
    looked: float
    available: float | None = None

    def is_current(self, now: float) -> bool:
        """Whether the table may go on the strength of it."""
        used = self.available is not None and now - self.available <= USED_WITHIN.total_seconds()
        return used or now - self.made <= FRESH.total_seconds()


@dataclass(slots=True)
class EngineState:
    """Counts of writes that did not stick, since when there is drift, wishes that are over, good declarations."""

    attempts: dict[str, Attempts] = field(default_factory=dict)
    drift_since: dict[str, datetime] = field(default_factory=dict)
    last_good: DesiredState | None = None
    last_verdict: str | None = None
    plan_cache: PlanCache = field(default_factory=PlanCache)
    cancelled_deletions: CancelledDeletions = field(default_factory=CancelledDeletions)
    elapsed_times: ElapsedTimes = field(default_factory=ElapsedTimes)
    backups: dict[str, SafetyBackup] = field(default_factory=dict)
    reports: dict[str, TableReport] = field(default_factory=dict)

    def load_attempts(self, snapshot: StateSnapshot) -> None:
        """Counts written down by an earlier process, where this one has none of its own."""
        for name, attempts in snapshot.attempts.items():
            self.attempts.setdefault(name, attempts)

    def reuse(self, table: TableReport) -> TableReport:
        """The report itself, or the very object of the pass before where it says the same; readers need not compare."""
        last = self.reports.get(table.name)
        return last if last is not None and last == table else table

    def drift_start(self, table: TableReport, now: datetime) -> datetime | None:
        """When this table's present drift was first seen."""
        if table.error is not None:
            return self.drift_since.get(table.name)
        if not table.drifted:
            self.drift_since.pop(table.name, None)
            return None
        return self.drift_since.setdefault(table.name, now)
