"""The simulation, DynamoDB Local and moto answer the same calls alike, where those two behave like AWS."""

from __future__ import annotations

import time
from typing import Any

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError
from simulation.clock import VirtualClock
from simulation.simulated_dynamodb import SimulatedDynamoDB
from support.agreement import NAME, SEQUENCES, TAKEN, Sequence
from support.endpoints import Live
from support.waiting import PATIENCE

from reconciler.model.change import Call
from reconciler.model.errors import ApiError

SECONDS = PATIENCE


def on(where: str) -> list[Any]:
    return [pytest.param(one, id=one.name) for one in SEQUENCES if where in one.where]


def expected(one: Sequence) -> list[tuple[str, str]]:
    return [(operation, answer) for operation, _, answer in one.steps]


def simulated(one: Sequence) -> list[tuple[str, str]]:
    dynamodb, messages = SimulatedDynamoDB(VirtualClock(), delay=10), []
    for operation, params, _ in one.steps:
        code = TAKEN
        if operation == "settle":
            dynamodb.clock.seconds += 100
        else:
            try:
                dynamodb.write(Call(operation, params))
            except ApiError as error:
                code = error.code
        messages.append((operation, code))
    return messages


def real(client: Any, one: Sequence) -> list[tuple[str, str]]:
    messages = []
    for operation, params, _ in one.steps:
        code = TAKEN
        if operation == "settle":
            _settled(client)
        else:
            try:
                getattr(client, xform_name(operation))(**params)
            except ClientError as error:
                code = error.response["Error"]["Code"]
        messages.append((operation, code))
    return messages


def _settled(client: Any) -> None:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        table = client.describe_table(TableName=NAME)["Table"]
        indexes = table.get("GlobalSecondaryIndexes", [])
        if table["TableStatus"] == "ACTIVE" and all(index["IndexStatus"] == "ACTIVE" for index in indexes):
            return
        time.sleep(0.05)
    raise AssertionError(f"{NAME} did not come to rest in {SECONDS:.0f} s")


@pytest.mark.parametrize("one", [pytest.param(one, id=one.name) for one in SEQUENCES])
def test_the_simulation_answers_as_expected(one: Sequence) -> None:
    assert simulated(one) == expected(one)


@pytest.mark.dynamodb_local
@pytest.mark.parametrize("one", on("local"))
def test_dynamodb_local_agrees(local: Live, one: Sequence) -> None:
    assert real(local.client, one) == expected(one)


@pytest.mark.parametrize("one", on("delayed"))
def test_dynamodb_local_agrees_on_states_in_between(delayed_local: Any, one: Sequence) -> None:
    assert real(delayed_local.client(), one) == expected(one)


@pytest.mark.parametrize("one", on("moto"))
def test_moto_agrees(moto: Live, one: Sequence) -> None:
    assert real(moto.client, one) == expected(one)
