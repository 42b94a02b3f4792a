"""The scan by segments and its checkpoints: nothing is missed, anybody resumes, a lost lease stops."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import pytest
from mover.memory_items import MemoryItems
from simulation.simulated_engine import declaration, item, simulate

from reconciler.engine.seed_batches import IdentityWatch
from reconciler.model.errors import Ambiguous, Denied, LeaseLost, Rejected, TableChanged, Throttled
from reconciler.mover.calls import GuardedCalls
from reconciler.mover.checkpoints import Checkpoints, key_of_text, key_text
from reconciler.mover.governor import Governor, RateLimits
from reconciler.mover.ports import Where
from reconciler.mover.scan import PageFailed, SegmentedScan, segments_for
from reconciler.system import Threads


class Table:
    """A table with items, and all that a scan of it needs."""

    def __init__(self, count: int = 25) -> None:
        self.sim = simulate()
        self.sim.declare(declaration("users"))
        self.sim.once()
        for number in range(count):
            one = item(f"u{number:03}", even=str(number % 2))
            self.sim.items.put_if_absent("users", one, ("pk",))
        self.items = MemoryItems(self.sim.dynamodb)
        self.identity = self.sim.store.snapshot.inventory["users"].identity
        self.seen: list[str] = []

    def scan(self, segments: int = 1, started_as: str = "a", **options) -> SegmentedScan:
        ports = self.sim.reconciler.ports
        watch = IdentityWatch(ports, "users", self.identity)
        governor = Governor(ports.clock, ports.random, RateLimits())
        calls = GuardedCalls(ports.clock, ports.random, ports.store, watch, governor)
        recorded = self.sim.store.snapshot.checkpoints
        checkpoints = Checkpoints(
            ports.store, recorded, table="users", work="w", identity=self.identity, started_as=started_as
        )
        return SegmentedScan(
            self.items, calls, ports.parallel, checkpoints, "users", segments, **{"page_items": 4, **options}
        )

    def run(self, *args, handle=None, **options):
        return self.scan(*args, **options).run(handle or self.collect)

    def collect(self, page):
        self.seen += [one["pk"]["S"] for one in page.items]
        return {"handled": len(page.items)}


EVERY = [f"u{number:03}" for number in range(25)]


@pytest.mark.parametrize("segments", [1, 2, 7])
def test_every_item_is_seen_once(segments):
    table = Table()
    result = table.run(segments)
    assert (result.finished, result.error, result.stopped) == (True, None, False)
    assert sorted(table.seen) == EVERY
    assert result.counts == {"scanned": 25, "handled": 25}


def test_an_empty_table_is_finished_at_once():
    result = Table(0).run(3)
    assert (result.finished, result.counts) == (True, {"scanned": 0, "handled": 0})


def test_another_process_resumes_after_the_last_page_that_was_handled():
    table = Table()

    def until_the_fourth_page(page):
        if len(table.seen) >= 12:
            raise Denied("Scan", "AccessDenied", "no")
        return table.collect(page)

    first = table.run(handle=until_the_fourth_page)
    assert (first.finished, type(first.error)) == (False, Denied)
    second = table.run()
    assert second.finished
    assert table.seen == EVERY
    assert second.counts == {"scanned": 25, "handled": 25}


def test_a_page_that_failed_is_handled_again_and_the_other_segments_go_on():
    table = Table()
    failing = []

    def handle(page):
        if "u003" in [one["pk"]["S"] for one in page.items] and not failing:
            failing.append(page)
            raise PageFailed({"failed": 1})
        return table.collect(page)

    first = table.run(3, handle=handle)
    assert (first.finished, first.error, first.counts["failed"]) == (False, None, 1)
    assert len(table.seen) > 10
    assert table.run(3, handle=handle).finished
    assert sorted(table.seen) == EVERY


@pytest.mark.parametrize("error", [Ambiguous("Scan", "500", "broken"), Throttled("Scan", "Throttling", "slow")])
def test_passing_failures_are_retried(error):
    table, failures = Table(), [error] * 5
    table.items.memory.before = lambda operation, _: (
        _raise(failures.pop()) if operation == "Scan" and failures else None
    )
    assert table.run(2).finished
    assert sorted(table.seen) == EVERY
    assert not failures


def test_an_hour_of_throttling_ends_nothing():
    table = Table()

    def throttle(operation, _):
        if table.sim.clock.seconds < 3600:
            raise Throttled(operation, "ThrottlingException", "slow down")

    table.items.memory.before = throttle
    assert table.run().finished
    assert table.seen == EVERY
    assert table.items.memory.count("Scan") == 7


def test_a_refused_scan_ends_with_its_error():
    table = Table()
    table.items.memory.before = lambda operation, _: _raise(Rejected(operation, "ValidationException", "no"))
    result = table.run(2)
    assert (result.finished, type(result.error)) == (False, Rejected)


def test_a_lost_lease_stops_every_segment_before_its_next_page():
    table = Table()

    def handle(page):
        table.sim.store.lost = True
        return table.collect(page)

    result = table.run(3, handle=handle)
    assert (result.finished, type(result.error)) == (False, LeaseLost)
    assert table.items.memory.count("Scan") == 1


def test_a_table_that_was_created_again_stops_the_scan():
    table = Table()

    def handle(page):
        table.sim.dynamodb.tables["users"].description["CreationDateTime"] = table.sim.clock.now()
        table.sim.dynamodb.tables["users"].description["TableId"] = "another"
        table.sim.clock.seconds += 5
        return table.collect(page)

    result = table.run(handle=handle)
    assert (result.finished, type(result.error)) == (False, TableChanged)


def test_checkpoints_of_another_start_or_another_table_are_void():
    table = Table()
    table.run()
    table.seen.clear()
    table.run(started_as="b")
    assert table.seen == EVERY
    table.seen.clear()
    table.run(started_as="b")
    assert table.seen == []


def test_a_filter_leaves_items_out_and_still_reaches_the_end():
    table = Table()
    where = Where("#e = :one", {"#e": "even"}, {":one": {"S": "1"}})
    result = table.run(2, where=where)
    assert result.finished
    assert sorted(table.seen) == EVERY[1::2]


def test_dropped_checkpoints_leave_no_record():
    table = Table()
    table.run(3)
    assert len(table.sim.store.snapshot.checkpoints) == 3
    table.scan(3).checkpoints.drop()
    assert table.sim.store.snapshot.checkpoints == {}


@pytest.mark.parametrize(
    "key",
    [
        {"pk": {"S": "ä/\u2028"}},
        {"pk": {"N": "12345678901234567890.123"}, "sk": {"B": bytes(range(256))}},
        {"pk": {"B": b""}, "sk": {"S": '{"x"}'}},
    ],
)
def test_the_text_of_a_key_reads_back_equal(key):
    assert key_of_text(key_text(key)) == key


@pytest.mark.parametrize("text", ["[]", '{"pk": "a"}', '{"pk": {}}', "1"])
def test_another_text_is_not_a_key(text):
    with pytest.raises(ValueError, match="not the key of an item"):
        key_of_text(text)


@pytest.mark.parametrize(("items", "segments"), [(0, 1), (1000, 1), (1001, 2), (9000, 9), (10**9, 10)])
def test_larger_tables_have_more_segments(items, segments):
    assert segments_for(items, 10) == segments


def _raise(error):
    raise error


def test_the_counts_of_pages_are_told_one_by_one_though_segments_run_together():
    table = Table()
    inside, met, told = threading.Lock(), [], []

    def on_page(counts):
        free = inside.acquire(blocking=False)
        met.append(not free)
        time.sleep(0.01)
        told.append(counts["handled"])
        if free:
            inside.release()

    threads = Threads(5, threading.Event())
    replace(table.scan(5), parallel=threads).run(lambda page: {"handled": len(page.items)}, on_page)
    assert threads.close()
    assert sum(told) == len(EVERY)
    assert not any(met)
