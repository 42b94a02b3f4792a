"""Point-in-time recovery: not right after a create, and 1 to 35 days (rule 23)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simulation.refusal import backups_unavailable, invalid

if TYPE_CHECKING:
    from simulation.simulated_dynamodb import SimulatedDynamoDB

OPERATION = "UpdateContinuousBackups"
EARLIEST = "EarliestRestorableDateTime"
WARM_UP = 20.0
"""Seconds after a create in which the service is still enabling backups for a table."""


def update_backups(dynamodb: SimulatedDynamoDB, params: dict[str, Any]) -> dict[str, Any]:
    table = dynamodb.table(OPERATION, params["TableName"])
    requested = params["PointInTimeRecoverySpecification"]
    if dynamodb.strict and dynamodb.clock.seconds - table.born < WARM_UP:
        raise backups_unavailable(OPERATION)
    days = requested.get("RecoveryPeriodInDays")
    if days is not None and not (1 <= days <= 35):
        raise invalid(OPERATION, "RecoveryPeriodInDays is 1 to 35")
    if days is not None and not requested["PointInTimeRecoveryEnabled"]:
        raise invalid(OPERATION, "RecoveryPeriodInDays goes with recovery enabled only")
    table.side["recovery"] = (
        {
            "PointInTimeRecoveryStatus": "ENABLED",
            "RecoveryPeriodInDays": days or 35,
            EARLIEST: table.side.get("recovery", {}).get(EARLIEST) or dynamodb.clock.now(),
        }
        if requested["PointInTimeRecoveryEnabled"]
        else {"PointInTimeRecoveryStatus": "DISABLED"}
    )
    return {"ContinuousBackupsDescription": _description(table.side)}


def described(dynamodb: SimulatedDynamoDB, params: dict[str, Any]) -> dict[str, Any]:
    table = dynamodb.table("DescribeContinuousBackups", params["TableName"])
    answer = _description(table.side)
    if EARLIEST in answer["PointInTimeRecoveryDescription"]:
        reported = {**answer["PointInTimeRecoveryDescription"], "LatestRestorableDateTime": dynamodb.jobs.latest()}
        answer["PointInTimeRecoveryDescription"] = reported
    return {"ContinuousBackupsDescription": answer}


def _description(side: dict[str, Any]) -> dict[str, Any]:
    recovery = side.get("recovery", {"PointInTimeRecoveryStatus": "DISABLED"})
    return {"ContinuousBackupsStatus": "ENABLED", "PointInTimeRecoveryDescription": recovery}
