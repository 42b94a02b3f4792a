"""Names the seeds that changed since they were written, in the result of ``up`` and ``--once``."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from reconciler.model.report import PassReport

if TYPE_CHECKING:
    from reconciler.wiring import App

Report = TypeVar("Report", bound=PassReport)


def with_seed_changes(report: Report, app: App, names: tuple[str, ...] = ()) -> Report:
    """The report with a warning for each seed that changed since it was written: no pass applies that."""
    if report.error is not None:
        return report
    return replace(report, warnings=(*report.warnings, *app.reconciler.seed_changes(names)))
