"""Which capacities of a table are not ours to write, those that a scalable target owns; and what waits for a target.

Such a capacity goes up and down by itself; writing it back each round would fight with auto scaling. It is left alone
exactly as ``lifecycle.ignore_changes`` leaves things alone.
"""

from __future__ import annotations

from dataclasses import replace

from reconciler.facets import scaling_wire
from reconciler.model.desired import Declaration
from reconciler.model.observed import ObservedTable
from reconciler.model.plan import Reason, Step, StepStatus


def scaled_paths(declaration: Declaration, observed: ObservedTable) -> tuple[str, ...]:
    """Every path that is not compared: ignored by the declaration, scaled, declared to be scaled, or not to be seen.

    A capacity that is declared to be scaled is handed over at once: the limits decide, not the number of the moment.
    """
    scaling = declaration.spec.auto_scaling
    declared = scaling.capacities() if scaling else ()
    coming = (scaling_wire.path_of((index, kind)) for index, kind, wish in declared if wish.enabled)
    ignored = (*declaration.lifecycle.ignore_changes, *observed.scaled, *coming)
    return tuple(dict.fromkeys((*ignored, *observed.not_observed)))


def after_target(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """Policies and scheduled actions share the fate of the target they need, where that is not registered now.

    The service refuses them without one (ObjectNotFoundException of PutScalingPolicy and PutScheduledAction).
    """
    registering = [step for step in steps if scaling_wire.registers(step.call)]
    coming = {
        scaling_wire.target_of(step.call)
        for step in registering
        if step.status in (StepStatus.READY, StepStatus.DEFERRED)
    }
    missing = {
        scaling_wire.target_of(step.call): step
        for step in registering
        if scaling_wire.target_of(step.call) not in coming
        and any(change.path.endswith(".enabled") for change in step.changes)
    }
    return tuple(_following(step, missing.get(scaling_wire.target_of(step.call))) for step in steps)


def _following(step: Step, target: Step | None) -> Step:
    if target is None or step.status not in (StepStatus.READY, StepStatus.DEFERRED):
        return step
    said = "waits until the scalable target is registered"
    if target.status is StepStatus.UNSUPPORTED:
        return replace(step.unsupported(f"{said}, and that is unsupported"), not_before=None)
    blocked = step.blocked(target.reason or Reason.CONTESTED, f"{said}, and that is blocked", target.allow_with)
    return replace(blocked, not_before=None)
