"""Acting on all surveys of a pass: the lease, one call a table, then the seeds; each end told once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from reconciler.engine.apply_step import TableResult, apply_next
from reconciler.engine.assessment import PassContext, TableAssessment, deadline_passed_step
from reconciler.engine.deletion_gate import DECLARATIONS_CHANGED, LEASE_LOST
from reconciler.engine.pass_guards import deferred_until_replanned, deferred_without_lease, needs_write
from reconciler.engine.seed import write_seed
from reconciler.engine.seed_commands import seeded_step
from reconciler.engine.state import EngineState
from reconciler.engine.table_reports import Seeded, table_report
from reconciler.model.errors import LeaseLost
from reconciler.model.plan import Action, Reason, Step, StepStatus
from reconciler.model.report import TableReport
from reconciler.planning import breaker
from reconciler.planning.ownership import is_released
from reconciler.seeding.decide import Need


@dataclass(frozen=True, slots=True)
class PassResult:
    """The tables of a pass after acting. ``holder`` names the other reconciler where the lease was not to be had."""

    tables: tuple[TableReport, ...]
    wrote: bool = False
    led: bool = False
    holder: str | None = None


def report_only(surveys: list[TableAssessment]) -> PassResult:
    """Report what was seen; nothing is written."""
    shown = [survey for survey in surveys if _is_reported(survey)]
    return PassResult(tuple(table_report(survey, survey.steps, None, Seeded()) for survey in shown))


def apply_all(
    scene: PassContext, surveys: list[TableAssessment], memory: EngineState, tell: Callable[[str, Step], None]
) -> PassResult:
    """Take the lease if anything is to be written, then apply and seed."""
    if not any(needs_write(survey) for survey in surveys):
        return _settle_attempts(scene, report_only(surveys), surveys, memory)
    if scene.ports.store.acquire_lease() is None:
        holder = _holder(scene)
        return replace(report_only(deferred_without_lease(surveys, holder)), holder=holder)
    if not scene.ports.store.is_current(scene.snapshot):
        return replace(report_only(deferred_until_replanned(surveys)), led=True)
    if scene.desired is not None and not scene.ports.source.still(scene.desired):
        return replace(report_only(deferred_until_replanned(surveys, DECLARATIONS_CHANGED)), led=True)
    applied = list(scene.ports.parallel.map(partial(_apply, scene), surveys))
    for one in applied:
        if one.attempts is not None:
            memory.attempts[one.survey.name] = one.attempts
        for step in one.steps:
            if step.status in (StepStatus.DONE, StepStatus.FAILED):
                tell(one.survey.name, step)
    finished = [_seed(scene, one, tell) for one in applied]
    acted = PassResult(
        tables=tuple(
            table for one, (table, _) in zip(applied, finished, strict=True) if _is_reported(one.survey) or one.error
        ),
        wrote=any(one.wrote for one in applied) or any(wrote for _, wrote in finished),
        led=True,
    )
    if any(one.lease_lost for one in applied):
        return _overtaken(scene, acted)
    return _settle_attempts(scene, acted, surveys, memory)


def _holder(scene: PassContext) -> str:
    lease = scene.ports.store.current_lease()
    return lease.shown if lease else "another reconciler"


def _overtaken(scene: PassContext, acted: PassResult) -> PassResult:
    """The pass of a leader that is none any more: what it did stands, and it says who leads."""
    return replace(acted, led=False, holder=_holder(scene))


def _apply(scene: PassContext, survey: TableAssessment) -> TableResult:
    if scene.out_of_time:
        return TableResult(
            survey,
            tuple(deadline_passed_step(step) if step.status is StepStatus.READY else step for step in survey.steps),
        )
    with scene.ports.traces.table(survey.name):
        applied = apply_next(scene, survey)
        for step in applied.steps:
            if step.status in (StepStatus.DONE, StepStatus.FAILED):
                scene.ports.traces.step(step)
    return applied


def _is_reported(survey: TableAssessment) -> bool:
    if survey.record_only:
        return False
    if survey.declaration is not None or survey.steps:
        return True
    return survey.entry is not None and not is_released(survey.entry)


def _settle_attempts(
    scene: PassContext, acted: PassResult, surveys: list[TableAssessment], memory: EngineState
) -> PassResult:
    for survey in surveys:
        if survey.error is not None or survey.observed is None:
            continue
        settled = breaker.settle(memory.attempts.get(survey.name), survey.changes, survey.observed.changing)
        if settled is None:
            continue
        memory.attempts[survey.name] = settled
        if acted.led and survey.name in scene.snapshot.attempts:
            try:
                scene.ports.store.put_attempts(settled)
            except LeaseLost:
                return _overtaken(scene, acted)
    return acted


def _seed(scene: PassContext, applied: TableResult, tell: Callable[[str, Step], None]) -> tuple[TableReport, bool]:
    survey, steps = applied.survey, list(applied.steps)
    declaration, observed = survey.declaration, survey.observed
    position = next((i for i, s in enumerate(steps) if s.action is Action.SEED and s.status is StepStatus.READY), None)
    if (
        position is None
        or declaration is None
        or observed is None
        or applied.error is not None
        or survey.seed_need is Need.NOTHING
    ):
        return table_report(survey, applied.steps, applied.error, Seeded()), False
    with scene.ports.traces.table(survey.name):
        try:
            outcome = write_seed(
                scene.ports,
                declaration,
                observed.identity,
                scene.snapshot,
                earlier=survey.seed_items_of_earlier_version,
                deadline=scene.deadline,
            )
        except LeaseLost:
            steps[position] = steps[position].deferred(Reason.LEASE, LEASE_LOST)
            return table_report(survey, tuple(steps), applied.error, Seeded()), False
        steps[position] = seeded_step(steps[position], outcome)
        scene.ports.traces.step(steps[position])
    tell(survey.name, steps[position])
    survey = replace(survey, seed_record=outcome.record)
    seeded = Seeded(outcome.written, outcome.present, outcome.failed)
    return table_report(survey, tuple(steps), applied.error, seeded), outcome.written > 0 or outcome.error is None
