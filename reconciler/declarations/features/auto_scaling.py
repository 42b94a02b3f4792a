"""Auto scaling of provisioned capacity (Application Auto Scaling's scalable targets, policies, scheduled actions)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import Field

from reconciler.declarations.document.field_model import LONG, Aliases, FieldModel
from reconciler.declarations.features.base import Feature, Members, given, rule
from reconciler.model.scaling import AutoScaling, IndexScaling, Scaling, ScheduledScaling
from reconciler.model.table import TableSpec
from reconciler.parsing.source_location import FieldProblem, Path

Capacity = Annotated[int, Field(ge=1, le=LONG)]
LEAST_TARGET, GREATEST_TARGET = 20, 90
"""Target utilisation of provisioned capacity, in percent (DynamoDB Developer Guide)."""
_SCHEDULE = re.compile(r"(cron|rate|at)\(.+\)")
_DETAILS = ("min", "max", "target", "scale_in_cooldown", "scale_out_cooldown", "disable_scale_in", "scheduled")


class ScheduledScalingPart(FieldModel):
    """New limits from a time on."""

    name: Annotated[str, Field(min_length=1, max_length=256), Aliases(("ScheduledActionName",))] = Field(
        description="Tells the action from the others of this capacity."
    )
    schedule: str = Field(
        description="cron(minute hour day month weekday year), rate(value unit) or at(yyyy-mm-ddT...)."
    )
    min: Annotated[Capacity | None, Aliases(("MinCapacity", "min_capacity"))] = Field(
        default=None, description="The lower limit from then on."
    )
    max: Annotated[Capacity | None, Aliases(("MaxCapacity", "max_capacity"))] = Field(
        default=None, description="The upper limit from then on."
    )
    timezone: str | None = Field(default=None, description="The time zone of the schedule, such as Europe/Berlin; UTC.")


class ScalingPart(FieldModel):
    """One capacity. ``{enabled: false}`` takes the scalable target away; leaving the capacity out leaves it alone."""

    enabled: bool = Field(default=True, description="Whether a scalable target owns this capacity.")
    min: Annotated[Capacity | None, Aliases(("MinCapacity", "min_capacity"))] = Field(
        default=None, description="The lower limit in capacity units."
    )
    max: Annotated[Capacity | None, Aliases(("MaxCapacity", "max_capacity"))] = Field(
        default=None, description="The upper limit in capacity units."
    )
    target: Annotated[float | None, Aliases(("TargetValue", "target_value"))] = Field(
        default=None, description="The utilisation to hold, in percent: 20 to 90."
    )
    scale_in_cooldown: Annotated[int | None, Field(ge=0, le=LONG)] = Field(
        default=None, description="Seconds between two decreases."
    )
    scale_out_cooldown: Annotated[int | None, Field(ge=0, le=LONG)] = Field(
        default=None, description="Seconds between two increases."
    )
    disable_scale_in: bool | None = Field(default=None, description="Whether capacity only ever goes up.")
    scheduled: Annotated[list[ScheduledScalingPart] | None, Aliases(("ScheduledActions", "scheduled_actions"))] = Field(
        default=None, description="All scheduled actions of this capacity; an empty list takes them away."
    )


class IndexScalingPart(FieldModel):
    """The capacities of one global secondary index."""

    index_name: str = Field(description="A global secondary index of this table.")
    read: ScalingPart | None = Field(default=None, description="Its read capacity.")
    write: ScalingPart | None = Field(default=None, description="Its write capacity.")


class AutoScalingPart(FieldModel):
    """Capacity that a scalable target owns is not compared any more: the limits decide."""

    read: ScalingPart | None = Field(default=None, description="Read capacity of the table.")
    write: ScalingPart | None = Field(default=None, description="Write capacity of the table.")
    indexes: list[IndexScalingPart] | None = Field(default=None, description="Capacities of global secondary indexes.")


class AutoScalingFields(FieldModel):
    """Auto scaling of the table and its indexes."""

    auto_scaling: AutoScalingPart | None = Field(
        default=None, description="Limits and target of provisioned capacity; alone, it means PROVISIONED."
    )


def scaled_capacities(document: AutoScalingFields) -> Iterator[tuple[Path, ScalingPart]]:
    """Every declared capacity with its path."""
    scaling = document.auto_scaling
    if scaling is None:
        return
    holders: list[tuple[Path, ScalingPart | None, ScalingPart | None]] = [
        (("auto_scaling",), scaling.read, scaling.write)
    ]
    for position, index in enumerate(scaling.indexes or ()):
        holders.append((("auto_scaling", "indexes", position), index.read, index.write))
    for path, read, write in holders:
        for name, part in (("read", read), ("write", write)):
            if part is not None:
                yield (*path, name), part


@rule("auto_scaling")
def whole(document: AutoScalingFields) -> Iterator[FieldProblem]:
    """Limits and target where a capacity is scaled, nothing where it is not."""
    for path, part in scaled_capacities(document):
        if not part.enabled:
            for name in (name for name in _DETAILS if getattr(part, name) is not None):
                yield FieldProblem(
                    (*path, name), "is not allowed when enabled is false", "Remove it, or set enabled to true."
                )
            continue
        for name in ("min", "max", "target"):
            if getattr(part, name) is None:
                yield FieldProblem((*path, name), "is required when enabled is true", f"Add {name}.")
        yield from _limits(path, part.min, part.max)
        if part.target is not None and not LEAST_TARGET <= part.target <= GREATEST_TARGET:
            remedy = f"Write a utilisation in percent from {LEAST_TARGET} to {GREATEST_TARGET}."
            yield FieldProblem((*path, "target"), f"is {part.target:g}", remedy)


@rule("auto_scaling")
def scheduled(document: AutoScalingFields) -> Iterator[FieldProblem]:
    """Each action has a name of its own, a schedule, and a limit to set."""
    for path, part in scaled_capacities(document):
        seen: set[str] = set()
        for position, action in enumerate(part.scheduled or ()):
            here = (*path, "scheduled", position)
            if action.name in seen:
                yield FieldProblem((*here, "name"), f"duplicate name {action.name!r}", "Give it another name.")
            seen.add(action.name)
            if not _SCHEDULE.fullmatch(action.schedule):
                remedy = "Write cron(0 6 * * ? *), rate(1 day) or at(2030-01-01T00:00:00)."
                yield FieldProblem((*here, "schedule"), f"invalid schedule {action.schedule!r}", remedy)
            if action.min is None and action.max is None:
                yield FieldProblem(here, "has neither min nor max", "Add min, max or both.")
            yield from _limits(here, action.min, action.max)


def _limits(path: Path, least: int | None, most: int | None) -> Iterator[FieldProblem]:
    if least is not None and most is not None and least > most:
        yield FieldProblem((*path, "min"), f"{least} is greater than max ({most})", "Make min at most max.")


def to_model(document: AutoScalingFields) -> AutoScaling | None:
    """Indexes and actions sorted by name."""
    part = document.auto_scaling
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


def from_model(spec: TableSpec) -> Members:
    """The capacities that a scalable target owns."""
    scaling = spec.auto_scaling
    if scaling is None:
        return {}
    indexes = [{"index_name": index.name, **_pair(index.read, index.write)} for index in scaling.indexes]
    owned = [index for index in indexes if len(index) > 1]
    return {"auto_scaling": {**_pair(scaling.read, scaling.write), **({"indexes": owned} if owned else {})}}


def _pair(read: Scaling | None, write: Scaling | None) -> dict[str, Any]:
    return {name: _members(each) for name, each in (("read", read), ("write", write)) if each and each.enabled}


def _members(scaling: Scaling) -> dict[str, Any]:
    actions = [
        given({"name": a.name, "schedule": a.schedule, "min": a.min, "max": a.max, "timezone": a.timezone})
        for a in scaling.scheduled or ()
    ]
    return given(
        {
            "min": scaling.min,
            "max": scaling.max,
            "target": scaling.target,
            "scale_in_cooldown": scaling.scale_in_cooldown,
            "scale_out_cooldown": scaling.scale_out_cooldown,
            "disable_scale_in": scaling.disable_scale_in or None,
            "scheduled": actions or None,
        }
    )


AUTO_SCALING = Feature("auto_scaling", AutoScalingFields, (whole, scheduled), to_model, from_model)
