"""Which tables a pass looks at, and looking at them at once: the declared ones, and ours that are declared no more."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from reconciler.engine.survey import Scene, Survey, survey_declared, survey_undeclared
from reconciler.model.desired import DesiredState
from reconciler.model.records import StateSnapshot


def foreign_declarations(desired: DesiredState, snapshot: StateSnapshot) -> bool:
    """Two or more tables were created by this stack and none of them is declared: not what anybody means.

    Tables that were made since then, for these very declarations, speak neither for them nor against.
    """
    declared = {declaration.spec.name for declaration in desired.declarations}
    created = [entry for entry in snapshot.inventory.values() if entry.ownership == "created"]
    since = min((e.unwanted_since for e in created if e.unwanted_since and e.name not in declared), default=None)
    before = {e.name for e in created if since is None or e.changed_at is None or e.changed_at < since}
    return len(before) >= 2 and declared.isdisjoint(before)


def survey_all(scene: Scene, desired: DesiredState, focus: frozenset[str] | None, *, destroy: bool) -> list[Survey]:
    """One survey per table in focus. ``destroy`` looks only at what we created, as if nothing were declared."""
    declared = {declaration.spec.name for declaration in desired.declarations}
    jobs: list[tuple[str, Callable[[], Survey]]] = []
    if not destroy:
        jobs += [(d.spec.name, partial(survey_declared, scene, d)) for d in desired.declarations]
    for entry in scene.snapshot.inventory.values():
        if entry.ownership == "created" if destroy else entry.name not in declared:
            jobs.append((entry.name, partial(survey_undeclared, scene, entry)))
    chosen = [job for job in jobs if focus is None or job[0] in focus]
    return list(scene.world.parallel.map(partial(_survey, scene), chosen))


def _survey(scene: Scene, job: tuple[str, Callable[[], Survey]]) -> Survey:
    name, survey = job
    with scene.world.traces.table(name):
        return survey()
