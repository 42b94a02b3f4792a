"""What ``seed --update`` changes after the seed changed, and what it never touches. By what the table holds."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from simulation.simulated_engine import Sim, declaration, item, simulate

from reconciler.model.errors import Ambiguous, Rejected
from reconciler.model.records import StateSnapshot
from reconciler.model.report import TableReport, Verdict
from reconciler.seeding.provenance import unpack

FORMER = tuple(item(str(number), name=f"former {number}") for number in range(1, 5))
PRESENT = (FORMER[0], item("2", name="present 2"), item("3", name="present 3"), item("5", name="present 5"))
"""One item as before, two changed, one added; one is no longer in it."""


def held(sim: Sim) -> dict[str, Any]:
    """The items of the table by their key."""
    return {one["pk"]["S"]: dict(one) for one in sim.dynamodb.tables["users"].items.values()}


def by_key(*items: Any) -> dict[str, Any]:
    return {one["pk"]["S"]: dict(one) for one in items}


def put(sim: Sim, one: Any) -> None:
    sim.dynamodb.tables["users"].items[repr([one["pk"]])] = dict(one)


def drop(sim: Sim, key: str) -> None:
    del sim.dynamodb.tables["users"].items[repr([{"S": key}])]


def changed_seed() -> Sim:
    """A table with the former version of a seed that has changed since."""
    sim = simulate()
    sim.declare(declaration(seed=FORMER))
    sim.once()
    sim.declare(declaration(seed=PRESENT))
    return sim


def updated(sim: Sim) -> TableReport:
    (table,) = sim.reconciler.seed(update=True).tables
    return table


def test_changed_items_are_updated_and_new_ones_written() -> None:
    sim = changed_seed()
    table = updated(sim)
    assert held(sim) == by_key(*PRESENT, FORMER[3])
    assert (table.seed_written, table.seed_updated, table.seed_present, table.seed_kept) == (1, 2, 1, 0)
    assert table.steps[0].message == (
        "1 written, 1 present, 2 updated, up to 1 of an earlier version of the seed remain, from seeds/users.json"
    )
    record = sim.store.snapshot.seeds["users"]
    assert (record.state, record.count, unpack(record.uncertain)) == ("done", 4, frozenset())


def test_without_the_option_changed_items_stay() -> None:
    sim = changed_seed()
    sim.reconciler.seed()
    assert held(sim) == by_key(*FORMER, PRESENT[3])


def test_a_second_update_changes_nothing() -> None:
    sim = changed_seed()
    updated(sim)
    sim.items.faults = lambda operation, value: pytest.fail(operation) if operation == "DeleteItem" else None
    table = updated(sim)
    assert (table.seed_written, table.seed_updated, table.seed_present) == (0, 0, 4)


OTHERS: dict[str, tuple[Callable[[Sim], None], dict[str, Any]]] = {
    "a changed attribute": (lambda sim: put(sim, item("2", name="theirs")), item("2", name="theirs")),
    "an added attribute": (
        lambda sim: put(sim, item("2", name="former 2", more="x")),
        item("2", name="former 2", more="x"),
    ),
    "a removed attribute": (lambda sim: put(sim, item("2")), item("2")),
}


@pytest.mark.parametrize("case", OTHERS)
def test_an_item_that_somebody_changed_is_kept_and_reported(case: str) -> None:
    change, theirs = OTHERS[case]
    sim = changed_seed()
    change(sim)
    table = updated(sim)
    assert held(sim)["2"] == theirs
    assert (table.seed_updated, table.seed_kept) == (1, 1)
    assert "1 updated, 1 kept (changed by others)" in (table.steps[0].message or "")


def test_an_item_that_somebody_removed_is_written() -> None:
    sim = changed_seed()
    drop(sim, "2")
    assert updated(sim).seed_written == 2
    assert held(sim)["2"] == PRESENT[1]


def test_items_that_the_seed_did_not_write_are_never_updated() -> None:
    sim = simulate()
    sim.dynamodb.make(
        TableName="users",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
    )
    for one in FORMER:
        put(sim, one)
    sim.declare(declaration(seed=PRESENT))
    sim.once()
    assert updated(sim).seed_kept == 2
    assert held(sim) == by_key(*FORMER, PRESENT[3])


def test_clear_removes_updated_items() -> None:
    sim = changed_seed()
    updated(sim)
    (table,) = sim.reconciler.clear().tables
    assert table.seed_removed == 5
    assert held(sim) == {}


@pytest.mark.parametrize("calls", range(25))
def test_killed_anywhere_it_loses_nothing_of_others_and_the_next_one_ends_it(calls: int) -> None:
    sim = changed_seed()
    put(sim, item("3", name="theirs"))
    put(sim, item("9", name="theirs"))
    left = iter(range(calls))

    def kill(operation: str, value: Any) -> None:
        if next(left, None) is None:
            raise KeyboardInterrupt

    sim.items.faults = kill
    with suppress(KeyboardInterrupt):
        updated(sim)
    sim.items.faults = None
    theirs = [item("3", name="theirs"), item("9", name="theirs")]
    assert by_key(*theirs).items() <= held(sim).items()
    updated(sim)
    assert held(sim) == by_key(PRESENT[0], PRESENT[1], PRESENT[3], FORMER[3], *theirs)
    assert sim.store.snapshot.seeds["users"].state == "done"


def test_an_item_that_is_written_between_the_two_calls_is_kept() -> None:
    sim = changed_seed()

    def write(operation: str, value: Any) -> None:
        if operation == "PutItem" and "2" not in held(sim):
            put(sim, item("2", name="theirs"))

    sim.items.faults = write
    assert updated(sim).seed_kept == 1
    assert held(sim)["2"] == item("2", name="theirs")


@pytest.mark.parametrize("operation", ["GetItem", "DeleteItem", "PutItem"])
def test_a_failure_that_passes_is_repeated(operation: str) -> None:
    sim = changed_seed()
    failures = iter([True])

    def fail(called: str, value: Any) -> None:
        if called == operation and next(failures, False):
            raise Ambiguous(called, "RequestTimeout", "no answer")

    sim.items.faults = fail
    updated(sim)
    assert held(sim) == by_key(*PRESENT, FORMER[3])
    assert sim.store.snapshot.seeds["users"].state == "done"


def test_a_refused_item_is_named_and_the_record_stays_open() -> None:
    sim = changed_seed()

    def refuse(operation: str, value: Any) -> None:
        if operation == "PutItem" and value["pk"] == {"S": "2"}:
            raise Rejected("PutItem", "ValidationException", "too large")

    sim.items.faults = refuse
    table = updated(sim)
    assert "the item with pk '2' was refused" in (table.error or "")
    assert sim.store.snapshot.seeds["users"].state == "started"


def test_a_seed_of_many_batches_is_updated_whole() -> None:
    sim = simulate()
    sim.declare(declaration(seed=tuple(item(f"{number:04}", name="former") for number in range(1500))))
    sim.once()
    present = tuple(item(f"{number:04}", name="present") for number in range(1500))
    sim.declare(declaration(seed=present))
    assert updated(sim).seed_updated == 1500
    assert held(sim) == by_key(*present)
    assert sim.reconciler.clear().tables[0].seed_removed == 1500
    assert not sim.store.snapshot.seed_parts


def said(sim: Sim) -> list[str]:
    """What ``preview`` says of the seed, without the remedy."""
    sentences = sim.reconciler.seed_changes()
    update = "; `reconciler seed --update users` applies it, and keeps what others changed"
    clear = "`reconciler clear users` removes what the seed wrote and nobody changed"
    for one in sentences:
        assert one.endswith(f"{update}; what was removed stays until {clear}" if "removed from it" in one else update)
    return [one.partition(";")[0] for one in sentences]


def test_records_that_a_pass_could_not_read_are_not_taken_for_none(monkeypatch: pytest.MonkeyPatch) -> None:
    sim = changed_seed()
    with monkeypatch.context() as patch:
        patch.setattr(sim.store, "load", lambda: StateSnapshot(usable=False, problem="it cannot be read"))
        sim.reconciler.preview()
    assert said(sim)


def test_a_changed_seed_is_said_until_it_is_applied() -> None:
    sim = changed_seed()
    assert said(sim) == [
        "users: the seed changed since it was written: 1 item added, 2 changed, up to 1 removed from it"
    ]
    updated(sim)
    assert said(sim) == []


def test_what_others_changed_is_said_apart() -> None:
    sim = changed_seed()
    put(sim, item("2", name="theirs"))
    assert said(sim) == [
        (
            "users: the seed changed since it was written: 1 item added, 1 changed, 1 different by others, up to 2 "
            "removed from it"
        )
    ]


def test_a_seed_that_changed_in_many_items_is_not_read_from_the_table() -> None:
    sim = changed_seed()
    sim.declare(declaration(seed=tuple(item(f"n{number}") for number in range(101))))
    sim.items.faults = lambda operation, value: pytest.fail(operation)
    assert said(sim) == [
        "users: the seed changed since it was written: more than 100 items added or changed, up to 4 removed from it"
    ]


def test_of_items_that_were_only_removed_it_is_said_that_an_update_keeps_them() -> None:
    sim = changed_seed()
    sim.declare(declaration(seed=FORMER[:1]))
    (sentence,) = sim.reconciler.seed_changes()
    kept = "; an update keeps them; `reconciler clear users` removes what the seed wrote and nobody changed"
    assert sentence.endswith(kept)
    assert "seed --update" not in sentence


QUIET: dict[str, Callable[[Sim], object]] = {
    "the same seed": lambda sim: sim.declare(declaration(seed=FORMER)),
    "the same items in another order": lambda sim: sim.declare(declaration(seed=FORMER[::-1])),
    "no seed any more": lambda sim: sim.declare(declaration()),
    "a cleared table": lambda sim: sim.reconciler.clear(),
    "a table that is gone": lambda sim: sim.dynamodb.tables.pop("users"),
}


@pytest.mark.parametrize("case", QUIET)
def test_nothing_is_said_where_nothing_changed(case: str) -> None:
    sim = changed_seed()
    QUIET[case](sim)
    assert said(sim) == []


def killed(sim: Sim, calls: int) -> bool:
    """Kill ``seed --update`` right before it sends one more write of an item. False if it ended before."""
    left = iter(range(calls))

    def kill(operation: str, value: Any) -> None:
        if operation in ("PutItem", "DeleteItem") and next(left, None) is None:
            raise KeyboardInterrupt

    sim.items.faults = kill
    try:
        sim.reconciler.seed(update=True)
    except KeyboardInterrupt:
        return True
    finally:
        sim.items.faults = None
    return False


@pytest.mark.parametrize("calls", range(9))
@pytest.mark.parametrize("theirs", [(), (item("8", name="theirs"),)], ids=["alone", "beside items of others"])
def test_a_pass_continues_an_update_that_was_killed(calls: int, theirs: tuple[Any, ...]) -> None:
    sim = changed_seed()
    for one in theirs:
        put(sim, one)
    assert killed(sim, calls) is (calls < 8)
    assert sim.once().verdict is Verdict.IN_SYNC
    assert held(sim) == by_key(*PRESENT, FORMER[3], *theirs)
    record = sim.store.snapshot.seeds["users"]
    assert (record.state, record.updating) == ("done", False)


def test_what_somebody_changed_in_between_is_kept_by_the_pass() -> None:
    sim = changed_seed()
    assert killed(sim, 0)
    put(sim, item("2", name="theirs"))
    assert sim.once().verdict is Verdict.IN_SYNC
    assert held(sim)["2"] == item("2", name="theirs")
    assert held(sim)["3"] == PRESENT[2]


def test_a_pass_does_not_update_to_a_version_that_nobody_asked_for() -> None:
    sim = changed_seed()
    assert killed(sim, 0)
    before = held(sim)
    sim.declare(declaration(seed=(FORMER[0], item("2", name="third"), *FORMER[2:])))
    assert sim.once().verdict is Verdict.DRIFTED
    assert held(sim) == before


def test_the_command_without_the_option_ends_the_update() -> None:
    sim = changed_seed()
    assert killed(sim, 0)
    sim.reconciler.seed()
    assert not sim.store.snapshot.seeds["users"].updating
    assert held(sim) == by_key(*FORMER, PRESENT[3])
