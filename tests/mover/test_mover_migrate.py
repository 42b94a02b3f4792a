"""Migrations run over a table: nothing is lost or resurrected, anybody resumes, and what is applied stays applied."""

from __future__ import annotations

import re

import pytest
from mover.migrations import Bench, migration, numbered
from simulation import data_plane
from simulation.simulated_engine import declaration

from reconciler.model.desired import Lifecycle
from reconciler.model.errors import (
    Ambiguous,
    DeclarationError,
    Interrupted,
    LeaseLost,
    Rejected,
    StateError,
    TableChanged,
    Throttled,
    UsageError,
)
from reconciler.model.identity import Flavor
from reconciler.model.records import Lease
from reconciler.mover.checkpoints import key_text
from reconciler.mover.ports import Where

STATUS = {"status": {"S": "active"}}


def test_up_changes_every_item_once_and_records_it():
    bench = Bench(*numbered(450))
    (result,) = bench.commands().up()
    assert result.finished
    assert all(item["status"] == {"S": "active"} for item in bench.everything())
    record = bench.sim.store.snapshot.migrations["0001_add_status"]
    assert (record.applied, record.by, record.counts) == (True, "me@here", {"scanned": 450, "changed": 450})
    assert record.checksum == "checksum of 0001_add_status"
    assert bench.sim.store.snapshot.checkpoints == {}
    assert bench.calls.count("UpdateItem") == 450


def test_an_applied_migration_is_not_run_again():
    bench = Bench(*numbered(3))
    bench.commands().up()
    before = len(bench.calls.calls)
    assert bench.commands().up() == ()
    assert [name for name, _ in bench.calls.calls[before:] if name != "DescribeTable"] == []


def test_an_empty_table_is_migrated_at_once():
    bench = Bench()
    assert bench.commands().up()[0].finished
    assert bench.sim.store.snapshot.migrations["0001_add_status"].counts == {"scanned": 0}


def test_several_run_in_order_and_to_stops():
    bench = Bench(*numbered(2))
    files = (
        migration("0001_a", lambda item: {"a": "1"}),
        migration("0002_b", lambda item: {"b": item["a"]}),
        migration("0003_c", lambda item: {"c": item["b"]}),
    )
    assert [result.record.name for result in bench.commands(*files).up("2")] == ["0001_a", "0002_b"]
    assert bench.item("u0001")["b"] == {"S": "1"}
    assert "c" not in bench.item("u0001")
    assert [result.record.name for result in bench.commands(*files).up()] == ["0003_c"]


def test_a_concurrent_write_to_what_was_read_is_read_again():
    bench = Bench({"pk": {"S": "a"}, "age": {"N": "10"}})
    raced = []

    def race(operation, params):
        if operation == "UpdateItem" and not raced:
            raced.append(1)
            bench.put({"pk": {"S": "a"}, "age": {"N": "50"}, "note": {"S": "theirs"}})

    bench.calls.before = race
    (result,) = bench.commands(migration(up=lambda item: {"group": "old" if item["age"] > 40 else "young"})).up()
    assert bench.item("a") == {"pk": {"S": "a"}, "age": {"N": "50"}, "note": {"S": "theirs"}, "group": {"S": "old"}}
    assert result.record.counts == {"scanned": 1, "changed": 1, "conflicts": 1}


def test_a_concurrent_write_of_the_same_attribute_is_never_overwritten():
    bench = Bench({"pk": {"S": "a"}})

    def race(operation, params):
        if operation == "UpdateItem":
            bench.put({"pk": {"S": "a"}, "status": {"S": "paid"}})

    bench.calls.before = race
    bench.commands(migration(up=lambda item: {} if "status" in item else {"status": "active"})).up()
    assert bench.item("a") == {"pk": {"S": "a"}, "status": {"S": "paid"}}


def test_a_concurrent_write_of_another_attribute_is_kept_without_a_conflict():
    bench = Bench({"pk": {"S": "a"}})
    bench.calls.before = lambda operation, _: (
        bench.put({"pk": {"S": "a"}, "theirs": {"S": "x"}}) if operation == "UpdateItem" else None
    )
    (result,) = bench.commands().up()
    assert bench.item("a") == {"pk": {"S": "a"}, "theirs": {"S": "x"}, **STATUS}
    assert "conflicts" not in result.record.counts


