"""What ``seed`` and ``clear`` did, a sentence a table. Called by both commands."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model.plan import Action, StepStatus
from reconciler.model.report import PassReport
from reconciler.planning.text import printable


def seed_lines(report: PassReport) -> Iterator[str]:
    """The counts of each table that was seeded or cleared, and how a cleared table is seeded again."""
    for table in report.tables:
        for step in table.steps:
            if step.status is not StepStatus.DONE or not step.message:
                continue
            yield printable(f"{table.name}: {step.message}.")
            if step.action is Action.CLEAR:
                yield printable(f"{table.name} is not seeded again until `reconciler seed {table.name}`.")
