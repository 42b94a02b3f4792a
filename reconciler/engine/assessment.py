"""The data of a pass: ``TableAssessment`` for one table, and ``PassContext``, which all tables of a pass share.

``assess`` fills the assessments without writing anything. ``pass_guards`` and ``apply`` decide on them afterwards,
because the limit of deletions and the check for foreign declarations need all tables.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import field, replace
from datetime import datetime, timedelta
from functools import partial

from reconciler.engine.context import EngineContext
from reconciler.engine.foreign_declarations import ForeignGuard
from reconciler.engine.state import (
    Basis,
    CancelledDeletions,
    Conclusions,
    ElapsedTimes,
    PlanCache,
    SafetyBackup,
    SafetyLatch,
    closes_latch,
)
from reconciler.model.change import Change
from reconciler.model.desired import Declaration, DesiredState, Lifecycle
from reconciler.model.errors import ApiError, Outcome
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.observed import ObservedTable
from reconciler.model.options import Options
from reconciler.model.plan import Action, Approval, Reason, Step
from reconciler.model.records import (
    Attempts,
    Generation,
    InventoryEntry,
    QuotaUsage,
    Replacement,
    SeedRecord,
    StateSnapshot,
)
from reconciler.model.report import LeftInPlace, RebuildProgress
from reconciler.planning import ownership
from reconciler.planning.index_backfill import has_backfill
from reconciler.planning.policy import GateInput
from reconciler.planning.removals import equal_keys, is_gone
from reconciler.planning.scopes import ForeignOwner, find_foreign_owner
from reconciler.seeding.decide import Need

NOT_REACHED = "not reached before the deadline"


@dataclass(frozen=True, slots=True)
class TableAssessment:
    """One table before anything is written.

    ``recorded`` is the inventory entry as it is stored, ``entry`` as it should be; a difference is written before the
    first step. ``steps`` have the status that policy, history and the deletion gate give them.
    """

    name: str
    declaration: Declaration | None = None
    observed: ObservedTable | None = None
    recorded: InventoryEntry | None = None
    entry: InventoryEntry | None = None
    attempts: Attempts | None = None
    quota_usage: QuotaUsage | None = None
    seed_record: SeedRecord | None = None
    changes: tuple[Change, ...] = ()
    steps: tuple[Step, ...] = ()
    seed_need: Need = Need.NOTHING
    seed_items_of_earlier_version: int = 0
    """Number of items of an earlier version of the seed in the table, while seeding continues with the present one."""
    error: ApiError | None = None
    rebuild: RebuildProgress | None = None
    record_only: bool = False
    """Whether the pass is not about this table and only records that it is no longer declared."""
    not_observed: bool = False
    """Whether the table could not be read, which is not an error of the pass."""
    left_in_place: tuple[LeftInPlace, ...] = ()
    replacement: Replacement | None = None
    """The replacement of the table that is under way."""
    generation: Generation | None = None
    """The work on its next generation that is under way."""
    left_by: Generation | None = None
    """The work by which another table has taken the place of this one."""
    unfit: str | None = None
    """Why a declared table that needs a replacement could not hold all items of the present one."""
    refusal: str | None = None
    """Why the table has an error although no call failed: it exists, and ``on_existing`` is ``fail``."""

    @property
    def closes_latch(self) -> bool:
        """Whether an invalid response or refused credentials forbid destructive steps in the whole pass (I3)."""
        return closes_latch(self.error)

    @property
    def entry_changed(self) -> bool:
        """Whether the inventory must be written, even if no step is carried out."""
        return self.entry != self.recorded


@dataclass(frozen=True, slots=True)
class PassContext:
    """What all assessments of a pass share.

    Four mappings, by the name of an undeclared table, are evidence against deleting it: ``missing_folders`` has the
    folder of its declaration if nothing in that folder declares anything any more, ``renamed`` the tables that its
    file declares instead, ``in_new_files`` the new tables of new files where its file is gone, and ``elsewhere`` the
    other project that declared it. ``stable_at`` is when the declarations will have been unchanged long enough to
    remove something, or ``None`` if they have been.
    """

    ports: EngineContext
    options: Options
    snapshot: StateSnapshot
    attempts: dict[str, Attempts]
    foreign_guard: ForeignGuard = field(default_factory=ForeignGuard)
    approved: Approval | None = None
    desired: DesiredState | None = None
    """The declarations of this pass; ``None`` for ``destroy``, which deletes tables although they are declared."""
    declared: Mapping[str, Declaration] = field(default_factory=dict)
    """For ``destroy``, by the name that a table has now, what declares it."""
    latch: SafetyLatch = field(default_factory=SafetyLatch)
    plan_cache: PlanCache = field(default_factory=PlanCache)
    conclusions: Conclusions[TableAssessment] = field(default_factory=Conclusions)
    cancelled_deletions: CancelledDeletions = field(default_factory=CancelledDeletions)
    elapsed_times: ElapsedTimes = field(default_factory=ElapsedTimes)
    backups: dict[str, SafetyBackup] = field(default_factory=dict)
    deadline: datetime | None = None
    """When a run ends. After it no further table is begun, and seeding stops between two batches."""
    missing_folders: Mapping[str, str] = field(default_factory=dict)
    renamed: Mapping[str, str] = field(default_factory=dict)
    in_new_files: Mapping[str, tuple[Declaration, ...]] = field(default_factory=dict)
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    stable_at: datetime | None = None
    unlisted: Set[str] = frozenset()
    """Declared tables that need not be read, because they are not there; see ``Pass._unlisted``."""

    @property
    def out_of_time(self) -> bool:
        """Whether the deadline has passed."""
        return self.deadline is not None and self.ports.clock.now() >= self.deadline

    @property
    def declarations_unstable(self) -> bool:
        """Whether the declarations changed too recently to remove anything because of them."""
        return self.stable_at is not None and self.ports.clock.now() < self.stable_at

    def undeclared_entry(self, recorded: InventoryEntry) -> InventoryEntry:
        """The inventory entry of a table that is not declared, without pending deletions that were cancelled.

        Until the key of the table is known, see ``with_equal_keys``, every new table may be this one renamed.
        """
        standing = self.cancelled_deletions.without_cancelled(recorded) or recorded
        foreign, renamed_to = recorded.name in self.foreign_guard.foreign, self.renamed.get(recorded.name)
        if renamed_to is None and recorded.name in self.in_new_files:
            renamed_to = ", ".join(sorted(each.spec.name for each in self.in_new_files[recorded.name]))
        return ownership.no_longer_declared(standing, self.ports.clock.now(), foreign=foreign, renamed_to=renamed_to)

    def with_equal_keys(self, entry: InventoryEntry, observed: ObservedTable) -> InventoryEntry:
        """The entry of a table that is not declared, with those new tables of new files alone that have its key."""
        new = self.in_new_files.get(entry.name)
        return entry if new is None else replace(entry, renamed_to=equal_keys(new, observed.spec.keys))

    def renamed_to(self, entry: InventoryEntry | None) -> str | None:
        """The tables that are declared in the place of one that is not, or ``None`` (G18)."""
        if entry is None or entry.name not in self.in_new_files:
            return None if entry is None else self.renamed.get(entry.name)
        return entry.renamed_to

    def gate_input(
        self, assessment: TableAssessment, observed: ObservedTable, step: Step, lifecycle: Lifecycle
    ) -> GateInput:
        """The input of the deletion gate for one destructive step of the assessed table."""
        name = assessment.name
        replacement, left = self.replacement(name), self.snapshot.generation_with(name) is not None
        renamed_to = self.renamed_to(assessment.entry)
        # A rename shows its former table as one that is replaced, until the other one has the items.
        shown = (step, step.as_deletion()) if left else (step,)
        approved = self.approved
        return GateInput(
            self.options,
            self.ports.emulator,
            self.ports.clock.now(),
            observed,
            assessment.entry,
            lifecycle,
            declared=self.declared.get(name),
            foreign=name in self.foreign_guard.foreign,
            single=name in self.foreign_guard.single,
            unconfirmed=name in self.foreign_guard.unsettled,
            approved=None if approved is None else any(approved.covers(name, each) for each in shown),
            loss_approved=approved is not None and any(approved.covers_loss(name, each) for each in shown),
            shown_blocked=approved is not None
            and any((name, each.action, each.facet) in approved.withheld for each in shown),
            elapsed=partial(self._elapsed, name),
            missing_folder=self.missing_folders.get(name),
            renamed_to=renamed_to,
            file_gone=renamed_to is not None and self._file_is_gone(assessment.entry),
            elsewhere=self.elsewhere.get(name),
            can_keep_items=self.ports.replacer is not None and self.ports.emulator,
            keeping_items=replacement is not None or left or _moves(assessment),
            asked_to_keep=left or (replacement is not None and replacement.asked),
            unfit=assessment.unfit,
            cancelled=_was_cancelled(assessment),
        )

    def _file_is_gone(self, entry: InventoryEntry | None) -> bool:
        file = entry.declared_in if entry is not None else None
        return self.desired is not None and file is not None and is_gone(self.desired, file)

    def replacement(self, name: str) -> Replacement | None:
        """The replacement of the table that is under way, or ``None``."""
        found = self.snapshot.replacements.get(name)
        return found if found is not None and found.under_way else None

    def _elapsed(self, name: str, what: str, since: datetime) -> timedelta:
        """How long ``what`` has lasted.

        A daemon must itself have seen the table pending for the whole grace period. A one-shot command cannot, so it
        trusts the recorded time.
        """
        trusted = self.options.one_shot or self.options.trusts_records
        return self.elapsed_times.elapsed((name, what), since, self.ports.clock, trusted=trusted)

    def ownership_context(self) -> ownership.OwnershipContext:
        """What ownership depends on besides the table: scope, tags, and whether the emulator is new."""
        flavor, now = self.ports.endpoint.flavor, self.ports.clock.now()
        return ownership.OwnershipContext(
            self.options.scope, flavor.has_tags, flavor.emulator and self.snapshot.fresh, now
        )


def _moves(assessment: TableAssessment) -> bool:
    """Whether the table is renamed, which always keeps its items."""
    return assessment.declaration is not None and assessment.declaration.awaits_move


def _was_cancelled(assessment: TableAssessment) -> bool:
    """Whether a person cancelled the replacement that the declaration still asks for."""
    declaration, entry = assessment.declaration, assessment.entry
    if declaration is None or entry is None or entry.cancelled_shape is None:
        return False
    from reconciler.planning.shapes import shape_of

    return entry.cancelled_shape == shape_of(declaration)


def foreign_owner_of(
    context: PassContext, base: TableAssessment, observed: ObservedTable | None
) -> ForeignOwner | None:
    """The other stack or environment that a table belongs to, or ``None``."""
    claims = context.snapshot.foreign_claims.get(base.name, ())
    lifecycle = base.declaration.lifecycle if base.declaration else None
    return find_foreign_owner(base.entry, observed, claims, context.options.scope, lifecycle)


def deadline_passed_step(step: Step) -> Step:
    """The step deferred, because the deadline passed before it was reached."""
    return step.deferred(Reason.BUSY, NOT_REACHED)


def failed_assessment(base: TableAssessment, error: ApiError) -> TableAssessment:
    """The assessment of a table that could not be read. An error that passes by itself becomes a deferred step."""
    if error.outcome is Outcome.AGAIN:
        wait = Step(Action.UPDATE, "table").deferred(Reason.BUSY, str(error))
        return replace(base, steps=(wait,))
    return replace(base, error=error)


def declared_base(context: PassContext, declaration: Declaration) -> TableAssessment:
    """What is recorded of a declared table."""
    name = declaration.spec.name
    recorded = context.snapshot.inventory.get(name)
    entry = ownership.declared_again(context.cancelled_deletions.without_cancelled(recorded))
    return TableAssessment(
        name,
        declaration,
        recorded=recorded,
        entry=entry,
        seed_record=context.snapshot.seeds.get(name),
        replacement=context.replacement(name),
    )


def basis_of(context: PassContext, declaration: Declaration, observed: ObservedTable | None) -> Basis | None:
    """What the conclusion on this table rests on; ``None`` where a clock or a memory of this process takes part.

    The cached observation is the same object only if all responses are equal and none of them depends on time. Attempts
    and used quotas hold back steps until a time, so they cannot change the assessment of a table without steps. During
    an index rebuild, and after a cancelled deletion, each table is assessed in each pass, and so is one whose index has
    a backfill.
    """
    name, snapshot = declaration.spec.name, context.snapshot
    if observed is None or context.cancelled_deletions.cancelled or name in snapshot.rebuilds:
        return None
    if context.replacement(name) is not None or snapshot.copy_of(name) is not None or has_backfill(declaration):
        return None
    if snapshot.generation_of(name) is not None or snapshot.generation_with(name) is not None:
        return None
    return Basis(
        declaration,
        observed,
        (
            snapshot.inventory.get(name),
            snapshot.seeds.get(name),
            context.attempts.get(name),
            snapshot.quota_usage.get(name),
        ),
        snapshot.foreign_claims.get(name, ()),
        context.options,
        context.ports.endpoint,
        snapshot.fresh,
    )
