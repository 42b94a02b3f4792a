"""Says which migrations of items were begun and are not finished, for ``preview`` and ``status``. It only reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reconciler.model.records import ItemMigration
from reconciler.model.report import PassReport, TableStatus


def unfinished_migrations(migrations: Mapping[str, ItemMigration], report: PassReport) -> tuple[str, ...]:
    """A sentence for each of the recorded ones, with the command that continues it, if its table is in the report.

    A record of another identity of its table is void: the table was created again, so nothing was begun on it.
    """
    return tuple(_sentences(migrations, report))


def _sentences(migrations: Mapping[str, ItemMigration], report: PassReport) -> Iterator[str]:
    tables = {table.name: table for table in report.tables}
    for name, record in sorted(migrations.items()):
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
