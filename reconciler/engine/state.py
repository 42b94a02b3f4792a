"""What an engine remembers between its passes. All of it can be derived again, so losing it costs one write at most.

``EngineState`` bundles it. ``CancelledDeletions``, ``ElapsedTimes``, ``PlanCache`` and ``SafetyBackup`` live as long as
the process; a ``SafetyLatch`` lives as long as one pass.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Hashable, Iterable, Mapping, Set
from dataclasses import field, replace
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from reconciler.engine.ports import Clock
from reconciler.facets import TIME_DEPENDENT
from reconciler.model.change import Change
from reconciler.model.desired import Declaration, DesiredState, Item
from reconciler.model.errors import ApiError, Denied, EndpointChanged, Forbidden, Malformed
from reconciler.model.identity import Endpoint, Flavor
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.observation import Observation
from reconciler.model.observed import ObservedTable, Responses
from reconciler.model.options import Options
from reconciler.model.plan import Reason, Step
from reconciler.model.records import (
    Attempts,
    Claim,
    Generation,
    InventoryEntry,
    ItemMigration,
    QuotaUsage,
    SeedRecord,
    StateSnapshot,
)
from reconciler.model.report import PassReport, TableReport, TableStatus
from reconciler.model.table import TableSpec
from reconciler.planning.diff import diff, scaled_paths
from reconciler.planning.planner import plan

TIMES = ("unwanted_since", "empty_since", "forgotten_since", "guarded_since")
FRESH = timedelta(minutes=5)
"""Maximum age of a backup that this process made. An older one may not contain the present items."""
USED_WITHIN = timedelta(minutes=1)
"""How long a backup may be used after it was first seen AVAILABLE, if the process waited for it without a break."""
ZERO = timedelta(0)
DESCRIPTION = frozenset({"DescribeTable"})
A = TypeVar("A")
Planned = tuple[tuple[Change, ...], tuple[Step, ...]]


@dataclass(slots=True)
class CancelledDeletions:
    """Pending deletions that this process saw cancelled but could not write down, because it did not hold the lease.

    Without them a grace period would continue as if the table had never been declared again in between.
    """

    cancelled: dict[tuple[str, str], datetime] = field(default_factory=dict)
    """By table and record field, the recorded time that no longer counts. A later deletion has another time."""

    def without_cancelled(self, recorded: InventoryEntry | None) -> InventoryEntry | None:
        """The record without the pending deletions that were cancelled since it was written."""
        if recorded is None or not self.cancelled:
            return recorded
        for each in TIMES:
            at = getattr(recorded, each)
            if at is not None and self.cancelled.get((recorded.name, each)) == at:
                gone: dict[str, Any] = {each: None}
                recorded = replace(recorded, **gone)
        return recorded

    def record(self, seen: Iterable[tuple[InventoryEntry | None, InventoryEntry | None]]) -> None:
        """Remember each time that a record has and the entry that should replace it has not.

        ``seen`` yields pairs of the stored record and the entry as it should be. A time that is gone from the record
        is forgotten here too.
        """
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
    """Durations measured with the steady clock of this process, because wall clocks jump.

    A clock that is set one hour forward would otherwise end a grace period of five minutes at once. Threads may share
    it.
    """

    seen: dict[Hashable, tuple[float, datetime]] = field(default_factory=dict)
    """When this process first saw each key: by its steady clock and by its wall clock."""

    def elapsed(self, key: Hashable, since: datetime, clock: Clock, *, trusted: bool) -> timedelta:
        """How long ``key`` has lasted since the recorded time ``since``: the shorter of the two clocks' answers.

        The time before this process first saw the key counts only if ``trusted``. If the recorded time lies in the
        future, only the steady clock decides.
        """
        steady, wall = clock.monotonic(), clock.now()
        began, first = self.seen.setdefault((key, since), (steady, wall))
        here = timedelta(seconds=steady - began)
        if trusted:
            here += max(ZERO, first - since)
        return min(here, wall - since) if wall >= since else here

    def within(self, key: Hashable, at: datetime, span: timedelta, clock: Clock) -> bool:
        """Whether what was recorded at ``at`` is younger than ``span`` by at least one of the clocks."""
        began, _ = self.seen.setdefault((key, at), (clock.monotonic(), clock.now()))
        return clock.now() - at < span or timedelta(seconds=clock.monotonic() - began) < span


@dataclass(slots=True)
class SafetyLatch:
    """Forbids destructive steps for the rest of a pass after an invalid response or refused credentials (I3).

    It does not matter which table the response was about: an endpoint that sends one invalid response may have sent
    wrong ones before. Responses while assessing are judged by ``pass_guards``; those to writes are noted here and
    checked right before each destructive call.
    """

    closed: bool = False
    endpoint_changed: bool = False
    """Whether a response came from another endpoint or account. Then the pass writes nothing more at all."""

    def note(self, error: ApiError) -> None:
        """Close the latch if this error requires it."""
        self.closed = self.closed or closes_latch(error)
        self.endpoint_changed = self.endpoint_changed or isinstance(error, EndpointChanged)


def closes_latch(error: ApiError | None) -> bool:
    """Whether a pass that met this error must not destroy anything. A missing permission alone does not close it."""
    refused = isinstance(error, Denied) and not isinstance(error, Forbidden)
    return refused or isinstance(error, Malformed)


def endpoint_changed_step(step: Step) -> Step:
    """The step blocked, because a response came from another endpoint or account."""
    return step.blocked(Reason.INVALID_ANSWER, "the endpoint or the account changed in this pass", "the next pass")


def latched_step(step: Step) -> Step:
    """The destructive step blocked by the latch."""
    return step.blocked(Reason.INVALID_ANSWER, "an earlier response in this pass was invalid", "the next pass")


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


@dataclass(frozen=True, slots=True)
class Basis:
    """What the assessment of a table that needs nothing rests on, besides the clock.

    ``observed`` and ``records`` (inventory entry, seed record, attempts, used quotas) are compared by identity:
    ``revision`` and unknown members of an entry do not take part in its equality, and the state table returns the same
    object for an unchanged record.
    """

    declaration: Declaration
    observed: ObservedTable
    records: tuple[InventoryEntry | None, SeedRecord | None, Attempts | None, QuotaUsage | None]
    claims: tuple[Claim, ...]
    options: Options
    endpoint: Endpoint
    fresh: bool

    def same(self, other: Basis) -> bool:
        """Whether both lead to the same conclusion."""
        return (
            self.observed is other.observed
            and all(map(operator.is_, self.records, other.records))
            and self.fresh is other.fresh
            and (self.options is other.options or self.options == other.options)
            and (self.endpoint is other.endpoint or self.endpoint == other.endpoint)
            and self.claims == other.claims
            and (self.declaration is other.declaration or self.declaration == other.declaration)
        )


@dataclass(slots=True)
class Conclusions(Generic[A]):
    """The last assessment of each table that needed nothing, by name, with its basis.

    ``assess`` decides which may be kept: those that neither a clock nor a memory of this process can change. Threads
    that work on different tables may share it.
    """

    kept: dict[str, tuple[Basis, A]] = field(default_factory=dict)
    reports: dict[str, tuple[A, TableReport]] = field(default_factory=dict)

    def of(self, name: str, basis: Basis) -> A | None:
        """The assessment that was kept for an equal basis."""
        last = self.kept.get(name)
        return last[1] if last is not None and last[0].same(basis) else None

    def keep(self, name: str, basis: Basis, assessment: A) -> None:
        """Keep this assessment until the basis differs."""
        self.kept[name] = (basis, assessment)

    def report(self, name: str, assessment: A, make: Callable[[], TableReport]) -> TableReport:
        """The result of ``make``, or the same object as last time for the very assessment that is kept."""
        kept = self.kept.get(name)
        if kept is None or kept[1] is not assessment:
            return make()
        known = self.reports.get(name)
        if known is None or known[0] is not assessment:
            known = self.reports[name] = (assessment, make())
        return known[1]

    def forget_all_but(self, names: Set[str]) -> None:
        """Keep only these tables, so that memory does not grow with tables that come and go."""
        for kept in (self.kept, self.reports):
            for name in kept.keys() - names:
                del kept[name]


@dataclass(slots=True)
class PlanCache:
    """The last observation and the last plan of each table, by name.

    Most passes find what the previous one found. Only pure results are cached, so losing them costs only time. Threads
    that work on different tables may share it.
    """

    observations: dict[str, _Observation] = field(default_factory=dict)
    plans: dict[str, _CachedPlan] = field(default_factory=dict)

    def observed(
        self, name: str, spec: TableSpec | None, responses: Responses, read: Callable[[], ObservedTable]
    ) -> ObservedTable:
        """The result of ``read``, or the same object as last time if spec and responses are equal."""
        last = self.observations.get(name)
        timeless = responses.answers.keys().isdisjoint(TIME_DEPENDENT)
        if last is not None and timeless and _equal(last, spec, responses):
            return last.observed
        observed = read()
        self.observations[name] = _Observation(spec, responses, observed)
        return observed

    def rests_on_description(self, name: str) -> bool:
        """Whether the last observation of this table consists of a DescribeTable response alone."""
        last = self.observations.get(name)
        return last is not None and last.responses.answers.keys() == DESCRIPTION and not last.responses.denied

    def same(self, name: str, spec: TableSpec | None, described: Mapping[str, Any]) -> ObservedTable | None:
        """The last observation, if it rests on DescribeTable alone, and response and declared table are the same."""
        last = self.observations.get(name)
        if last is None or not self.rests_on_description(name) or last.responses.unsupported or last.spec != spec:
            return None
        return last.observed if last.responses.answers["DescribeTable"] == described else None

    def forget_all_but(self, names: Set[str]) -> None:
        """Keep only these tables."""
        for kept in (self.observations, self.plans):
            for name in kept.keys() - names:
                del kept[name]

    def planned(self, declaration: Declaration, observed: ObservedTable, flavor: Flavor) -> Planned:
        """Every difference and the steps that remove them; see ``diff`` and ``plan``."""
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
    """A backup that this process made before a destructive step. Backups of other processes do not count.

    ``made``, ``looked`` and ``available`` are seconds of the steady clock: when it was created, last checked, and first
    seen AVAILABLE.
    """

    arn: str
    name: str
    made: float
    looked: float
    available: float | None = None

    def is_current(self, now: float) -> bool:
        """Whether the backup is recent enough to justify the destructive step."""
        used = self.available is not None and now - self.available <= USED_WITHIN.total_seconds()
        return used or now - self.made <= FRESH.total_seconds()


@dataclass(slots=True)
class EngineState:
    """The memory of one engine: attempts, start of drift, cancelled deletions, caches, the last good declarations."""

    attempts: dict[str, Attempts] = field(default_factory=dict)
    drift_since: dict[str, datetime] = field(default_factory=dict)
    last_good: DesiredState | None = None
    last_verdict: str | None = None
    last_found: Observation | None = None
    """What the last pass over all tables found."""
    unseen_since: datetime | None = None
    """Since when no pass over all tables could look, or could be recorded in the history."""
    unrecorded: PassReport | None = None
    """The last pass over all tables, if the history does not have it because it found what the one before it had."""
    generations: Mapping[str, Generation] | None = None
    """Which tables the declared names meant when the records were read last; ``None`` if they were not yet."""
    migrations: Mapping[str, ItemMigration] | None = None
    """The migrations of items that were recorded then; ``None`` if they could not be read."""
    running_migrations: Mapping[str, str] = field(default_factory=dict)
    """Those that a process was working on then, with its name."""
    seeds: Mapping[str, SeedRecord] | None = None
    """The records of seeds that were read then; ``None`` if none were read."""
    plan_cache: PlanCache = field(default_factory=PlanCache)
    conclusions: Conclusions[Any] = field(default_factory=Conclusions)
    cancelled_deletions: CancelledDeletions = field(default_factory=CancelledDeletions)
    elapsed_times: ElapsedTimes = field(default_factory=ElapsedTimes)
    backups: dict[str, SafetyBackup] = field(default_factory=dict)
    reports: dict[str, TableReport] = field(default_factory=dict)
    copies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """As ``unrecorded_copies.find_copies`` found them when the tables were listed last."""
    index_builds: dict[tuple[str, str], tuple[float, int]] = field(default_factory=dict)
    """As ``index_builds.Seen``."""
    test_snapshot: dict[str, tuple[Item, ...]] = field(default_factory=dict)
    """The items of each table when a test took a snapshot."""

    def forget_all_but(self, names: Set[str]) -> None:
        """Drop what the caches hold of other tables than these."""
        self.plan_cache.forget_all_but(names)
        self.conclusions.forget_all_but(names)

    def load_attempts(self, snapshot: StateSnapshot) -> None:
        """Take over the attempts that an earlier process recorded, where this one has none of its own."""
        for name, attempts in snapshot.attempts.items():
            self.attempts.setdefault(name, attempts)

    def reuse(self, table: TableReport) -> TableReport:
        """The report, or the object of the previous pass if it is equal, so that readers can compare by identity."""
        last = self.reports.get(table.name)
        return last if last is not None and (last is table or last == table) else table

    def drift_start(self, table: TableReport, now: datetime) -> datetime | None:
        """When the present drift of this table was first seen, or ``None``."""
        if table.error is not None:
            return self.drift_since.get(table.name)
        # A released table is nobody's to repair, so no alert or page may count how long it has differed.
        if not table.drifted or table.status is TableStatus.RELEASED:
            self.drift_since.pop(table.name, None)
            return None
        return self.drift_since.setdefault(table.name, now)
