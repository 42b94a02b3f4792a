"""What a declared table that is there needs: its steps, each with the fate that policy and history give it."""

from __future__ import annotations

from dataclasses import replace

from reconciler.engine.survey import Scene, Survey, judged_by_gate
from reconciler.engine.survey_seed import with_seed
from reconciler.engine.validating import valid
from reconciler.engine.visibility import visible_from
from reconciler.model.desired import Declaration, Lifecycle
from reconciler.model.observed import ObservedTable
from reconciler.model.plan import Fate, Step
from reconciler.model.records import Attempts
from reconciler.planning import ownership, quotas
from reconciler.planning.breaker import hold_back
from reconciler.planning.diff import all_changes
from reconciler.planning.fates import harmless_under_another_key, unprotected_until_replaced, without_prospect
from reconciler.planning.policy import permit_in_place
from reconciler.planning.rebuilding import left_to_it, progress, standing
from reconciler.planning.taking import take_over


def present(scene: Scene, base: Survey, declaration: Declaration, observed: ObservedTable) -> Survey:
    """Plan for a declared table that is not of others; ``base`` tells what was known of it before."""
    world, lifecycle = scene.world, declaration.lifecycle
    if lifecycle.on_existing == "fail" and ownership.was_there_before(base.entry, observed):
        return replace(base, observed=observed, refusal="the table exists already and lifecycle.on_existing is `fail`")
    rebuild = standing(scene.snapshot.rebuilds.get(base.name), observed.identity)
    wanted = left_to_it(declaration, rebuild)
    flavor = world.endpoint.flavor
    changes, planned = scene.recall.planned(wanted, observed, flavor)
    entry = ownership.resolve(base.entry, declaration, observed, scene.ownership_world())
    entry = ownership.declared_by(entry, declaration, scene.options.project)
    visible = visible_from(world, base.entry)
    entry, taking = take_over(base.entry, entry, observed, scene.options.scope, visible)
    if taking:
        base = replace(base, observed=observed, entry=entry, attempts=_attempts(scene, observed))
        steps_now = hold_back(taking, base.attempts, world.clock.now(), emulator=world.emulator)
        return replace(base, changes=changes + all_changes(taking), steps=valid(world, steps_now))
    marks = scene.snapshot.marks.get(base.name)
    base = replace(
        base, observed=observed, entry=entry, changes=changes, attempts=_attempts(scene, observed), marks=marks
    )
    if rebuild is not None:
        base = replace(base, rebuild=progress(rebuild, observed, declaration.spec, world.clock.now()))
    steps: list[Step] = []
    if not world.emulator:
        planned = quotas.hold(planned, observed, marks, world.clock.now())
    for step in hold_back(planned, base.attempts, world.clock.now(), emulator=world.emulator):
        if step.destructive:
            judged = judged_by_gate(scene, base, step, lifecycle)
            base = replace(base, entry=judged.entry, observed=judged.observed)
            steps += judged.steps
        else:
            steps.append(_permitted(step, scene, lifecycle))
    wished_away = entry.unwanted_since is not None or entry.empty_since is not None
    if wished_away and not any(step.destructive for step in steps):
        base = replace(base, entry=replace(entry, unwanted_since=None, empty_since=None))
    if ownership.is_state_lost(entry):
        steps.append(ownership.state_lost())
    if steps:
        fated = unprotected_until_replaced(harmless_under_another_key(tuple(steps)))
        base = replace(base, steps=valid(world, without_prospect(fated)))
    return with_seed(scene, base, declaration, observed)


def _permitted(step: Step, scene: Scene, lifecycle: Lifecycle) -> Step:
    if step.fate is not Fate.READY:
        return step
    return permit_in_place(step, scene.options, lifecycle, emulator=scene.world.emulator)


def _attempts(scene: Scene, observed: ObservedTable) -> Attempts | None:
    attempts = scene.attempts.get(observed.spec.name)
    return attempts if attempts is not None and observed.identity.same(attempts.identity) else None
