"""Threads of a pass yield to requests, briefly and never for good."""

from __future__ import annotations

import threading

import pytest
from support.waiting import PATIENCE

from reconciler.daemon import reader_priority as module
from reconciler.daemon.reader_priority import ReaderPriority, YieldingParallel
from reconciler.system import Threads

LONG = PATIENCE


@pytest.fixture
def threads():
    made = Threads(4)
    yield made
    made.close()


def waiting(readers: ReaderPriority) -> tuple[threading.Thread, threading.Event]:
    """A thread that gives way, and the event that it goes on."""
    gone_on = threading.Event()
    thread = threading.Thread(target=lambda: (readers.yield_to_readers(), gone_on.set()), daemon=True)
    thread.start()
    return thread, gone_on


def test_a_pass_does_not_wait_without_requests():
    _, gone_on = waiting(ReaderPriority())
    assert gone_on.wait(LONG)


def test_a_thread_waits_until_the_last_of_two_requests_is_answered(monkeypatch):
    monkeypatch.setattr(module, "LONGEST_WAIT", LONG)
    monkeypatch.setattr(module, "PATIENCE", LONG)
    readers = ReaderPriority()
    with readers.answering():
        with readers.answering():
            thread, gone_on = waiting(readers)
        assert not gone_on.wait(0.1)
    assert gone_on.wait(LONG)
    thread.join(LONG)


def test_a_flood_of_requests_delays_a_thread_only_briefly(monkeypatch):
    monkeypatch.setattr(module, "PATIENCE", LONG)
    readers = ReaderPriority()
    with readers.answering():
        _, gone_on = waiting(readers)
        assert gone_on.wait(LONG)
        assert readers.has_waiting_reader


def test_a_pass_does_not_wait_for_a_request_that_is_waiting(monkeypatch):
    monkeypatch.setattr(module, "LONGEST_WAIT", 10 * LONG)
    monkeypatch.setattr(module, "PATIENCE", 0.0)
    readers = ReaderPriority()
    with readers.answering():
        assert not readers.has_waiting_reader
        _, gone_on = waiting(readers)
        assert gone_on.wait(LONG)


def test_a_request_that_failed_is_over():
    readers = ReaderPriority()
    with pytest.raises(RuntimeError), readers.answering():
        raise RuntimeError
    assert not readers.has_waiting_reader


def test_results_keep_the_order_of_their_items(threads):
    assert list(YieldingParallel(threads, ReaderPriority(), 4).map(lambda item: item * 2, range(50))) == list(
        range(0, 100, 2)
    )


def test_an_exception_is_raised_where_its_result_would_be_and_frees_its_place(threads):
    def odd(item: int) -> int:
        if item % 2 == 0:
            raise ValueError(item)
        return item

    courteous = YieldingParallel(threads, ReaderPriority(), 4)
    for _ in range(5):
        results = courteous.map(odd, [1, 2, 3])
        assert next(results) == 1
        with pytest.raises(ValueError, match="2"):
            next(results)
    assert list(courteous.map(odd, [1, 3, 5])) == [1, 3, 5]
