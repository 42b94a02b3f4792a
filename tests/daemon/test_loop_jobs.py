"""Orders share the thread of passes: one at a time, equal ones are one, none is lost, and the interval is kept."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from structlog.testing import capture_logs
from support.sample_reports import report, table
from support.waiting import PATIENCE

from reconciler.daemon import orders
from reconciler.daemon.loop import Loop
from reconciler.engine.loop_status import LoopStatus
from reconciler.model.errors import StateError, UsageError
from reconciler.runs import Full, Job, Outcome, RunHistory, State, Stopping, Verb

LONG = timedelta(hours=1)
RUN = Job(Verb.RUN)
PREVIEW = Job(Verb.PREVIEW)


class World:
    """Records passes and orders in one list, and that no two ran at once."""

    def __init__(self, interval=LONG):
        self.done, self.most_at_once, self._running = [], 0, 0
        self.fault, self.hold, self.takes = None, threading.Event(), 0.0
        self.hold.set()
        self.board, self.book = LoopStatus("default"), RunHistory()
        self.loop = Loop(
            lambda trigger: self._one(f"pass {trigger}"),
            self.board,
            interval=interval,
            jitter=0.0,
            on_skip=lambda _: None,
            on_crash=lambda _: None,
            carry_out=lambda order: Outcome(self._one(order.verb.value)),
            book=self.book,
        )

    def _one(self, name):
        self._running += 1
        self.most_at_once = max(self.most_at_once, self._running)
        try:
            self.done.append(name)
            assert self.hold.wait(PATIENCE)
            time.sleep(self.takes)
            if self.fault and not name.startswith("pass"):
                raise self.fault
            return report(table(), pass_id=f"{name} {len(self.done)}")
        finally:
            self._running -= 1

    def settled(self):
        """Everything that was asked for is over."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            before = len(self.done)
            time.sleep(0.1)
            if len(self.done) == before and not self._running:
                return self.done
        raise AssertionError(self.done)


@pytest.fixture(autouse=True)
def log():
    with capture_logs() as lines:
        yield lines


@pytest.fixture
def world(request):
    made = World(**getattr(request, "param", {}))
    made.loop.start()
    made.settled()
    made.done.clear()
    yield made
    made.hold.set()
    made.loop.stop(2)


def test_a_run_over_all_tables_is_the_pass_itself(world):
    outcome = world.loop.order(RUN).ended.result(5)
    assert outcome.report.verdict.value == "in_sync"
    assert world.settled() == ["run"]


@pytest.mark.parametrize("verb", [Verb.ROLLBACK, Verb.SEED, Verb.CLEAR])
def test_after_any_other_changing_command_the_loop_runs_a_full_pass(world, verb):
    world.loop.order(Job(verb)).ended.result(5)
    assert world.settled() == [verb.value, "pass api"]


def test_a_run_over_named_tables_is_followed_by_a_pass_over_all(world):
    world.loop.order(Job(Verb.RUN, ("users",))).ended.result(5)
    assert world.settled() == ["run", "pass api"]


def test_a_preview_is_followed_by_nothing(world):
    world.loop.order(PREVIEW).ended.result(5)
    assert world.settled() == ["preview"]


def test_a_thousand_runs_at_once_are_one_run_a_wave_and_every_caller_is_answered(world):
    world.hold.clear()
    first = world.loop.order(RUN)
    while not world.done:
        time.sleep(0.005)
    with ThreadPoolExecutor(50) as many:
        asked = list(many.map(lambda _: world.loop.order(RUN), range(1000)))
    assert len({run.id for run in asked}) == 1
    assert asked[0] is not first
    world.hold.set()
    assert all(run.ended.result(5).report for run in asked)
    assert world.settled() == ["run", "run"]
    assert world.most_at_once == 1


def test_jobs_from_many_threads_are_never_lost_and_never_overlap(world):
    wishes = [Job(Verb.RUN), Job(Verb.SEED, ("users",)), PREVIEW, Job(Verb.CLEAR, ("users",))]

    def ask(number):
        if number % 10 == 0:
            world.loop.trigger("file")
        return world.loop.order(wishes[number % 4]).ended.result(PATIENCE)

    with ThreadPoolExecutor(40) as many:
        assert len(list(many.map(ask, range(1000)))) == 1000
    world.settled()
    assert world.most_at_once == 1


def test_waiting_jobs_run_in_the_order_of_arrival(world):
    world.hold.clear()
    world.loop.order(RUN)
    while not world.done:
        time.sleep(0.005)
    for verb in (Verb.CLEAR, Verb.ROLLBACK, Verb.RUN):
        world.loop.order(Job(verb))
    world.hold.set()
    assert world.settled() == ["run", "clear", "rollback", "run"]


