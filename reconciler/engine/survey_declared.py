"""The first half of a pass for a declared table: look at it and plan for it, writing nothing."""

from __future__ import annotations

from dataclasses import replace

from reconciler.engine.doubt import forbids
from reconciler.engine.observing import observe_table, with_owner
from reconciler.engine.survey import Scene, Survey, failed, other_of
from reconciler.engine.survey_present import present
from reconciler.engine.survey_seed import wants_seed
from reconciler.engine.validating import valid
from reconciler.engine.visibility import UNSEEN, visible_from
from reconciler.model.desired import Declaration
from reconciler.model.errors import ApiError
from reconciler.model.observed import ObservedTable
from reconciler.model.plan import Fate, Reason
from reconciler.planning import ownership
from reconciler.planning.diff import all_changes
from reconciler.planning.planner import plan, seed_step
from reconciler.planning.policy import permit_in_place
from reconciler.planning.scopes import Other, is_state_table, refusal, state_table_refusal
from reconciler.seeding.decide import Need, need


def survey_declared(scene: Scene, declaration: Declaration) -> Survey:
    """Look at a declared table and plan for it."""
    name = declaration.spec.name
    recorded = scene.snapshot.inventory.get(name)
    entry = ownership.wanted_again(scene.wishes.standing(recorded))
    base = Survey(name, declaration, recorded=recorded, entry=entry, seed_record=scene.snapshot.seeds.get(name))
    lifecycle = declaration.lifecycle
    if recorded is not None and ownership.is_released(recorded) and recorded.unwanted_since is None:
        return _released(scene, base)
    try:
        observed = observe_table(
            scene.world,
            name,
            declaration.spec,
            ask_owner=lambda identity: ownership.asks_for_tag(recorded, identity, lifecycle),
            recall=scene.recall,
        )
        if is_state_table(name, observed, scene.options.state_table):
            return Survey(name, declaration, observed, recorded, steps=(state_table_refusal(name),))
        other = other_of(scene, base, observed)
        if other is not None:
            return _theirs(base, observed, other)
        base = base if entry is None else replace(base, entry=ownership.taken_back(entry))
        if observed is None:
            return _missing(scene, base, declaration)
        if ownership.cannot_be_told_yet(recorded, observed):
            return replace(base, observed=observed, steps=(ownership.wait(observed),))
        return _owner_read(scene, present(scene, base, declaration, observed))
    except ApiError as error:
        return failed(base, error)


def _released(scene: Scene, base: Survey) -> Survey:
    """A table that ``release`` gave up: looked at for the report; an endpoint that refuses that is no error."""
    try:
        observed = observe_table(scene.world, base.name, None, ask_owner=lambda _: False)
    except ApiError as error:
        if forbids(error):
            return failed(base, error)
        return replace(base, unread=True)
    return replace(base, observed=observed)


def _theirs(base: Survey, observed: ObservedTable | None, other: Other) -> Survey:
    """A declared table of another stack or environment: nothing of it is ours, and nothing is done to it."""
    step = refusal(base.name, other, missing=observed is None)
    entry = ownership.dropped(base.entry, ownership.Event.OTHER_STACK)
    return Survey(base.name, base.declaration, observed, base.recorded, entry=entry, steps=(step,))


def _owner_read(scene: Scene, survey: Survey) -> Survey:
    """Before anything is written to a table that we created, its owner tag is read: somebody may have taken it over."""
    observed = survey.observed
    if observed is None or not any(step.fate is Fate.READY for step in survey.steps):
        return survey
    observed = with_owner(scene.world, observed)
    other = other_of(scene, survey, observed)
    return survey if other is None else _theirs(survey, observed, other)


def _missing(scene: Scene, base: Survey, declaration: Declaration) -> Survey:
    world, recorded = scene.world, base.recorded
    flavor = world.endpoint.flavor
    steps = plan(declaration, None, lacks=flavor.lacks)
    steps = tuple(permit_in_place(s, scene.options, declaration.lifecycle, emulator=world.emulator) for s in steps)
    not_before = visible_from(world, recorded)
    if not_before is not None:
        steps = tuple(s.deferred(Reason.NOT_BEFORE, UNSEEN, not_before) for s in steps)
    seeded = wants_seed(scene, declaration, base) and need(base.seed_record, None) is not Need.NOTHING
    if seeded and declaration.seed is not None:
        steps += (seed_step(declaration.seed.source, len(declaration.seed.items)),)
    return replace(base, changes=all_changes(steps), steps=valid(world, steps))
