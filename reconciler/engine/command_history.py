"""Adds the runs of ``seed``, ``clear`` and ``migrate`` to the history, where ``status`` and the page show them.

Called by the facade. A pass has rules of its own, because an idle one must leave no entry.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from reconciler.engine.context import EngineContext
from reconciler.model.errors import ApiError, StateError
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.options import Options
from reconciler.model.plan import StepStatus
from reconciler.model.report import PassReport, TableReport, TableStatus

Report = TypeVar("Report", bound=PassReport)
MIGRATE = "migrate"
"""The trigger of a run of migrations."""


@dataclass(frozen=True, slots=True)
class MigratedTable:
    """One migration that was run on a table: whether it changed items and finished, and what stopped it.

    ``undone`` tells that it was run backwards.
    """

    migration: str
    table: str
    changed: bool
    finished: bool
    error: str | None = None
    undone: bool = False

    @property
    def shown(self) -> str:
        """``0001_add_group (users)``."""
        return f"{self.migration} ({self.table}{', undone' if self.undone else ''})"


def recorded(ports: EngineContext, report: Report) -> Report:
    """The report, with an entry in the history if the command wrote or failed. A failure to write becomes a warning.

    No entry is written for a command that found nothing to do: the history keeps few runs.
    """
    failed = any(table.has(StepStatus.FAILED) or table.error for table in report.tables)
    if not (report.wrote or failed or report.error):
        return report
    return _kept(ports, report)


def migrations_recorded(
    ports: EngineContext,
    options: Options,
    started: datetime,
    migrated: Iterable[MigratedTable],
    *,
    interrupted: bool = False,
) -> tuple[str, ...]:
    """Add a run of migrations, in either direction, to the history; returns warnings.

    ``interrupted`` tells that the process is to stop.
    """
    ran = tuple(migrated)
    if not any(each.changed or each.finished or each.error for each in ran):
        return ()
    stopped = next((each for each in ran if not each.finished), None)
    error = None
    if stopped is not None:
        why = f": {stopped.error}" if stopped.error else ""
        error = f"{stopped.migration} is not finished on {stopped.table}{why}"
    report = PassReport(
        pass_id=ports.random.token(),
        trigger=MIGRATE,
        environment=options.environment_label,
        started=started,
        finished=ports.clock.now(),
        endpoint=ports.endpoint,
        tables=tuple(TableReport(name, TableStatus.IN_SYNC) for name in dict.fromkeys(each.table for each in ran)),
        error=error,
        wrote=any(each.changed for each in ran),
        migrated=tuple(each.shown for each in ran),
        interrupted=interrupted and stopped is not None,
        stack=options.stack,
    )
    return _kept(ports, report).warnings


def _kept(ports: EngineContext, report: Report) -> Report:
    try:
        ports.store.add_history(report)
    except (ApiError, StateError) as error:
        return replace(report, warnings=(*report.warnings, f"this run is not in the history: {error}"))
    return report
