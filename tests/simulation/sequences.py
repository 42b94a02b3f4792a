"""Both halves of the test of a rule: the naive call that the service refuses, and our loop, which it never refuses."""

from __future__ import annotations

from typing import Any

from simulation.clock import VirtualClock
from simulation.simulated_dynamodb import SimulatedDynamoDB
from simulation.simulated_engine import Sim

from reconciler.model.change import Call
from reconciler.model.desired import Declaration
from reconciler.model.errors import ApiError
from reconciler.model.report import PassReport, Verdict

KEY = {
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
}
NAME = "users"
PASSES = 200


def service(*, delay: float = 0.0, stale: float = 0.0) -> SimulatedDynamoDB:
    """The service alone, with its quotas."""
    return SimulatedDynamoDB(VirtualClock(), delay=delay, strict=True, stale=stale)


def with_table(*, delay: float = 0.0, **params: Any) -> SimulatedDynamoDB:
    """The service with one table called ``users``."""
    dynamodb = service(delay=delay)
    dynamodb.make(TableName=NAME, **{**KEY, **params})
    return dynamodb


def answer(dynamodb: SimulatedDynamoDB, operation: str, **params: Any) -> str:
    """``taken``, or the error code that the service answers."""
    if "ResourceArn" not in params and "TableCreationParameters" not in params:
        params.setdefault("TableName", NAME)
    try:
        dynamodb.write(Call(operation, params))
    except ApiError as error:
        return error.code
    return "taken"


def update(dynamodb: SimulatedDynamoDB, **params: Any) -> str:
    """``taken``, or the error code of an UpdateTable."""
    return answer(dynamodb, "UpdateTable", **params)


def later(dynamodb: SimulatedDynamoDB, seconds: float) -> None:
    """Lets time pass and pending changes proceed."""
    dynamodb.clock.seconds += seconds
    dynamodb.settle()


def units(read: int, write: int) -> dict[str, int]:
    return {"ReadCapacityUnits": read, "WriteCapacityUnits": write}


def index(name: str, *attributes: str, **members: Any) -> dict[str, Any]:
    """A global index with one HASH element and then RANGE elements."""
    roles = ["HASH"] + ["RANGE"] * (len(attributes) - 1)
    schema = [{"AttributeName": a, "KeyType": role} for a, role in zip(attributes, roles, strict=True)]
    return {"IndexName": name, "KeySchema": schema, "Projection": {"ProjectionType": "ALL"}, **members}


def create(*indexes: dict[str, Any]) -> dict[str, Any]:
    """Members of an UpdateTable that creates indexes."""
    names = {element["AttributeName"] for one in indexes for element in one["KeySchema"]}
    return {
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in sorted(names)],
        "GlobalSecondaryIndexUpdates": [{"Create": one} for one in indexes],
    }


def delete(name: str) -> dict[str, Any]:
    """Members of an UpdateTable that deletes an index."""
    return {"GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": name}}]}


def vector(name: str, attribute: str = "embedding", dimensions: int = 8) -> dict[str, Any]:
    return {
        "IndexName": name,
        "VectorAttribute": {"AttributeName": attribute},
        "Projection": {"ProjectionType": "KEYS_ONLY"},
        "Dimensions": dimensions,
        "DistanceFunction": "COSINE",
    }


def converge(sim: Sim, *declarations: Declaration, passes: int = PASSES) -> PassReport:
    """The daemon's passes, a minute or a ``not_before`` apart, until all is as declared; and the service never refused.

    Then one more pass, which writes nothing.
    """
    sim.declare(*declarations)
    for _ in range(passes):
        report = sim.run()
        if report.verdict is Verdict.IN_SYNC:
            break
        now, until = sim.clock.now(), report.next_not_before
        sim.clock.seconds += max((until - now).total_seconds(), 1.0) if until else 61.0
    assert sim.dynamodb.refused == []
    assert report.verdict is Verdict.IN_SYNC, [(t.name, t.status, t.error, t.steps) for t in report.tables]
    before = len(sim.dynamodb.journal)
    assert sim.run().verdict is Verdict.IN_SYNC
    assert len(sim.dynamodb.journal) == before
    return report
