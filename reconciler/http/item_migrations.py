"""Migrations of items as the API shows them. Called by the routes of migrations and by what answers a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from reconciler.http.answers import ItemMigrationEntry
from reconciler.model.identity import Identity
from reconciler.model.records import ItemMigration, MigrationChecksums

if TYPE_CHECKING:
    from reconciler.mover.migrate import MigrationResult


def entries(
    files: Mapping[str, MigrationChecksums], records: Mapping[str, ItemMigration], live: Mapping[str, Identity]
) -> list[ItemMigrationEntry]:
    """All migrations in order: ``files`` has the checksums of each by its name, ``live`` the tables that were seen.

    A record of another identity of its table is void, so its migration is pending again.
    """
    found = []
    for name in sorted(files.keys() | records.keys(), key=lambda name: (_number(name), name)):
        record = records.get(name)
        if record is not None and record.table in live and not record.identity.same(live[record.table]):
            record = None
        if record is None and name not in files:
            continue
        found.append(_entry(name, _status(record, files.get(name)), record))
    return found


def entry_of_result(result: MigrationResult) -> ItemMigrationEntry:
    """One migration after a run of it."""
    said = [str(problem) for problem in result.problems]
    said += [str(result.error)] if result.error is not None else []
    status = "applied" if result.finished else "started"
    return _entry(result.record.name, status, result.record, " ".join(said) or None)


def _status(record: ItemMigration | None, file: MigrationChecksums | None) -> str:
    if record is None:
        return "pending"
    if record.direction == "down":
        return "reverting"
    if record.finished is None:
        return "started"
    if file is None:
        return "missing"
    return "applied" if record.is_of(file) else "changed"


def _entry(name: str, status: str, record: ItemMigration | None, error: str | None = None) -> ItemMigrationEntry:
    if record is None:
        return ItemMigrationEntry(name=name, status=status, error=error)
    return ItemMigrationEntry(
        name=name,
        status=status,
        table=record.table,
        by=record.by,
        started=record.started,
        finished=record.finished,
        counts=dict(record.counts),
        error=error,
    )


def _number(name: str) -> int:
    digits = name.partition("_")[0]
    return int(digits) if digits.isdecimal() else 0
