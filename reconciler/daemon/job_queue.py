"""The queue of orders inside the loop: equal ones are one, each is carried out once, none is lost. Of ``Loop``."""

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
"""Different orders at once; equal ones are one."""

CarryOut = Callable[[Job], Outcome]


def no_jobs(_order: Job) -> Outcome:
    """For a loop that nobody gives orders to."""
    raise Stopping("This loop accepts no jobs.")


class JobQueue:
    """The methods but ``carry_out`` and the notes are called under the loop's lock."""

    def __init__(
        self, carry_out: CarryOut, loop_status: LoopStatus, history: RunHistory, now: Callable[[], datetime]
    ) -> None:
        self._carry_out = carry_out
        self._loop_status = loop_status
        self._book = history
        self._now = now
        self._waiting: dict[Job, Run] = {}
        self._records: dict[str, Record] = {}
        self._closed = False

    @property
    def any(self) -> bool:
        """Whether something waits."""
        return bool(self._waiting)

    def take(self, job: Job) -> Run:
        """The run that will carry out ``order``: one that waits already, or a new one."""
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
        """Everything that waits, in order; from now on an equal order is a new one."""
        runs, self._waiting = tuple(self._waiting.values()), {}
        return runs

    def close(self) -> None:
        """Tell everybody who waits that nothing will be done."""
        self._closed = True
        for run in self.waiting():
            self._fail(run, Stopping("The daemon is stopping; this run was not started."))

    def carry_out(self, run: Run) -> Outcome | None:
        """Do it, write it down, and wake whoever waits. ``None`` when it failed; nothing is raised."""
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
            said = " ".join(sentences(run.job, outcome.report))
            self._book.put(self._records.pop(run.id).done(outcome.report, self._now(), said))
            run.ended.set_result(outcome)
            return outcome
        finally:
            self._loop_status.in_progress = None
        return None

    def note_pass(self, report: PassReport, began: datetime) -> None:
        """The loop made a pass of its own."""
        record = Record(report.pass_id or uuid.uuid4().hex, "pass", report.trigger, State.RUNNING, began, (), began)
        self._book.put(record.done(report, self._now()))

    def note_crash(self, cause: str, began: datetime, error: Exception) -> None:
        """A pass of the loop raised."""
        record = Record(uuid.uuid4().hex, "pass", cause, State.RUNNING, began, (), began)
        self._book.put(record.failed(f"{type(error).__name__}; see the log for details", self._now()))

    def _fail(self, run: Run, error: BaseException) -> None:
        said = str(error) if isinstance(error, ReconcilerError) else f"{type(error).__name__}; see the log for details"
        self._book.put(self._records.pop(run.id).failed(said, self._now()))
        run.ended.set_exception(error)

    def _put(self, record: Record) -> None:
        self._records[record.id] = record
        self._book.put(record)
