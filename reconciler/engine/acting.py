"""Acting on all surveys of a pass: the lease, one call a table, then the seeds; each end told once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from reconciler.engine.applying import Applied, apply_next
from reconciler.engine.gatekeeper import DECLARED_ANEW, LOST
from reconciler.engine.holding import needs_write, read_again, without_lease
from reconciler.engine.memory import Memory
from reconciler.engine.reporting import Seeded, table_report
from reconciler.engine.seed_words import ended_step
from reconciler.engine.seeding import write_seed
from reconciler.engine.survey import Scene, Survey, not_reached
from reconciler.model.errors import LeaseLost
from reconciler.model.plan import Action, Fate, Reason, Step
from reconciler.model.report import TableReport
from reconciler.planning import breaker
from reconciler.planning.ownership import is_released
from reconciler.seeding.decide import Need


@dataclass(frozen=True, slots=True)
class Acted:
    """The tables of a pass after acting. ``holder`` names the other reconciler where the lease was not to be had."""

    tables: tuple[TableReport, ...]
    wrote: bool = False
    led: bool = False
    holder: str | None = None


def look_only(surveys: list[Survey]) -> Acted:
    """Report what was seen; nothing is written."""
    shown = [survey for survey in surveys if _shown(survey)]
    return Acted(tuple(table_report(survey, survey.steps, None, Seeded()) for survey in shown))


def act(scene: Scene, surveys: list[Survey], memory: Memory, tell: Callable[[str, Step], None]) -> Acted:
    """Take the lease if anything is to be written, then apply and seed."""
    if not any(needs_write(survey) for survey in surveys):
        return _settled(scene, look_only(surveys), surveys, memory)
    if scene.world.store.acquire_lease() is None:
        holder = _holder(scene)
        return replace(look_only(without_lease(surveys, holder)), holder=holder)
    if not scene.world.store.is_current(scene.snapshot):
        return replace(look_only(read_again(surveys)), led=True)
    if scene.desired is not None and not scene.world.source.still(scene.desired):
        return replace(look_only(read_again(surveys, DECLARED_ANEW)), led=True)
    applied = list(scene.world.parallel.map(partial(_apply, scene), surveys))
    for one in applied:
        if one.attempts is not None:
            memory.attempts[one.survey.name] = one.attempts
        for step in one.steps:
            if step.fate in (Fate.DONE, Fate.FAILED):
                tell(one.survey.name, step)
    finished = [_seed(scene, one, tell) for one in applied]
    acted = Acted(
        tables=tuple(
            table for one, (table, _) in zip(applied, finished, strict=True) if _shown(one.survey) or one.error
        ),
        wrote=any(one.wrote for one in applied) or any(wrote for _, wrote in finished),
        led=True,
    )
    if any(one.lost for one in applied):
        return _overtaken(scene, acted)
    return _settled(scene, acted, surveys, memory)


def _holder(scene: Scene) -> str:
    lease = scene.world.store.current_lease()
    return lease.shown if lease else "another reconciler"


def _overtaken(scene: Scene, acted: Acted) -> Acted:
    """The pass of a leader that is none any more: what it did stands, and it says who leads."""
    return replace(acted, led=False, holder=_holder(scene))


def _apply(scene: Scene, survey: Survey) -> Applied:
    if scene.out_of_time:
        return Applied(survey, tuple(not_reached(step) if step.fate is Fate.READY else step for step in survey.steps))
    with scene.world.traces.table(survey.name):
        applied = apply_next(scene, survey)
        for step in applied.steps:
            if step.fate in (Fate.DONE, Fate.FAILED):
                scene.world.traces.step(step)
    return applied


def _shown(survey: Survey) -> bool:
    if survey.noted_only:
        return False
    if survey.declaration is not None or survey.steps:
        return True
    return survey.entry is not None and not is_released(survey.entry)


def _settled(scene: Scene, acted: Acted, surveys: list[Survey], memory: Memory) -> Acted:
    for survey in surveys:
        if survey.error is not None or survey.observed is None:
            continue
        settled = breaker.settle(memory.attempts.get(survey.name), survey.changes, survey.observed.changing)
        if settled is None:
            continue
        memory.attempts[survey.name] = settled
        if acted.led and survey.name in scene.snapshot.attempts:
            try:
                scene.world.store.put_attempts(settled)
            except LeaseLost:
                return _overtaken(scene, acted)
    return acted


def _seed(scene: Scene, applied: Applied, tell: Callable[[str, Step], None]) -> tuple[TableReport, bool]:
    survey, steps = applied.survey, list(applied.steps)
    declaration, observed = survey.declaration, survey.observed
    position = next((i for i, s in enumerate(steps) if s.action is Action.SEED and s.fate is Fate.READY), None)
    if (
        position is None
        or declaration is None
        or observed is None
        or applied.error is not None
        or survey.seed_need is Need.NOTHING
    ):
        return table_report(survey, applied.steps, applied.error, Seeded()), False
    with scene.world.traces.table(survey.name):
        try:
            outcome = write_seed(
                scene.world,
                declaration,
                observed.identity,
                scene.snapshot,
                earlier=survey.seed_earlier,
                deadline=scene.deadline,
            )
        except LeaseLost:
            steps[position] = steps[position].deferred(Reason.LEASE, LOST)
            return table_report(survey, tuple(steps), applied.error, Seeded()), False
        steps[position] = ended_step(steps[position], outcome)
        scene.world.traces.step(steps[position])
    tell(survey.name, steps[position])
    survey = replace(survey, seed_record=outcome.record)
    seeded = Seeded(outcome.written, outcome.present, outcome.failed)
    return table_report(survey, tuple(steps), applied.error, seeded), outcome.written > 0 or outcome.error is None
