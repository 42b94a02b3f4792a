"""The owner of a table after CreateTable lost its answer: ours only when proven, else adopted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from simulation.simulated_engine import Sim, declaration, simulate

from reconciler.facets.tags import OWNER_TAG
from reconciler.model.errors import Ambiguous, Denied
from reconciler.model.identity import Flavor
from reconciler.model.report import TableStatus, Verdict

OTHER_KEYS = {
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
}


def lost_create(flavor: Flavor, rival: Callable[[Sim, Mapping[str, Any]], None]) -> Sim:
    """A create that fails without an answer, while ``rival`` makes a table of the same name."""
    sim = simulate(flavor=flavor)
    sim.declare(declaration())
    done: list[str] = []

    def lose(operation: str, params: Mapping[str, Any]) -> None:
        if operation == "CreateTable" and not done:
            done.append(operation)
            rival(sim, params)
            raise Ambiguous(operation, "timeout", "no answer")

    sim.dynamodb.faults = lose
    sim.run()
    return sim


def another_nonce(sim: Sim, params: Mapping[str, Any]) -> None:
    """The create of another run of the same stack and environment."""
    sim.dynamodb.make(**{**params, "Tags": [{"Key": OWNER_TAG, "Value": "default/default/0000000000000000"}]})


def other_keys(sim: Sim, params: Mapping[str, Any]) -> None:
    """Another table under the name."""
    sim.dynamodb.make(TableName=params["TableName"], **OTHER_KEYS)


def long_before(sim: Sim, params: Mapping[str, Any]) -> None:
    """A table that stood there an hour before, which a stale read had missed."""
    now, sim.clock.seconds = sim.clock.seconds, sim.clock.seconds - 3600
    sim.dynamodb.make(**{name: value for name, value in params.items() if name != "Tags"})
    sim.clock.seconds = now


@pytest.mark.parametrize(
    ("flavor", "rival"),
    [
        pytest.param(Flavor.AWS, another_nonce, id="the owner tag has another nonce"),
        pytest.param(Flavor.MOTO, another_nonce, id="the owner tag has another nonce beside an emulator"),
        pytest.param(Flavor.DYNAMODB_LOCAL, other_keys, id="without tags, it is not what was asked for"),
        pytest.param(Flavor.DYNAMODB_LOCAL, long_before, id="without tags, it is older than the wish"),
    ],
)
def test_a_table_that_is_not_proven_to_be_our_create_is_adopted(
    flavor: Flavor, rival: Callable[[Sim, Mapping[str, Any]], None]
) -> None:
    sim = lost_create(flavor, rival)
    assert sim.store.snapshot.inventory["users"].ownership == "intent"
    sim.run()
    assert sim.store.snapshot.inventory["users"].ownership == "adopted"
    sim.declare(declaration("orders"))
    sim.once()
    assert "users" in sim.dynamodb.tables


def test_a_table_whose_inventory_entry_cannot_be_written_fails_and_the_others_continue() -> None:
    sim = simulate(timeout=20)
    sim.declare(declaration("orders"), declaration("users"))
    put = sim.store.put_entry

    def refuse(entry: Any) -> Any:
        if entry.name == "orders":
            raise Denied("PutItem", "AccessDeniedException", "not allowed")
        return put(entry)

    sim.store.put_entry = refuse  # type: ignore[method-assign]
    report = sim.once()
    assert {table.name: table.status for table in report.tables} == {
        "users": TableStatus.IN_SYNC,
        "orders": TableStatus.ERROR,
    }
    assert report.verdict is Verdict.ERROR
    assert set(sim.dynamodb.tables) == {"users"}, "no create without the intent"
