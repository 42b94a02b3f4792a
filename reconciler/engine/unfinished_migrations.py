"""Says which migrations of items were begun and are not finished, and which were not begun. It only reads.

Called for ``preview``, ``status`` and the page.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from reconciler.model.records import Checkpoint, ItemMigration, StateSnapshot
from reconciler.model.report import PassReport, TableStatus
from reconciler.planning.text import several

NAMED = 5
"""Migrations that a sentence names before it counts."""


def unfinished_migrations(
    migrations: Mapping[str, ItemMigration], report: PassReport, running: Mapping[str, str]
) -> tuple[str, ...]:
    """A sentence for each of the recorded ones, with the command that continues it, if its table is in the report.

    A record of another identity of its table is void: the table was created again, so nothing was begun on it.
    ``running`` is what ``running_migrations`` returns.
    """
    return tuple(_sentences(migrations, report, running))


def running_migrations(snapshot: StateSnapshot, now: datetime) -> Mapping[str, str]:
    """The unfinished migrations that a process works on, with its name.

    Only the holder of the lease may write their records, and each carries the token of its writer: a migration whose
    last record was written under the present lease is being run. A process that has just resumed one has written none.
    """
    lease = snapshot.lease
    # The clock of the holder is good enough for a sentence.
    if lease is None or lease.released or lease.expires <= now:
        return {}
    return {
        name: lease.shown
        for name, record in snapshot.migrations.items()
        if record.finished is None and _last_token(record, snapshot.checkpoints) == lease.token
    }


def _last_token(record: ItemMigration, checkpoints: Mapping[str, Checkpoint]) -> int:
    parts = (each.token for name, each in checkpoints.items() if name.startswith(f"{record.table}#{record.name}#"))
    return max((record.token, *parts))


def _sentences(
    migrations: Mapping[str, ItemMigration], report: PassReport, running: Mapping[str, str]
) -> Iterator[str]:
    tables = {table.name: table for table in report.tables}
    for name, record in sorted(migrations.items()):
        table = tables.get(record.table)
        if table is None or table.status is TableStatus.MISSING or (record.finished and record.direction == "up"):
            continue
        if table.identity is not None and not record.identity.same(table.identity):
            continue
        yield sentence(name, record, running.get(name))


def pending_migrations(
    names: Iterable[str], migrations: Mapping[str, ItemMigration], report: PassReport
) -> tuple[str, ...]:
    """Those of ``names``, the files in order, that were never begun on the present table."""
    live = {table.name: table.identity for table in report.tables if table.identity is not None}

    def begun(record: ItemMigration) -> bool:
        return record.table not in live or record.identity.same(live[record.table])

    return tuple(name for name in names if name not in migrations or not begun(migrations[name]))


def pending_sentence(names: tuple[str, ...]) -> str:
    """``2 migrations of items are not applied: 0001_a, 0002_b. `reconciler migrate up` runs them.``"""
    are, them = ("is", "it") if len(names) == 1 else ("are", "them")
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    shown = f"{', '.join(names[:NAMED])}{more}"
    count = several(len(names), "migration")
    return f"{count} of items {are} not applied: {shown}. `reconciler migrate up` runs {them}."


def sentence(name: str, record: ItemMigration, process: str | None = None) -> str:
    """``0002_x is begun on users and not finished: `reconciler migrate up` continues it.``, or where it is running."""
    if process is not None:
        return (
            f"{name} is being {'undone' if record.direction == 'down' else 'applied'} on {record.table} by {process}."
        )
    if record.direction == "down":
        return f"{name} is being undone on {record.table}: `reconciler migrate down` continues it."
    return f"{name} is begun on {record.table} and not finished: `reconciler migrate up` continues it."
