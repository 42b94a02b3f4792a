"""As many threads run as it takes to keep the interpreter busy, two at least and the wanted number at most."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from support.waiting import PATIENCE

from reconciler.daemon.concurrency_limit import WINDOW, ConcurrencyLimit

CASES = {
    "work that never waits": (10, 0.004, 0.004, 2),
    "an endpoint next door": (10, 0.003, 0.002, 2),
    "10 ms away": (10, 0.0125, 0.002, 6),
    "30 ms away": (10, 0.033, 0.002, 10),
    "an endpoint that takes as long as we do": (10, 0.004, 0.002, 2),
    "nothing to do but wait": (10, 0.030, 0.0, 10),
    "one worker wanted": (1, 0.033, 0.002, 1),
    "three workers wanted": (3, 0.033, 0.002, 3),
}


@pytest.mark.parametrize("case", CASES)
def test_the_concurrency_limit_follows_the_share_of_waiting(case):
    most, seconds, busy, enough = CASES[case]
    limit = ConcurrencyLimit(most)
    for _ in range(WINDOW):
        limit.record(seconds, busy)
    assert limit.limit == enough


def limited_to_two(most: int) -> ConcurrencyLimit:
    """A limit after work that never waited."""
    limit = ConcurrencyLimit(most)
    for _ in range(WINDOW):
        limit.record(0.004, 0.004)
    assert limit.limit == 2
    return limit


@pytest.mark.parametrize("most", [1, 2, 10])
def test_the_first_work_is_not_held_back(most):
    assert ConcurrencyLimit(most).limit == most


def test_queued_work_does_not_raise_the_concurrency_limit():
    limit = limited_to_two(10)
    for number in range(3 * WINDOW):
        limit.record(0.003 if number % 50 == 0 else 0.030, 0.002)
        assert limit.limit == 2


def test_the_limit_shrinks_again_when_the_endpoint_answers_faster():
    limit = ConcurrencyLimit(10)
    for _ in range(WINDOW):
        limit.record(0.030, 0.002)
    assert limit.limit == 10
    for _ in range(WINDOW):
        limit.record(0.003, 0.002)
    assert limit.limit == 2


def test_the_limit_grows_gradually_when_the_endpoint_answers_slower():
    limit = ConcurrencyLimit(10)
    for seconds, enough in ((0.003, 2), (0.030, 2), (0.030, 10)):
        for _ in range(WINDOW):
            limit.record(seconds, 0.002)
        assert limit.limit == enough


def test_never_more_run_at_once_and_all_get_their_turn(monkeypatch):
    limit = limited_to_two(10)
    monkeypatch.setattr(limit, "record", lambda seconds, busy: None)
    running, most, lock = 0, 0, threading.Lock()
    two = threading.Barrier(2)

    def work(item: int) -> int:
        nonlocal running, most
        with limit:
            with lock:
                running += 1
                most = max(most, running)
            two.wait(PATIENCE)
            with lock:
                running -= 1
        return item

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(work, range(40))) == list(range(40))
    assert most == 2


def test_waiting_work_starts_when_the_concurrency_limit_grows():
    limit = limited_to_two(4)
    inside = threading.Barrier(5)

    def work() -> None:
        with limit:
            inside.wait(PATIENCE)

    threads = [threading.Thread(target=work, daemon=True) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(2 * WINDOW):
        limit.record(0.030, 0.002)
    inside.wait(PATIENCE)
    for thread in threads:
        thread.join(PATIENCE)
        assert not thread.is_alive()
