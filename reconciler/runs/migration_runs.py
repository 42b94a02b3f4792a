"""Adds runs of migrations of items to the history. Called by the command ``migrate`` and by jobs that run them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from reconciler import interruption
from reconciler.engine.command_history import MigratedTable, migrations_recorded
from reconciler.engine.reconciler import Reconciler
from reconciler.planning.text import several

if TYPE_CHECKING:
    from reconciler.mover.migrate import MigrationAborted, MigrationResult
    from reconciler.mover.migrate_commands import MigrateCommands


@contextmanager
def recorded_migrations(
    reconciler: Reconciler, commands: MigrateCommands, warn: Callable[[str], None]
) -> Iterator[None]:
    """Add what ``commands`` run inside, in either direction, to the history, also where an exception ends them."""
    started = reconciler.ports.clock.now()
    try:
        yield
    finally:
        ran = map(_migrated, commands.ended)
        stops = interruption.received() is not None
        for warning in migrations_recorded(reconciler.ports, reconciler.options, started, ran, interrupted=stops):
            warn(warning)


def _migrated(result: MigrationResult | MigrationAborted) -> MigratedTable:
    from reconciler.mover.migrate import MigrationAborted

    if isinstance(result, MigrationAborted):
        return MigratedTable(result.name, result.table, result.may_have_changed, False, result.error)
    record = result.record
    # The history names no item: its keys may be data that not everybody who sees the page may see.
    failed = f"{several(record.counts.get('failed', 0) or len(result.problems), 'item')} failed"
    error = str(result.error) if result.error is not None else failed if result.problems else None
    changed = bool(record.counts.get("changed"))
    undone = record.direction == "down"
    return MigratedTable(record.name, record.table, changed, result.finished, error, undone)
