"""Tables that are probably unchanged are read together; whatever is different about one is found as before."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from simulation.simulated_engine import Sim, declaration, simulate

from reconciler.engine.ports import NullTracing, TableApi
from reconciler.engine.state import EngineState
from reconciler.model.errors import ApiError, Unreachable
from reconciler.model.records import Phase, Replacement
from reconciler.model.report import TableStatus
from reconciler.model.table import Ttl

NAMES = ("carts", "orders", "users")


@dataclass
class Together:
    """Descriptions that end after ``most`` tables; notes the tables that it was asked for and those it answered."""

    api: TableApi
    most: int = 1000
    asked: list[tuple[str, ...]] = field(default_factory=list)
    given: list[str] = field(default_factory=list)
    meanwhile: Callable[[], None] = lambda: None

    def describe(self, names: Sequence[str]) -> Iterator[tuple[str, Mapping[str, Any] | ApiError]]:
        self.asked.append(tuple(names))
        for name in names[: self.most]:
            try:
                described = self.api.read("DescribeTable", {"TableName": name})
            except ApiError as error:
                yield name, error
                return
            self.given.append(name)
            yield name, described
            self.meanwhile()


def settled(most: int = 1000, **more: Any) -> tuple[Sim, Together]:
    """Three tables that needed nothing in the last pass."""
    sim = simulate(**more)
    sim.declare(*(declaration(name) for name in NAMES))
    sim.once()
    sim.run()
    many = Together(sim.reconciler.ports.api, most)
    sim.reconciler.ports = replace(sim.reconciler.ports, many=many)
    sim.dynamodb.reads.clear()
    return sim, many


def described(sim: Sim) -> list[str]:
    """The tables that were described, each time."""
    return sorted(params["TableName"] for operation, params in sim.dynamodb.reads if operation == "DescribeTable")


def test_an_unchanged_table_is_described_once_and_reported_as_the_same_object() -> None:
    sim, many = settled()
    before = sim.run().tables
    sim.dynamodb.reads.clear()
    after = sim.run()
    assert all(one is other for one, other in zip(before, after.tables, strict=True))
    assert many.given == list(NAMES) * 2
    assert described(sim) == sorted(NAMES)


@pytest.mark.parametrize("most", range(4))
def test_the_tables_without_a_response_are_read_one_by_one(most: int) -> None:
    sim, many = settled(most)
    report = sim.run()
    assert [table.status for table in report.tables] == [TableStatus.IN_SYNC] * 3
    assert many.given == list(NAMES)[:most]
    assert described(sim) == sorted(NAMES)


def test_one_changed_table_among_unchanged_ones_is_found_and_repaired() -> None:
    sim, many = settled()
    sim.declare(*(declaration(name, deletion_protection=False) for name in NAMES))
    sim.once()
    sim.run()
    sim.dynamodb.tables["orders"].description["DeletionProtectionEnabled"] = True
    many.given.clear()
    sim.run()
    assert many.given == list(NAMES)
    assert sim.dynamodb.tables["orders"].description["DeletionProtectionEnabled"] is False


def test_a_deleted_table_is_found_and_created_again() -> None:
    sim, _ = settled()
    del sim.dynamodb.tables["orders"]
    sim.once()
    assert set(sim.dynamodb.tables) >= set(NAMES)


def test_the_other_reads_of_a_table_follow_its_description() -> None:
    sim, many = settled()
    sim.declare(declaration("orders", ttl=Ttl(enabled=True, attribute="expires")), declaration("users"))
    sim.once()
    for _ in range(3):
        sim.clock.seconds += 86400
        sim.run()
    many.asked.clear()
    sim.dynamodb.reads.clear()
    sim.run()
    assert many.asked == [("orders", "users")]
    assert described(sim) == ["orders", "users"]
    assert [operation for operation, _ in sim.dynamodb.reads].count("DescribeTimeToLive") == 1


def test_the_first_pass_of_a_process_describes_all_tables_together() -> None:
    sim, many = settled()
    many.given.clear()
    sim.dynamodb.reads.clear()
    sim.reconciler.state = EngineState()
    sim.run()
    assert many.given == list(NAMES)
    assert described(sim) == sorted(NAMES)


def test_a_table_that_became_the_copy_of_a_replacement_is_refused() -> None:
    sim, _ = settled()
    identity = sim.store.snapshot.inventory["users"].identity
    assert identity is not None
    copied = Replacement("elsewhere", Phase.COPYING, identity, "orders", ("pk HASH S",), sim.clock.now())
    sim.store.put_replacement(copied)
    orders = next(table for table in sim.run().tables if table.name == "orders")
    assert orders.status is TableStatus.BLOCKED


def test_it_stops_at_the_deadline_and_the_others_are_reported_as_not_reached() -> None:
    sim, many = settled()
    many.meanwhile = lambda: setattr(sim.clock, "seconds", sim.clock.seconds + 10_000)
    report = sim.once()
    assert many.given == list(NAMES)[:2]
    assert [table.name for table in report.tables] == list(NAMES)
    assert described(sim) == list(NAMES)[:2]


def test_a_failed_listing_ends_the_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    sim, many = settled()

    def refused() -> tuple[str, ...]:
        raise Unreachable("ListTables", "Refused", "nothing listens")

    monkeypatch.setattr(sim.dynamodb, "list_tables", refused)
    report = sim.run()
    assert report.error
    assert len(many.given) <= 1


def test_with_traces_each_table_is_read_in_its_own_span() -> None:
    sim, many = settled()
    sim.reconciler.ports = replace(sim.reconciler.ports, traces=NullTracing())
    sim.run()
    assert not many.asked
