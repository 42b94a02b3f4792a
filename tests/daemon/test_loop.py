"""The loop: one pass at a time, nothing asked for is lost, no fault of a pass ends it."""

from __future__ import annotations

import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from support.captured_logs import capture_logs
from support.sample_reports import deferred_step, report, table
from support.waiting import PATIENCE

from reconciler.daemon.loop import Loop
from reconciler.engine.loop_status import LoopStatus
from reconciler.metrics.labels import SKIP_REASONS, TRIGGERS

LONG = timedelta(hours=1)


class LoopHarness:
    """A pass that records why and when it ran, and can be held or made to fail."""

    def __init__(self, interval=LONG, jitter=0.0, first=timedelta(seconds=0.02)):
        self.triggers, self.times, self.skips, self.crashes = [], [], [], []
        self.reports, self.faults = [], []
        self.hold = None
        self.started = threading.Event()
        self.running = self.most_at_once = 0
        self.loop_status = LoopStatus("default")
        self.loop = Loop(
            self.run_pass,
            self.loop_status,
            interval=interval,
            jitter=jitter,
            on_skip=self.skips.append,
            on_crash=self.crashes.append,
            first_follow_up=first,
        )

    def run_pass(self, trigger):
        self.triggers.append(trigger)
        self.times.append(time.monotonic())
        self.running += 1
        self.most_at_once = max(self.most_at_once, self.running)
        self.loop_status.start(f"pass-{len(self.triggers)}")
        self.started.set()
        try:
            if self.hold:
                self.hold.wait(PATIENCE)
            if self.faults and (fault := self.faults.pop(0)):
                raise fault
            result = self.reports.pop(0) if self.reports else report(table())
            self.loop_status.finish(result)
            return result
        finally:
            self.running -= 1

    def passes(self, count):
        return eventually(lambda: len(self.triggers) >= count and self.loop_status.in_progress is None)

    def settled(self, count):
        assert self.passes(count)
        time.sleep(0.1)
        return self.triggers


def eventually(condition, seconds=PATIENCE):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


@pytest.fixture(autouse=True)
def log():
    with capture_logs() as lines:
        yield lines


@pytest.fixture
def harness(request):
    made = LoopHarness(**getattr(request, "param", {}))
    yield made
    if made.hold:
        made.hold.set()
    made.loop.stop(1)


def fast(**more):
    return pytest.mark.parametrize("harness", [{"interval": timedelta(seconds=0.1), **more}], indirect=True)


def test_the_first_pass_runs_at_once(harness):
    harness.loop.start()
    assert harness.settled(1) == ["start"]


@fast()
def test_passes_repeat_on_the_interval(harness):
    began = time.monotonic()
    harness.loop.start()
    assert harness.passes(4)
    assert harness.triggers[:4] == ["start", "interval", "interval", "interval"]
    assert len(harness.times) <= 2 + (time.monotonic() - began) / 0.1


def test_the_loop_status_shows_when_the_next_pass_is_due(harness):
    before = datetime.now(UTC)
    harness.loop.start()
    harness.settled(1)
    assert before + LONG <= harness.loop_status.next_pass <= datetime.now(UTC) + LONG
    assert harness.loop_status.interval == 3600


def test_a_request_runs_a_pass_now(harness):
    harness.loop.start()
    harness.settled(1)
    harness.loop.trigger("file")
    assert harness.settled(2) == ["start", "file"]


def test_requests_during_a_pass_become_exactly_one_pass_after_it(harness):
    harness.hold = threading.Event()
    harness.loop.start()
    assert harness.started.wait(PATIENCE)
    for name in ("file", "signal", "api", "file"):
        harness.loop.trigger(name)
    assert harness.triggers == ["start"]
    harness.hold.set()
    assert harness.settled(2) == ["start", "file"]
    assert harness.skips == []


def test_requests_before_the_start_are_served_by_the_first_pass(harness):
    harness.loop.trigger("api")
    harness.loop.start()
    assert harness.settled(1) == ["api"]


def test_many_requests_from_many_threads_never_overlap_and_the_last_is_served(harness):
    harness.loop.start()
    harness.passes(1)
    asked = []

    def ask():
        for _ in range(20):
            asked.append(time.monotonic())
            harness.loop.trigger("api")
            time.sleep(0.002)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    last = max(asked)
    assert eventually(lambda: harness.times[-1] >= last)
    assert harness.most_at_once == 1


@fast()
def test_an_interval_that_comes_due_during_a_pass_is_counted_as_skipped_and_the_loop_continues(harness):
    harness.hold = threading.Event()
    harness.loop.start()
    assert eventually(lambda: len(harness.skips) >= 2)
    assert len(harness.triggers) == 1
    harness.hold.set()
    assert harness.passes(2)
    assert set(harness.skips) == {"overlap"}
    assert harness.most_at_once == 1


