"""The auto scaling of a sound document → ``AutoScaling``. Called by ``normalise``."""

from __future__ import annotations

from reconciler.declarations.features.auto_scaling import AutoScalingPart, ScalingPart
from reconciler.model.scaling import AutoScaling, IndexScaling, Scaling, ScheduledScaling


def auto_scaling(part: AutoScalingPart | None) -> AutoScaling | None:
    """Indexes and actions sorted by name; absence stays None."""
    if part is None:
        return None
    indexes = sorted(part.indexes or (), key=lambda index: index.index_name)
    scaled = (IndexScaling(index.index_name, _scaling(index.read), _scaling(index.write)) for index in indexes)
    return AutoScaling(_scaling(part.read), _scaling(part.write), tuple(scaled))


def _scaling(part: ScalingPart | None) -> Scaling | None:
    if part is None:
        return None
    actions = None if part.scheduled is None else sorted(part.scheduled, key=lambda action: action.name)
    return Scaling(
        enabled=part.enabled,
        min=part.min,
        max=part.max,
        target=None if part.target is None else float(part.target),
        scale_in_cooldown=part.scale_in_cooldown,
        scale_out_cooldown=part.scale_out_cooldown,
        disable_scale_in=part.disable_scale_in,
        scheduled=None
        if actions is None
        else tuple(ScheduledScaling(a.name, a.schedule, a.min, a.max, a.timezone) for a in actions),
    )
