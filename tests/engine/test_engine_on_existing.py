"""``on_existing`` applies to a table that existed before, and to one that others recreated."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from simulation.simulated_engine import Sim, declaration, item, simulate
from support.specs import gsi, stream, ttl

from reconciler.model.desired import Lifecycle
from reconciler.model.identity import Flavor
from reconciler.model.plan import Action, Reason, StepStatus
from reconciler.model.report import PassReport, TableStatus

FLAVORS = [Flavor.DYNAMODB_LOCAL, Flavor.MOTO, Flavor.AWS]
SAME = {
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
}
ANOTHER = {
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
}
INDEXED = {
    "KeySchema": ANOTHER["KeySchema"],
    "AttributeDefinitions": [*ANOTHER["AttributeDefinitions"], {"AttributeName": "at", "AttributeType": "S"}],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "theirs",
            "KeySchema": [{"AttributeName": "at", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "ALL"},
        }
    ],
}
STREAMED = {**ANOTHER, "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}}


def settled(on_existing: str, flavor: Flavor = Flavor.MOTO, **spec: Any) -> Sim:
    """A table of ours, converged under this declaration."""
    sim = simulate(flavor=flavor, one_shot=True, prune_grace=timedelta(0))
    sim.declare(declaration(lifecycle=Lifecycle(on_existing=on_existing), **spec))  # type: ignore[arg-type]
    assert sim.once().verdict.value == "in_sync"
    sim.clock.seconds += 3600
    assert sim.once().verdict.value == "in_sync"
    return sim


def recreated(sim: Sim, shape: dict[str, Any]) -> None:
    """Somebody deletes the table and makes another one of its name."""
    sim.dynamodb.tables.pop("users")
    sim.dynamodb.make(TableName="users", **shape)
    sim.dynamodb.tables["users"].items["theirs"] = item("theirs")
    sim.clock.seconds += 3600
    sim.dynamodb.journal.clear()


def written(sim: Sim) -> list[str]:
    return [operation for operation in sim.dynamodb.mutating if operation != "TagResource"]


def _of_users(report: PassReport) -> Any:
    return next(table for table in report.tables if table.name == "users")


@pytest.mark.parametrize("flavor", FLAVORS, ids=lambda flavor: flavor.value)
@pytest.mark.parametrize("shape", [SAME, ANOTHER, INDEXED], ids=["same key", "another key", "with an index"])
def test_a_recreated_table_is_an_error_where_fail_is_declared(shape: dict[str, Any], flavor: Flavor) -> None:
    sim = settled("fail", flavor, ttl=ttl("expires"))
    recreated(sim, shape)
    for _ in range(3):
        table = _of_users(sim.once())
        assert table.status is TableStatus.ERROR
        assert "lifecycle.on_existing is `fail`" in str(table.error)
        sim.clock.seconds += 3600
    assert sim.dynamodb.mutating == []
    assert "theirs" in sim.dynamodb.tables["users"].items


def test_a_table_that_is_made_again_after_a_failure_is_ours() -> None:
    sim = settled("fail", ttl=ttl("expires"))
    recreated(sim, SAME)
    sim.once()
    sim.dynamodb.tables.pop("users")
    assert sim.once().verdict.value == "in_sync"
    assert sim.store.snapshot.inventory["users"].ownership == "created"


@pytest.mark.parametrize("flavor", FLAVORS, ids=lambda flavor: flavor.value)
def test_a_recreated_table_is_only_observed_where_observe_is_declared(flavor: Flavor) -> None:
    sim = settled("adopt", flavor)
    recreated(sim, SAME)
    sim.declare(declaration(lifecycle=Lifecycle(on_existing="observe"), ttl=ttl("expires")))
    for _ in range(2):
        step = next(step for step in _of_users(sim.once()).steps)
        assert (step.status, step.reason) == (StepStatus.BLOCKED, Reason.ON_EXISTING)
    assert sim.dynamodb.mutating == []


LOSING: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "time to live": ({"ttl": ttl("expires")}, ANOTHER),
    "an index that is not declared": ({"global_indexes": ()}, INDEXED),
    "an index of another key": ({"global_indexes": (gsi("theirs", "pk S"),)}, INDEXED),
    "the view of a stream": ({"stream": stream("NEW_IMAGE")}, STREAMED),
    "a stream that goes": ({"stream": stream(None)}, STREAMED),
    "time to live and an index": ({"ttl": ttl("expires"), "global_indexes": ()}, INDEXED),
}


@pytest.mark.parametrize("flavor", [Flavor.DYNAMODB_LOCAL, Flavor.MOTO], ids=lambda flavor: flavor.value)
@pytest.mark.parametrize("name", LOSING)
def test_a_foreign_table_with_another_key_loses_nothing(name: str, flavor: Flavor) -> None:
    spec, shape = LOSING[name]
    sim = settled("adopt", flavor, **spec)
    recreated(sim, shape)
    for _ in range(3):
        steps = _of_users(sim.once()).steps
        assert {step.status for step in steps} <= {StepStatus.BLOCKED, StepStatus.UNSUPPORTED, StepStatus.DEFERRED}
        assert any(step.action is Action.REPLACE and step.reason is Reason.NOT_OWNED for step in steps)
        sim.clock.seconds += 3600
    assert written(sim) == []


def test_a_foreign_table_with_another_key_is_managed_except_for_data_loss() -> None:
    sim = settled("adopt", deletion_protection=True)
    recreated(sim, ANOTHER)
    sim.once()
    assert written(sim) == ["UpdateTable"], "deletion protection"
