"""Jobs share the thread of passes: one at a time, equal ones are merged, none is lost, and the interval is kept."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from support.captured_logs import capture_logs
from support.sample_reports import report, table
from support.waiting import PATIENCE

from reconciler.daemon import job_queue
from reconciler.daemon.loop import Loop
from reconciler.engine.loop_status import LoopStatus
from reconciler.model.errors import StateError, UsageError
from reconciler.runs import Job, Outcome, QueueFull, RunHistory, State, Stopping, Verb

LONG = timedelta(hours=1)
RUN = Job(Verb.RUN)
PREVIEW = Job(Verb.PREVIEW)


class LoopHarness:
    """Records passes and orders in one list, and that no two ran at once."""

    def __init__(self, interval=LONG):
        self.done, self.most_at_once, self._running = [], 0, 0
        self.fault, self.hold, self.takes = None, threading.Event(), 0.0
        self.hold.set()
        self.loop_status, self.history = LoopStatus("default"), RunHistory()
        self.loop = Loop(
            lambda trigger: self._one(f"pass {trigger}"),
            self.loop_status,
            interval=interval,
            jitter=0.0,
            on_skip=lambda _: None,
            on_crash=lambda _: None,
            carry_out=lambda job: Outcome(self._one(job.verb.value)),
            history=self.history,
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
def harness(request):
    made = LoopHarness(**getattr(request, "param", {}))
    made.loop.start()
    made.settled()
    made.done.clear()
    yield made
    made.hold.set()
    made.loop.stop(2)


def test_a_run_over_all_tables_is_the_pass_itself(harness):
    outcome = harness.loop.submit(RUN).ended.result(PATIENCE)
    assert outcome.report.verdict.value == "in_sync"
    assert harness.settled() == ["run"]


@pytest.mark.parametrize("verb", [Verb.ROLLBACK, Verb.SEED, Verb.CLEAR])
def test_after_any_other_changing_command_the_loop_runs_a_full_pass(harness, verb):
    harness.loop.submit(Job(verb)).ended.result(PATIENCE)
    assert harness.settled() == [verb.value, "pass api"]


def test_a_run_over_named_tables_is_followed_by_a_pass_over_all(harness):
    harness.loop.submit(Job(Verb.RUN, ("users",))).ended.result(PATIENCE)
    assert harness.settled() == ["run", "pass api"]


def test_a_preview_is_followed_by_nothing(harness):
    harness.loop.submit(PREVIEW).ended.result(PATIENCE)
    assert harness.settled() == ["preview"]


def test_a_thousand_runs_at_once_are_one_run_a_wave_and_every_caller_is_answered(harness):
    harness.hold.clear()
    first = harness.loop.submit(RUN)
    while not harness.done:
        time.sleep(0.005)
    with ThreadPoolExecutor(50) as many:
        asked = list(many.map(lambda _: harness.loop.submit(RUN), range(1000)))
    assert len({run.id for run in asked}) == 1
    assert asked[0] is not first
    harness.hold.set()
    assert all(run.ended.result(PATIENCE).report for run in asked)
    assert harness.settled() == ["run", "run"]
    assert harness.most_at_once == 1


def test_jobs_from_many_threads_are_never_lost_and_never_overlap(harness):
    desired_states = [Job(Verb.RUN), Job(Verb.SEED, ("users",)), PREVIEW, Job(Verb.CLEAR, ("users",))]

    def ask(number):
        if number % 10 == 0:
            harness.loop.trigger("file")
        return harness.loop.submit(desired_states[number % 4]).ended.result(PATIENCE)

    with ThreadPoolExecutor(40) as many:
        assert len(list(many.map(ask, range(1000)))) == 1000
    harness.settled()
    assert harness.most_at_once == 1


def test_waiting_jobs_run_in_the_order_of_arrival(harness):
    harness.hold.clear()
    harness.loop.submit(RUN)
    while not harness.done:
        time.sleep(0.005)
    for verb in (Verb.CLEAR, Verb.ROLLBACK, Verb.RUN):
        harness.loop.submit(Job(verb))
    harness.hold.set()
    assert harness.settled() == ["run", "clear", "rollback", "run"]


def test_a_caller_that_disconnects_does_not_affect_the_others(harness):
    harness.hold.clear()
    run = harness.loop.submit(RUN)
    assert not run.ended.cancel()
    harness.hold.set()
    assert run.ended.result(PATIENCE)


def test_a_failed_job_reports_to_its_caller_and_the_loop_continues(harness):
    harness.fault = UsageError("no table 'x' is declared")
    run = harness.loop.submit(Job(Verb.SEED, ("x",)))
    with pytest.raises(UsageError):
        run.ended.result(PATIENCE)
    harness.settled()
    assert harness.history.find(run.id).state is State.FAILED
    assert harness.history.find(run.id).error == "no table 'x' is declared"
    assert harness.loop_status.in_progress is None
    assert harness.done == ["seed"], "nothing was changed, so nothing is looked at"
    harness.fault = None
    assert harness.loop.submit(RUN).ended.result(PATIENCE)


def test_after_a_failed_job_the_loop_runs_a_full_pass(harness):
    harness.fault = StateError("the state table is gone")
    harness.loop.submit(Job(Verb.SEED, ("x",))).ended.exception(PATIENCE)
    assert harness.settled() == ["seed", "pass api"]


@pytest.mark.parametrize("fault", [RuntimeError("secret detail"), SystemExit(3)])
def test_an_unexpected_error_is_reported_by_its_type_alone(harness, fault):
    harness.fault = fault
    run = harness.loop.submit(RUN)
    with pytest.raises(type(fault)):
        run.ended.result(PATIENCE)
    harness.settled()
    assert harness.history.find(run.id).error == f"{type(fault).__name__}; see the log for details"


@pytest.mark.parametrize("harness", [{"interval": timedelta(seconds=0.4)}], indirect=True)
def test_previews_without_end_do_not_keep_the_interval_from_coming(harness):
    until = time.monotonic() + 1.5
    while time.monotonic() < until:
        harness.loop.submit(PREVIEW).ended.result(PATIENCE)
        time.sleep(0.02)
    assert harness.done.count("pass interval") >= 2


def test_a_preview_leaves_the_next_pass_where_it_was(harness):
    due = harness.loop_status.next_pass
    harness.loop.submit(PREVIEW).ended.result(PATIENCE)
    harness.settled()
    assert harness.loop_status.next_pass == due


def test_too_many_different_jobs_are_refused(harness, monkeypatch):
    monkeypatch.setattr(job_queue, "MAX_WAITING", 3)
    harness.hold.clear()
    harness.loop.submit(RUN)
    while not harness.done:
        time.sleep(0.005)
    for number in range(3):
        harness.loop.submit(Job(Verb.SEED, (str(number),)))
    with pytest.raises(QueueFull):
        harness.loop.submit(Job(Verb.SEED, ("one more",)))
    assert harness.loop.submit(Job(Verb.SEED, ("1",))).job.tables == ("1",)


def test_when_the_daemon_stops_waiting_callers_get_an_answer(harness):
    harness.hold.clear()
    running = harness.loop.submit(RUN)
    while not harness.done:
        time.sleep(0.005)
    waiting = harness.loop.submit(Job(Verb.ROLLBACK))
    ending = threading.Thread(target=harness.loop.stop, args=(5,))
    ending.start()
    with pytest.raises(Stopping):
        waiting.ended.result(PATIENCE)
    with pytest.raises(Stopping):
        harness.loop.submit(RUN)
    harness.hold.set()
    assert running.ended.result(PATIENCE)
    ending.join()
    assert harness.done == ["run"]


def test_passes_and_jobs_are_in_the_history_newest_first(harness):
    harness.loop.submit(Job(Verb.SEED, ("users",))).ended.result(PATIENCE)
    harness.settled()
    verbs = [(record.verb, record.trigger, record.state) for record in harness.history.newest(2)]
    assert verbs == [("pass", "interval", State.DONE), ("seed", "api", State.DONE)]


@pytest.mark.parametrize("harness", [{"interval": timedelta(seconds=0.3)}], indirect=True)
def test_endless_previews_do_not_delay_scheduled_passes(harness):
    stop = threading.Event()
    harness.takes = 0.02

    def look(number):
        while not stop.is_set():
            harness.loop.submit(Job(Verb.PREVIEW, (f"{number}",))).ended.result(PATIENCE)

    lookers = [threading.Thread(target=look, args=(number,)) for number in range(8)]
    for looker in lookers:
        looker.start()
    deadline = time.monotonic() + PATIENCE
    try:
        while harness.done.count("pass interval") < 3:
            assert time.monotonic() < deadline, harness.done[-20:]
            time.sleep(0.05)
    finally:
        stop.set()
        for looker in lookers:
            looker.join()
    assert harness.most_at_once == 1
