"""Which tables a pass looks at, and looking at them at once: the declared ones, and ours that are declared no more."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from reconciler.engine.assess_declared import assess_declared
from reconciler.engine.assess_undeclared import assess_undeclared
from reconciler.engine.assessment import PassContext, TableAssessment, deadline_passed_step
from reconciler.model.desired import Declaration, DesiredState
from reconciler.model.plan import Action, Step
from reconciler.planning.ownership import is_ours


def assess_tables(
    scene: PassContext, desired: DesiredState, focus: frozenset[str] | None, *, destroy: bool
) -> list[TableAssessment]:
    """One survey per table in focus. ``destroy`` looks only at what we created, as if nothing were declared.

    Which tables are declared no more is noted of all, before these declarations can make one that speaks for them.
    """
    declared = {declaration.spec.name for declaration in desired.declarations}
    jobs: list[tuple[TableAssessment, Callable[[], TableAssessment]]] = []
    if not destroy:
        jobs += [
            (_not_observed(scene, d.spec.name, d), partial(assess_declared, scene, d)) for d in desired.declarations
        ]
    for entry in scene.snapshot.inventory.values():
        if is_ours(entry) if destroy else entry.name not in declared:
            jobs.append((_not_observed(scene, entry.name), partial(assess_undeclared, scene, entry)))
    if focus is None:
        return list(scene.ports.parallel.map(partial(_assess, scene), jobs))
    chosen = [job for job in jobs if job[0].name in focus]
    forgotten = () if destroy else scene.snapshot.inventory.keys() - declared - focus
    return list(scene.ports.parallel.map(partial(_assess, scene), chosen)) + _undeclared_records(
        scene, sorted(forgotten)
    )


def _undeclared_records(scene: PassContext, names: Iterable[str]) -> list[TableAssessment]:
    entries = [scene.snapshot.inventory[name] for name in names]
    surveys = [
        TableAssessment(each.name, recorded=each, entry=scene.undeclared_entry(each), record_only=True)
        for each in entries
    ]
    return [survey for survey in surveys if survey.entry_changed]


def _not_observed(scene: PassContext, name: str, declaration: Declaration | None = None) -> TableAssessment:
    """The survey of a table that is not looked at: nothing is claimed of it, and no record of it changes."""
    recorded = scene.snapshot.inventory.get(name)
    wait = deadline_passed_step(Step(Action.UPDATE, "table"))
    return TableAssessment(name, declaration, recorded=recorded, entry=recorded, steps=(wait,), not_observed=True)


def _assess(scene: PassContext, job: tuple[TableAssessment, Callable[[], TableAssessment]]) -> TableAssessment:
    unseen, survey = job
    if scene.out_of_time:
        return unseen
    with scene.ports.traces.table(unseen.name):
        return survey()
