"""What a declared table that is there needs: its steps, each with the fate that policy and history give it."""

from __future__ import annotations

from dataclasses import replace

from reconciler.engine.assess_seed import with_seed
from reconciler.engine.assessment import PassContext, TableAssessment, assess_deletion
from reconciler.engine.eventual_consistency import not_visible_before
from reconciler.engine.validate_steps import validate_steps
from reconciler.model.desired import Declaration, Lifecycle
from reconciler.model.observed import ObservedTable
from reconciler.model.plan import Step, StepStatus
from reconciler.model.records import Attempts
from reconciler.planning import ownership, quotas
from reconciler.planning.availability import defer_protection, harmless_under_another_key, propagate_blocked
from reconciler.planning.breaker import hold_back
from reconciler.planning.diff import all_changes
from reconciler.planning.index_rebuild import active_rebuild, progress, without_rebuilt_index
from reconciler.planning.ownership_transfer import plan_transfer
from reconciler.planning.policy import permit_in_place


def assess_present(
    scene: PassContext, base: TableAssessment, declaration: Declaration, observed: ObservedTable
) -> TableAssessment:
    """Plan for a declared table that is not of others; ``base`` tells what was known of it before."""
    world, lifecycle = scene.ports, declaration.lifecycle
    if lifecycle.on_existing == "fail" and ownership.was_there_before(base.entry, observed):
        return replace(base, observed=observed, refusal="the table exists already and lifecycle.on_existing is `fail`")
    rebuild = active_rebuild(scene.snapshot.rebuilds.get(base.name), observed.identity)
    wanted = without_rebuilt_index(declaration, rebuild)
    flavor = world.endpoint.flavor
    changes, planned = scene.plan_cache.planned(wanted, observed, flavor)
    entry = ownership.resolve(base.entry, declaration, observed, scene.ownership_context())
    entry = ownership.declared_by(entry, declaration, scene.options.project)
    visible = not_visible_before(world, base.entry)
    entry, transfer = plan_transfer(base.entry, entry, observed, scene.options.scope, visible)
    if transfer:
        base = replace(base, observed=observed, entry=entry, attempts=_attempts(scene, observed))
        steps_now = hold_back(transfer, base.attempts, world.clock.now(), emulator=world.emulator)
        return replace(base, changes=changes + all_changes(transfer), steps=validate_steps(world, steps_now))
    marks = scene.snapshot.quota_usage.get(base.name)
    base = replace(
        base, observed=observed, entry=entry, changes=changes, attempts=_attempts(scene, observed), quota_usage=marks
    )
    if rebuild is not None:
        base = replace(base, rebuild=progress(rebuild, observed, declaration.spec, world.clock.now()))
    steps: list[Step] = []
    if not world.emulator:
        planned = quotas.defer_over_quota(planned, observed, marks, world.clock.now())
    for step in hold_back(planned, base.attempts, world.clock.now(), emulator=world.emulator):
        if step.destructive:
            judged = assess_deletion(scene, base, step, lifecycle)
            base = replace(base, entry=judged.entry, observed=judged.observed)
            steps += judged.steps
        else:
            steps.append(_permitted(step, scene, lifecycle))
    deletion_was_pending = entry.unwanted_since is not None or entry.empty_since is not None
    if deletion_was_pending and not any(step.destructive for step in steps):
        base = replace(base, entry=replace(entry, unwanted_since=None, empty_since=None))
    if ownership.is_state_lost(entry):
        steps.append(ownership.state_lost())
    if steps:
        fated = defer_protection(harmless_under_another_key(tuple(steps)))
        base = replace(base, steps=validate_steps(world, propagate_blocked(fated)))
    return with_seed(scene, base, declaration, observed)


def _permitted(step: Step, scene: PassContext, lifecycle: Lifecycle) -> Step:
    if step.status is not StepStatus.READY:
        return step
    return permit_in_place(step, scene.options, lifecycle, emulator=scene.ports.emulator)


def _attempts(scene: PassContext, observed: ObservedTable) -> Attempts | None:
    attempts = scene.attempts.get(observed.spec.name)
    return attempts if attempts is not None and observed.identity.same(attempts.identity) else None
