"""Apply all assessments of a pass: acquire the lease, send one call per table, then seed, and report each step once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial

from reconciler.engine.apply_step import Intent, apply_next, move_items
from reconciler.engine.assessment import PassContext, TableAssessment, deadline_passed_step
from reconciler.engine.deletion_gate import DECLARATIONS_CHANGED, LEASE_LOST
from reconciler.engine.pass_guards import deferred_until_replanned, deferred_without_lease, follows, needs_write
from reconciler.engine.seed import write_seed
from reconciler.engine.seed_commands import seeded_step
from reconciler.engine.send_call import TableResult
from reconciler.engine.state import EngineState
from reconciler.engine.table_reports import Seeded, table_report
from reconciler.model.errors import LeaseLost
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.plan import Action, Reason, Step, StepStatus
from reconciler.model.records import Lease
from reconciler.model.report import TableReport, TableStatus
from reconciler.planning import breaker
from reconciler.planning.ownership import is_released
from reconciler.planning.policy import unrecorded_grace
from reconciler.planning.references import seed_order
from reconciler.seeding.decide import Need

FEWEST_TOGETHER = 2
"""New tables from which on their records are written together."""
UNKNOWN_HOLDER = "another reconciler"


@dataclass(frozen=True, slots=True)
class PassResult:
    """The tables of a pass after applying.

    ``wrote`` tells whether anything changed, ``led`` whether this process held the lease. ``holder`` names the process
    that holds it instead.
    """

    tables: tuple[TableReport, ...]
    wrote: bool = False
    led: bool = False
    holder: str | None = None


def report_only(context: PassContext, assessments: list[TableAssessment]) -> PassResult:
    """Report the assessments without writing anything."""
    shown = [_without_unrecorded_time(each, context) for each in _until_switched(assessments) if _is_reported(each)]
    return PassResult(tuple(_unapplied(context, assessment) for assessment in shown))


def _until_switched(assessments: list[TableAssessment]) -> list[TableAssessment]:
    """The assessments as they are reported, with each replacement that waits for a decision blocked alone."""
    if not any(each.generation is not None for each in assessments):
        return assessments
    # Imported for the rare table that is being replaced; see the start-up budget.
    from reconciler.engine.assess_generation import until_deleted, until_switched

    return until_deleted([until_switched(each) for each in assessments])


def _without_unrecorded_time(assessment: TableAssessment, context: PassContext) -> TableAssessment:
    """The assessment without a time for the end of a grace period that has not begun, because nothing is recorded.

    Each pass that records nothing would show a later time.
    """
    steps = assessment.steps
    if not any(step.reason is Reason.PRUNE_GRACE for step in steps) or not _begins_grace(assessment):
        return assessment
    grace = context.options.prune_grace
    steps = tuple(unrecorded_grace(step, grace) if step.reason is Reason.PRUNE_GRACE else step for step in steps)
    return replace(assessment, steps=steps)


def _begins_grace(assessment: TableAssessment) -> bool:
    before, after = assessment.recorded, assessment.entry
    if before is None or after is None:
        return after is not None
    emptied = after.empty_since is not None and after.empty_since != before.empty_since
    return emptied or after.unwanted_since != before.unwanted_since


def _unapplied(context: PassContext, assessment: TableAssessment) -> TableReport:
    make = partial(table_report, assessment, assessment.steps, None, Seeded())
    return context.conclusions.report(assessment.name, assessment, make)


def apply_all(
    context: PassContext, assessments: list[TableAssessment], state: EngineState, on_step: Callable[[str, Step], None]
) -> PassResult:
    """Acquire the lease if anything is to be written, then apply and seed. ``on_step`` gets each step that ends.

    Every step stays deferred if another process holds the lease, if it wrote to the state after this pass read it, or
    if the declarations changed meanwhile.
    """
    if not any(needs_write(assessment) for assessment in assessments):
        return _settle_attempts(context, report_only(context, assessments), assessments, state)
    if context.ports.store.acquire_lease() is None:
        holder = _holder(context)
        return replace(
            report_only(context, deferred_without_lease(_until_switched(assessments), holder)), holder=holder
        )
    # Another leader may have written records between our read and our lease: decisions on old records are void (G24).
    if not context.ports.store.is_current(context.snapshot):
        return replace(report_only(context, deferred_until_replanned(assessments)), led=True)
    # Waiting for the lease may have taken long enough for a deployment to change the declarations.
    if context.desired is not None and not context.ports.source.still(context.desired.as_read):
        return replace(report_only(context, deferred_until_replanned(assessments, DECLARATIONS_CHANGED)), led=True)
    applied = _apply_all(context, assessments)
    applied = [_move_items(context, one) for one in applied]
    for one in applied:
        if one.attempts is not None:
            state.attempts[one.assessment.name] = one.attempts
        for step in one.steps:
            if step.status in (StepStatus.DONE, StepStatus.FAILED):
                on_step(one.assessment.name, step)
    finished = _seed_all(context, applied, on_step)
    result = PassResult(
        tables=tuple(
            table
            for one, (table, _) in zip(applied, finished, strict=True)
            if _is_reported(one.assessment) or one.error
        ),
        wrote=any(one.wrote for one in applied) or any(wrote for _, wrote in finished),
        led=True,
    )
    if any(one.lease_lost for one in applied):
        return _overtaken(context, result)
    return _settle_attempts(context, result, assessments, state)


def _holder(context: PassContext) -> str:
    return _shown(context.ports.store.current_lease())


def _shown(lease: Lease | None) -> str:
    return lease.shown if lease else UNKNOWN_HOLDER


def _overtaken(context: PassContext, result: PassResult) -> PassResult:
    """The result of a pass that lost the lease: what it did is reported, with the new holder.

    There is none where the term has passed by our own clock alone: the next pass takes the lease again.
    """
    lease = context.ports.store.current_lease()
    ours = lease is not None and context.ports.store.owns(lease)
    return replace(result, led=False, holder=None if ours else _shown(lease))


def _apply_all(context: PassContext, assessments: list[TableAssessment]) -> list[TableResult]:
    apply, new = partial(_apply, context), _new_tables(assessments)
    if len(new) < FEWEST_TOGETHER:
        return list(context.ports.parallel.map(apply, assessments))
    # Imported where tables are created; see the start-up budget.
    from reconciler.engine.create_together import create_together

    # New tables first: they are quick, while a delete may wait for its backup.
    applied = {one.assessment.name: one for one in create_together(context, new, _apply)}
    others = [assessment for assessment in assessments if assessment.name not in applied]
    applied |= {one.assessment.name: one for one in context.ports.parallel.map(apply, others)}
    return [applied[assessment.name] for assessment in assessments]


def _new_tables(assessments: Iterable[TableAssessment]) -> list[TableAssessment]:
    """Those that are created now and of which nothing is recorded.

    Not those with ``on_existing: fail``: while an intent is stored, a table that others create counts as one to manage,
    and the intents of a group are stored a little earlier than that of a single table.
    """
    return [assessment for assessment in assessments if _is_new(assessment)]


def _is_new(assessment: TableAssessment) -> bool:
    declaration, steps = assessment.declaration, assessment.steps
    if declaration is None or declaration.lifecycle.on_existing == "fail" or not steps:
        return False
    first = steps[0]
    creates = first.action is Action.CREATE and first.status is StepStatus.READY and first.call is not None
    return creates and assessment.observed is None and assessment.recorded is None and assessment.entry is None


def _apply(context: PassContext, assessment: TableAssessment, intent: Intent | None = None) -> TableResult:
    if context.out_of_time:
        return TableResult(
            assessment,
            tuple(deadline_passed_step(step) if step.status is StepStatus.READY else step for step in assessment.steps),
        )
    with context.ports.traces.table(assessment.name):
        applied = apply_next(context, assessment, intent)
        for step in applied.steps:
            if step.status in (StepStatus.DONE, StepStatus.FAILED):
                context.ports.traces.step(step)
    return applied


def _move_items(context: PassContext, applied: TableResult) -> TableResult:
    moving = any(step.moves_items for step in applied.steps) or follows(applied.assessment)
    if context.out_of_time or not moving:
        return applied
    with context.ports.traces.table(applied.assessment.name):
        return move_items(context, applied)


def _is_reported(assessment: TableAssessment) -> bool:
    if assessment.record_only:
        return False
    if assessment.declaration is not None or assessment.steps:
        return True
    return assessment.entry is not None and not is_released(assessment.entry)


def _settle_attempts(
    context: PassContext, result: PassResult, assessments: list[TableAssessment], state: EngineState
) -> PassResult:
    for assessment in assessments:
        if assessment.error is not None or assessment.observed is None:
            continue
        settled = breaker.settle(state.attempts.get(assessment.name), assessment.changes, assessment.observed.changing)
        if settled is None:
            continue
        state.attempts[assessment.name] = settled
        if result.led and assessment.name in context.snapshot.attempts:
            try:
                context.ports.store.put_attempts(settled)
            except LeaseLost:
                return _overtaken(context, result)
    return result


def _seed_all(
    context: PassContext, applied: list[TableResult], on_step: Callable[[str, Step], None]
) -> list[tuple[TableReport, bool]]:
    """Seed the tables that others refer to first. The results are in the order of ``applied``."""
    if context.desired is None or not any(_ready_seed(one) is not None for one in applied):
        return [_seed(context, one, on_step) for one in applied]
    order = seed_order(context.desired.declarations)
    places = {name: place for place, name in enumerate(order.names)}
    finished: dict[str, tuple[TableReport, bool]] = {}
    for one in sorted(applied, key=lambda each: places.get(each.assessment.name, -1)):
        name = one.assessment.name
        coming = sorted(
            each for each in order.after.get(name, ()) if each in finished and _seed_comes(finished[each][0])
        )
        finished[name] = _seed(context, _after_seed_of(one, coming[0]) if coming else one, on_step)
    return [finished[one.assessment.name] for one in applied]


def _ready_seed(applied: TableResult) -> int | None:
    ready = (i for i, s in enumerate(applied.steps) if s.action is Action.SEED and s.status is StepStatus.READY)
    return next(ready, None)


def _seed_comes(table: TableReport) -> bool:
    """Whether the table will be seeded later, by itself. Nothing waits for a table that is blocked or failed."""
    waits = any(
        step.action is Action.SEED and step.status in (StepStatus.READY, StepStatus.DEFERRED) for step in table.steps
    )
    return waits and table.status not in (TableStatus.BLOCKED, TableStatus.ERROR)


def _after_seed_of(applied: TableResult, other: str) -> TableResult:
    position = _ready_seed(applied)
    if position is None:
        return applied
    steps = list(applied.steps)
    steps[position] = steps[position].deferred(Reason.AFTER, f"waits until {other}, to which it refers, is seeded")
    return replace(applied, steps=tuple(steps))


def _seed(context: PassContext, applied: TableResult, on_step: Callable[[str, Step], None]) -> tuple[TableReport, bool]:
    assessment, steps = applied.assessment, list(applied.steps)
    declaration, observed = assessment.declaration, assessment.observed
    position = _ready_seed(applied)
    if (
        position is None
        or declaration is None
        or observed is None
        or applied.error is not None
        or assessment.seed_need is Need.NOTHING
    ):
        if applied.steps is assessment.steps and applied.error is None:
            return _unapplied(context, assessment), False
        return table_report(assessment, applied.steps, applied.error, Seeded()), False
    with context.ports.traces.table(assessment.name):
        try:
            outcome = write_seed(
                context.ports,
                declaration,
                observed.identity,
                context.snapshot,
                earlier=assessment.seed_items_of_earlier_version,
                deadline=context.deadline,
            )
        except LeaseLost:
            steps[position] = steps[position].deferred(Reason.LEASE, LEASE_LOST)
            return table_report(assessment, tuple(steps), applied.error, Seeded()), False
        steps[position] = seeded_step(steps[position], outcome)
        context.ports.traces.step(steps[position])
    on_step(assessment.name, steps[position])
    assessment = replace(assessment, seed_record=outcome.record)
    seeded = Seeded(outcome.written, outcome.present, outcome.failed)
    return table_report(assessment, tuple(steps), applied.error, seeded), outcome.written > 0 or outcome.error is None
