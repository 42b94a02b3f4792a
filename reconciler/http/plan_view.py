"""A plan for a confirmation page: steps that would run now, and those that would not. Pure; called by the pages.

Tables with the same steps are one entry, which still names each of them: whoever confirms a roll-back has to see what
goes.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from reconciler.http.problem_groups import nameless, signature_of_step
from reconciler.model.plan import Step, StepStatus
from reconciler.model.report import PassReport, TableReport

MAX_STEPS = 500
"""Steps shown of each half, those of an entry once; the counts include all."""
FOLDED_FROM = 4
"""Fewer tables with the same steps are shown one by one."""


@dataclass(frozen=True, slots=True)
class PlanEntry:
    """Tables by name that have the same steps, and the steps of the first of them."""

    tables: tuple[str, ...]
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class PlanView:
    """The steps that are ready, and the others; ``failed`` are tables with their errors, by name.

    ``hidden`` counts the steps that are not shown.
    """

    ready: tuple[PlanEntry, ...]
    held: tuple[PlanEntry, ...]
    failed: tuple[tuple[str, str], ...]
    hidden: int

    @classmethod
    def of(cls, report: PassReport) -> PlanView:
        """Split the plan of a report."""
        ready, more = _half(report, ready=True)
        held, yet_more = _half(report, ready=False)
        failed = tuple((table.name, table.error) for table in report.tables if table.error)
        return cls(ready, held, failed[:MAX_STEPS], more + yet_more)


def _half(report: PassReport, *, ready: bool) -> tuple[tuple[PlanEntry, ...], int]:
    found: dict[Hashable, list[tuple[str, tuple[Step, ...]]]] = {}
    for table in sorted(report.tables, key=lambda table: table.name):
        steps = tuple(step for step in table.steps if (step.status is StepStatus.READY) is ready)
        if steps:
            found.setdefault(tuple(_signature(table, step) for step in steps), []).append((table.name, steps))
    entries = []
    for alike in found.values():
        folded = len(alike) >= FOLDED_FROM
        names = tuple(name for name, _ in alike)
        entries += [PlanEntry(names, alike[0][1])] if folded else [PlanEntry((name,), steps) for name, steps in alike]
    return _first(sorted(entries, key=lambda entry: entry.tables))


def _first(entries: list[PlanEntry]) -> tuple[tuple[PlanEntry, ...], int]:
    shown, count, hidden = [], 0, 0
    for entry in entries:
        if count < MAX_STEPS:
            shown.append(entry)
            count += len(entry.steps)
        else:
            hidden += len(entry.tables) * len(entry.steps)
    return tuple(shown), hidden


def _signature(table: TableReport, step: Step) -> Hashable:
    """What is shown of a step, without the name of its table."""
    changes = tuple(
        (each.path, *(nameless(table, repr(v)) for v in (each.before, each.after))) for each in step.changes
    )
    return signature_of_step(table, step), step.call and step.call.operation, step.not_before, changes
