"""Telemetry of a job that is not a pass over all tables: it reports calls and steps, but no pass. Used by ``verbs``."""

from __future__ import annotations

from reconciler.engine.ports import ApiExchange, SeedProgress, Telemetry, WorkProgress
from reconciler.logs import get_logger
from reconciler.model.plan import Step
from reconciler.model.report import PassReport, TableReport

log = get_logger("reconciler.runs")


class QuietTelemetry:
    """Forwards to the ``Telemetry`` of the process, except for passes, which it only logs.

    The report of such a job covers some tables; status and metrics would take it for the state of all.
    """

    def __init__(self, inner: Telemetry) -> None:
        self._inner = inner

    def request(self, operation: str, result: str, seconds: float, exchange: ApiExchange) -> None:
        """One AWS request ended."""
        self._inner.request(operation, result, seconds, exchange)

    def retry(self, operation: str) -> None:
        """The SDK sent a request again."""
        self._inner.retry(operation)

    def waiting(self, holder: str, seconds: float) -> None:
        """The run waits for the lease of ``holder``."""
        self._inner.waiting(holder, seconds)

    def step(self, pass_id: str, table: str, step: Step) -> None:
        """A step was carried out or failed."""
        self._inner.step(pass_id, table, step)

    def seeding(self, progress: SeedProgress) -> None:
        """The seeding of a table goes on or has ended."""
        self._inner.seeding(progress)

    def working(self, progress: WorkProgress) -> None:
        """Other long work on a table goes on or has ended."""
        self._inner.working(progress)

    def seeded(self, table: TableReport) -> None:
        """``seed`` or ``clear`` ended for a table."""
        self._inner.seeded(table)

    def pass_started(self, pass_id: str, trigger: str) -> None:
        """Logged only."""
        log.debug("pass of a job started", pass_id=pass_id, trigger=trigger)

    def planned(self, pass_id: str, words: str, creating: int) -> None:  # noqa: ARG002
        """Logged only."""
        log.debug("pass of a job planned", pass_id=pass_id, what=words)

    def pass_finished(self, report: PassReport) -> None:
        """Logged only."""
        seconds = round((report.finished - report.started).total_seconds(), 3)
        log.info("pass of a job finished", pass_id=report.pass_id, verdict=report.verdict.value, seconds=seconds)
