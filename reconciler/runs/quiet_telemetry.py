"""Telemetry of a run that is no pass over all tables: calls and steps are told, its report is not taken for a pass."""

from __future__ import annotations

from reconciler.engine.ports import ApiExchange, Telemetry
from reconciler.logs import get_logger
from reconciler.model.plan import Step
from reconciler.model.report import PassReport, TableReport

log = get_logger("reconciler.runs")


class QuietTelemetry:
    """Stands before the process's own ``Telemetry``."""

    def __init__(self, inner: Telemetry) -> None:
        self._inner = inner

    def request(self, operation: str, result: str, seconds: float, exchange: ApiExchange) -> None:
        """One AWS request ended."""
        self._inner.request(operation, result, seconds, exchange)

    def retry(self, operation: str) -> None:
        """The SDK sent a request again."""
        self._inner.retry(operation)

    def waiting(self, holder: str, seconds: float) -> None:
        """Who is waited for."""
        self._inner.waiting(holder, seconds)

    def step(self, pass_id: str, table: str, step: Step) -> None:
        """A step was carried out or failed."""
        self._inner.step(pass_id, table, step)

    def seeded(self, table: TableReport) -> None:
        """``seed`` or ``clear`` ended for a table."""
        self._inner.seeded(table)

    def pass_started(self, pass_id: str, trigger: str) -> None:
        """Only said in the log."""
        log.debug("pass of a job started", pass_id=pass_id, trigger=trigger)

    def planned(self, pass_id: str, words: str) -> None:
        """Only said in the log."""
        log.debug("pass of a job planned", pass_id=pass_id, what=words)

    def pass_finished(self, report: PassReport) -> None:
        """Only said in the log."""
        seconds = round((report.finished - report.started).total_seconds(), 3)
        log.info("pass of a job finished", pass_id=report.pass_id, verdict=report.verdict.value, seconds=seconds)
