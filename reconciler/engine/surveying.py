"""Which tables a pass looks at, and looking at them at once: the declared ones, and ours that are declared no more."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from reconciler.engine.survey import Scene, Survey, not_reached
from reconciler.engine.survey_declared import survey_declared
from reconciler.engine.survey_undeclared import survey_undeclared
from reconciler.model.desired import Declaration, DesiredState
from reconciler.model.plan import Action, Step
from reconciler.planning.ownership import is_ours


def survey_all(scene: Scene, desired: DesiredState, focus: frozenset[str] | None, *, destroy: bool) -> list[Survey]:
    """One survey per table in focus. ``destroy`` looks only at what we created, as if nothing were declared.

    Which tables are declared no more is noted of all, before these declarations can make one that speaks for them.
    """
    declared = {declaration.spec.name for declaration in desired.declarations}
    jobs: list[tuple[Survey, Callable[[], Survey]]] = []
    if not destroy:
        jobs += [(_unseen(scene, d.spec.name, d), partial(survey_declared, scene, d)) for d in desired.declarations]
    for entry in scene.snapshot.inventory.values():
        if is_ours(entry) if destroy else entry.name not in declared:
            jobs.append((_unseen(scene, entry.name), partial(survey_undeclared, scene, entry)))
    if focus is None:
        return list(scene.world.parallel.map(partial(_survey, scene), jobs))
    chosen = [job for job in jobs if job[0].name in focus]
    forgotten = () if destroy else scene.snapshot.inventory.keys() - declared - focus
    return list(scene.world.parallel.map(partial(_survey, scene), chosen)) + _notes(scene, sorted(forgotten))


def _notes(scene: Scene, names: Iterable[str]) -> list[Survey]:
    entries = [scene.snapshot.inventory[name] for name in names]
    surveys = [Survey(each.name, recorded=each, entry=scene.forgotten(each), noted_only=True) for each in entries]
    return [survey for survey in surveys if survey.entry_changed]


def _unseen(scene: Scene, name: str, declaration: Declaration | None = None) -> Survey:
    """The survey of a table that is not looked at: nothing is claimed of it, and no record of it changes."""
    recorded = scene.snapshot.inventory.get(name)
    wait = not_reached(Step(Action.UPDATE, "table"))
    return Survey(name, declaration, recorded=recorded, entry=recorded, steps=(wait,), unread=True)


def _survey(scene: Scene, job: tuple[Survey, Callable[[], Survey]]) -> Survey:
    unseen, survey = job
    if scene.out_of_time:
        return unseen
    with scene.world.traces.table(unseen.name):
        return survey()
