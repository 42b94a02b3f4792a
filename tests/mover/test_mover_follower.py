"""One table follows another that is written to: nothing is lost, resurrected or overwritten. The hard cases by name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from mover.following import NEW, OLD, Bench, order
from simulation import data_plane

from reconciler.model.errors import (
    Ambiguous,
    ApiError,
    Busy,
    Forbidden,
    LeaseLost,
    TableChanged,
    Throttled,
    Unsupported,
)
from reconciler.model.identity import Flavor
from reconciler.model.records import Lease
from reconciler.mover.digest import item_digest
from reconciler.mover.lineages import SAFE
from reconciler.mover.stream_ports import RETENTION

HOUR = 3600.0


def test_a_copy_and_a_replay_make_both_tables_equal():
    bench = Bench()
    bench.put(*(order(f"i{number}", f"c{number % 3}") for number in range(20)))
    follower = bench.copied()
    bench.put(order("i3", "c0", note="new"), order("late"))
    bench.delete(order("i4"))
    ran = follower.replay()
    assert (ran.finished, ran.problems.any, ran.trimmed) == (True, False, False)
    assert bench.held() == bench.held(OLD)
    found = follower.verify(fenced=True)
    assert (found.equal, found.items, found.repaired) == (True, 20, 0)
    assert found.source_digest == found.target_digest != ""


def test_an_empty_table_is_followed():
    bench = Bench()
    follower = bench.copied()
    assert follower.replay().finished
    assert follower.verify(fenced=True).equal
    bench.put(order("first"))
    follower.drain(bench.clock.now())
    assert bench.held() == [order("first")]


def test_a_moved_key_leaves_nothing_behind():
    bench = Bench()
    bench.put(order("i1", "c1"))
    follower = bench.copied()
    bench.put(order("i1", "c2"))
    bench.put(order("i1", "c3"))
    follower.replay()
    assert bench.held() == [order("i1", "c3")]


def test_an_item_that_moved_before_the_copy_read_it_is_not_removed():
    bench = Bench()
    bench.put(order("i1", "c1"))
    follower = bench.follower()
    follower.capture()
    bench.put(order("i1", "c2"))
    bench.put(order("i1", "c1", note="back"))
    follower.copy()
    follower.replay()
    assert bench.held() == [order("i1", "c1", note="back")]


def test_a_page_that_was_read_before_a_deletion_does_not_bring_the_item_back():
    bench = Bench()
    bench.put(order("i1"), order("i2"))
    follower = bench.follower()
    follower.capture()
    # The copy has read its page and is about to write it.
    bench.calls.before = lambda operation, params: bench.delete(order("i1")) if operation == "PutItem" else None
    assert follower.copy().finished
    bench.calls.before = None
    assert order("i1") in bench.held()
    follower.replay()
    assert bench.held() == [order("i2")]


def test_a_deletion_by_time_to_live_is_a_deletion():
    bench = Bench()
    bench.put(order("i1"), order("i2"))
    follower = bench.copied()
    bench.dynamodb.streams.expired_by_time_to_live = True
    bench.delete(order("i2"))
    follower.replay()
    assert bench.held() == [order("i1")]


def test_the_same_records_twice_and_an_older_checkpoint_change_nothing():
    bench = Bench()
    bench.put(order("i1"))
    follower = bench.copied()
    before = dict(bench.sim.store.snapshot.checkpoints)
    bench.put(order("i1", "c2"), order("i2", "c1"))
    bench.delete(order("i1", "c2"))
    bench.put(order("i1", "c5", note="again"))
    follower.replay()
    wanted = bench.held()
    for name in set(bench.sim.store.snapshot.checkpoints) - set(before):
        bench.sim.store.drop_checkpoint(name)
    assert bench.follower().replay().finished
    assert bench.held() == wanted == [order("i1", "c5", note="again"), order("i2", "c1")]


def test_two_items_that_exchange_their_new_keys_keep_both():
    bench = Bench(new=("ref S",))
    bench.put(order("i1", ref="a"), order("i2", ref="b"))
    follower = bench.copied()
    bench.put(order("i1", ref="b"), order("i2", ref="a"))
    assert follower.replay().finished
    assert bench.held() == [order("i1", ref="b"), order("i2", ref="a")]


@pytest.mark.parametrize("shards", [1, 4])
def test_an_item_takes_the_new_key_of_a_deleted_one_whatever_is_replayed_first(shards):
    bench = Bench(new=("ref S",))
    bench.dynamodb.streams.begins_with = shards
    bench.put(*(order(f"i{number}", ref=f"r{number}") for number in range(8)))
    follower = bench.copied()
    for number in range(8):
        bench.delete(order(f"i{number}"))
        bench.put(order(f"j{number}", ref=f"r{number}"))
    assert follower.replay().finished
    assert bench.held() == bench.held(OLD)


def test_two_items_with_one_new_key_stop_the_replay_and_neither_is_overwritten():
    bench = Bench(new=("ref S",))
    bench.put(order("i1", ref="a"))
    follower = bench.copied()
    bench.put(order("i2", ref="a"), order("i3", ref="c"))
    ran = follower.replay()
    assert (ran.finished, ran.problems.counts) == (False, {"collision": 1})
    assert ran.problems.sentence() == (
        "1 item with a key of the new table that another item has too (for example ref=a of id=i1 and id=i2)"
    )
    assert order("i1", ref="a") in bench.held()
    assert bench.follower().replay().problems.counts == {"collision": 1}
    # The person changes one of them, and the work goes on.
    bench.put(order("i2", ref="b"))
    assert bench.follower().replay().finished
    assert bench.held() == bench.held(OLD)


def test_two_items_with_one_new_key_that_are_gone_a_moment_later_are_no_problem():
    bench = Bench(new=("ref S",))
    bench.put(order("i1", ref="a"))
    follower = bench.copied()
    bench.put(order("i2", ref="a"))
    bench.clock.on_sleep = lambda: bench.delete(order("i1"))
    assert follower.replay().finished
    assert bench.held() == [order("i2", ref="a")]


@pytest.mark.parametrize("rule", ["newest", "keep-first"])
def test_a_rule_decides_between_two_items_with_one_new_key(rule):
    bench = Bench(new=("ref S",))
    bench.on_conflict = rule
    bench.put(order("i2", ref="a"))
    follower = bench.copied()
    bench.put(order("i1", ref="a"), order("i3", ref="a"))
    assert follower.replay().finished
    assert bench.held() == [order("i1", ref="a")]
    assert follower.verify(fenced=True).equal
    bench.delete(order("i1"))
    follower.replay()
    # The item that yielded comes back with the next comparison.
    assert follower.verify(fenced=True).repaired == 1
    assert bench.held() == [order("i2", ref="a")]


def test_an_item_without_the_new_key_stops_the_replay_with_an_example():
    bench = Bench()
    bench.put(order("i1"))
    follower = bench.copied()
    bench.put({"id": {"S": "i2"}}, {"id": {"S": "i1"}, "customer": {"N": "5"}})
    ran = follower.replay()
    assert (ran.finished, ran.problems.counts) == (False, {"unfit": 2})
    assert "2 items that the new table does not accept (for example id=i" in ran.problems.sentence()
    assert bench.held() == [order("i1")]
    bench.put(order("i2"), order("i1"))
    assert follower.replay().finished
    assert bench.held() == bench.held(OLD)


def test_an_item_without_the_new_key_stops_the_copy_before_its_page():
    bench = Bench()
    bench.put(order("i1"), {"id": {"S": "i2"}})
    follower = bench.follower()
    follower.capture()
    ran = follower.copy()
    assert (ran.finished, ran.problems.counts) == (False, {"unfit": 1})
    bench.delete({"id": {"S": "i2"}})
    assert bench.follower().copy().finished


def test_an_item_of_somebody_else_in_the_new_table_is_never_overwritten():
    bench = Bench()
    bench.put({"customer": {"S": "c1"}, "id": {"S": "theirs"}, "note": {"S": "mine"}}, table=NEW)
    follower = bench.follower()
    follower.capture()
    assert follower.copy().finished
    found = follower.verify(fenced=True)
    assert (found.equal, found.problems.counts) == (False, {"foreign": 1})
    assert "customer=c1 id=theirs" in found.problems.sentence()
    assert len(bench.held()) == 1


def test_an_item_of_somebody_else_at_the_key_of_one_of_ours_stops_the_copy():
    bench = Bench(new=("ref S",))
    theirs = {"ref": {"S": "a"}, "note": {"S": "theirs"}}
    bench.put(theirs, table=NEW)
    bench.put(order("i1", ref="a"))
    follower = bench.follower()
    follower.capture()
    ran = follower.copy()
    assert (ran.finished, ran.problems.counts) == (False, {"foreign": 1})
    assert bench.held() == [theirs]


def test_items_that_are_nowhere_in_the_source_are_removed_on_request():
    bench = Bench()
    bench.put(order("theirs"), table=NEW)
    follower = bench.copied()
    assert not follower.verify(fenced=True).equal
    found = follower.verify(fenced=True, sweep=True)
    assert (found.equal, found.repaired, bench.held()) == (True, 1, [])


def test_what_differs_behind_the_fence_is_repaired_from_the_source():
    bench = Bench()
    bench.put(order("i1"), order("i2"))
    follower = bench.copied()
    bench.delete(order("i1"), table=NEW)
    bench.put(order("i2", note="damaged"), table=NEW)
    found = follower.verify(fenced=True)
    assert (found.equal, found.differing, found.repaired) == (True, 2, 2)
    assert bench.held() == bench.held(OLD)


def test_a_change_during_the_comparison_is_no_difference():
    bench = Bench()
    bench.put(order("i1"), order("i2"))
    follower = bench.copied()

    def change(operation, params):
        if operation == "Scan" and params["TableName"] == OLD:
            bench.put(order("i1", "c2"))
            bench.delete(order("i2"))

    bench.calls.before = change
    found = follower.verify(fenced=False)
    assert (found.equal, found.repaired, found.problems.any, found.error) == (True, 0, False, None)
    assert found.source_digest != found.target_digest


def test_a_shard_that_is_split_is_read_before_its_children():
    bench = Bench()
    streams, follower = bench.dynamodb.streams, bench.follower()
    streams.page = 2
    capture = follower.capture()
    follower.copy()
    for number in range(12):
        bench.put(order(f"i{number % 4}", f"c{number}"))
        if number % 3 == 2:
            streams.split(capture.arn)
    assert follower.replay().finished
    assert bench.held() == bench.held(OLD)
    streams.roll(capture.arn)
    bench.put(order("i1", "c99"))
    assert follower.replay().finished
    assert bench.held() == bench.held(OLD)


def test_an_iterator_that_expired_is_made_again_at_the_same_position():
    bench = Bench()
    bench.put(order("i1"))
    follower = bench.copied()
    follower.replay()
    bench.clock.seconds += HOUR
    bench.put(order("i2"))
    assert follower.replay().finished
    expired = bench.streams.calls.count("GetShardIterator")
    bench.streams.before = lambda name, _: _pass(bench, HOUR) if name == "GetRecords" and _once(bench) else None
    bench.put(order("i3"))
    assert follower.replay().finished
    assert bench.streams.calls.count("GetShardIterator") > expired
    assert bench.held() == bench.held(OLD)


def _pass(bench, seconds):
    bench.clock.seconds += seconds


def _once(bench):
    bench.streams.before = None
    return True


def test_records_that_were_dropped_start_the_copy_again_and_sweep_the_new_table():
    bench = Bench()
    bench.put(order("i1"), order("i2", "c1"), order("i3"))
    follower = bench.copied()
    follower.replay()
    bench.delete(order("i1"))
    bench.put(order("i2", "c2"), order("i3", note="new"))
    bench.clock.seconds += RETENTION.total_seconds() + 1
    ran = bench.follower().replay()
    assert (ran.finished, ran.trimmed) == (False, True)
    assert len(bench.held()) == 3
    follower = bench.follower()
    assert follower.capture(again=True).attempt == 2
    assert follower.copy().finished
    assert follower.replay().finished
    assert bench.held() == bench.held(OLD) == [order("i2", "c2"), order("i3", note="new")]
    assert follower.verify(fenced=True).repaired == 0


def test_a_shard_without_changes_is_not_taken_for_one_whose_records_were_dropped():
    bench = Bench()
    bench.put(order("i1"))
    follower = bench.copied()
    for _ in range(20):
        bench.clock.seconds += 3 * HOUR
        assert follower.replay().finished
    bench.put(order("i2"))
    assert bench.follower().replay().finished
    assert bench.held() == bench.held(OLD)


def test_a_copy_that_took_longer_than_records_are_certainly_kept_starts_again():
    bench = Bench()
    bench.put(order("i1"))
    follower = bench.copied()
    bench.clock.seconds += SAFE.total_seconds() + 1
    assert follower.replay().trimmed


def test_a_stream_that_was_turned_off_and_on_again_starts_the_copy_again():
    bench = Bench()
    bench.put(order("i1"))
    follower = bench.copied()
    off = {"StreamEnabled": False}
    bench.dynamodb.do("UpdateTable", {"TableName": OLD, "StreamSpecification": off})
    bench.put(order("i2"))
    assert follower.replay().trimmed
    former = follower.captured
    again = follower.capture(again=True)
    assert former is not None
    assert again.arn != former.arn
    assert follower.copy().finished
    assert follower.replay().finished
    assert bench.held() == bench.held(OLD)


@pytest.mark.parametrize("view", ["KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES"])
def test_a_stream_that_is_there_is_used_with_the_view_it_has(view):
    bench = Bench(view=view)
    bench.put(order("i1", "c1"), order("i2", "c1"), order("i3", "c1"))
    follower = bench.copied()
    bench.put(order("i1", "c2"), order("i2", "c1", note="new"))
    bench.delete(order("i3"))
    assert follower.replay().finished
    assert "UpdateTable" not in bench.dynamodb.mutating
    assert follower.verify(fenced=True).equal
    assert bench.held() == bench.held(OLD)
    assert follower.captured.sweep is (view in ("KEYS_ONLY", "NEW_IMAGE"))


def test_keys_are_enough_where_the_new_key_is_a_part_of_the_former_one():
    bench = Bench(("customer S", "id S"), ("id S", "customer S"), view="KEYS_ONLY")
    bench.put(order("i1"), order("i2"))
    follower = bench.copied()
    bench.delete(order("i1"))
    assert follower.replay().finished
    assert bench.held() == [order("i2")]
    assert follower.captured.sweep is False


def test_a_stream_is_turned_on_once_and_only_with_the_lease():
    bench = Bench()
    bench.dynamodb.delay = 5.0
    follower = bench.follower()
    with pytest.raises(Busy, match="the stream of orders is being turned on"):
        follower.capture()
    bench.clock.seconds += 6
    follower.capture()
    follower.capture()
    assert bench.dynamodb.mutating.count("UpdateTable") == 1
    other = Bench()
    other.sim.store.lost = True
    with pytest.raises(LeaseLost):
        other.follower().capture()
    assert "UpdateTable" not in other.dynamodb.mutating


@pytest.mark.parametrize("table", [OLD, NEW])
def test_another_table_under_the_same_name_ends_everything(table):
    bench = Bench()
    bench.put(order("i1"))
    follower = bench.copied()
    bench.put(order("i2"))
    described = bench.dynamodb.tables[table].description
    described.update(TableId="another", CreationDateTime=bench.clock.now() + timedelta(days=1))
    bench.clock.seconds += 5
    with pytest.raises(TableChanged):
        follower.replay()
    assert bench.held() == [order("i1")]


def test_nothing_is_written_after_the_lease_is_lost():
    bench = Bench()
    bench.put(order("i1"))
    follower = bench.copied()
    bench.put(order("i2"))
    bench.sim.store.rival = Lease("other", 99, bench.clock.now())
    bench.sim.store.lost = True
    with pytest.raises(LeaseLost):
        follower.replay()
    assert bench.held() == [order("i1")]


def replayed_while(bench: Bench, meanwhile: Callable[[], None]) -> None:
    """Replay changes of four items; ``meanwhile`` happens between the reading of them and the first write."""
    follower = bench.copied()
    bench.put(*(order(f"i{number}", "c1", note="changed") for number in range(4)))
    pending = [meanwhile]

    def before(operation: str, _: object) -> None:
        if operation == "PutItem" and pending:
            pending.pop()()

    bench.calls.before = before
    bench.calls.calls.clear()
    assert follower.replay().finished
    assert not pending
    assert bench.calls.count("BatchGetItem") >= 1


def four() -> Bench:
    bench = Bench()
    bench.put(*(order(f"i{number}", "c1") for number in range(4)))
    return bench


def test_an_item_that_is_deleted_after_it_was_read_with_others_stays_deleted():
    bench = four()
    replayed_while(bench, lambda: bench.delete(order("i2")))
    assert bench.held() == bench.held(OLD)
    assert len(bench.held()) == 3


def test_an_item_that_moves_after_it_was_read_with_others_is_in_one_place():
    bench = four()
    replayed_while(bench, lambda: bench.put(order("i2", "c9", note="moved")))
    assert bench.held() == bench.held(OLD)
    assert order("i2", "c9", note="moved") in bench.held()


def test_items_that_exchange_a_key_after_they_were_read_with_others_are_both_there():
    bench = Bench(new=("ref S",))
    bench.put(*(order(f"i{number}", ref=f"r{number}") for number in range(4)))
    follower = bench.copied()
    bench.put(*(order(f"i{number}", ref=f"r{number}", note="changed") for number in range(4)))
    pending = [order("i0", ref="r3"), order("i3", ref="r0")]

    def before(operation: str, _: object) -> None:
        if operation == "PutItem" and pending:
            bench.put(*pending)
            pending.clear()

    bench.calls.before = before
    assert follower.replay().finished
    assert bench.held() == bench.held(OLD)
    assert len(bench.held()) == 4


def test_keys_that_a_reading_of_several_leaves_out_are_read_one_by_one(monkeypatch: pytest.MonkeyPatch):
    bench = four()
    follower = bench.copied()
    bench.put(*(order(f"i{number}", "c2") for number in range(4)))
    read = data_plane.batch_get

    def half(dynamodb: Any, params: Any) -> Any:
        keys = params["RequestItems"][OLD]["Keys"]
        answer = read(dynamodb, {"RequestItems": {OLD: {"Keys": keys[:2]}}})
        return {**answer, "UnprocessedKeys": {OLD: {"Keys": keys[2:]}}}

    monkeypatch.setitem(data_plane.OPERATIONS, "BatchGetItem", half)
    bench.calls.calls.clear()
    assert follower.replay().finished
    assert bench.held() == bench.held(OLD)
    assert bench.calls.count("GetItem") == 2


@pytest.mark.parametrize("refusal", [Forbidden, Unsupported])
def test_where_several_items_may_not_be_read_together_each_is_read_alone(refusal: type[ApiError]):
    bench = four()
    follower = bench.copied()
    bench.put(*(order(f"i{number}", "c2") for number in range(4)))

    def refused(operation: str, _: object) -> None:
        if operation == "BatchGetItem":
            raise refusal(operation, "No", "it is refused")

    bench.calls.before = refused
    assert follower.replay().finished
    assert bench.held() == bench.held(OLD)


def test_throttling_and_lost_answers_change_nothing():
    bench = Bench()
    bench.put(*(order(f"i{number}") for number in range(6)))
    follower = bench.copied()
    failures = [Throttled("BatchGetItem", "T", "slow"), Ambiguous("PutItem", "500", "lost")] * 4

    def fail(operation, params):
        if failures and operation in ("BatchGetItem", "PutItem", "DeleteItem"):
            raise failures.pop()

    bench.calls.after = fail
    bench.put(order("i1", "c7"), order("i9"))
    bench.delete(order("i2"))
    assert follower.replay().finished
    assert not failures
    assert bench.held() == bench.held(OLD)


def test_an_hour_of_throttling_ends_nothing():
    bench = Bench()
    bench.put(order("i1"), order("i2"))
    follower = bench.follower()
    follower.capture()

    def throttle(operation, _):
        if bench.clock.seconds < HOUR:
            raise Throttled(operation, "ThrottlingException", "slow down")

    bench.calls.before = throttle
    assert follower.copy().finished
    assert bench.clock.seconds >= HOUR
    bench.streams.before = lambda name, _: throttle(name, _) if bench.clock.seconds < HOUR * 2 else None
    bench.put(order("i3"))
    assert follower.replay().finished
    assert bench.held() == bench.held(OLD)


def test_items_of_almost_400_kb_are_copied_and_replayed():
    bench = Bench(flavor=Flavor.DYNAMODB_LOCAL)
    bench.put(*(order(f"i{number}", text="x" * 409_000) for number in range(10)))
    follower = bench.copied()
    bench.put(order("i3", "c2", text="y" * 409_000))
    assert follower.replay().finished
    assert follower.verify(fenced=True).equal


def test_a_target_that_somebody_deleted_ends_everything():
    bench = Bench()
    bench.put(order("i1"))
    follower = bench.copied()
    bench.put(order("i2"))
    del bench.dynamodb.tables[NEW]
    bench.clock.seconds += 5
    with pytest.raises(TableChanged, match="orders-g2 is no longer the same table: it was deleted"):
        follower.replay()


def test_a_shard_is_not_read_more_often_than_the_service_answers():
    bench = Bench(flavor=Flavor.AWS)
    follower = bench.copied()
    began = bench.clock.seconds
    follower.replay()
    reads = bench.streams.calls.count("GetRecords")
    assert reads > 1
    assert bench.clock.seconds - began >= (reads - 1) * 0.2


def test_records_that_come_late_are_waited_for():
    bench = Bench()
    bench.put(order("i1"))
    bench.dynamodb.streams.lag = 0.4
    follower = bench.copied()
    bench.put(order("i2"))
    assert follower.drain(bench.clock.now()).finished
    assert bench.held() == bench.held(OLD)


def test_what_is_written_to_the_new_table_comes_back():
    bench = Bench()
    bench.put(order("i1", "c1"), order("i2", "c1"))
    bench.copied().replay()
    back = bench.follower(back=True)
    back.capture()
    bench.delete(order("i1", "c1"), table=NEW)
    bench.put(order("i1", "c9"), order("i3"), table=NEW)
    bench.delete(order("i2", "c1"), table=NEW)
    assert back.drain(bench.clock.now()).finished
    assert bench.held(OLD) == bench.held(NEW) == [order("i1", "c9"), order("i3")]
    assert back.verify(fenced=True).equal


def test_writes_that_ignore_the_switch_are_told_and_not_overwritten_by_the_comparison():
    bench = Bench()
    bench.put(order("i1"), order("i2"), order("i3"))
    bench.copied().replay()
    back = bench.follower(back=True)
    back.capture()
    bench.put(order("i1", note="late"), order("i4", note="late"))
    bench.delete(order("i2"))
    assert back.drain(bench.clock.now()).finished
    found = back.verify(fenced=True)
    assert (found.equal, found.repaired, found.problems.counts) == (False, 0, {"late": 3})
    assert "3 items written to the former table after the switch (for example" in found.problems.sentence()
    assert bench.held(OLD) == [order("i1", note="late"), order("i3"), order("i4", note="late")]


def test_items_are_copied_in_transactions_where_these_cost_nothing():
    bench = Bench(flavor=Flavor.DYNAMODB_LOCAL)
    bench.put(*(order(f"i{number}") for number in range(150)))
    bench.put(order("i7"), table=NEW)
    follower = bench.follower()
    follower.capture(items=150)
    ran = follower.copy()
    assert ran.finished
    assert (ran.counts["copied"], ran.counts["present"]) == (149, 1)
    assert follower.verify(fenced=True).equal


def test_the_work_stops_before_the_next_call_and_goes_on_later():
    bench = Bench()
    bench.put(*(order(f"i{number}") for number in range(5)))
    stopped = bench.follower(stop=lambda: True)
    stopped.capture()
    assert (stopped.copy().stopped, stopped.replay().stopped) == (True, True)
    assert bench.held() == []
    assert bench.copied().replay().finished


def test_checkpoints_of_another_replacement_are_void_and_all_are_forgotten_at_the_end():
    bench = Bench()
    bench.put(order("i1"))
    follower = bench.copied()
    follower.replay()
    assert bench.follower(started_as="other").captured is None
    bench.follower().forget()
    assert bench.sim.store.snapshot.checkpoints == {}


# Items that yielded


def yielded():
    """Two of three items have one new key; the followers of both directions and what yielded."""
    bench = Bench(new=("ref S",))
    bench.on_conflict = "keep-first"
    bench.put(order("i1", ref="a"), order("i2", ref="a"), order("i3", ref="b"))
    follower = bench.copied()
    follower.replay()
    return bench, follower, follower.verify(fenced=True)


def test_what_yielded_is_told_and_is_no_problem_on_the_way_back():
    bench, _, found = yielded()
    assert (found.equal, found.yielded) == (True, {item_digest(order("i2", ref="a"))})
    back = bench.follower(back=True, yielded=found.yielded)
    back.capture()
    bench.put(order("i4", ref="d"), table=NEW)
    assert back.drain(bench.clock.now()).finished
    verified = back.verify(fenced=True)
    assert (verified.equal, verified.problems.any, verified.items) == (True, False, 3)
    assert bench.held(OLD) == [order("i1", ref="a"), order("i2", ref="a"), order("i3", ref="b"), order("i4", ref="d")]


@pytest.mark.parametrize(
    "late",
    [order("i9", ref="z"), order("i2", ref="a", note="changed"), order("i2", ref="z")],
    ids=["a new item", "changed", "under another key"],
)
def test_nothing_that_is_written_after_the_switch_has_yielded(late):
    bench, _, found = yielded()
    back = bench.follower(back=True, yielded=found.yielded)
    back.capture()
    bench.put(late)
    assert back.drain(bench.clock.now()).finished
    verified = back.verify(fenced=True)
    assert (verified.equal, verified.problems.counts) == (False, {"late": 1})
    assert late in bench.held(OLD)


def test_an_item_that_comes_between_two_readings_has_not_yielded():
    bench, follower, _ = yielded()
    scans = []

    def write(operation, params):
        if operation == "Scan" and params["TableName"] == OLD:
            scans.append(1)
            if len(scans) == 3:
                # The rule has looked at the items already, and none of them is this one.
                bench.put(order("i0", ref="a"))

    bench.calls.before = write
    found = follower.verify(fenced=True)
    assert not found.equal
    assert not found.yielded
    bench.calls.before = lambda operation, params: None
    follower.replay()
    assert follower.verify(fenced=True).yielded == {item_digest(order(name, ref="a")) for name in ("i1", "i2")}


def test_an_item_that_yielded_and_is_written_to_the_new_table_is_compared_again():
    bench, _, found = yielded()
    back = bench.follower(back=True, yielded=found.yielded)
    back.capture()
    bench.put(order("i2", ref="a"), table=NEW)
    assert back.drain(bench.clock.now()).finished
    assert bench.held(OLD) == [order("i2", ref="a"), order("i3", ref="b")]
    assert back.verify(fenced=True).equal
    bench.delete(order("i2", ref="a"), table=NEW)
    assert back.drain(bench.clock.now()).finished
    assert bench.held(OLD) == [order("i3", ref="b")]
    assert back.verify(fenced=True).equal
