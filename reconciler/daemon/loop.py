"""The loop of the daemon: one pass at a time, per interval, on request, and soon after a pass that left work.

The daemon gives it the function that runs one pass over all tables and updates the status at its start and end. Jobs
are executed between the passes, in the same thread. The loop keeps ``next_pass`` and ``heartbeat`` of the status.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from apscheduler.events import (
    EVENT_JOB_ERROR,
    EVENT_JOB_EXECUTED,
    EVENT_JOB_MAX_INSTANCES,
    EVENT_JOB_MISSED,
    EVENT_JOB_SUBMITTED,
    JobEvent,
)
from apscheduler.executors.base import BaseExecutor, run_job
from apscheduler.job import Job as ScheduledJob
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from reconciler.daemon.follow_up import FIRST, FollowUp
from reconciler.daemon.job_queue import CarryOut, JobQueue, no_jobs
from reconciler.engine.loop_status import LoopStatus
from reconciler.logs import get_logger
from reconciler.model.errors import Interrupted
from reconciler.model.report import PassReport
from reconciler.runs import Job, Run, RunHistory
from reconciler.runs.job import TRIGGER

log = get_logger("reconciler.scheduler")

PASS_JOB = "pass"
_SKIPS = {EVENT_JOB_MAX_INSTANCES: "overlap", EVENT_JOB_MISSED: "missed", EVENT_JOB_ERROR: "error"}
_ENDS = EVENT_JOB_EXECUTED | EVENT_JOB_MISSED | EVENT_JOB_ERROR


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Loop:
    """Runs passes until stopped; an exception in a pass does not end it.

    A random delay between zero and ``jitter`` (a share of the interval, or a duration) is added to each interval.
    ``on_skip`` is called when an interval is due while a pass runs (``overlap``), ``on_crash`` with the trigger of a
    pass that raised. ``carry_out`` executes a job; ``history`` keeps a record of every run.
    """

    def __init__(
        self,
        run_pass: Callable[[str], PassReport],
        loop_status: LoopStatus,
        *,
        interval: timedelta,
        on_skip: Callable[[str], None],
        on_crash: Callable[[str], None],
        jitter: float | timedelta = 0.1,
        now: Callable[[], datetime] = _utc_now,
        first_follow_up: timedelta = FIRST,
        carry_out: CarryOut = no_jobs,
        history: RunHistory | None = None,
    ) -> None:
        self._run_pass = run_pass
        self._loop_status = loop_status
        self._on_skip = on_skip
        self._on_crash = on_crash
        self._now = now
        self._follow_up = FollowUp(interval, first_follow_up)
        self._lock = threading.RLock()
        self._idle = threading.Event()
        self._idle.set()
        self._stopping = False
        self._run_requested = False
        self._next_trigger = "start"
        self._requested: str | None = None
        self._follow_up_at: datetime | None = None
        self._postponed_to: datetime | None = None
        self._orders = JobQueue(carry_out, loop_status, RunHistory() if history is None else history, now)
        loop_status.interval = interval.total_seconds()
        self._scheduler = BackgroundScheduler(timezone=UTC, executors={"default": ThreadPerPass()})
        spread = jitter if isinstance(jitter, timedelta) else interval * jitter
        self._every = IntervalTrigger(seconds=interval.total_seconds(), jitter=spread.total_seconds(), timezone=UTC)

    def start(self) -> None:
        """Start the scheduler; the first pass runs at once."""
        self._scheduler.add_listener(self._on_event, EVENT_JOB_SUBMITTED | EVENT_JOB_MAX_INSTANCES | _ENDS)
        self._scheduler.add_job(
            self._tick,
            self._every,
            id=PASS_JOB,
            max_instances=1,
            coalesce=True,
            misfire_grace_time=None,
            next_run_time=_utc_now(),
        )
        self._loop_status.heartbeat = self._now()
        self._scheduler.start()

    def trigger(self, name: str) -> None:
        """Request a pass now; ``name`` is its trigger (``file``, ``signal``, ``api``).

        Requests that arrive during a pass are combined into one pass right after it, with the first trigger.
        """
        with self._lock:
            self._requested = self._requested or name
            self._wake()

    def submit(self, job: Job) -> Run:
        """Queue a job for the thread of the passes; equal jobs in the queue share one run.

        Raises ``Stopping`` and ``Full``.
        """
        with self._lock:
            run = self._orders.take(job)
            if self._scheduler.running and self._idle.is_set() and not self._run_requested:
                self._postponed_to = self._due()
            self._wake()
            return run

    def stop(self, grace: float) -> bool:
        """Start no more passes; wait up to ``grace`` seconds for the running one. Returns whether it ended in time."""
        with self._lock:
            self._stopping = True
            self._orders.close()
        if self._scheduler.running:
            self._scheduler.pause()
        ended = self._idle.wait(grace)
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
        self._loop_status.next_pass = None
        return ended

    def _tick(self) -> None:
        with self._lock:
            if self._stopping:
                return
            self._idle.clear()
            jobs = self._orders.waiting()
            overdue = self._postponed_to is not None and self._postponed_to <= _utc_now()
            only_ordered = bool(jobs) and self._run_requested and self._requested is None and not overdue
            cause = self._requested or self._next_trigger
            self._requested, self._run_requested = None, False
            if not only_ordered:
                self._next_trigger, self._postponed_to = "interval", None
        report, seen = None, False
        for run in jobs:
            outcome = self._orders.carry_out(run)
            if run.job.covers_all_tables and outcome is not None:
                report, seen = outcome.report, True
            elif run.may_have_changed:
                seen, only_ordered, cause = False, False, cause if not only_ordered else TRIGGER
        if not seen and not only_ordered and not self._stopping:
            report = self._pass(cause)
        if seen or not only_ordered:
            self._follow_up_at = self._follow_up.after(report, self._now())

    def _pass(self, cause: str) -> PassReport | None:
        began = self._now()
        try:
            report = self._run_pass(cause)
        except Interrupted:
            log.info("pass interrupted; the next start continues from here", trigger=cause)
            self._loop_status.in_progress = None
            return None
        except Exception as error:
            log.exception("pass failed", trigger=cause)
            self._loop_status.in_progress = None
            self._orders.note_crash(cause, began, error)
            self._on_crash(cause)
            return None
        self._orders.note_pass(report, began)
        return report

    def _wake(self) -> None:
        if self._scheduler.running and self._idle.is_set() and not self._run_requested:
            self._run_requested = True
            self._run_at(_utc_now())

    def _on_event(self, event: JobEvent) -> None:
        if event.code in _SKIPS:
            log.warning("pass skipped", reason=_SKIPS[event.code])
            self._on_skip(_SKIPS[event.code])
        with self._lock:
            if event.code & _ENDS:
                self._loop_status.heartbeat = self._now()
                self._idle.set()
                self._schedule_next()
            if not self._stopping:
                self._loop_status.next_pass = self._due()

    def _schedule_next(self) -> None:
        """Move the next run forward. APScheduler refuses that until its executor has finished the last run."""
        again_at, self._follow_up_at = self._follow_up_at, None
        if self._stopping:
            return
        due = self._due()
        if self._requested is not None or self._orders.any:
            if again_at is not None and (due is None or again_at < due):
                self._next_trigger, due = "followup", again_at
            self._postponed_to = self._postponed_to or due
            self._run_requested = True
            self._run_at(_utc_now())
        elif again_at is not None and (due is None or again_at < due):
            self._next_trigger = "followup"
            self._run_at(again_at)
        elif self._postponed_to is not None:
            self._run_at(self._postponed_to)
            self._postponed_to = None

    def _run_at(self, moment: datetime) -> None:
        self._scheduler.modify_job(PASS_JOB, next_run_time=moment)
        self._loop_status.next_pass = moment

    def _due(self) -> datetime | None:
        due: datetime | None = self._scheduler.get_job(PASS_JOB).next_run_time
        return due


class ThreadPerPass(BaseExecutor):  # type: ignore[misc]
    """An APScheduler executor that runs each pass in a fresh daemon thread; ``max_instances`` allows one at a time.

    APScheduler joins its own thread pool when the interpreter exits, whatever the grace period; a pass that outlives
    the grace period would hold the process back.
    """

    def _do_submit_job(self, job: ScheduledJob, run_times: Sequence[datetime]) -> None:
        threading.Thread(target=self._run, args=(job, run_times), name="pass", daemon=True).start()

    def _run(self, job: ScheduledJob, run_times: Sequence[datetime]) -> None:
        try:
            events = run_job(job, job._jobstore_alias, run_times, self._logger.name)
        except BaseException:  # noqa: BLE001
            self._run_job_error(job.id, *sys.exc_info()[1:])
        else:
            self._run_job_success(job.id, events)
