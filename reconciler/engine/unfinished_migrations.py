"""Says which migrations of items were begun and are not finished, and which were not begun. It only reads.

Called by each pass, and for ``status`` and the page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from reconciler.model.errors import ReconcilerError
from reconciler.model.records import Checkpoint, ItemMigration, MigrationChecksums, StateSnapshot
from reconciler.model.report import PassReport, TableReport, TableStatus
from reconciler.planning.text import several

NAMED = 5
"""Migrations that a sentence names before it counts."""


Files = Callable[[], Mapping[str, MigrationChecksums]]
"""Reads the checksums of the files of migrations, by name."""


def with_migrations(
    tables: tuple[TableReport, ...],
    migrations: Mapping[str, ItemMigration],
    running: Mapping[str, str],
    files: Files | None,
) -> tuple[TableReport, ...]:
    """The tables of a report, each with a sentence for each migration of its items that is begun and not finished.

    A record of another identity of its table is void: the table was created again without its items. Where they were
    kept, the record went with them.
    ``running`` is what ``running_migrations`` returns. ``files`` is asked only if there is something to say.
    """
    found = dict(_sentences(tables, migrations, running, files))
    return tuple(
        replace(table, migrations=found.get(table.name, ())) if table.migrations != found.get(table.name, ()) else table
        for table in tables
    )


def all_sentences(tables: Iterable[TableReport]) -> tuple[str, ...]:
    """What the tables say of their migrations, in order."""
    return tuple(sentence for table in tables for sentence in table.migrations)


def running_migrations(snapshot: StateSnapshot, now: datetime) -> Mapping[str, str]:
    """The unfinished migrations that a process works on, with its name.

    Only the holder of the lease may write their records, and each carries the token of its writer: a migration whose
    last record was written under the present lease is being run. A process that has just resumed one has written none.
    The record of one whose items went to another table was written by whoever replaced the table, who does not run it.
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
    return max((0 if record.moved else record.token, *parts))


def _sentences(
    tables: Iterable[TableReport],
    migrations: Mapping[str, ItemMigration],
    running: Mapping[str, str],
    files: Files | None,
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each table that something is to be said of, with the sentences."""
    known: Mapping[str, MigrationChecksums] | None = None
    for table in tables:
        begun = [
            (name, record)
            for name, record in sorted(migrations.items())
            if record.table == table.name and not record.applied and _is_on(record, table)
        ]
        if begun and known is None and files is not None:
            known = _read(files)
        if begun:
            yield table.name, tuple(sentence(name, record, running.get(name), known) for name, record in begun)


def _is_on(record: ItemMigration, table: TableReport) -> bool:
    work = table.replacement
    if work is not None and work.under_way and record.identity.same(work.identity):
        # The table may be gone for a while; its items come back, and the record goes with them.
        return True
    if table.status is TableStatus.MISSING:
        return False
    return table.identity is None or record.identity.same(table.identity)


def _read(files: Files) -> Mapping[str, MigrationChecksums] | None:
    try:
        return files()
    except ReconcilerError:
        # A file that cannot be read says nothing about any; `validate` and `migrate` name it.
        return None


def pending_migrations(
    names: Iterable[str], migrations: Mapping[str, ItemMigration], report: PassReport
) -> tuple[str, ...]:
    """Those of ``names``, the files in order, that were never begun on the present table."""
    tables = {table.name: table for table in report.tables}

    def begun(record: ItemMigration) -> bool:
        return record.table not in tables or _is_on(record, tables[record.table])

    return tuple(name for name in names if name not in migrations or not begun(migrations[name]))


def pending_sentence(names: tuple[str, ...]) -> str:
    """``2 migrations of items are not applied: 0001_a, 0002_b. `reconciler migrate up` runs them.``"""
    are, them = ("is", "it") if len(names) == 1 else ("are", "them")
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    shown = f"{', '.join(names[:NAMED])}{more}"
    count = several(len(names), "migration")
    return f"{count} of items {are} not applied: {shown}. `reconciler migrate up` runs {them}."


def sentence(
    name: str,
    record: ItemMigration,
    process: str | None = None,
    files: Mapping[str, MigrationChecksums] | None = None,
) -> str:
    """``0002_x is begun on users and not finished: `reconciler migrate up` continues it.``, or where it is running.

    ``files`` has the checksums of the files by name, if they could be read: what is advised must work.
    """
    undone = record.direction == "down"
    if process is not None:
        return f"{name} is being {'undone' if undone else 'applied'} on {record.table} by {process}."
    state = f"is being undone on {record.table}" if undone else f"is begun on {record.table} and not finished"
    command = f"`reconciler migrate {record.direction}`"
    if files is not None and name not in files:
        return f"{name} {state}, and its file is gone: restore it, then {command} continues it."
    if files is not None and record.checksum != files[name].content:
        return f"{name} {state}, and its file has changed since: {command} starts again at the first item."
    if record.moved:
        return f"{name} {state}, and its table was replaced since: {command} starts again at the first item."
    return f"{name} {state}: {command} continues it."
