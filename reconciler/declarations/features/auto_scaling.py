"""Auto scaling of provisioned capacity (Application Auto Scaling's scalable targets, policies, scheduled actions)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from reconciler.declarations.document.part import LONG, AlsoSpelled, Part

Capacity = Annotated[int, Field(ge=1, le=LONG)]


class ScheduledScalingPart(Part):
    """New limits from a time on."""

    name: Annotated[str, Field(min_length=1, max_length=256), AlsoSpelled(("ScheduledActionName",))] = Field(
        description="Tells the action from the others of this capacity."
    )
    schedule: str = Field(
        description="cron(minute hour day month weekday year), rate(value unit) or at(yyyy-mm-ddT...)."
    )
    min: Annotated[Capacity | None, AlsoSpelled(("MinCapacity", "min_capacity"))] = Field(
        default=None, description="The lower limit from then on."
    )
    max: Annotated[Capacity | None, AlsoSpelled(("MaxCapacity", "max_capacity"))] = Field(
        default=None, description="The upper limit from then on."
    )
    timezone: str | None = Field(default=None, description="The time zone of the schedule, such as Europe/Berlin; UTC.")


class ScalingPart(Part):
    """One capacity. ``{enabled: false}`` takes the scalable target away; leaving the capacity out leaves it alone."""

    enabled: bool = Field(default=True, description="Whether a scalable target owns this capacity.")
    min: Annotated[Capacity | None, AlsoSpelled(("MinCapacity", "min_capacity"))] = Field(
        default=None, description="The lower limit in capacity units."
    )
    max: Annotated[Capacity | None, AlsoSpelled(("MaxCapacity", "max_capacity"))] = Field(
        default=None, description="The upper limit in capacity units."
    )
    target: Annotated[float | None, AlsoSpelled(("TargetValue", "target_value"))] = Field(
        default=None, description="The utilisation to hold, in percent: 20 to 90."
    )
    scale_in_cooldown: Annotated[int | None, Field(ge=0, le=LONG)] = Field(
        default=None, description="Seconds between two decreases."
    )
    scale_out_cooldown: Annotated[int | None, Field(ge=0, le=LONG)] = Field(
        default=None, description="Seconds between two increases."
    )
    disable_scale_in: bool | None = Field(default=None, description="Whether capacity only ever goes up.")
    scheduled: Annotated[list[ScheduledScalingPart] | None, AlsoSpelled(("ScheduledActions", "scheduled_actions"))] = (
        Field(default=None, description="All scheduled actions of this capacity; an empty list takes them away.")
    )


class IndexScalingPart(Part):
    """The capacities of one global secondary index."""

    index_name: str = Field(description="A global secondary index of this table.")
    read: ScalingPart | None = Field(default=None, description="Its read capacity.")
    write: ScalingPart | None = Field(default=None, description="Its write capacity.")


class AutoScalingPart(Part):
    """Capacity that a scalable target owns is not compared any more: the limits decide."""

    read: ScalingPart | None = Field(default=None, description="Read capacity of the table.")
    write: ScalingPart | None = Field(default=None, description="Write capacity of the table.")
    indexes: list[IndexScalingPart] | None = Field(default=None, description="Capacities of global secondary indexes.")
