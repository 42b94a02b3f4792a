"""Point-in-time recovery (UpdateContinuousBackups.PointInTimeRecoverySpecification)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import Field

from reconciler.declarations.document.field_model import Aliases, FieldModel
from reconciler.declarations.features.base import IS_ON, Feature, Members, Response, given, rule
from reconciler.model.table import PointInTimeRecovery, TableSpec
from reconciler.parsing.source_location import FieldProblem


class RecoveryPart(FieldModel):
    """``{enabled: false}`` turns it off; leaving the whole field out leaves it alone."""

    enabled: Annotated[bool, Aliases(("PointInTimeRecoveryEnabled", "point_in_time_recovery_enabled"))] = Field(
        default=True, description="Whether the table can be restored to any second of the recovery period."
    )
    recovery_period_in_days: Annotated[int | None, Aliases(("days",))] = Field(
        default=None, ge=1, le=35, description="1 to 35; DynamoDB's own choice is 35."
    )


class RecoveryFields(FieldModel):
    """Continuous backups of the table."""

    point_in_time_recovery: Annotated[
        RecoveryPart | None,
        Aliases(("PointInTimeRecoverySpecification", "point_in_time_recovery_specification")),
    ] = Field(default=None, description="Continuous backups.")


@rule("point_in_time_recovery")
def details(document: RecoveryFields) -> Iterator[FieldProblem]:
    """Days only where point-in-time recovery is on."""
    recovery, name = document.point_in_time_recovery, "recovery_period_in_days"
    if recovery and not recovery.enabled and recovery.recovery_period_in_days is not None:
        yield FieldProblem(
            ("point_in_time_recovery", name), "is not allowed when enabled is false", "Remove it, or enable it."
        )


def to_model(document: RecoveryFields) -> PointInTimeRecovery | None:
    """Whether it is on, and for how many days."""
    recovery = document.point_in_time_recovery
    return None if recovery is None else PointInTimeRecovery(recovery.enabled, recovery.recovery_period_in_days)


def from_model(spec: TableSpec) -> Members:
    """Point-in-time recovery, where it is on."""
    recovery = spec.point_in_time_recovery
    if recovery is None or not recovery.enabled:
        return {}
    members = {"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": recovery.days}
    return {"point_in_time_recovery": given(members)}


def _of_response(response: Response) -> tuple[str, Any]:
    inner = response.get("PointInTimeRecoveryDescription", response)
    found: Response = inner if isinstance(inner, Mapping) else {}
    if found.get("PointInTimeRecoveryStatus") not in IS_ON:
        return "PointInTimeRecoverySpecification", {"PointInTimeRecoveryEnabled": False}
    days = found.get("RecoveryPeriodInDays")
    members = {"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": days if isinstance(days, int) else None}
    return "PointInTimeRecoverySpecification", given(members)


POINT_IN_TIME_RECOVERY = Feature(
    "point_in_time_recovery",
    RecoveryFields,
    (details,),
    to_model,
    from_model,
    {"ContinuousBackupsDescription": _of_response, "PointInTimeRecoveryDescription": _of_response},
)
