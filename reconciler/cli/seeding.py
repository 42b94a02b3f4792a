"""What seeding did, a sentence a table. Called by ``seed`` and ``clear``."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model.report import PassReport
from reconciler.planning.text import printable, several


def seed_lines(report: PassReport) -> Iterator[str]:
    """Items written and left alone, and the state of the seed afterwards, where there is one."""
    for table in report.tables:
        if table.seed_state is None and not (table.seed_written or table.seed_skipped):
            continue
        counts = f"{several(table.seed_written, 'item')} written, {table.seed_skipped} there already"
        if table.seed_state == "cleared":
            counts = "cleared; `reconciler seed` lifts it"
        yield f"{printable(table.name)}: {counts}."
