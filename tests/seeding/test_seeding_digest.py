"""The digest of items, by which a table is known to hold its seed and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from simulation.simulated_engine import Sim, declaration, item, simulate
from support.folders import SOUND, load, write

from reconciler.model.plan import Reason, StepStatus
from reconciler.seeding.digest import canonical, items_digest

PAIRS: dict[str, tuple[dict[str, Any], dict[str, Any], bool]] = {
    "attributes in another order": ({"a": {"S": "1"}, "b": {"S": "2"}}, {"b": {"S": "2"}, "a": {"S": "1"}}, True),
    "a number spelt in another way": ({"n": {"N": "1.50"}}, {"n": {"N": "15E-1"}}, True),
    "two zeros": ({"n": {"N": "0"}}, {"n": {"N": "-0.00"}}, True),
    "sets in another order": ({"s": {"NS": ["1", "20"]}}, {"s": {"NS": ["2E1", "1.0"]}}, True),
    "binary from two readers": ({"b": {"B": b"x"}}, {"b": {"B": bytearray(b"x")}}, True),
    "numbers that differ in the last of 38 digits": (
        {"n": {"N": "3.1415926535897932384626433832795028841"}},
        {"n": {"N": "3.1415926535897932384626433832795028842"}},
        False,
    ),
    "a list in another order": ({"l": {"L": [{"N": "1"}, {"N": "2"}]}}, {"l": {"L": [{"N": "2"}, {"N": "1"}]}}, False),
    "a number and its text": ({"n": {"N": "1"}}, {"n": {"S": "1"}}, False),
    "an attribute more": ({"a": {"S": "1"}}, {"a": {"S": "1"}, "b": {"NULL": True}}, False),
    "a map in a map": ({"m": {"M": {"n": {"N": "1"}}}}, {"m": {"M": {"n": {"N": "1.0"}}}}, True),
}


@pytest.mark.parametrize("case", PAIRS)
def test_two_items_count_as_the_same(case: str) -> None:
    one, other, same = PAIRS[case]
    assert (canonical(one) == canonical(other)) is same


def test_the_order_of_the_items_means_nothing_and_their_number_does() -> None:
    one, other = item("1"), item("2")
    assert items_digest([one, other]) == items_digest([other, one])
    assert items_digest([one, one]) != items_digest([one])


def seeded_from_a_file(folder: Path) -> Sim:
    """A table whose seed was read from a file, and which is declared no more."""
    seed = '[{"pk": "1", "n": 1.50, "tags": ["b", "a"]}, {"pk": "2", "raw": null}]'
    write(folder, {"orders.json": SOUND | {"table_name": "orders"}, "seeds/orders.json": seed})
    sim = simulate()
    sim.declare(declaration("users"), *load(folder).declarations)
    sim.once()
    sim.clock.seconds += 3600
    sim.declare(declaration("users"))
    return sim


def test_a_table_that_holds_only_the_seed_of_its_file_is_deleted_without_grace(tmp_path: Path) -> None:
    sim = seeded_from_a_file(tmp_path)
    waiting = [s.reason for t in sim.run().tables for s in t.steps if s.status is StepStatus.DEFERRED]
    assert waiting == []
    sim.run()
    assert set(sim.dynamodb.tables) == {"users"}


def test_a_table_with_one_foreign_item_waits_for_the_grace_period(tmp_path: Path) -> None:
    sim = seeded_from_a_file(tmp_path)
    sim.dynamodb.tables["orders"].items["mine"] = item("mine")
    waiting = [s.reason for t in sim.run().tables for s in t.steps if s.status is StepStatus.DEFERRED]
    assert waiting == [Reason.PRUNE_GRACE]
    assert set(sim.dynamodb.tables) == {"users", "orders"}
