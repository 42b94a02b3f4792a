"""Reset and snapshot of items for tests: exactly the wanted items, and nothing where that is not allowed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from simulation.simulated_engine import Sim, declaration, item, simulate
from simulation.stacks import beside

from reconciler.model.errors import StateError, Throttled, UsageError
from reconciler.model.identity import Flavor
from reconciler.model.records import Lease

SEED = (item("1", name="Ada"), item("2"))


@pytest.fixture
def sim() -> Sim:
    """Two tables in sync, one of them seeded."""
    made = simulate(testing=True)
    made.declare(declaration("users", seed=SEED), declaration("orders"))
    made.once()
    made.dynamodb.journal.clear()
    return made


def items(sim: Sim, table: str) -> list[str]:
    return sorted(
        f"{each['pk']['S']} {each.get('name', {}).get('S', '')}".strip() for each in sim.items.all_items(table)
    )


def disturb(sim: Sim) -> None:
    """What a test of an application does."""
    sim.items.overwrite("users", [item("1", name="Eve"), item("3")], [{"pk": {"S": "2"}}])
    sim.items.overwrite("orders", [item("o")], [])


def test_a_reset_brings_back_the_seed_and_removes_the_rest(sim: Sim) -> None:
    disturb(sim)
    report = sim.reconciler.reset_items((), "seed")
    assert (items(sim, "users"), items(sim, "orders")) == (["1 Ada", "2"], [])
    assert {each.name: (each.seed_written, each.seed_removed) for each in report.tables} == {
        "users": (2, 1),
        "orders": (0, 1),
    }
    assert report.wrote


def test_a_reset_of_what_is_as_wanted_writes_nothing(sim: Sim) -> None:
    sim.items.faults = lambda operation, _: pytest.fail(operation) if operation == "BatchWriteItem" else None
    assert not sim.reconciler.reset_items((), "seed").wrote


def test_only_the_named_table_is_reset(sim: Sim) -> None:
    disturb(sim)
    sim.reconciler.reset_items(("orders",), "empty")
    assert (items(sim, "users"), items(sim, "orders")) == (["1 Eve", "3"], [])
    with pytest.raises(UsageError, match="no table 'other' is declared"):
        sim.reconciler.reset_items(("other",), "seed")


def test_a_reset_returns_to_the_last_snapshot(sim: Sim) -> None:
    sim.reconciler.reset_items((), "snapshot")
    assert items(sim, "users") == ["1 Ada", "2"]
    disturb(sim)
    report = sim.reconciler.snapshot_items(())
    assert {each.name: each.seed_present for each in report.tables} == {"users": 2, "orders": 1}
    sim.reconciler.reset_items((), "empty")
    assert items(sim, "users") == []
    sim.reconciler.reset_items((), "snapshot")
    assert (items(sim, "users"), items(sim, "orders")) == (["1 Eve", "3"], ["o"])


def test_a_table_that_a_test_deleted_is_created_first(sim: Sim) -> None:
    del sim.dynamodb.tables["users"]
    sim.reconciler.reset_items((), "seed")
    assert items(sim, "users") == ["1 Ada", "2"]


def test_the_writes_come_in_batches(sim: Sim) -> None:
    sim.declare(declaration("users", seed=tuple(item(str(number)) for number in range(60))), declaration("orders"))
    sizes: list[int] = []
    sim.items.faults = lambda op, given: sizes.append(len(given)) if op == "BatchWriteItem" else None
    sim.reconciler.reset_items(("users",), "seed")
    assert len(items(sim, "users")) == 60
    assert sizes == [25, 25, 9]


def test_nothing_is_written_unless_the_setting_allows_it() -> None:
    sim = simulate()
    sim.declare(declaration("users", seed=SEED))
    sim.once()
    for act in (lambda: sim.reconciler.reset_items((), "empty"), lambda: sim.reconciler.snapshot_items(())):
        with pytest.raises(UsageError, match=r"RECONCILER_TESTING is off\. Set RECONCILER_TESTING=true"):
            act()
    assert items(sim, "users") == ["1 Ada", "2"]


@pytest.mark.parametrize("flavor", [Flavor.AWS, Flavor.OTHER])
def test_nothing_is_written_off_emulators(flavor: Flavor) -> None:
    sim = simulate(flavor=flavor, testing=True)
    sim.declare(declaration("users", seed=SEED))
    sim.once()
    with pytest.raises(UsageError, match=f"the endpoint is {flavor.value}"):
        sim.reconciler.reset_items((), "empty")
    assert items(sim, "users") == ["1 Ada", "2"]


def test_an_endpoint_that_is_no_emulator_any_more_is_refused(sim: Sim) -> None:
    """The URL of a daemon can lead elsewhere from one moment to the next."""
    endpoint = sim.reconciler.ports.endpoint

    sim.reconciler.ports.endpoint_watch.confirm = lambda: replace(endpoint, flavor=Flavor.AWS)
    with pytest.raises(UsageError, match="the endpoint is aws"):
        sim.reconciler.reset_items((), "empty")
    assert items(sim, "users") == ["1 Ada", "2"]


def test_a_failure_of_one_table_does_not_stop_the_others(sim: Sim) -> None:
    disturb(sim)

    def fail_for_users(operation: str, given: object) -> None:
        if operation == "Scan" and given == "users":
            raise Throttled("Scan", "ThrottlingException", "too fast")

    sim.items.faults = fail_for_users
    report = sim.reconciler.reset_items((), "seed")
    sim.items.faults = None
    assert {each.name: each.error is None for each in report.tables} == {"users": False, "orders": True}
    assert items(sim, "orders") == []


def test_without_the_lease_nothing_is_written(sim: Sim, monkeypatch: pytest.MonkeyPatch) -> None:
    disturb(sim)
    monkeypatch.setattr(sim.store, "keep_lease", lambda: False)
    report = sim.reconciler.reset_items(("users",), "seed")
    assert [each.error for each in report.tables] == ["the lease was lost"]
    assert items(sim, "users") == ["1 Eve", "3"]


def test_a_table_of_another_stack_is_left_alone(sim: Sim) -> None:
    sim.clock.seconds += 3600
    other = beside(sim, one_state=True, stack="shop", testing=True)
    other.declare(declaration("users"))
    report = other.reconciler.reset_items((), "empty")
    (table,) = report.tables
    assert table.error is not None
    assert "the table users is in the inventory of" in table.error
    assert items(sim, "users") == ["1 Ada", "2"]


def test_another_reconciler_keeps_its_lease(sim: Sim) -> None:
    disturb(sim)
    sim.store.rival = Lease("another", 7, sim.clock.now() + timedelta(hours=1), beat=1)
    with pytest.raises(StateError, match="another reconciler holds the lease"):
        sim.reconciler.reset_items((), "seed")
    assert items(sim, "users") == ["1 Eve", "3"]
