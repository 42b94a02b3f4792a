"""Says which migrations of items were begun and are not finished, for ``preview`` and ``status``. It only reads."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model.records import ItemMigration, StateSnapshot
from reconciler.model.report import PassReport, TableStatus


def unfinished_migrations(snapshot: StateSnapshot, report: PassReport) -> tuple[str, ...]:
    """A sentence for each, with the command that continues it. Only tables of the report are told of.

    A record of another identity of its table is void: the table was created again, so nothing was begun on it.
    """
    return tuple(_sentences(snapshot, report))


def _sentences(snapshot: StateSnapshot, report: PassReport) -> Iterator[str]:
    tables = {table.name: table for table in report.tables}
    for name, record in sorted(snapshot.migrations.items()):
        table = tables.get(record.table)
        if table is None or table.status is TableStatus.MISSING or (record.finished and record.direction == "up"):
            continue
        if table.identity is not None and not record.identity.same(table.identity):
            continue
        yield sentence(name, record)


def sentence(name: str, record: ItemMigration) -> str:
    """``0002_x is begun on users and not finished: `reconciler migrate up` continues it.``"""
    if record.direction == "down":
        return f"{name} is being undone on {record.table}: `reconciler migrate down` continues it."
    return f"{name} is begun on {record.table} and not finished: `reconciler migrate up` continues it."