def test_an_item_that_was_deleted_is_not_resurrected():
    bench = Bench({"pk": {"S": "a"}}, {"pk": {"S": "b"}})
    bench.calls.before = lambda operation, params: (
        bench.remove("a")
        if operation == "UpdateItem" and params["Key"] == {"pk": {"S": "a"}} and bench.item("a")
        else None
    )
    (result,) = bench.commands().up()
    assert bench.everything() == [{"pk": {"S": "b"}, **STATUS}]
    assert result.record.counts == {"scanned": 2, "gone": 1, "changed": 1}


def test_a_lost_answer_does_not_apply_it_twice():
    bench = Bench({"pk": {"S": "a"}, "price": {"N": "3"}})
    lost = []

    def lose(operation, params):
        if operation == "UpdateItem" and not lost:
            lost.append(1)
            raise Ambiguous("UpdateItem", "ReadTimeout", "no answer")

    bench.calls.after = lose
    cents = migration(
        up=lambda item: {"price": item["price"] * 100, "unit": "cent"}, done=lambda item: item.get("unit") == "cent"
    )
    (result,) = bench.commands(cents).up()
    assert bench.item("a") == {"pk": {"S": "a"}, "price": {"N": "300"}, "unit": {"S": "cent"}}
    assert result.record.counts == {"scanned": 1, "changed": 1}


def test_an_item_that_always_changes_fails_in_the_end_and_the_others_are_done():
    bench = Bench({"pk": {"S": "a"}, "n": {"N": "0"}}, {"pk": {"S": "b"}, "n": {"N": "0"}})
    count = iter(range(1, 1000))

    def race(operation, params):
        if operation == "UpdateItem" and params["Key"] == {"pk": {"S": "a"}}:
            bench.put({"pk": {"S": "a"}, "n": {"N": str(next(count))}})

    bench.calls.before = race
    (result,) = bench.commands(migration(up=lambda item: {"double": item["n"] * 2})).up()
    assert not result.finished
    assert "somebody else changed the item 50 times" in str(result.problems[0])
    assert bench.item("b")["double"] == {"N": "0"}


