"""The first half of a pass for a declared table: look at it and plan for it, writing nothing."""

from __future__ import annotations

from dataclasses import replace

from reconciler.engine.assess_present import assess_present
from reconciler.engine.assess_seed import seed_applies
from reconciler.engine.assessment import PassContext, TableAssessment, failed_assessment, foreign_owner_of
from reconciler.engine.eventual_consistency import NOT_YET_VISIBLE, not_visible_before
from reconciler.engine.observe import observe_table, with_owner
from reconciler.engine.safety_latch import closes_latch
from reconciler.engine.validate_steps import validate_steps
from reconciler.model.desired import Declaration
from reconciler.model.errors import ApiError
from reconciler.model.observed import ObservedTable
from reconciler.model.plan import Reason, StepStatus
from reconciler.planning import ownership
from reconciler.planning.diff import all_changes
from reconciler.planning.planner import plan, seed_step
from reconciler.planning.policy import permit_in_place
from reconciler.planning.scopes import ForeignOwner, is_state_table, refusal, state_table_refusal
from reconciler.seeding.decide import Need, need


def assess_declared(scene: PassContext, declaration: Declaration) -> TableAssessment:
    """Look at a declared table and plan for it."""
    name = declaration.spec.name
    recorded = scene.snapshot.inventory.get(name)
    entry = ownership.declared_again(scene.cancelled_deletions.without_cancelled(recorded))
    base = TableAssessment(
        name, declaration, recorded=recorded, entry=entry, seed_record=scene.snapshot.seeds.get(name)
    )
    lifecycle = declaration.lifecycle
    if recorded is not None and ownership.is_released(recorded) and recorded.unwanted_since is None:
        return _released(scene, base)
    try:
        observed = observe_table(
            scene.ports,
            name,
            declaration.spec,
            ask_owner=lambda identity: ownership.asks_for_tag(recorded, identity, lifecycle),
            recall=scene.plan_cache,
        )
        if is_state_table(name, observed, scene.options.state_table):
            return TableAssessment(name, declaration, observed, recorded, steps=(state_table_refusal(name),))
        other = foreign_owner_of(scene, base, observed)
        if other is not None:
            return _foreign(base, observed, other)
        base = base if entry is None else replace(base, entry=ownership.reclaimed(entry))
        if observed is None:
            return _missing(scene, base, declaration)
        if ownership.is_undecided(recorded, observed):
            return replace(base, observed=observed, steps=(ownership.wait_until_decided(observed),))
        return _with_owner_check(scene, assess_present(scene, base, declaration, observed))
    except ApiError as error:
        return failed_assessment(base, error)


def _released(scene: PassContext, base: TableAssessment) -> TableAssessment:
    """A table that ``release`` gave up: looked at for the report; an endpoint that refuses that is no error."""
    try:
        observed = observe_table(scene.ports, base.name, None, ask_owner=lambda _: False)
    except ApiError as error:
        if closes_latch(error):
            return failed_assessment(base, error)
        return replace(base, not_observed=True)
    return replace(base, observed=observed)


def _foreign(base: TableAssessment, observed: ObservedTable | None, other: ForeignOwner) -> TableAssessment:
    """A declared table of another stack or environment: nothing of it is ours, and nothing is done to it."""
    step = refusal(base.name, other, missing=observed is None)
    entry = ownership.dropped(base.entry, ownership.Event.OTHER_STACK)
    return TableAssessment(base.name, base.declaration, observed, base.recorded, entry=entry, steps=(step,))


def _with_owner_check(scene: PassContext, survey: TableAssessment) -> TableAssessment:
    """Before anything is written to a table that we created, its owner tag is read: somebody may have taken it over."""
    observed = survey.observed
    if observed is None or not any(step.status is StepStatus.READY for step in survey.steps):
        return survey
    observed = with_owner(scene.ports, observed)
    other = foreign_owner_of(scene, survey, observed)
    return survey if other is None else _foreign(survey, observed, other)


def _missing(scene: PassContext, base: TableAssessment, declaration: Declaration) -> TableAssessment:
    world, recorded = scene.ports, base.recorded
    flavor = world.endpoint.flavor
    steps = plan(declaration, None, lacks=flavor.lacks)
    steps = tuple(permit_in_place(s, scene.options, declaration.lifecycle, emulator=world.emulator) for s in steps)
    not_before = not_visible_before(world, recorded)
    if not_before is not None:
        steps = tuple(s.deferred(Reason.NOT_BEFORE, NOT_YET_VISIBLE, not_before) for s in steps)
    seeded = seed_applies(scene, declaration, base) and need(base.seed_record, None) is not Need.NOTHING
    if seeded and declaration.seed is not None:
        steps += (seed_step(declaration.seed.source, len(declaration.seed.items)),)
    return replace(base, changes=all_changes(steps), steps=validate_steps(world, steps))
