"""Threads that create tables renew the lease together, and each renewal begins after all who rely on it asked."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from support.waiting import PATIENCE

from reconciler.engine import shared_renewal
from reconciler.engine.shared_renewal import SharedRenewal

THREADS = 8


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads wait for each other however busy the machine is."""
    monkeypatch.setattr(shared_renewal, "LONGEST_WAIT", PATIENCE)


class Asked:
    """Answers each renewal in turn, the last one for ever; counts them, and who had asked when each began."""

    def __init__(self, *answers: bool | Exception) -> None:
        self.answers = list(answers)
        self.begun: list[int] = []
        self.asked = 0

    def __call__(self) -> bool:
        self.begun.append(self.asked)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def _all_ask(asked: Asked, threads: int = THREADS) -> list[bool | Exception]:
    renewal, ready = SharedRenewal(asked), threading.Barrier(threads)
    lock = threading.Lock()

    def ask(_: int) -> bool | Exception:
        with renewal.working():
            ready.wait(PATIENCE)
            with lock:
                asked.asked += 1
            try:
                return renewal.holds()
            except OSError as error:
                return error

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(ask, range(threads)))


def test_threads_that_ask_together_share_one_renewal_that_begins_after_all_of_them_asked() -> None:
    asked = Asked(True)
    assert _all_ask(asked) == [True] * THREADS
    assert asked.begun == [THREADS]


def test_a_thread_alone_renews_at_once() -> None:
    asked = Asked(True)
    renewal = SharedRenewal(asked)
    for _ in range(3):
        with renewal.working():
            assert renewal.holds()
    assert len(asked.begun) == 3


def test_a_renewal_that_was_refused_proves_nothing_to_the_others() -> None:
    asked = Asked(False)
    assert _all_ask(asked) == [False] * THREADS
    assert len(asked.begun) == THREADS, "each of them asked by itself"


def test_a_renewal_whose_response_was_lost_proves_nothing_to_the_others() -> None:
    asked = Asked(OSError("no response"), True)
    answers = _all_ask(asked)
    assert sum(isinstance(answer, OSError) for answer in answers) == 1
    assert answers.count(True) == THREADS - 1
    assert len(asked.begun) == THREADS


def test_a_question_during_a_renewal_is_answered_by_a_later_one() -> None:
    under_way, go_on = threading.Event(), threading.Event()
    begun: list[int] = []

    def renew() -> bool:
        begun.append(len(begun))
        if len(begun) == 1:
            under_way.set()
            assert go_on.wait(PATIENCE)
        return True

    renewal = SharedRenewal(renew)

    def ask() -> bool:
        with renewal.working():
            return renewal.holds()

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(ask)
        assert under_way.wait(PATIENCE)
        shared_renewal.LONGEST_WAIT = 0.0
        second = pool.submit(ask)
        assert second.result(PATIENCE)
        go_on.set()
        assert first.result(PATIENCE)
    assert len(begun) == 2


def test_a_thread_that_ends_without_asking_holds_nobody_up() -> None:
    renewal, started, ended = SharedRenewal(lambda: True), threading.Event(), threading.Event()

    def idle() -> None:
        with renewal.working():
            started.set()
            assert ended.wait(PATIENCE)

    def ask() -> bool:
        with renewal.working():
            threading.Timer(0.01, ended.set).start()
            return renewal.holds()

    with ThreadPoolExecutor(2) as pool:
        quiet = pool.submit(idle)
        assert started.wait(PATIENCE)
        assert pool.submit(ask).result(PATIENCE)
        quiet.result(PATIENCE)