def test_an_item_that_fails_is_named_and_the_next_run_continues():
    bench = Bench(*numbered(5))
    failing = migration(up=lambda item: {"x": 100 // item["n"]})
    (result,) = bench.commands(failing).up()
    assert not result.finished
    assert [str(problem) for problem in result.problems] == [
        (
            '../migrations/0001_add_status.py:5: up(): item {"pk":{"S":"u0000"}} of users: up() raised DivisionByZero: '
            "[<class 'decimal.DivisionByZero'>]. Correct it, then run the command again."
        )
    ]
    assert bench.sim.store.snapshot.migrations["0001_add_status"].finished is None
    corrected = migration(up=lambda item: {"x": 0 if item["n"] == 0 else 100 // item["n"]}, checksum="new")
    (result,) = bench.commands(corrected).up()
    assert result.finished
    assert [item["x"]["N"] for item in bench.everything()] == ["0", "100", "50", "33", "25"]


def test_an_item_that_was_corrected_is_migrated_by_the_next_run_of_the_same_file():
    bench = Bench(*numbered(5))
    failing = migration(up=lambda item: {"x": 100 // item["n"]})
    assert not bench.commands(failing).up()[0].finished
    bench.put({"pk": {"S": "u0000"}, "n": {"N": "10"}})
    (result,) = bench.commands(failing).up()
    assert result.finished
    assert [item["x"]["N"] for item in bench.everything()] == ["10", "100", "50", "33", "25"]


def test_equal_errors_are_one_problem_with_a_count_and_the_first_keys():
    bench = Bench(*numbered(30))
    failing = migration(up=lambda item: {"x": item["none"]} if item["n"] % 10 else {"x": 1 // item["n"]})
    (result,) = bench.commands(failing, workers=1).up()
    messages = [str(problem).partition(": up(): ")[2] for problem in result.problems]
    first, second, third = (key_text({"pk": {"S": f"u{number:04}"}}) for number in (1, 2, 3))
    assert len(messages) == 2
    assert messages[0].startswith('item {"pk":{"S":"u0000"}} of users: up() raised DivisionByZero')
    assert messages[1].startswith(f"27 items of users ({first}, {second}, {third} and 24 more): up() raised KeyError")
    assert result.failed == 28


def test_an_interrupted_migration_counts_what_was_written_of_pages_under_way():
    bench = Bench(*numbered(30))
    written = iter(range(1, 100))

    def stop(operation, params):
        if operation == "UpdateItem" and next(written) > 7:
            raise Interrupted

    bench.calls.before = stop
    (result,) = bench.commands(workers=1).up()
    assert not result.finished
    assert sum("status" in item for item in bench.everything()) == 7
    assert result.record.counts["changed"] == 7


def test_a_refused_update_is_named():
    bench = Bench({"pk": {"S": "a"}})

    def refuse(operation, params):
        if operation == "UpdateItem":
            raise Rejected(operation, "ValidationException", "Type mismatch for Index Key status")

    bench.calls.before = refuse
    (result,) = bench.commands().up()
    assert "DynamoDB refuses the update: Type mismatch for Index Key status" in str(result.problems[0])


def test_one_that_fails_keeps_the_next_from_running():
    bench = Bench({"pk": {"S": "a"}})
    results = bench.commands(migration("0001_a", lambda item: None), migration("0002_b")).up()
    assert [result.finished for result in results] == [False]
    assert "status" not in bench.item("a")


def test_a_lost_lease_stops_before_the_next_write_and_another_process_resumes():
    bench = Bench(*numbered(20))

    def lose(operation, params):
        if operation == "UpdateItem" and params["Key"]["pk"]["S"] == "u0007":
            bench.sim.store.lost = True

    bench.calls.after = lose
    (result,) = bench.commands().up()
    assert (result.finished, type(result.error)) == (False, LeaseLost)
    assert sum("status" in item for item in bench.everything()) == 8
    bench.sim.store.lost, bench.calls.after = False, None
    (result,) = bench.commands().up()
    assert result.finished
    assert result.record.counts == {"scanned": 20, "done": 8, "changed": 12}


def test_a_table_that_is_deleted_meanwhile_stops_it():
    bench = Bench(*numbered(3))

    def replace_table(operation, params):
        if operation == "UpdateItem":
            bench.table.description["TableId"] = "another"
            bench.sim.clock.seconds += 5

    bench.calls.after = replace_table
    (result,) = bench.commands().up()
    assert (result.finished, type(result.error)) == (False, TableChanged)
    assert bench.calls.count("UpdateItem") == 1


def test_an_hour_of_throttling_ends_nothing_and_slows_down():
    bench = Bench(*numbered(30), flavor=Flavor.AWS)
    bench.sim.clock.seconds += 3600
    until = bench.sim.clock.seconds + 3600

    def throttle(operation, params):
        if operation == "UpdateItem" and bench.sim.clock.seconds < until:
            raise Throttled(operation, "ThrottlingException", "slow down")

    bench.calls.before = throttle
    (result,) = bench.commands().up()
    assert result.finished
    assert bench.calls.count("UpdateItem") == 30


def test_a_limit_is_kept():
    bench = Bench(*numbered(100))
    began = bench.sim.clock.seconds
    bench.commands(max_wcu=10).up()
    # The first and the last second are free: a call is paid for after its answer, and a second may be taken ahead.
    assert 8.5 <= bench.sim.clock.seconds - began <= 10


def test_a_filter_of_the_service_reads_and_updates_only_what_it_selects():
    bench = Bench({"pk": {"S": "a"}, "status": {"S": "old"}}, {"pk": {"S": "b"}})
    where = Where("attribute_not_exists(#s)", {"#s": "status"})
    (result,) = bench.commands(migration(where=where)).up()
    assert bench.item("a")["status"] == {"S": "old"}
    assert result.record.counts == {"scanned": 2, "skipped": 1, "changed": 1}


def test_where_that_no_longer_holds_leaves_the_item_alone():
    bench = Bench({"pk": {"S": "a"}, "kind": {"S": "x"}})
    bench.calls.before = lambda operation, _: (
        bench.put({"pk": {"S": "a"}, "kind": {"S": "y"}}) if operation == "UpdateItem" else None
    )
    where = Where("#k = :x", {"#k": "kind"}, {":x": {"S": "x"}})
    (result,) = bench.commands(migration(where=where)).up()
    assert bench.item("a") == {"pk": {"S": "a"}, "kind": {"S": "y"}}
    assert result.record.counts == {"scanned": 1, "skipped": 1}


@pytest.mark.parametrize("expression", ["size(#k) = :one", "begins_with(pk, :x) AND #k = :x"])
def test_where_that_is_not_understood_or_names_the_key_leaves_the_item_alone_as_well(expression):
    bench = Bench({"pk": {"S": "x1"}, "kind": {"S": "x"}}, {"pk": {"S": "x2"}, "kind": {"S": "x"}})
    selects = {"x1": True, "x2": True}

    def holds_now(text, item, params):
        return item is not None and selects[item["pk"]["S"]] if "(#k)" in text or "begins_with" in text else True

    def race(operation, params):
        if operation == "UpdateItem" and params["Key"]["pk"]["S"] == "x1":
            bench.put({"pk": {"S": "x1"}, "kind": {"S": "yy"}})
            selects["x1"] = False

    bench.calls.before = race
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(data_plane, "holds", holds_now)
        where = Where(expression, {"#k": "kind"}, {":x": {"S": "x"}, ":one": {"N": "1"}})
        (result,) = bench.commands(migration(where=where)).up()
    assert bench.item("x1") == {"pk": {"S": "x1"}, "kind": {"S": "yy"}}
    assert bench.item("x2")["status"] == {"S": "active"}
    assert (result.finished, result.record.counts["skipped"], result.record.counts["changed"]) == (True, 1, 1)


def test_a_conflict_under_a_where_that_is_not_understood_is_tried_again():
    bench = Bench({"pk": {"S": "x1"}, "n": {"N": "1"}})
    raced = []

    def race(operation, params):
        if operation == "UpdateItem" and not raced:
            raced.append(1)
            bench.put({"pk": {"S": "x1"}, "n": {"N": "2"}})

    bench.calls.before = race
    # A comparison of different types is false for the service, and nothing that is decided here.
    where = Where("NOT n < :text", {}, {":text": {"S": "z"}})
    (result,) = bench.commands(migration(up=lambda item: {"double": item["n"] * 2}, where=where)).up()
    assert bench.item("x1")["double"] == {"N": "4"}
    assert result.record.counts == {"scanned": 1, "changed": 1, "conflicts": 1}


def test_down_undoes_the_last_one_and_forgets_it():
    bench = Bench(*numbered(3))
    before = bench.everything()
    file = migration(down=lambda item: {"status": None})
    bench.commands(file).up()
    (result,) = bench.commands(file).down()
    assert result.finished
    assert bench.everything() == before
    assert (bench.sim.store.snapshot.migrations, bench.sim.store.snapshot.checkpoints) == ({}, {})
    assert bench.commands(file).up()[0].finished


def test_down_after_half_of_up_undoes_that_half():
    bench = Bench(*numbered(6))
    before = bench.everything()
    file = migration(down=lambda item: {"status": None})
    bench.calls.after = lambda operation, params: (
        setattr(bench.sim.store, "lost", True)
        if operation == "UpdateItem" and params["Key"]["pk"]["S"] == "u0002"
        else None
    )
    assert not bench.commands(file).up()[0].finished
    bench.sim.store.lost, bench.calls.after = False, None
    assert bench.commands(file).down()[0].finished
    assert bench.everything() == before


def test_up_is_refused_while_down_is_unfinished():
    bench = Bench(*numbered(3))
    file = migration(down=lambda item: None)
    bench.commands(file).up()
    assert not bench.commands(file).down()[0].finished
    with pytest.raises(UsageError, match=r"0001_add_status is being undone\. Finish that first"):
        bench.commands(file).up()


def test_down_without_a_function_changes_nothing():
    bench = Bench(*numbered(3))
    bench.commands().up()
    with pytest.raises(UsageError, match=re.escape("0001_add_status has no down(item), so it cannot be undone")):
        bench.commands().down()
    assert len(bench.sim.store.snapshot.migrations) == 1


def test_down_with_nothing_applied_says_so():
    with pytest.raises(UsageError, match="no migration is applied"):
        Bench().commands().down()


def test_problems_keep_every_migration_from_running():
    bench = Bench(*numbered(3))
    bench.commands().up()
    with pytest.raises(DeclarationError, match="was changed after it was applied"):
        bench.commands(migration(checksum="other"), migration("0002_b", lambda item: {"b": 1})).up()
    with pytest.raises(DeclarationError, match="unknown table 'usres'; declared are: users"):
        bench.commands(migration("0001_x", table="usres")).up()
    assert "b" not in bench.item("u0001")


def test_a_table_that_was_created_again_is_migrated_again():
    bench = Bench(*numbered(2))
    bench.commands().up()
    bench.table.description["TableId"] = "another"
    for one in numbered(2):
        bench.put(one)
    assert bench.commands().status().states[0].void
    assert bench.commands().up()[0].finished
    assert bench.item("u0001")["status"] == {"S": "active"}


def test_a_table_that_does_not_exist_is_named():
    bench = Bench()
    bench.sim.declare(declaration("users"), declaration("later"))
    with pytest.raises(StateError, match=r"table later does not exist\. Run `reconciler up` first"):
        bench.commands(migration(table="later")).up()


def test_an_observed_table_is_left_alone():
    bench = Bench(*numbered(1))
    bench.sim.declare(declaration("users", lifecycle=Lifecycle(on_existing="observe")))
    with pytest.raises(StateError, match="only observed"):
        bench.commands().up()
    assert bench.calls.count("UpdateItem") == 0


def test_a_released_table_is_left_alone():
    bench = Bench(*numbered(1))
    bench.sim.reconciler.release(("users",))
    with pytest.raises(StateError, match=r"table users is released\. `reconciler import users` manages it again"):
        bench.commands().up()
    assert bench.calls.count("UpdateItem") == 0


def test_while_another_process_holds_the_lease_nothing_is_written():
    bench = Bench(*numbered(1))
    bench.sim.store.rival = Lease("other", 9, bench.sim.clock.now(), name="host:1")
    with pytest.raises(StateError, match="another reconciler holds the lease: host:1"):
        bench.commands().up()
    assert bench.calls.count("UpdateItem") == 0


def test_a_dry_run_samples_and_writes_nothing():
    bench = Bench(*numbered(400), flavor=Flavor.AWS)
    bench.sim.clock.seconds += 3600
    before = bench.everything()
    (sample,) = bench.commands(
        migration(up=lambda item: {"big": item["n"] >= 300} if item["n"] >= 100 else {})
    ).dry_run()
    assert bench.everything() == before
    assert bench.sim.store.snapshot.migrations == {}
    assert (sample.sampled, sample.counts, sample.changes) == (400, {"done": 100, "changed": 300}, 300)
    assert sample.write_units == 300
    assert [change.names for change in sample.examples] == [("big",)] * 3
    assert sample.seconds is not None


def test_a_dry_run_shows_what_would_fail():
    (sample,) = Bench(*numbered(2)).commands(migration(up=lambda item: None)).dry_run()
    (problem,) = sample.problems
    assert '2 items of users ({"pk":{"S":"u0000"}}, {"pk":{"S":"u0001"}}): up() returned' in str(problem)
    assert sample.counts == {"failed": 2}


def test_verify_counts_what_an_applied_migration_would_still_change():
    bench = Bench(*numbered(3))
    bench.commands().up()
    bench.put({"pk": {"S": "new"}})
    before = bench.everything()
    _, (found,) = bench.commands().verify()
    assert (found.left, found.examples) == (1, ({"pk": {"S": "new"}},))
    assert found.counts == {"scanned": 4, "done": 3, "changed": 1}
    assert bench.everything() == before
