"""What the record of a seed says: never more than was written, and ``cleared`` goes by the name of the table."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from simulation.simulated_engine import declaration, item, simulate

from reconciler.model.errors import Denied, Rejected, UsageError
from reconciler.model.report import TableStatus, Verdict

SEED = (item("1", name="Ada"), item("2", name="Grace"), item("3", name="Barbara"))


def test_a_seed_with_a_refused_item_is_not_done_and_is_resumed() -> None:
    sim = simulate(timeout=20)
    sim.declare(declaration(seed=SEED))

    def refuse(operation: str, value: Any) -> None:
        if operation == "PutItem" and value["pk"] == {"S": "2"}:
            raise Rejected(operation, "ValidationException", "no")

    sim.items.faults = refuse
    report = sim.once()
    assert report.verdict is Verdict.ERROR
    assert sim.store.snapshot.seeds["users"].state == "started"
    assert len(sim.dynamodb.tables["users"].items) == 2
    sim.items.faults = None
    assert sim.once().verdict is Verdict.IN_SYNC
    assert sim.store.snapshot.seeds["users"].state == "done"
    assert [i["pk"]["S"] for i in sim.dynamodb.tables["users"].items.values()] == ["1", "3", "2"]


def test_a_pass_that_only_records_a_finished_seed_is_followed_by_another() -> None:
    """Whoever wrote the items died before it could say so."""
    sim = simulate()
    sim.declare(declaration(seed=SEED))
    sim.once()
    sim.store.put_seed(replace(sim.store.snapshot.seeds["users"], state="started"))
    report = sim.run()
    (table,) = report.tables
    assert (report.wrote, table.seed_written, table.seed_present) == (True, 0, 3)
    assert sim.store.snapshot.seeds["users"].state == "done"
    following = sim.run()
    assert (following.verdict, following.wrote) == (Verdict.IN_SYNC, False)


def test_a_refused_seed_is_an_error_of_its_table_that_counts_what_is_missing() -> None:
    sim = simulate(timeout=20)
    sim.declare(declaration(seed=SEED))

    def refuse(operation: str, value: Any) -> None:
        if operation == "PutItem":
            raise Denied(operation, "AccessDeniedException", "not allowed")

    sim.run()
    sim.items.faults = refuse
    (table,) = sim.run().tables
    assert table.status is TableStatus.ERROR
    assert (table.seed_written, table.seed_present, table.seed_failed) == (0, 0, 3)


def test_a_cleared_table_stays_empty_even_when_it_is_recreated() -> None:
    sim = simulate()
    sim.declare(declaration(seed=SEED))
    sim.once()
    sim.reconciler.clear()
    del sim.dynamodb.tables["users"]
    assert sim.once().verdict is Verdict.IN_SYNC
    assert sim.dynamodb.tables["users"].items == {}


def test_an_interrupted_seed_that_was_started_in_an_earlier_table_means_nothing_for_the_next_one() -> None:
    sim = simulate()
    sim.declare(declaration(seed=SEED))
    sim.once()
    del sim.dynamodb.tables["users"]
    sim.once()
    assert len(sim.dynamodb.tables["users"].items) == 3


@pytest.mark.parametrize("verb", ["seed", "clear"])
@pytest.mark.parametrize("names", [("carts",), ("users", "carts")])
def test_a_named_table_without_a_seed_is_refused_with_the_file_that_is_missing(
    verb: str, names: tuple[str, ...]
) -> None:
    sim = simulate()
    sim.declare(declaration(seed=SEED), declaration("carts"))
    sim.once()
    sim.dynamodb.tables["users"].items.clear()
    with pytest.raises(UsageError, match=r"carts has no seed: there is no seeds/carts\.json .*beside "):
        getattr(sim.reconciler, verb)(names)
    assert not sim.dynamodb.tables["users"].items
    assert [table.name for table in getattr(sim.reconciler, verb)().tables] == ["users"]
