"""A plan for a confirmation page: steps that would run now, and those that would not. Pure; called by the pages."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.model.plan import Step, StepStatus
from reconciler.model.report import PassReport

MAX_STEPS = 500
"""Steps shown of each half; the counts include all."""


@dataclass(frozen=True, slots=True)
class PlanView:
    """Tables by name with the steps that are ready, and with the others; ``hidden`` counts those that are not shown."""

    ready: tuple[tuple[str, tuple[Step, ...]], ...]
    held: tuple[tuple[str, tuple[Step, ...]], ...]
    failed: tuple[tuple[str, str], ...]
    hidden: int

    @classmethod
    def of(cls, report: PassReport) -> PlanView:
        """Split the plan of a report."""
        ready, more = _half(report, ready=True)
        held, yet_more = _half(report, ready=False)
        failed = tuple((table.name, table.error) for table in report.tables if table.error)
        return cls(ready, held, failed[:MAX_STEPS], more + yet_more)


def _half(report: PassReport, *, ready: bool) -> tuple[tuple[tuple[str, tuple[Step, ...]], ...], int]:
    found, count, hidden = [], 0, 0
    for table in sorted(report.tables, key=lambda table: table.name):
        steps = tuple(step for step in table.steps if (step.status is StepStatus.READY) is ready)
        if steps and count < MAX_STEPS:
            found.append((table.name, steps))
            count += len(steps)
        else:
            hidden += len(steps)
    return tuple(found), hidden
