"""The results of ``seed`` and ``clear``, one sentence per table. Called by both commands."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model.plan import Action, StepStatus
from reconciler.model.report import PassReport
from reconciler.planning.text import printable


def seed_lines(report: PassReport) -> Iterator[str]:
    """The counts of each seeded or cleared table, and the command that seeds a cleared one again."""
    for table in report.tables:
        for step in table.steps:
            if step.status is not StepStatus.DONE or not step.message:
                continue
            yield printable(f"{table.name}: {step.message}.")
            if step.action is Action.CLEAR:
                yield printable(f"{table.name} is not seeded again until `reconciler seed {table.name}`.")