def test_a_caller_that_disconnects_does_not_affect_the_others(world):
    world.hold.clear()
    run = world.loop.order(RUN)
    assert not run.ended.cancel()
    world.hold.set()
    assert run.ended.result(5)


def test_a_failed_job_reports_to_its_caller_and_the_loop_continues(world):
    world.fault = UsageError("no table 'x' is declared")
    run = world.loop.order(Job(Verb.SEED, ("x",)))
    with pytest.raises(UsageError):
        run.ended.result(5)
    world.settled()
    assert world.book.find(run.id).state is State.FAILED
    assert world.book.find(run.id).error == "no table 'x' is declared"
    assert world.board.in_progress is None
    assert world.done == ["seed"], "nothing was changed, so nothing is looked at"
    world.fault = None
    assert world.loop.order(RUN).ended.result(5)


def test_after_a_failed_job_the_loop_runs_a_full_pass(world):
    world.fault = StateError("the state table is gone")
    world.loop.order(Job(Verb.SEED, ("x",))).ended.exception(5)
    assert world.settled() == ["seed", "pass api"]


@pytest.mark.parametrize("fault", [RuntimeError("secret detail"), SystemExit(3)])
def test_an_unexpected_error_is_reported_by_its_type_alone(world, fault):
    world.fault = fault
    run = world.loop.order(RUN)
    with pytest.raises(type(fault)):
        run.ended.result(5)
    world.settled()
    assert world.book.find(run.id).error == f"{type(fault).__name__}; the log says more"


@pytest.mark.parametrize("world", [{"interval": timedelta(seconds=0.4)}], indirect=True)
def test_previews_without_end_do_not_keep_the_interval_from_coming(world):
    until = time.monotonic() + 1.5
    while time.monotonic() < until:
        world.loop.order(PREVIEW).ended.result(5)
        time.sleep(0.02)
    assert world.done.count("pass interval") >= 2


def test_a_preview_leaves_the_next_pass_where_it_was(world):
    due = world.board.next_pass
    world.loop.order(PREVIEW).ended.result(5)
    world.settled()
    assert world.board.next_pass == due


def test_too_many_different_jobs_are_refused(world, monkeypatch):
    monkeypatch.setattr(orders, "MOST_WAITING", 3)
    world.hold.clear()
    world.loop.order(RUN)
    while not world.done:
        time.sleep(0.005)
    for number in range(3):
        world.loop.order(Job(Verb.SEED, (str(number),)))
    with pytest.raises(Full):
        world.loop.order(Job(Verb.SEED, ("one more",)))
    assert world.loop.order(Job(Verb.SEED, ("1",))).order.tables == ("1",)


def test_when_the_daemon_stops_waiting_callers_get_an_answer(world):
    world.hold.clear()
    running = world.loop.order(RUN)
    while not world.done:
        time.sleep(0.005)
    waiting = world.loop.order(Job(Verb.ROLLBACK))
    ending = threading.Thread(target=world.loop.stop, args=(5,))
    ending.start()
    with pytest.raises(Stopping):
        waiting.ended.result(5)
    with pytest.raises(Stopping):
        world.loop.order(RUN)
    world.hold.set()
    assert running.ended.result(5)
    ending.join()
    assert world.done == ["run"]


def test_passes_and_jobs_are_in_the_history_newest_first(world):
    world.loop.order(Job(Verb.SEED, ("users",))).ended.result(5)
    world.settled()
    verbs = [(record.verb, record.trigger, record.state) for record in world.book.newest(2)]
    assert verbs == [("pass", "interval", State.DONE), ("seed", "api", State.DONE)]


@pytest.mark.parametrize("world", [{"interval": timedelta(seconds=0.3)}], indirect=True)
def test_endless_previews_do_not_delay_scheduled_passes(world):
    stop = threading.Event()
    world.takes = 0.02

    def look(number):
        while not stop.is_set():
            world.loop.order(Job(Verb.PREVIEW, (f"{number}",))).ended.result(PATIENCE)

    lookers = [threading.Thread(target=look, args=(number,)) for number in range(8)]
    for looker in lookers:
        looker.start()
    deadline = time.monotonic() + PATIENCE
    try:
        while world.done.count("pass interval") < 3:
            assert time.monotonic() < deadline, world.done[-20:]
            time.sleep(0.05)
    finally:
        stop.set()
        for looker in lookers:
            looker.join()
    assert world.most_at_once == 1
