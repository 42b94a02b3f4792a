"""The report of a pass. Log, metrics, HTTP and command line show nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, fields
from datetime import datetime
from enum import StrEnum
from typing import Literal

from reconciler.model.change import Change, Hazard
from reconciler.model.errors import Problem
from reconciler.model.identity import Endpoint, Identity
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.plan import Action, Step, StepStatus
from reconciler.model.records import Generation, GenerationPhase, Ownership, Replacement, SeedState
from reconciler.model.table import TableSpec

RebuildPhase = Literal["starting", "building", "backfilling", "holding", "ready", "dropping"]


class TableStatus(StrEnum):
    """The status of one table in a report; also the metric label ``status``."""

    IN_SYNC = "in_sync"
    DRIFTED = "drifted"
    MISSING = "missing"
    PENDING = "pending"
    BLOCKED = "blocked"
    ERROR = "error"
    UNMANAGED = "unmanaged"
    RELEASED = "released"
    """Declared, and given up by ``release``: it is looked at and never written, and no claim is made about it."""


NOT_DRIFTED = (TableStatus.IN_SYNC, TableStatus.UNMANAGED, TableStatus.RELEASED)
"""The statuses that make no pass a drifted one."""


class Verdict(StrEnum):
    """The whole pass in a word."""

    IN_SYNC = "in_sync"
    DRIFTED = "drifted"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class RebuildProgress:
    """An index that ``rebuild-index`` has in hand, beside the steps: no pass touches either index.

    ``until`` is when the old index may go, at the earliest, while it is held; ``then`` says what comes next.
    """

    index: str
    new_index: str
    phase: RebuildPhase
    since: datetime
    ready_at: datetime | None
    until: datetime | None
    then: str


@dataclass(frozen=True, slots=True)
class LeftInPlace:
    """A feature or a tag that was declared, is no longer, and is still on the table. It is no drift.

    ``path`` is the name of the facet, or ``tags.KEY``. ``why`` says why it stays, ``remove_with`` is the line of a
    declaration that removes it, ``None`` if there is none, and ``cost`` what else that line does.
    """

    path: str
    why: str
    remove_with: str | None = None
    cost: str = ""


@dataclass(frozen=True, slots=True)
class TableReport:
    """One table at the end of a pass.

    ``facets`` names the declared facets (the series of ``table_drift``), ``drifted`` those that differ, without the
    unsupported ones. ``seed_written``, ``seed_present`` (the key was taken) and ``seed_failed`` count this pass's
    items, ``seed_removed`` and ``seed_kept`` those of ``clear``, ``seed_updated`` those of
    ``seed --update``; ``seed_pending`` says a seed still waits.
    """

    name: str
    status: TableStatus
    base_name: str | None = None
    declaration: str | None = None
    changes: tuple[Change, ...] = ()
    steps: tuple[Step, ...] = ()
    error: str | None = None
    facets: tuple[str, ...] = ()
    drifted: tuple[str, ...] = ()
    drift_since: datetime | None = None
    ownership: Ownership | None = None
    identity: Identity | None = None
    live_status: str | None = None
    billing_mode: str | None = None
    item_count: int | None = None
    size_bytes: int | None = None
    seed_state: SeedState | None = None
    seed_pending: bool = False
    seed_written: int = 0
    seed_present: int = 0
    seed_removed: int = 0
    seed_kept: int = 0
    seed_updated: int = 0
    seed_failed: int = 0
    rebuild: RebuildProgress | None = None
    replacement: Replacement | None = None
    """While the table is replaced with its items."""
    generation: Generation | None = None
    """While its next generation is built beside it, until the former table is gone."""
    left_by: Generation | None = None
    """Of an undeclared table: the work by which another table has taken its place."""
    declared_name: str | None = None
    """The declared name where another table has taken its place."""
    left_in_place: tuple[LeftInPlace, ...] = ()
    migrations: tuple[str, ...] = ()
    """A sentence for each migration of its items that was begun and is not finished, whatever the status."""
    observed: TableSpec | None = None
    """What was seen, in the shape of a declaration; ``None`` where nothing was."""
    ready: bool = False
    """Seen ACTIVE with its seeding ended: what readiness asks of each declared table."""
    unanswered: bool = False
    """Whether its ``error`` is that nothing answered at the endpoint, which says nothing about the table."""

    @property
    def held(self) -> Generation | None:
        """The work on its generation while nothing but the hold is left, which no step tells."""
        holding = self.generation is not None and self.generation.phase is GenerationPhase.HOLD
        return self.generation if holding and not any(step.action is Action.REPLACE for step in self.steps) else None

    @property
    def waits_for_switch(self) -> bool:
        """Whether its next generation has all items, and its only open step waits for ``replace --switch``."""
        work = self.generation
        if work is None or not work.waits_for_switch:
            return False
        return any(step.allow_with == work.switch_command for step in self.steps)

    def unsafe(self, change: Change) -> str | None:
        """Why a change of it is unsafe, as a sentence; not the loss of items where a step keeps them."""
        kept = change.hazard is Hazard.REPLACEMENT and any(step.moves_items for step in self.steps)
        return None if kept else change.unsafe

    def carries_on(self, step: Step) -> bool:
        """Whether a step goes on with a replacement that has begun, and its message says how far that is."""
        return step.moves_items and step.message is not None and (self.replacement or self.generation) is not None

    def has(self, *statuses: StepStatus) -> bool:
        """Whether any step has one of these statuses."""
        return any(step.status in statuses for step in self.steps)


@dataclass(frozen=True, slots=True)
class PassReport:
    """One pass. ``RunReport`` is that of a command, which may take several."""

    pass_id: str
    trigger: str
    environment: str
    started: datetime
    finished: datetime
    endpoint: Endpoint | None
    tables: tuple[TableReport, ...] = ()
    problems: tuple[Problem, ...] = ()
    warnings: tuple[str, ...] = ()
    error: str | None = None
    """An error of the whole pass (endpoint down, state table refused), as a sentence."""
    wrote: bool = False
    suspended: bool = False
    observe_only: bool = False
    leader: bool | None = None
    lease_holder: str | None = None
    held_by: str | None = None
    """Who holds the lease where it is not this process; ``lease_holder`` only where that kept the pass from writing."""
    lease_free: bool = False
    """Whether nobody holds the lease, so that any process may take it."""
    last_holder: str | None = None
    """Who held a free lease last, if that is known."""
    unmanaged: int | None = None
    endpoint_up: bool = True
    stack: str = field(kw_only=True)
    """Whose tables these are; empty where a command ended before its settings were known."""
    interrupted: bool = False
    """Whether the process was to stop before the run had ended."""
    migrated: tuple[str, ...] = ()
    """Of a run of migrations of items: which ran on which table, ``0001_add_group (users)``."""
    plan_changed: bool = False
    """Whether nothing was done because the plan differed from the one that was confirmed."""
    phases: Mapping[str, float] = field(default_factory=dict)
    """Seconds spent by phase: load, state, list, tables, seed."""

    @property
    def verdict(self) -> Verdict:
        """error over drifted over in_sync."""
        if self.error or self.problems or any(t.status is TableStatus.ERROR for t in self.tables):
            return Verdict.ERROR
        if any(t.status not in NOT_DRIFTED or t.seed_pending for t in self.tables):
            return Verdict.DRIFTED
        return Verdict.IN_SYNC

    @property
    def answered(self) -> bool:
        """Whether the endpoint answered until the end, so that the report says what the tables are."""
        return self.error is None and self.endpoint_up and not any(table.unanswered for table in self.tables)

    @property
    def managed(self) -> tuple[TableReport, ...]:
        """The tables without those that are none of ours."""
        return tuple(table for table in self.tables if table.status is not TableStatus.UNMANAGED or table.declaration)

    @property
    def next_not_before(self) -> datetime | None:
        """The earliest ``not_before`` of all deferred steps."""
        times = [s.not_before for t in self.tables for s in t.steps if s.status is StepStatus.DEFERRED and s.not_before]
        return min(times, default=None)

    def summary(self) -> dict[str, int]:
        """Counts of tables: once under the action that covers it (a replaced one is not counted as created too)."""
        acted = (StepStatus.READY, StepStatus.DONE)
        # Most tables of a fleet have no step, and everything but the first counts is about steps.
        stepping = tuple(table for table in self.tables if table.steps)
        counts = {
            "declared": sum(t.declaration is not None for t in self.tables),
            "in_sync": sum(t.status is TableStatus.IN_SYNC and t.declaration is not None for t in self.tables),
        }
        for action in (Action.CREATE, Action.UPDATE, Action.REPLACE, Action.DELETE, Action.SEED):
            counts[action.value] = _counted(stepping, action, acted)
        for status in (StepStatus.BLOCKED, StepStatus.DEFERRED, StepStatus.UNSUPPORTED):
            counts[status.value] = sum(table.has(status) for table in stepping)
        counts["migrating"] = sum(bool(t.migrations) for t in self.tables)
        counts["released"] = sum(t.status is TableStatus.RELEASED for t in self.tables)
        counts["failed"] = sum(t.status is TableStatus.ERROR or t.has(StepStatus.FAILED) for t in self.tables)
        return counts

    @property
    def worked(self) -> tuple[str, ...]:
        """The tables whose replacement with their items was continued, sorted: ``orders (ready)``; or ``migrated``."""
        if self.migrated or not self.wrote:
            return self.migrated
        found = {f"{table.name} ({work.phase.value})" for table in self.tables if (work := table.replacement)}
        generations = (table.generation for table in self.tables)
        return tuple(sorted(found | {f"{each.name} ({each.phase.value})" for each in generations if each}))

    def done_counts(self) -> dict[str, int]:
        """On how many tables each action was done. ``summary`` counts those with a step that is still ready, too."""
        return {each.value: count for each in Action if (count := self.counted(each, StepStatus.DONE))}

    def counted(self, action: Action, *statuses: StepStatus) -> int:
        """How many tables have a step of this action with one of these statuses. See ``COVERED``."""
        return _counted(self.tables, action, statuses)


@dataclass(frozen=True, slots=True)
class RunReport(PassReport):
    """One run of ``--once``, ``up``, ``destroy``, ``seed`` or ``clear``, with the steps of all its passes.

    ``run_id`` identifies the run. ``pass_ids`` are its passes in order; each logged step carries one of them.
    """

    run_id: str = field(kw_only=True)
    pass_ids: tuple[str, ...] = field(kw_only=True)

    @classmethod
    def of(cls, report: PassReport, run_id: str, pass_ids: tuple[str, ...]) -> RunReport:
        """The run whose result is this report."""
        known = {each.name: getattr(report, each.name) for each in fields(PassReport)}
        return cls(**known, run_id=run_id, pass_ids=pass_ids)


COVERED: Mapping[Action, frozenset[Action]] = {
    Action.UPDATE: frozenset({Action.CREATE, Action.REPLACE, Action.DELETE}),
    Action.CREATE: frozenset({Action.REPLACE}),
    Action.DELETE: frozenset({Action.REPLACE}),
}
"""A replaced table counts once: the delete, create and updates that a replacement consists of are not counted too."""


def _counted(tables: tuple[TableReport, ...], action: Action, statuses: tuple[StepStatus, ...]) -> int:
    found = [table for table in tables if _counts(table, action, statuses)]
    # A table that is left behind waits for its deletion, and its successor for the end of the work: together one.
    if action is Action.DELETE and any(table.left_by is not None for table in found):
        # The end of a replacement counts under the table that took the place, if that was in the same run.
        new = {table.name for table in tables if _counts(table, Action.REPLACE, statuses)}
        found = [table for table in found if table.left_by is None or table.left_by.current not in new]
    return len(found)


def _counts(table: TableReport, action: Action, statuses: tuple[StepStatus, ...]) -> bool:
    found = [step.action for step in table.steps if step.status in statuses and not step.gives_up]
    actions = set(found)
    if Action.DELETE in actions and Action.DELETE in found[_last(found, Action.REPLACE) :]:
        # A replacement that was finished first, and the table was deleted after it: the table is gone.
        actions.discard(Action.REPLACE)
    return action in actions and actions.isdisjoint(COVERED.get(action, frozenset()))


def _last(actions: list[Action], action: Action) -> int:
    return max((place for place, each in enumerate(actions) if each is action), default=0)
