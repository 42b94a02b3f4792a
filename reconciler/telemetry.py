"""The one ``Telemetry`` of a process: the board, the metrics and the log hear of every pass, step and call here."""

from __future__ import annotations

from structlog.contextvars import bind_contextvars, unbind_contextvars

from reconciler.engine.board import Board
from reconciler.logs import get_logger
from reconciler.metrics import Metrics
from reconciler.model.plan import Fate, Step
from reconciler.model.report import PassReport, TableReport, TableStatus, Verdict

log = get_logger("reconciler")


class Teller:
    """Passes on what the engine reports. ``metrics`` is ``None`` where nobody will ever read them."""

    def __init__(self, board: Board, metrics: Metrics | None) -> None:
        self._board = board
        self._metrics = metrics
        self._said: frozenset[tuple[str, str]] = frozenset()

    def request(self, operation: str, result: str, seconds: float) -> None:
        """One AWS request ended."""
        if self._metrics is not None:
            self._metrics.request(operation, result, seconds)
        log.debug("request", operation=operation, result=result, seconds=round(seconds, 4))

    def retry(self, operation: str) -> None:
        """The SDK sent a request again."""
        if self._metrics is not None:
            self._metrics.retry(operation)

    def pass_started(self, pass_id: str, trigger: str) -> None:
        """Every line of the log carries the pass id until the pass ends."""
        bind_contextvars(pass_id=pass_id)
        self._board.start(pass_id)
        if self._metrics is not None:
            self._metrics.pass_started(pass_id, trigger)

    def pass_finished(self, report: PassReport) -> None:
        """Fill the board and the counters, say what is new, and let go of the pass id."""
        self._board.finish(report)
        if self._metrics is not None:
            self._metrics.pass_finished(report)
        for warning in report.warnings:
            self._once("warning", warning)
        for problem in report.problems:
            log.error(
                "declaration refused", file=problem.file, line=problem.line, field=problem.field, why=str(problem)
            )
        for table in report.tables:
            self._say_table(table)
        summary = {name: count for name, count in report.summary().items() if count}
        say = log.error if report.verdict is Verdict.ERROR else log.info
        seconds = round((report.finished - report.started).total_seconds(), 3)
        say(
            "pass", trigger=report.trigger, verdict=report.verdict.value, seconds=seconds, error=report.error, **summary
        )
        unbind_contextvars("pass_id")

    def step(self, pass_id: str, table: str, step: Step) -> None:
        """A step was carried out or failed."""
        if self._metrics is not None:
            self._metrics.step(pass_id, table, step)
        operation = step.call.operation if step.call else None
        say = log.error if step.fate is Fate.FAILED else log.info
        say(
            "step",
            table=table,
            action=step.action.value,
            facet=step.facet,
            fate=step.fate.value,
            operation=operation,
            paths=[change.path for change in step.changes],
            why=step.message,
        )

    def _say_table(self, table: TableReport) -> None:
        if table.status is TableStatus.ERROR and table.error:
            log.error("table failed", table=table.name, why=table.error)
        for step in table.steps:
            if step.fate in (Fate.BLOCKED, Fate.UNSUPPORTED) and step.message:
                self._once(step.fate.value, f"{table.name}: {step.facet}: {step.message}", allow_with=step.allow_with)

    def _once(self, event: str, text: str, **more: str | None) -> None:
        """What stays so is said once, not in every pass."""
        if (event, text) not in self._said:
            self._said |= {(event, text)}
            log.warning(event, what=text, **more)
