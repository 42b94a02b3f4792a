"""The threads of a pass: results in order, nothing started once the process must stop, and no endless wait."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
from support.waiting import PATIENCE

from reconciler.model.errors import Interrupted
from reconciler.system import Threads, run_with_timeout

WORKERS = [1, 2, 10]


@pytest.mark.parametrize("workers", WORKERS)
@pytest.mark.parametrize("count", [0, 1, 2, 9, 200])
def test_results_come_in_the_order_of_the_items(workers: int, count: int) -> None:
    threads = Threads(workers)
    assert list(threads.map(lambda number: number * 2, range(count))) == [number * 2 for number in range(count)]
    assert threads.close()


@pytest.mark.parametrize("workers", WORKERS)
def test_an_exception_is_raised_where_its_result_would_be(workers: int) -> None:
    threads = Threads(workers)
    results = threads.map(lambda number: 6 // number, [3, 2, 0, 1])
    assert [next(results), next(results)] == [2, 3]
    with pytest.raises(ZeroDivisionError):
        next(results)
    threads.close()


@pytest.mark.parametrize("workers", WORKERS)
@pytest.mark.parametrize("begun", [1, 3, 50])
def test_nothing_is_started_once_the_process_must_stop(workers: int, begun: int) -> None:
    stop, seen = threading.Event(), []
    threads = Threads(workers, stop)

    def work(number: int) -> int:
        seen.append(number)
        if len(seen) >= begun:
            stop.set()
        return number

    with pytest.raises(Interrupted):
        list(threads.map(work, range(10_000)))
    assert len(seen) <= begun + workers
    assert threads.close()


def test_an_eager_item_is_begun_before_its_result_is_asked_for() -> None:
    begun = threading.Event()
    threads = Threads(2)
    results = threads.map(lambda _: begun.set(), [1], eager=True)
    assert begun.wait(PATIENCE)
    assert list(results) == [None]
    assert threads.close()


@pytest.mark.parametrize("items", [1, 2, 500])
def test_before_the_first_item_it_stops_as_well(items: int) -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(Interrupted):
        list(Threads(4, stop).map(print, range(items)))


@pytest.mark.parametrize("linger", [0.0, 0.3])
def test_a_hanging_call_delays_others_by_the_linger_at_most(linger: float) -> None:
    stop, hang = threading.Event(), threading.Event()
    threads = Threads(2, stop, linger)
    threading.Timer(0.2, stop.set).start()
    began = time.monotonic()
    with pytest.raises(Interrupted):
        list(threads.map(lambda _: hang.wait(PATIENCE), range(10)))
    assert not threads.close(0.1)
    assert time.monotonic() - began < 5
    hang.set()


def test_results_that_are_there_are_given_even_if_it_is_to_stop() -> None:
    stop = threading.Event()
    threads = Threads(2, stop)
    results = threads.map(lambda number: number, [1, 2])
    time.sleep(0.2)
    stop.set()
    assert list(results) == [1, 2]
    threads.close()


@pytest.mark.parametrize(
    ("work", "result"), [(lambda: 7, 7), (lambda: time.sleep(30), None)], ids=["in time", "overdue"]
)
def test_a_run_is_given_up_when_it_takes_too_long(work: Callable[[], object], result: object) -> None:
    began = time.monotonic()
    assert run_with_timeout(0.3 if result is None else PATIENCE, work) == result
    assert time.monotonic() - began < 5


def test_what_a_run_raises_is_raised_where_it_is_waited_for() -> None:
    with pytest.raises(ZeroDivisionError):
        run_with_timeout(PATIENCE, lambda: 1 // 0)
