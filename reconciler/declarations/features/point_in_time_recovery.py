"""Point-in-time recovery (UpdateContinuousBackups.PointInTimeRecoverySpecification)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from reconciler.declarations.document.part import AlsoSpelled, Part


class RecoveryPart(Part):
    """``{enabled: false}`` turns it off; leaving the whole field out leaves it alone."""

    enabled: Annotated[bool, AlsoSpelled(("PointInTimeRecoveryEnabled", "point_in_time_recovery_enabled"))] = Field(
        default=True, description="Whether the table can be restored to any second of the recovery period."
    )
    recovery_period_in_days: Annotated[int | None, AlsoSpelled(("days",))] = Field(
        default=None, ge=1, le=35, description="1 to 35; DynamoDB's own choice is 35."
    )
