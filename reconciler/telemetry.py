"""The ``Telemetry`` of a process: passes each report on to status, metrics, log, feed and traces."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from reconciler.change_counter import ChangeCounter
from reconciler.engine.authorization import waiting_for_lease
from reconciler.engine.loop_status import LoopStatus, Progress
from reconciler.engine.ports import NULL_TRACING, ApiExchange, SeedProgress, Tracing, WorkProgress
from reconciler.logs import bind, get_logger, unbind
from reconciler.model.plan import Action, Step, StepStatus
from reconciler.model.report import PassReport, TableReport, TableStatus, Verdict
from reconciler.runs.events import pass_event, step_event
from reconciler.runs.feed import Feed

if TYPE_CHECKING:
    from reconciler.metrics import Metrics
    from reconciler.webhooks import Webhooks

log = get_logger("reconciler")


class CompositeTelemetry:
    """Distributes what the engine reports.

    ``metrics`` is ``None`` where nobody reads them. ``shows_report`` marks commands that print the report themselves.
    ``logs_failures`` is false where the report alone tells of failures, because nobody collects the log.
    ``feed`` receives passes and steps. ``traces`` receives the calls; the engine reports passes and tables to it
    directly, because their spans enclose the work.
    """

    def __init__(
        self,
        loop_status: LoopStatus,
        metrics: Metrics | None,
        *,
        shows_report: bool = False,
        logs_failures: bool = True,
        feed: Feed | None = None,
        traces: Tracing = NULL_TRACING,
        change_counter: ChangeCounter | None = None,
        webhooks: Webhooks | None = None,
    ) -> None:
        self._loop_status = loop_status
        self._feed = feed
        self._metrics = metrics
        self._traces = traces
        self._webhooks = webhooks
        self._tally = change_counter
        self._warn = log.info if shows_report else log.warning
        self._fail = log.error if logs_failures else log.info
        self.on_seeding: Callable[[SeedProgress], None] | None = None
        """Shows the progress of a long seeding; set by commands that have a place for it."""
        self.on_work: Callable[[WorkProgress], None] | None = None
        """Shows the progress of an index build or a copy; set as ``on_seeding``."""
        self.on_wait: Callable[[str], None] | None = None
        """Shows what a command waits for; without it the log does."""
        self.answered = 0
        """Requests that were answered so far."""
        self._known_conditions: set[tuple[str, str, str | None]] = set()
        self._suspended = False
        self._creations = _Creations(loop_status)

    def request(self, operation: str, result: str, seconds: float, exchange: ApiExchange) -> None:
        """One AWS request ended."""
        self._record_heartbeat()
        self.answered += 1
        self._traces.call(operation, result, seconds, exchange)
        if self._tally is not None and result == "success":
            self._tally.request(operation, exchange.tables, exchange.items)
        if self._metrics is not None:
            self._metrics.request(operation, result, seconds)
        log.debug("request", operation=operation, result=result, seconds=round(seconds, 4))

    def retry(self, operation: str) -> None:
        """The SDK sent a request again."""
        if self._metrics is not None:
            self._metrics.retry(operation)

    def pass_started(self, pass_id: str, trigger: str) -> None:
        """Every line of the log carries the pass id until the pass ends."""
        bind(pass_id=pass_id)
        self._record_heartbeat()
        self._loop_status.start(pass_id)
        if self._metrics is not None:
            self._metrics.pass_started(pass_id, trigger)
        if self._feed is not None:
            self._feed.publish("pass_started", {"pass_id": pass_id, "trigger": trigger})

    def planned(self, pass_id: str, words: str, creating: int) -> None:
        """Before the first pass is over, readiness shows what it waits for."""
        self._loop_status.planned(words)
        self._creations.begin(creating)
        log.debug("planned", pass_id=pass_id, what=words)

    def waiting(self, holder: str, seconds: float) -> None:
        """Another process holds the lease: show or log it when the run begins to wait."""
        if self.on_wait is not None:
            self.on_wait(waiting_for_lease(holder, seconds))
        else:
            log.warning("waiting for the lease", what=f"it is held by {holder}; {seconds:.0f} s left to wait")

    def pass_finished(self, report: PassReport) -> None:
        """Update status and counters, log new conditions, and unbind the pass ID."""
        self._loop_status.finish(report)
        if self._metrics is not None:
            self._metrics.pass_finished(report)
        if self._feed is not None:
            self._feed.publish("pass_finished", pass_event(report))
        if self._webhooks is not None and report.trigger != "preview":
            self._webhooks.report(report)
        for problem in report.problems:
            details = {
                "file": problem.file,
                "line": problem.line,
                "column": problem.column,
                "field": problem.field,
            }
            self._fail("declaration refused", why=str(problem), **details)
        for table in report.tables:
            if table.status is TableStatus.ERROR and table.error and table.error != report.error:
                self._fail("table failed", table=table.name, why=table.error)
        self._log_suspension(report)
        self._log_new_conditions(report)
        outcome: dict[str, Any] = {name: count for name, count in report.summary().items() if count}
        # Under "stack" the console prints a stack trace, on lines of its own.
        outcome |= {"stack_name": report.stack, "environment": report.environment}
        if report.error:
            outcome["error"] = report.error
        say = self._fail if report.verdict is Verdict.ERROR else log.info
        seconds = round((report.finished - report.started).total_seconds(), 3)
        say("pass", trigger=report.trigger, verdict=report.verdict.value, seconds=seconds, **outcome)
        unbind("pass_id")

    def _log_suspension(self, report: PassReport) -> None:
        """Say once that a pass found the stack suspended, and once that it is not any more."""
        # A pass that could not read the state table knows nothing of a suspension.
        if report.error or not report.endpoint_up or report.suspended == self._suspended:
            return
        self._suspended = report.suspended
        if report.suspended:
            self._warn("suspended", what="nothing is written until `reconciler resume` or `reconciler up`")
        else:
            log.info("resumed", what="the suspension is lifted; passes write again")

    def step(self, pass_id: str, table: str, step: Step) -> None:
        """A step was carried out or failed."""
        if step.action is Action.CREATE:
            self._creations.one_ended()
        if self._metrics is not None:
            self._metrics.step(pass_id, table, step)
        if self._feed is not None:
            self._feed.publish("step", {"pass_id": pass_id, "table": table, **step_event(step)})
        details: dict[str, Any] = {"action": step.action.value, "facet": step.facet, "fate": step.status.value}
        if step.call is not None:
            details |= {"operation": step.call.operation, "paths": [change.path for change in step.changes]}
        if step.message:
            details["why"] = step.message
        say = self._fail if step.status is StepStatus.FAILED else log.info
        say("step", table=table, pass_id=pass_id, **details)

    def _record_heartbeat(self) -> None:
        """Record progress of the loop for the liveness probe."""
        if self._loop_status.heartbeat is not None:
            self._loop_status.heartbeat = datetime.now(UTC)

    def seeding(self, progress: SeedProgress) -> None:
        """Show the progress of a seeding, and log its counts and speed at its end."""
        self._record_heartbeat()
        self._loop_status.advance(
            Progress(
                progress.table,
                "seeding",
                progress.done,
                progress.total,
                progress.per_second,
                progress.seconds_left,
            ),
            ended=progress.ended,
        )
        if self.on_seeding is not None:
            self.on_seeding(progress)
        details: dict[str, Any] = {"table": progress.table, "written": progress.written, "present": progress.present}
        details |= {"items": progress.total, "items_per_second": round(progress.per_second)}
        if progress.ended:
            log.info("seeded", seconds=round(progress.seconds, 3), **details)
        else:
            left = progress.seconds_left
            log.debug("seeding", seconds_left=None if left is None else round(left), **details)

    def working(self, progress: WorkProgress) -> None:
        """Show the progress of an index build or of a copy, and log its end."""
        self._record_heartbeat()
        shown = Progress(
            progress.table,
            progress.what,
            progress.done or 0,
            progress.total if progress.done is not None else None,
            progress.per_second,
            progress.seconds_left,
        )
        self._loop_status.advance(shown, ended=progress.ended)
        if self.on_work is not None:
            self.on_work(progress)
        say = log.info if progress.ended else log.debug
        say(
            "work ended" if progress.ended else "work",
            table=progress.table,
            what=progress.what,
            seconds=round(progress.seconds, 3),
            items=progress.done,
        )

    def seeded(self, table: TableReport) -> None:
        """Count the items of ``seed`` or ``clear``."""
        if self._metrics is not None:
            self._metrics.seeded(table)

    def _log_new_conditions(self, report: PassReport) -> None:
        """Log blocked and unsupported steps when they first appear, not in every pass."""
        standing: set[tuple[str, str, str | None]] = {("warning", warning, None) for warning in report.warnings}
        for table in report.tables:
            for step in table.steps:
                if step.status in (StepStatus.BLOCKED, StepStatus.UNSUPPORTED) and step.message:
                    sentence = f"{table.name}: {step.facet}: {step.message}"
                    standing.add((step.status.value, sentence, step.allow_with))
        for event, sentence, allow_with in sorted(standing - self._known_conditions, key=str):
            self._warn(event, what=sentence, **({"allow_with": allow_with} if allow_with else {}))
        self._known_conditions = standing


class _Creations:
    """How many of the tables that a pass creates are there. Its steps end in several threads."""

    def __init__(self, loop_status: LoopStatus) -> None:
        self._loop_status = loop_status
        self._lock = threading.Lock()
        self._total = self._ended = 0
        self._began = 0.0

    def begin(self, total: int) -> None:
        """A pass is about to create this many tables."""
        with self._lock:
            self._total, self._ended, self._began = total, 0, time.monotonic()
            self._show()

    def one_ended(self) -> None:
        """The creation of one table was done or failed."""
        with self._lock:
            self._ended += 1
            self._show()

    def _show(self) -> None:
        seconds = time.monotonic() - self._began
        speed = self._ended / seconds if seconds > 0 and self._ended else None
        left = None if speed is None else max(0, self._total - self._ended) / speed
        progress = Progress("", "creating tables", self._ended, self._total, speed, left)
        self._loop_status.advance(progress, ended=self._ended >= self._total)
