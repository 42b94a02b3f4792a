"""Threads that ask for the lease at the same time share renewals, and each renewal begins after all who rely on it."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from support.fakes import FakeClock
from support.waiting import PATIENCE

from reconciler.model.errors import Ambiguous, ConditionFailed
from reconciler.state.lease import TERM, LeaseRecord

ASKING = 5


class Table:
    """One lease record. ``outcomes`` says for each renewal whether it is accepted, or with None that no response came.

    ``gate`` holds them up.
    """

    def __init__(self) -> None:
        self.item: Mapping[str, Any] | None = None
        self.renewals = 0
        self.outcomes: Iterator[bool | None] = iter(())
        self.arrived = threading.Semaphore(0)
        self.gate = threading.Semaphore(0)
        self.guarded = False

    def call(self, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        if operation == "GetItem":
            return {"Item": self.item} if self.item is not None else {}
        if self.guarded:
            self.renewals += 1
            self.arrived.release()
            assert self.gate.acquire(timeout=PATIENCE)
            outcome = next(self.outcomes, True)
            if outcome is None:
                raise Ambiguous("PutItem", "ReadTimeoutError", "no response")
            if not outcome:
                raise ConditionFailed("PutItem", "ConditionalCheckFailedException", "another token")
        old, self.item = self.item, params["Item"]
        return {"Attributes": old} if old is not None else {}


class CountingLock:
    """A lock that tells when a thread came to it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.came = threading.Semaphore(0)

    def __enter__(self) -> None:
        self.came.release()
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()


def led() -> tuple[LeaseRecord, Table, FakeClock]:
    table, clock = Table(), FakeClock(datetime(2026, 11, 22, tzinfo=UTC))
    record = LeaseRecord(table, "reconciler_state", "default/default", holder="one", clock=clock)
    assert record.acquire() is not None
    table.guarded = True
    return record, table, clock


def ask_during_a_renewal(
    pool: ThreadPoolExecutor, record: LeaseRecord, table: Table
) -> tuple[Future[bool], list[Future[bool]]]:
    """One question whose renewal is on its way, and others that came after it was sent."""
    lock = CountingLock()
    record._lock = lock  # type: ignore[assignment]
    first = pool.submit(record.holds)
    assert table.arrived.acquire(timeout=PATIENCE)
    others = [pool.submit(record.holds) for _ in range(ASKING)]
    for _ in range(1 + ASKING):
        assert lock.came.acquire(timeout=PATIENCE)
    return first, others


@pytest.mark.parametrize(
    ("outcomes", "first", "others", "renewals"),
    [
        ([True, True], True, True, 2),
        ([True, False], True, False, 2),
        ([False], False, False, 1),
    ],
    ids=["the lease is ours", "another takes it between the renewals", "another has it already"],
)
def test_questions_during_a_renewal_share_the_next_one(
    outcomes: list[bool], first: bool, others: bool, renewals: int
) -> None:
    record, table, _ = led()
    table.outcomes = iter(outcomes)
    with ThreadPoolExecutor(1 + ASKING) as pool:
        asked, later = ask_during_a_renewal(pool, record, table)
        table.gate.release(ASKING + 1)
        assert asked.result(PATIENCE) is first
        assert [each.result(PATIENCE) for each in later] == [others] * ASKING
    assert table.renewals == renewals


def test_a_shared_renewal_that_took_a_whole_term_proves_nothing() -> None:
    record, table, clock = led()
    with ThreadPoolExecutor(1 + ASKING) as pool:
        asked, later = ask_during_a_renewal(pool, record, table)
        table.gate.release()
        assert asked.result(PATIENCE)
        assert table.arrived.acquire(timeout=PATIENCE)
        clock.advance(TERM.total_seconds())
        table.gate.release(ASKING)
        answers = [each.result(PATIENCE) for each in later]
    # The one that sent it learns that it was accepted; for the others the term is over by their own clock.
    assert answers.count(True) <= 1
    assert table.renewals == 2


def test_questions_one_after_the_other_send_a_renewal_each() -> None:
    record, table, _ = led()
    table.gate.release(3)
    assert [record.holds() for _ in range(3)] == [True] * 3
    assert table.renewals == 3


def test_a_renewal_without_a_response_is_shared_with_nobody() -> None:
    record, table, _ = led()
    table.outcomes = iter([True, None, False])
    with ThreadPoolExecutor(1 + ASKING) as pool:
        asked, later = ask_during_a_renewal(pool, record, table)
        table.gate.release(ASKING + 1)
        assert asked.result(PATIENCE)
        ends = [each.exception(PATIENCE) or each.result() for each in later]
    assert [end for end in ends if end is not False and not isinstance(end, Ambiguous)] == []
    assert table.renewals == 3
