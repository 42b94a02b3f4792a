"""The job queue of the loop: equal jobs share a run, each run is executed once, none is lost. Used by ``Loop``."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime

from reconciler.engine.loop_status import LoopStatus
from reconciler.logs import get_logger
from reconciler.model.errors import Interrupted, ReconcilerError
from reconciler.model.report import PassReport
from reconciler.runs import Job, Outcome, QueueFull, Record, Run, RunHistory, State, Stopping
from reconciler.runs.messages import sentences

log = get_logger("reconciler.scheduler")

MAX_WAITING = 100
"""Different jobs in the queue; equal ones share one run."""

CarryOut = Callable[[Job], Outcome]


def no_jobs(_job: Job) -> Outcome:
    """For a loop without jobs."""
    raise Stopping("This loop accepts no jobs.")


class JobQueue:
    """All methods but ``carry_out`` and those that note a pass are called under the lock of the loop."""

    def __init__(
        self, carry_out: CarryOut, loop_status: LoopStatus, history: RunHistory, now: Callable[[], datetime]
    ) -> None:
        self._carry_out = carry_out
        self._loop_status = loop_status
        self._history = history
        self._now = now
        self._waiting: dict[Job, Run] = {}
        self._records: dict[str, Record] = {}
        self._closed = False

    @property
    def any(self) -> bool:
        """Whether a job is queued."""
        return bool(self._waiting)

    def take(self, job: Job) -> Run:
        """The run that will execute ``job``: one that is queued, or a new one."""
        if self._closed:
            raise Stopping("The daemon is stopping and starts no new job.")
        if known := self._waiting.get(job):
            return known
        if len(self._waiting) >= MAX_WAITING:
            raise QueueFull(f"{MAX_WAITING} different jobs are already queued. Try again later.")
        run = Run(uuid.uuid4().hex, job)
        record = Record(run.id, job.verb.value, job.trigger, State.QUEUED, self._now(), job.tables)
        self._waiting[job] = run
        self._put(record)
        return run

    def waiting(self) -> tuple[Run, ...]:
        """Take all queued runs, in order; an equal job that comes later gets a new run."""
        runs, self._waiting = tuple(self._waiting.values()), {}
        return runs

    def close(self) -> None:
        """Fail all queued runs and accept no more jobs."""
        self._closed = True
        for run in self.waiting():
            self._fail(run, Stopping("The daemon is stopping; this run was not started."))

    def carry_out(self, run: Run) -> Outcome | None:
        """Execute a run, record it, and wake its callers. Returns ``None`` when it failed; raises nothing."""
        if self._closed:
            self._fail(run, Stopping("The daemon is stopping; this run was not started."))
            return None
        self._put(self._records[run.id].running(self._now()))
        self._loop_status.start(run.id)
        log.info("run started", run=run.id, verb=run.job.verb.value, tables=list(run.job.tables))
        try:
            outcome = self._carry_out(run.job)
        except ReconcilerError as error:
            log.warning("run failed", run=run.id, why=str(error))
            self._fail(run, error)
        except Interrupted:
            log.info("run interrupted", run=run.id)
            self._fail(run, Stopping("The daemon is stopping; this run was interrupted. Start it again to continue."))
        except BaseException as error:
            log.exception("run failed", run=run.id)
            self._fail(run, error)
        else:
            if outcome.suspended is not None:
                self._loop_status.suspended = outcome.suspended
            message = " ".join(sentences(run.job, outcome.report))
            self._history.put(self._records.pop(run.id).done(outcome.report, self._now(), message))
            run.ended.set_result(outcome)
            return outcome
        finally:
            self._loop_status.in_progress = None
        return None

    def note_pass(self, report: PassReport, began: datetime) -> None:
        """Record a pass of the loop."""
        record = Record(report.pass_id or uuid.uuid4().hex, "pass", report.trigger, State.RUNNING, began, (), began)
        self._history.put(record.done(report, self._now()))

    def note_crash(self, cause: str, began: datetime, error: Exception) -> None:
        """Record a pass of the loop that raised."""
        record = Record(uuid.uuid4().hex, "pass", cause, State.RUNNING, began, (), began)
        self._history.put(record.failed(f"{type(error).__name__}; see the log for details", self._now()))

    def _fail(self, run: Run, error: BaseException) -> None:
        message = (
            str(error) if isinstance(error, ReconcilerError) else f"{type(error).__name__}; see the log for details"
        )
        self._history.put(self._records.pop(run.id).failed(message, self._now()))
        run.ended.set_exception(error)

    def _put(self, record: Record) -> None:
        self._records[record.id] = record
        self._history.put(record)
