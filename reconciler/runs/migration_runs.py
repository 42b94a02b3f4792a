"""Adds runs of migrations of items to the history. Called by the command ``migrate`` and by jobs that run them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from reconciler.engine.command_history import MigratedTable, migrations_recorded
from reconciler.engine.reconciler import Reconciler
from reconciler.planning.text import several

if TYPE_CHECKING:
    from reconciler.mover.migrate import MigrationResult


def record_migrations(reconciler: Reconciler, started: datetime, results: Sequence[MigrationResult]) -> tuple[str, ...]:
    """Add the migrations that ran since ``started``, in either direction; returns warnings."""
    return migrations_recorded(reconciler.ports, reconciler.options, started, map(_migrated, results))


def _migrated(result: MigrationResult) -> MigratedTable:
    record = result.record
    # The history names no item: its keys may be data that not everybody who sees the page may see.
    failed = f"{several(record.counts.get('failed', 0) or len(result.problems), 'item')} failed"
    error = str(result.error) if result.error is not None else failed if result.problems else None
    return MigratedTable(record.name, record.table, bool(record.counts.get("changed")), result.finished, error)
