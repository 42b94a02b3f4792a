"""A create is preceded by a read that proves the lease: it fails wherever a renewal would, and renews it in time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from support.fakes import FakeClock
from support.waiting import PATIENCE

from reconciler.state.lease import TERM, LeaseRecord


class Table:
    """One lease record. ``reading`` is called before each read is answered."""

    def __init__(self) -> None:
        self.item: Mapping[str, Any] | None = None
        self.sent: list[tuple[str, bool]] = []
        self.reading: Callable[[], None] = lambda: None

    def call(self, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        self.sent.append((operation, params.get("ConsistentRead", False)))
        if operation == "GetItem":
            self.reading()
            return {"Item": self.item} if self.item is not None else {}
        old, self.item = self.item, params["Item"]
        return {"Attributes": old} if old is not None else {}


def record_of(table: Table, clock: FakeClock, holder: str = "one") -> LeaseRecord:
    return LeaseRecord(table, "reconciler_state", "default/default", holder=holder, clock=clock)


def led() -> tuple[LeaseRecord, Table, FakeClock]:
    table, clock = Table(), FakeClock(datetime(2026, 11, 22, tzinfo=UTC))
    record = record_of(table, clock)
    assert record.acquire() is not None
    table.sent.clear()
    return record, table, clock


def test_a_fresh_lease_is_confirmed_by_consistent_reads_alone() -> None:
    record, table, _ = led()
    assert [record.confirms() for _ in range(3)] == [True] * 3
    assert table.sent == [("GetItem", True)] * 3


def test_after_a_third_of_the_term_it_is_renewed() -> None:
    record, table, clock = led()
    clock.advance(TERM.total_seconds() / 3)
    assert record.confirms()
    assert [operation for operation, _ in table.sent] == ["PutItem"]
    clock.advance(TERM.total_seconds() * 0.9)
    assert record.confirms(), "the term began anew"


def test_after_the_whole_term_nothing_is_asked() -> None:
    record, table, clock = led()
    clock.advance(TERM.total_seconds())
    assert not record.confirms()
    assert table.sent == []


def _revoked(table: Table, clock: FakeClock) -> None:
    assert record_of(table, clock, "verb").revoke() is not None


def _taken(table: Table, clock: FakeClock) -> None:
    other = record_of(table, clock, "two")
    assert other.acquire() is None
    clock.advance(TERM.total_seconds() / 4)
    assert table.item is not None
    table.item = {**table.item, "holder": {"S": "two"}, "token": {"N": "2"}}


def _deleted(table: Table, clock: FakeClock) -> None:
    table.item = None


def _freed(table: Table, clock: FakeClock) -> None:
    assert table.item is not None
    table.item = {**table.item, "released": {"BOOL": True}}


@pytest.mark.parametrize("change", [_revoked, _taken, _deleted, _freed])
def test_what_ended_the_lease_is_seen_and_it_stays_lost(change: Callable[[Table, FakeClock], None]) -> None:
    record, table, clock = led()
    before = table.item
    change(table, clock)
    assert not record.confirms()
    table.item = before
    assert not record.confirms()
    assert not record.holds()
    assert not record.keeps()


def test_a_read_that_took_the_rest_of_the_term_proves_nothing() -> None:
    record, table, clock = led()
    table.reading = lambda: clock.advance(TERM.total_seconds())
    assert not record.confirms()


def test_threads_that_ask_during_a_read_share_the_next_one() -> None:
    record, table, _ = led()
    arrived, gate = threading.Semaphore(0), threading.Semaphore(0)

    def reading() -> None:
        arrived.release()
        assert gate.acquire(timeout=PATIENCE)

    came = threading.Semaphore(0)
    own = threading.Lock()

    class CountingLock:
        def __enter__(self) -> None:
            came.release()
            own.acquire()

        def __exit__(self, *_: object) -> None:
            own.release()

    table.reading, record._lock = reading, CountingLock()  # type: ignore[assignment]
    with ThreadPoolExecutor(5) as pool:
        first = pool.submit(record.confirms)
        assert arrived.acquire(timeout=PATIENCE)
        others = [pool.submit(record.confirms) for _ in range(4)]
        for _ in range(5):
            assert came.acquire(timeout=PATIENCE)
        # What changes after the first read was answered is still seen by the others: theirs begins after they asked.
        gate.release()
        assert first.result(PATIENCE)
        assert arrived.acquire(timeout=PATIENCE)
        table.item = {**(table.item or {}), "token": {"N": "9"}}
        gate.release()
        assert [each.result(PATIENCE) for each in others] == [False] * 4
    assert table.sent == [("GetItem", True)] * 2


def test_a_renewal_that_needs_a_write_is_not_shared_with_a_read() -> None:
    record, table, _ = led()
    assert record.confirms()
    assert record.holds()
    assert [operation for operation, _ in table.sent] == ["GetItem", "PutItem"]
