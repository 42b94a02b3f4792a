"""Steps whose call the SDK's own model of the service would refuse are blocked before anything is sent."""

from __future__ import annotations

from reconciler.engine.context import EngineContext
from reconciler.model.plan import Reason, Step, StepStatus


def validate_steps(world: EngineContext, steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """The steps, each ready one checked."""
    return tuple(_validated(world, step) if step.status is StepStatus.READY else step for step in steps)


def _validated(world: EngineContext, step: Step) -> Step:
    problem = world.validator.problem(step.call) if step.call is not None else None
    return step if problem is None else step.blocked(Reason.REJECTED, problem)
