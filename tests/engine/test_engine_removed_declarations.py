"""The time at which a declaration was removed counts by itself and ends when the declaration returns."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from simulation.simulated_engine import Sim, declaration, item, simulate

from reconciler.model.desired import Declaration, Lifecycle
from reconciler.model.errors import Ambiguous, ApiError, Throttled
from reconciler.model.identity import Flavor
from reconciler.model.plan import Reason
from reconciler.model.report import Verdict
from reconciler.model.table import KeyElement

NUMBER = (KeyElement("pk", "HASH", "N"),)
GRACE = 300.0


def _until_in_sync(sim: Sim, *declared: Declaration) -> None:
    sim.declare(*declared)
    for _ in range(20):
        if sim.run().verdict is Verdict.IN_SYNC:
            return
        sim.clock.seconds += 1
    raise AssertionError("no end")


def _passes(sim: Sim, seconds: float, *declared: Declaration) -> None:
    """Passes every ten seconds for a while."""
    sim.declare(*declared)
    until = sim.clock.seconds + seconds
    while sim.clock.seconds < until:
        sim.run()
        sim.clock.seconds += 10


def _blind(sim: Sim, name: str, error: ApiError) -> None:
    def fault(operation: str, params: object) -> None:
        if operation == "DescribeTable" and isinstance(params, dict) and params["TableName"] == name:
            raise error

    sim.dynamodb.faults = fault


@pytest.mark.parametrize("flavor", [Flavor.MOTO, Flavor.AWS])
@pytest.mark.parametrize(
    "error",
    [Throttled("DescribeTable", "ThrottlingException", "slow"), Ambiguous("DescribeTable", "Timeout", "no answer")],
    ids=["throttled", "lost"],
)
def test_a_table_declared_again_between_passes_restarts_its_grace_period(flavor: Flavor, error: ApiError) -> None:
    sim = simulate(flavor=flavor, data_loss="allow", prune_grace=timedelta(seconds=GRACE))
    carts, orders = declaration("carts"), declaration("orders")
    _until_in_sync(sim, carts, orders)
    sim.dynamodb.tables["carts"].items["theirs"] = item("theirs")
    sim.clock.seconds += 60
    _passes(sim, GRACE - 20, orders)
    _blind(sim, "carts", error)
    sim.declare(carts, orders)
    sim.run()
    sim.dynamodb.faults = None
    sim.clock.seconds += 30
    again = sim.clock.seconds
    _passes(sim, GRACE - 10, orders)
    assert sim.dynamodb.tables["carts"].items, f"lost {sim.clock.seconds - again} s after the second wish"
    _passes(sim, 60, orders)
    assert "carts" not in sim.dynamodb.tables


@pytest.mark.parametrize("flavor", [Flavor.MOTO, Flavor.AWS])
def test_a_replacement_declared_again_waits_its_whole_grace_again(flavor: Flavor) -> None:
    sim = simulate(flavor=flavor, data_loss="allow", disruption="allow", prune_grace=timedelta(seconds=GRACE))
    text, number = declaration("carts"), declaration("carts", keys=NUMBER)
    _until_in_sync(sim, text)
    sim.dynamodb.tables["carts"].items["theirs"] = item("theirs")
    sim.clock.seconds += 60
    _passes(sim, GRACE - 20, number)
    _until_in_sync(sim, text)
    sim.clock.seconds += 30
    again = sim.clock.seconds
    _passes(sim, GRACE - 10, number)
    assert "theirs" in sim.dynamodb.tables["carts"].items, f"lost {sim.clock.seconds - again} s after the second wish"
    _passes(sim, 60, number)
    assert "theirs" not in sim.dynamodb.tables["carts"].items


@pytest.mark.parametrize("flavor", [Flavor.MOTO, Flavor.AWS])
def test_a_pending_replacement_waits_its_whole_grace_when_its_declaration_is_removed(flavor: Flavor) -> None:
    sim = simulate(flavor=flavor, data_loss="allow", disruption="allow", prune_grace=timedelta(seconds=GRACE))
    text, number, orders = declaration("carts"), declaration("carts", keys=NUMBER), declaration("orders")
    _until_in_sync(sim, text, orders)
    sim.dynamodb.tables["carts"].items["theirs"] = item("theirs")
    sim.clock.seconds += 60
    _passes(sim, GRACE - 20, number, orders)
    _blind(sim, "carts", Throttled("DescribeTable", "ThrottlingException", "slow"))
    sim.declare(text, orders)
    sim.run()
    sim.dynamodb.faults = None
    forgotten = sim.clock.seconds
    _passes(sim, GRACE - 10, orders)
    assert "carts" in sim.dynamodb.tables, f"lost {sim.clock.seconds - forgotten} s after it was forgotten"
    _passes(sim, 60, orders)
    assert "carts" not in sim.dynamodb.tables


@pytest.mark.parametrize("flavor", [Flavor.MOTO, Flavor.AWS])
def test_a_table_declared_again_between_passes_waits_its_whole_grace_to_be_replaced(flavor: Flavor) -> None:
    sim = simulate(flavor=flavor, data_loss="allow", disruption="allow", prune_grace=timedelta(seconds=GRACE))
    text, number, orders = declaration("carts"), declaration("carts", keys=NUMBER), declaration("orders")
    _until_in_sync(sim, text, orders)
    sim.dynamodb.tables["carts"].items["theirs"] = item("theirs")
    sim.clock.seconds += 60
    _passes(sim, GRACE - 20, orders)
    _blind(sim, "carts", Throttled("DescribeTable", "ThrottlingException", "slow"))
    sim.declare(text, orders)
    sim.run()
    sim.dynamodb.faults = None
    replaced = sim.clock.seconds
    _passes(sim, GRACE - 10, number, orders)
    assert "theirs" in sim.dynamodb.tables["carts"].items, (
        f"lost {sim.clock.seconds - replaced} s after another key was wished"
    )


def test_tables_created_during_a_pending_replacement_prove_the_declarations_familiar() -> None:
    sim = simulate(flavor=Flavor.DYNAMODB_LOCAL, prune_grace=timedelta(0), max_deletes=0, data_loss="allow")
    _until_in_sync(sim, declaration("orders", keys=NUMBER))
    sim.clock.seconds += 60
    _passes(sim, 30, declaration("orders"), declaration("users"), declaration("carts"))
    _passes(sim, 30, declaration("users"))
    sim.declare(declaration("users"))
    reported = {table.name: [step.reason for step in table.steps] for table in sim.run().tables}
    assert reported["orders"] == reported["carts"] == [Reason.MAX_DELETES]
    assert sorted(sim.dynamodb.tables) == ["carts", "orders", "users"]


def test_tables_created_after_others_were_removed_do_not_prove_the_declarations_familiar() -> None:
    sim = simulate(flavor=Flavor.DYNAMODB_LOCAL, prune_grace=timedelta(0), data_loss="allow")
    _until_in_sync(sim, declaration("orders"), declaration("carts"))
    sim.clock.seconds += 60
    _passes(sim, 120, declaration("elsewhere"))
    assert sorted(sim.dynamodb.tables) == ["carts", "elsewhere", "orders"]
    reported = {table.name: [step.reason for step in table.steps] for table in sim.run().tables}
    assert reported["orders"] == reported["carts"] == [Reason.FOREIGN_DECLARATIONS]


def _guarded_pair(flavor: Flavor) -> Sim:
    """Two tables of ours beside declarations that look like those of another stack."""
    sim = simulate(flavor=flavor, prune_grace=timedelta(0), data_loss="allow")
    _until_in_sync(sim, declaration("orders"), declaration("carts"))
    sim.dynamodb.tables["orders"].items["theirs"] = item("theirs")
    sim.clock.seconds += 60
    _passes(sim, 120, declaration("elsewhere"))
    return sim


@pytest.mark.parametrize("flavor", [Flavor.DYNAMODB_LOCAL, Flavor.AWS])
def test_one_of_two_guarded_tables_stays_guarded_when_others_delete_the_other(flavor: Flavor) -> None:
    sim = _guarded_pair(flavor)
    del sim.dynamodb.tables["carts"]
    _passes(sim, 600, declaration("elsewhere"))
    reported = {table.name: [step.reason for step in table.steps] for table in sim.run().tables}
    assert reported["orders"] == [Reason.FOREIGN_DECLARATIONS]
    assert "theirs" in sim.dynamodb.tables["orders"].items


@pytest.mark.parametrize("flavor", [Flavor.DYNAMODB_LOCAL, Flavor.AWS])
def test_a_table_declared_again_is_no_longer_guarded(flavor: Flavor) -> None:
    sim = _guarded_pair(flavor)
    del sim.dynamodb.tables["carts"]
    _passes(sim, 60, declaration("elsewhere"))
    _until_in_sync(sim, declaration("elsewhere"), declaration("orders"))
    assert sim.store.snapshot.inventory["orders"].guarded_since is None
    sim.clock.seconds += 60
    _passes(sim, 60, declaration("elsewhere"))
    assert sorted(sim.dynamodb.tables) == ["elsewhere"]


def test_declaring_an_older_table_ends_the_guard() -> None:
    sim = _guarded_pair(Flavor.DYNAMODB_LOCAL)
    _passes(sim, 120, declaration("elsewhere"), declaration("carts"))
    assert sorted(sim.dynamodb.tables) == ["carts", "elsewhere"]


def test_a_replaced_table_proves_the_same_as_the_one_before_it() -> None:
    """One edit wishes another key of one table and forgets two others, which hold items and are backed up first."""
    sim = simulate(flavor=Flavor.AWS, delay=5.0, prune_grace=timedelta(seconds=GRACE), data_loss="allow", max_deletes=9)
    _until_in_sync(sim, declaration("carts"), declaration("orders"), declaration("users"))
    sim.clock.seconds += 60
    for name in ("carts", "orders"):
        sim.dynamodb.tables[name].items["1"] = item("1")
    sim.dynamodb.has_backups = True
    _passes(sim, GRACE - 20, declaration("users", keys=NUMBER))
    assert sim.dynamodb.tables["users"].description["AttributeDefinitions"][0]["AttributeType"] == "N"
    assert sorted(sim.dynamodb.tables) == ["carts", "orders", "users"], "within the grace"
    _passes(sim, 120, declaration("users", keys=NUMBER))
    assert sorted(sim.dynamodb.tables) == ["users"]


@pytest.mark.parametrize("flavor", [Flavor.DYNAMODB_LOCAL, Flavor.MOTO, Flavor.AWS])
def test_a_table_recreated_after_a_foreign_delete_still_proves_the_declarations_familiar(flavor: Flavor) -> None:
    sim = simulate(flavor=flavor, prune_grace=timedelta(0), data_loss="allow", max_deletes=1)
    _until_in_sync(sim, *(declaration(name) for name in ("carts", "orders", "users")))
    sim.clock.seconds += 60
    del sim.dynamodb.tables["users"]
    _passes(sim, 120, declaration("users"))
    reported = {table.name: [step.reason for step in table.steps] for table in sim.run().tables}
    assert reported == {"carts": [Reason.MAX_DELETES], "orders": [Reason.MAX_DELETES], "users": []}
    since = sim.store.snapshot.inventory["users"].ours_since
    assert since is not None
    assert since < sim.store.snapshot.inventory["carts"].forgotten_since
    sim.reconciler.options = replace(sim.reconciler.options, max_deletes=2)
    _passes(sim, 60, declaration("users"))
    assert sorted(sim.dynamodb.tables) == ["users"]


@pytest.mark.parametrize("flavor", [Flavor.DYNAMODB_LOCAL, Flavor.AWS])
def test_a_table_taken_over_in_place_of_ours_proves_the_same(flavor: Flavor) -> None:
    sim = simulate(flavor=flavor, prune_grace=timedelta(0), data_loss="allow", max_deletes=1)
    _until_in_sync(sim, *(declaration(name) for name in ("carts", "orders", "users")))
    sim.clock.seconds += 60
    del sim.dynamodb.tables["users"]
    _make_users(sim)
    _passes(sim, 120, declaration("users", lifecycle=Lifecycle(on_existing="own")))
    assert sim.store.snapshot.inventory["users"].ownership == "created"
    reported = {table.name: [step.reason for step in table.steps] for table in sim.run().tables}
    assert reported["carts"] == reported["orders"] == [Reason.MAX_DELETES]


def _make_users(sim: Sim) -> None:
    sim.clock.seconds += 60
    sim.dynamodb.make(
        TableName="users",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
    )


def _refused_create(operation: str, params: object) -> None:
    if operation == "CreateTable":
        raise Throttled("CreateTable", "ThrottlingException", "slow")


@pytest.mark.parametrize("tried", [False, True], ids=["unseen", "after a create of ours was refused"])
@pytest.mark.parametrize("flavor", [Flavor.DYNAMODB_LOCAL, Flavor.AWS])
def test_a_foreign_table_in_place_of_ours_proves_nothing(flavor: Flavor, tried: bool) -> None:
    sim = simulate(flavor=flavor, prune_grace=timedelta(0), data_loss="allow")
    _until_in_sync(sim, *(declaration(name) for name in ("carts", "orders", "users")))
    for name in ("carts", "orders"):
        sim.dynamodb.tables[name].items["theirs"] = item("theirs")
    sim.clock.seconds += 60
    del sim.dynamodb.tables["users"]
    if tried:
        sim.dynamodb.faults = _refused_create
        sim.run()
        assert sim.store.snapshot.inventory["users"].ownership == "intent"
        sim.dynamodb.faults = None
        sim.clock.seconds -= 120
    _make_users(sim)
    _until_in_sync(sim, *(declaration(name) for name in ("carts", "orders", "users")))
    assert sim.store.snapshot.inventory["users"].ownership == "adopted"
    assert sim.store.snapshot.inventory["users"].ours_since is None
    sim.clock.seconds += 60
    _passes(sim, 120, declaration("users"))
    reported = {table.name: [step.reason for step in table.steps] for table in sim.run().tables}
    assert reported["carts"] == reported["orders"] == [Reason.FOREIGN_DECLARATIONS]
