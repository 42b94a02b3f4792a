"""Folds tables with the same problem into one entry of "Needs attention". Pure; called by the page.

A missing permission or a changed default concerns hundreds of tables at once, and would push the one table with a
problem of its own from the screen.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime

from reconciler.model.plan import Step, StepStatus
from reconciler.model.report import TableReport
from reconciler.presentation.render import losses, step_title

SHOWN = (StepStatus.BLOCKED, StepStatus.FAILED, StepStatus.READY, StepStatus.DEFERRED)


@dataclass(frozen=True, slots=True)
class ProblemGroup:
    """Tables that differ in their names alone, in the order in which they were given."""

    tables: Sequence[TableReport]

    @property
    def sample(self) -> TableReport:
        """The table that is shown for all of them."""
        return self.tables[0]

    @property
    def since(self) -> datetime | None:
        """When the first of them began to differ."""
        return min((table.drift_since for table in self.tables if table.drift_since), default=None)

    @property
    def not_before(self) -> datetime | None:
        """The earliest time at which a step of theirs may run."""
        times = (s.not_before for t in self.tables for s in t.steps if s.status is StepStatus.DEFERRED and s.not_before)
        return min(times, default=None)


def problem_groups(tables: Sequence[TableReport], apart: Collection[str] = ()) -> list[ProblemGroup]:
    """The groups, in the order of their first tables; each table named in ``apart`` is one of its own."""
    found: dict[Hashable, list[TableReport]] = {}
    for table in tables:
        found.setdefault(table.name if table.name in apart else _signature(table), []).append(table)
    return [ProblemGroup(tuple(alike)) for alike in found.values()]


def _signature(table: TableReport) -> Hashable:
    """What is shown of a table, without its name and without times."""
    shown = tuple(signature_of_step(table, step) for step in table.steps if step.status in SHOWN)
    sentences = tuple(nameless(table, sentence) for sentence in losses(table, counted=False))
    return table.status, table.drifted, table.seed_pending, nameless(table, table.error), shown, sentences


def signature_of_step(table: TableReport, step: Step) -> Hashable:
    """The same for steps of two tables that differ in the names of the tables alone."""
    texts = (nameless(table, text) for text in (step.message, step.allow_with, step_title(step)))
    return step.status, step.reason, step.facet, *texts


def nameless(table: TableReport, text: str | None) -> str:
    """A text without the names of the table and of its declaration."""
    found = text or ""
    for name in (table.declaration, table.name, table.base_name):
        if name:
            found = found.replace(name, "\0")
    return found