@fast()
def test_a_pass_that_raises_is_counted_and_the_next_one_runs(harness):
    harness.faults = [RuntimeError("server fell over"), None, ValueError("again")]
    harness.loop.start()
    assert harness.passes(5)
    assert harness.crashes == ["start", "interval"]
    assert harness.loop_status.loop_error is None


def test_a_pass_that_raises_is_no_longer_in_progress_and_still_a_heartbeat(harness):
    harness.faults = [RuntimeError("server fell over")]
    harness.loop.start()
    assert eventually(lambda: harness.crashes and harness.loop_status.in_progress is None)
    assert eventually(lambda: harness.loop_status.heartbeat is not None)
    harness.loop.trigger("api")
    assert harness.settled(2) == ["start", "api"]


@fast()
def test_even_a_pass_that_tries_to_exit_does_not_end_the_loop(harness):
    harness.faults = [SystemExit(3)]
    harness.loop.start()
    assert eventually(lambda: len(harness.triggers) >= 3)
    assert harness.skips == ["error"]


def test_writing_passes_are_followed_soon_and_ever_later_until_a_quiet_one(harness):
    harness.reports = [report(table(), wrote=True)] * 4
    harness.loop.start()
    assert harness.settled(5) == ["start", *["followup"] * 4]
    gaps = [later - earlier for earlier, later in zip(harness.times, harness.times[1:], strict=False)]
    assert all(gap >= wanted for gap, wanted in zip(gaps, (0.019, 0.039, 0.079, 0.159), strict=True))
    assert eventually(lambda: harness.loop_status.next_pass > datetime.now(UTC) + LONG / 2)


def test_a_deferred_step_is_seen_again_at_its_time(harness):
    soon = datetime.now(UTC) + timedelta(seconds=0.4)
    harness.reports = [report(table(steps=(deferred_step(soon),)))]
    harness.loop.start()
    assert eventually(lambda: harness.loop_status.next_pass == soon)
    assert harness.settled(2) == ["start", "followup"]
    assert datetime.now(UTC) >= soon


@fast()
def test_a_time_beyond_the_interval_leaves_the_interval_alone(harness):
    harness.reports = [report(table(steps=(deferred_step(datetime.now(UTC) + LONG),)))]
    harness.loop.start()
    assert harness.passes(2)
    assert harness.triggers[1] == "interval"


def test_a_request_during_a_writing_pass_takes_the_place_of_its_follow_up(harness):
    harness.hold = threading.Event()
    harness.reports = [report(table(), wrote=True)]
    harness.loop.start()
    harness.started.wait(PATIENCE)
    harness.loop.trigger("signal")
    harness.hold.set()
    assert harness.settled(2) == ["start", "signal"]


def test_stop_waits_for_the_running_pass(harness):
    harness.hold = threading.Event()
    harness.loop.start()
    harness.started.wait(PATIENCE)
    threading.Timer(0.1, harness.hold.set).start()
    assert harness.loop.stop(5) is True
    assert harness.loop_status.report is not None
    assert harness.loop_status.next_pass is None


def test_stop_gives_up_after_the_grace_time(harness):
    harness.hold = threading.Event()
    harness.loop.start()
    harness.started.wait(PATIENCE)
    began = time.monotonic()
    assert harness.loop.stop(0.05) is False
    assert time.monotonic() - began < 2


def test_after_stop_no_pass_runs_even_if_asked_for(harness):
    harness.hold = threading.Event()
    harness.loop.start()
    harness.started.wait(PATIENCE)
    harness.loop.trigger("file")
    harness.loop.stop(0.01)
    harness.hold.set()
    harness.loop.trigger("api")
    assert harness.settled(1) == ["start"]


def test_a_loop_that_never_started_stops(harness):
    assert harness.loop.stop(1) is True


@pytest.mark.parametrize("jitter", [0.5, timedelta(seconds=30)], ids=["as a share", "as a time"])
def test_jitter_delays_by_no_more_than_itself_and_varies(jitter):
    due = []
    for _ in range(12):
        harness = LoopHarness(interval=timedelta(seconds=60), jitter=jitter)
        began = datetime.now(UTC)
        harness.loop.start()
        harness.passes(1)
        assert eventually(lambda harness=harness: harness.loop_status.next_pass is not None)
        due.append((harness.loop_status.next_pass - began).total_seconds())
        harness.loop.stop(1)
    assert all(60 <= seconds <= 91 for seconds in due)
    assert max(Counter(round(seconds, 3) for seconds in due).values()) <= 2


def test_every_name_the_loop_gives_a_pass_or_a_skip_is_a_known_label():
    assert {"start", "interval", "followup"} <= set(TRIGGERS)
    assert set(SKIP_REASONS) == {"overlap", "missed", "error"}
