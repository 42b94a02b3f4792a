"""Streams: on or off, never a no-op, and no other view while enabled (rules 5 and 11)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simulation.refusal import invalid
from simulation.table import Table

if TYPE_CHECKING:
    from simulation.simulated_dynamodb import SimulatedDynamoDB

OPERATION = "UpdateTable"


def apply(dynamodb: SimulatedDynamoDB, table: Table, draft: dict[str, Any], params: dict[str, Any]) -> None:
    requested = params["StreamSpecification"]
    enabled = "StreamSpecification" in draft
    if requested["StreamEnabled"] and enabled:
        raise invalid(OPERATION, "Table already has an enabled stream")
    if not requested["StreamEnabled"] and not enabled:
        raise invalid(OPERATION, "Table has no stream to disable")
    if requested["StreamEnabled"] and not requested.get("StreamViewType"):
        raise invalid(OPERATION, "StreamViewType must be given")
    if not requested["StreamEnabled"]:
        if draft.get("Replicas"):
            raise invalid(OPERATION, "a table with replicas needs its stream")
        del draft["StreamSpecification"]
        return
    dynamodb.born += 1
    draft["StreamSpecification"] = requested
    draft["LatestStreamArn"] = f"{draft['TableArn']}/stream/{dynamodb.born}"
