"""Kinesis destinations: the old one must be DISABLED before another is enabled; ENABLE_FAILED is final (rule 25)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simulation.refusal import in_use, invalid, missing
from simulation.table import Table

if TYPE_CHECKING:
    from simulation.simulated_dynamodb import SimulatedDynamoDB

ENABLE, UPDATE, DISABLE = (f"{verb}KinesisStreamingDestination" for verb in ("Enable", "Update", "Disable"))
PRECISION = "ApproximateCreationDateTimePrecision"


def enable(dynamodb: SimulatedDynamoDB, params: dict[str, Any]) -> dict[str, Any]:
    table, arn = dynamodb.table(ENABLE, params["TableName"]), params["StreamArn"]
    _idle(table, ENABLE)
    taken = [d for d in _destinations(table) if d["DestinationStatus"] != "DISABLED"]
    if taken:
        raise in_use(ENABLE, f"destination {taken[0]['StreamArn']} is {taken[0]['DestinationStatus']}")
    known = [d for d in _destinations(table) if d["StreamArn"] != arn]
    precision = params.get("EnableKinesisStreamingConfiguration", {}).get(PRECISION, "MILLISECOND")
    destination = {"StreamArn": arn, "DestinationStatus": "ENABLING", PRECISION: precision}
    table.side["kinesis"] = [*known, destination]

    def settle() -> None:
        destination["DestinationStatus"] = "ENABLE_FAILED" if "kinesis" in dynamodb.failing else "ACTIVE"

    dynamodb.soon(table, settle)
    return {"TableName": table.name, **destination}


def update(dynamodb: SimulatedDynamoDB, params: dict[str, Any]) -> dict[str, Any]:
    table = dynamodb.table(UPDATE, params["TableName"])
    destination = _one(table, UPDATE, params["StreamArn"])
    if destination["DestinationStatus"] != "ACTIVE":
        raise in_use(UPDATE, f"the destination is {destination['DestinationStatus']}")
    precision = params["UpdateKinesisStreamingConfiguration"][PRECISION]
    if precision == destination[PRECISION]:
        raise invalid(UPDATE, "the precision will not change")
    destination |= {"DestinationStatus": "UPDATING", PRECISION: precision}
    dynamodb.soon(table, lambda: destination.update(DestinationStatus="ACTIVE"))
    return {"TableName": table.name, **destination}


def disable(dynamodb: SimulatedDynamoDB, params: dict[str, Any]) -> dict[str, Any]:
    table = dynamodb.table(DISABLE, params["TableName"])
    destination = _one(table, DISABLE, params["StreamArn"])
    if destination["DestinationStatus"] not in ("ACTIVE", "ENABLE_FAILED"):
        raise in_use(DISABLE, f"the destination is {destination['DestinationStatus']}")
    destination["DestinationStatus"] = "DISABLING"
    dynamodb.soon(table, lambda: destination.update(DestinationStatus="DISABLED"))
    return {"TableName": table.name, **destination}


def described(dynamodb: SimulatedDynamoDB, params: dict[str, Any]) -> dict[str, Any]:
    table = dynamodb.table("DescribeKinesisStreamingDestination", params["TableName"])
    return {"TableName": table.name, "KinesisDataStreamDestinations": _destinations(table)}


def _destinations(table: Table) -> list[dict[str, Any]]:
    destinations: list[dict[str, Any]] = table.side.get("kinesis", [])
    return destinations


def _one(table: Table, operation: str, arn: str) -> dict[str, Any]:
    _idle(table, operation)
    for destination in _destinations(table):
        if destination["StreamArn"] == arn:
            return destination
    raise missing(operation, f"no destination {arn}")


def _idle(table: Table, operation: str) -> None:
    if table.status != "ACTIVE":
        raise in_use(operation, f"the table is {table.status}")
