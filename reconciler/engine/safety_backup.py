"""A backup before a step that destroys items, where the endpoint has backups. Called right before the last checks.

Nothing waits in here: while the backup is being made the step is deferred, and a later round goes on. An empty table
has nothing to keep. These backups are never pruned by the tool.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from reconciler.engine.world import World
from reconciler.facets import backup_names
from reconciler.facets.backups import AVAILABLE, READ, taken_of
from reconciler.model.backups import TakenBackup
from reconciler.model.change import Call
from reconciler.model.errors import ApiError, Forbidden, NotFound, Outcome, Unsupported
from reconciler.model.plan import Reason, Step

FRESH = timedelta(hours=1)
"""A backup older than this no longer stands for what the table holds."""


def secured(world: World, name: str, step: Step) -> tuple[Step, bool]:
    """The step, still ready where what the table holds is kept; and whether a call was made that changes something."""
    if not world.items.first_items(name, 1):
        return step, False
    pattern = f"{{table}}-before-{step.action.value}-{{time}}"
    if backup_names.longest_name(pattern, name) > backup_names.LONGEST:
        pattern = f"before-{step.action.value}-{{time}}"
    try:
        backup = _fresh(world, name, pattern)
        if backup is not None:
            return _after(step, backup.name, backup.status), False
        wish = backup_names.name_of(pattern, name, world.clock.now())
        answer = world.api.write(Call("CreateBackup", {"TableName": name, "BackupName": wish}))
        return _after(step, wish, answer["BackupDetails"]["BackupStatus"]), True
    except Unsupported as error:
        if not error.operation.endswith(("Backup", "Backups")):
            raise
        return step, False
    except Forbidden as error:
        message = f"no backup could be made first: {error.operation} was denied"
        return step.blocked(Reason.BACKUP, message, f"permission for dynamodb:{error.operation} on the table"), False
    except ApiError as error:
        if error.outcome is Outcome.AGAIN:
            return step.deferred(Reason.BUSY, f"a backup comes first: {error}"), False
        if error.outcome is Outcome.NEVER:
            return step.blocked(Reason.BACKUP, f"no backup could be made first: {error}"), False
        raise


def _fresh(world: World, name: str, pattern: str) -> TakenBackup | None:
    """Our newest backup before this very step, if what it holds is recent."""
    table = world.api.read("DescribeTable", {"TableName": name})["Table"]
    try:
        summaries = world.api.read(READ, {"TableName": name, "BackupType": "USER"})["BackupSummaries"]
    except NotFound:
        return None
    oldest: datetime = world.clock.now() - FRESH
    ours = [backup for backup in taken_of(table, summaries) if _made(backup, pattern, name) >= oldest]
    return ours[-1] if ours else None


def _made(backup: TakenBackup, pattern: str, table: str) -> datetime:
    return backup_names.time_of(backup.name, pattern, table) or datetime.min.replace(tzinfo=backup.at.tzinfo)


def _after(step: Step, backup: str, status: str) -> Step:
    if status == AVAILABLE:
        return step
    return step.deferred(Reason.BUSY, f"backup {backup} comes first and is {status}")
