"""A backup before a step that destroys items, where the endpoint has backups. Called right before the last checks.

Nothing waits in here: while the backup is being made the step is deferred, and a later round goes on. An empty table
has nothing to keep. These backups are never pruned by the tool.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from reconciler.engine.context import EngineContext
from reconciler.facets import backup_names
from reconciler.facets.backups import AVAILABLE, READ, taken_of
from reconciler.model.change import Call
from reconciler.model.errors import ApiError, Forbidden, NotFound, Outcome, Unsupported
from reconciler.model.plan import Reason, Step

FRESH = timedelta(minutes=5)
"""A backup that this process made longer ago no longer stands for what the table holds."""
USED_WITHIN = timedelta(minutes=1)
"""A backup that was waited for without a break counts for so long after it was first seen AVAILABLE."""


@dataclass(slots=True)
class SafetyBackup:
    """A backup of this process, by its steady clock. Those of other processes and earlier decisions do not count."""

    arn: str
    name: str
    made: float
    looked: float
    available: float | None = None

    def is_current(self, now: float) -> bool:
        """Whether the table may go on the strength of it."""
        used = self.available is not None and now - self.available <= USED_WITHIN.total_seconds()
        return used or now - self.made <= FRESH.total_seconds()


def with_backup(world: EngineContext, name: str, step: Step, made: dict[str, SafetyBackup]) -> tuple[Step, bool]:
    """The step, still ready where what the table holds is kept; and whether a call was made that changes something.

    ``made`` are the backups that this process made, by table; one is added.
    """
    if not world.items.first_items(name, 1):
        return step, False
    pattern = f"{{table}}-before-{step.action.value}-{{time}}"
    if backup_names.longest_name(pattern, name) > backup_names.LONGEST:
        pattern = f"before-{step.action.value}-{{time}}"
    try:
        status = _status(world, name, made)
        if status is not None:
            return _after(step, made[name].name, status), False
        wish = backup_names.backup_name(pattern, name, world.clock.now())
        details = world.api.write(Call("CreateBackup", {"TableName": name, "BackupName": wish}))["BackupDetails"]
        now, status = world.clock.monotonic(), details["BackupStatus"]
        made[name] = SafetyBackup(details["BackupArn"], wish, now, now, now if status == AVAILABLE else None)
        return _after(step, wish, status), True
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


def _status(world: EngineContext, name: str, made: dict[str, SafetyBackup]) -> str | None:
    """The status of our backup before this very decision; ``None`` where a new one is needed.

    ListBackups comes first in any case: an endpoint without backups says so here, and nothing is written.
    """
    mine = made.get(name)
    table = world.api.read("DescribeTable", {"TableName": name})["Table"]
    try:
        summaries = world.api.read(READ, {"TableName": name, "BackupType": "USER"})["BackupSummaries"]
    except NotFound:
        return None
    if mine is None:
        return None
    status = next((backup.status for backup in taken_of(table, summaries) if backup.arn == mine.arn), None)
    now = world.clock.monotonic()
    awaited = now - mine.looked <= FRESH.total_seconds()
    mine.looked = now
    if status == AVAILABLE:
        mine.available = now if mine.available is None and awaited else mine.available
        return status if mine.is_current(now) else None
    if status is None:
        return "not listed yet" if mine.available is None and now - mine.made <= FRESH.total_seconds() else None
    return status


def _after(step: Step, backup: str, status: str) -> Step:
    if status == AVAILABLE:
        return step
    return step.deferred(Reason.BUSY, f"waiting for backup {backup} ({status})")
