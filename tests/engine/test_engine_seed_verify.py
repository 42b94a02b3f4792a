"""What ``seed --verify`` finds in a table, and that it writes nothing."""

from __future__ import annotations

from typing import Any

import pytest
from simulation.simulated_engine import declaration, item, simulate

from reconciler.engine.seed_verify import SHOWN
from reconciler.model.errors import Denied, UsageError
from reconciler.model.report import TableStatus, Verdict

SEED = tuple(item(str(number), name=f"seed {number}") for number in range(1, 4))


def seeded(seed: Any = SEED) -> Any:
    """A simulation in which the table contains its seed."""
    sim = simulate()
    sim.declare(declaration("users", seed=seed))
    sim.once()
    return sim


def put(sim: Any, one: Any) -> None:
    sim.dynamodb.tables["users"].items[repr([one["pk"]])] = dict(one)


CHANGES: dict[str, tuple[list[Any], list[str], str, bool, list[tuple[str, Any, Any]]]] = {
    "nothing": ([], [], "3 items as in seeds/users.json", False, []),
    "an item of others": ([item("9")], [], "3 items as in seeds/users.json; 1 other item", False, []),
    "a removed item": (
        [],
        ["2"],
        "2 items as in seeds/users.json, 1 missing",
        True,
        [("seed[1] (2)", None, SEED[1])],
    ),
    "a changed field": (
        [item("1", name="new")],
        [],
        "2 items as in seeds/users.json, 1 changed",
        True,
        [("seed[0] (1).name", {"S": "new"}, {"S": "seed 1"})],
    ),
    "an added field": (
        [item("1", name="seed 1", more="x")],
        [],
        "2 items as in seeds/users.json, 1 changed",
        True,
        [("seed[0] (1).more", {"S": "x"}, None)],
    ),
    "a removed field": (
        [item("3")],
        [],
        "2 items as in seeds/users.json, 1 changed",
        True,
        [("seed[2] (3).name", None, {"S": "seed 3"})],
    ),
    "all at once": (
        [item("1", name="new"), item("8"), item("9")],
        ["3"],
        "1 item as in seeds/users.json, 1 missing, 1 changed; 2 other items",
        True,
        [("seed[0] (1).name", {"S": "new"}, {"S": "seed 1"}), ("seed[2] (3)", None, SEED[2])],
    ),
}


@pytest.mark.parametrize("case", CHANGES)
def test_the_differences_are_named_and_counted(case: str) -> None:
    written, removed, sentence, differs, changes = CHANGES[case]
    sim = seeded()
    for one in written:
        put(sim, one)
    for key in removed:
        del sim.dynamodb.tables["users"].items[repr([{"S": key}])]
    before = {key: dict(one) for key, one in sim.dynamodb.tables["users"].items.items()}
    found = sim.reconciler.verify_seeds(())
    assert found.sentences == {"users": sentence}
    assert found.report.verdict is (Verdict.DRIFTED if differs else Verdict.IN_SYNC)
    (table,) = found.report.tables
    assert [(change.path, change.before, change.after) for change in table.changes] == changes
    assert sim.dynamodb.tables["users"].items == before


def test_equal_numbers_in_another_notation_are_equal() -> None:
    sim = seeded(({"pk": {"S": "1"}, "n": {"N": "1.50"}},))
    put(sim, {"pk": {"S": "1"}, "n": {"N": "1.5"}})
    assert sim.reconciler.verify_seeds(("users",)).report.verdict is Verdict.IN_SYNC


def test_more_differences_than_are_shown_are_counted() -> None:
    many = tuple(item(f"{number:03}") for number in range(150))
    sim = seeded(many)
    sim.dynamodb.tables["users"].items.clear()
    found = sim.reconciler.verify_seeds(())
    assert found.sentences == {"users": "0 items as in seeds/users.json, 150 missing"}
    assert len(found.report.tables[0].changes) == SHOWN


def test_a_table_that_does_not_exist_is_an_error_that_names_the_command() -> None:
    sim = simulate()
    sim.declare(declaration("users", seed=SEED))
    (table,) = sim.reconciler.verify_seeds(()).report.tables
    assert (table.status, table.error) == (
        TableStatus.ERROR,
        "the table does not exist; `reconciler up users` creates it",
    )


def test_a_refused_read_is_an_error_of_its_table() -> None:
    sim = seeded()

    def refuse(operation: str, value: Any) -> None:
        if operation == "GetItem":
            raise Denied("GetItem", "AccessDeniedException", "not allowed")

    sim.items.faults = refuse
    (table,) = sim.reconciler.verify_seeds(()).report.tables
    assert table.status is TableStatus.ERROR
    assert "not allowed" in (table.error or "")


def test_a_table_without_a_seed_cannot_be_named() -> None:
    sim = simulate()
    sim.declare(declaration("users"))
    with pytest.raises(UsageError):
        sim.reconciler.verify_seeds(("users",))


def test_other_items_that_cannot_be_counted_are_said_and_are_no_error() -> None:
    sim = seeded()

    def refuse(operation: str, value: Any) -> None:
        if operation == "Scan":
            raise Denied("Scan", "AccessDeniedException", "not allowed")

    sim.items.faults = refuse
    found = sim.reconciler.verify_seeds(())
    assert found.report.verdict is Verdict.IN_SYNC
    assert found.sentences["users"].startswith("3 items as in seeds/users.json; other items were not counted: Scan")


def test_a_long_comparison_and_a_long_clearing_report_how_far_they_are() -> None:
    many = tuple(item(f"{number:03}") for number in range(450))
    sim = seeded(many)
    put(sim, item("of others"))
    sim.items.faults = lambda *_: sim.clock.sleep(0.02)
    sim.reconciler.verify_seeds(())
    compared = sim.telemetry.work[:]
    sim.reconciler.clear()
    cleared = sim.telemetry.work[len(compared) :]
    ends = [(each.what, each.done, each.total) for each in (*compared, *cleared) if each.ended]
    assert ends == [
        ("comparing with its seed", 450, 450),
        ("counting other items", 451, None),
        ("clearing", 450, 450),
    ]
    for what, reports in (("comparing with its seed", compared), ("clearing", cleared)):
        assert len([each for each in reports if each.what == what and not each.ended]) > 1, what
