"""Facet backups: on-demand backups on a schedule.

A backup is due if there is none since the last due time. Our oldest backups beyond ``keep`` are deleted. Backups of
others, and those of ours with another name pattern, stay.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from reconciler.facets import backup_names, cron
from reconciler.facets.base import Facet, HasPreconditions, Precondition, Removal
from reconciler.facets.rank import Rank
from reconciler.model.backups import Backups, TakenBackup
from reconciler.model.change import Call, Change
from reconciler.model.observed import ObservedTable, Responses
from reconciler.model.plan import StepStatus
from reconciler.model.table import TableSpec

READ = "ListBackups"
SCHEDULE = "backups.schedule"
AVAILABLE = "AVAILABLE"
Ours = tuple[datetime, TakenBackup]


class BackupsFacet(Facet, HasPreconditions):
    """A due backup is a difference like any other, which the backup closes."""

    name = "backups"
    rank = Rank.BACKUP
    reads = (READ,)
    time_dependent = True

    def read_params(self, name: str, arn: str, table: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"TableName": name, "BackupType": "USER"}

    def observe(self, responses: Responses) -> Backups | None:
        if READ in responses.unsupported:
            return Backups(there=False)
        if READ not in responses.answers:
            return None
        table = responses.table
        taken = taken_of(table, responses.answers[READ]["BackupSummaries"])
        return Backups(taken=taken, seen_at=responses.seen_at, born=_aware(table["CreationDateTime"]))

    def diff(self, desired: TableSpec, observed: TableSpec) -> Iterator[Change]:
        want, have = desired.backups, observed.backups
        if want is None or have is None:
            return
        if not have.there:
            if want.schedule is not None:
                yield Change(self.name, SCHEDULE, None, want.schedule)
            return
        ours = _ours(desired.name, want, have)
        due = due_time(want, have)
        if due is not None and not any(at >= due for at, _ in ours):
            newest = ours[-1][0].isoformat() if ours else None
            yield Change(self.name, "backups.latest", newest, due.isoformat())
        for backup in _too_many(want, ours):
            yield Change(self.name, f"backups.{backup.name}", backup.arn, None)

    def precondition(self, change: Change, desired: TableSpec, observed: TableSpec) -> Precondition | None:
        if change.path != SCHEDULE:
            return None
        return Precondition(f"the endpoint does not have {READ}", status=StepStatus.UNSUPPORTED)

    def removal(self, observed: TableSpec) -> Removal | None:
        live = observed.backups
        if live is not None and not _ours(observed.name, Backups(), live):
            return None
        return Removal(
            Backups(), None, "no more backups are made; `aws dynamodb delete-backup` removes those there are"
        )

    def request(self, change: Change, desired: TableSpec, observed: ObservedTable) -> Call:
        if change.after is None:
            return Call("DeleteBackup", {"BackupArn": change.before})
        pattern = (desired.backups or Backups()).name
        name = backup_names.backup_name(pattern, desired.name, datetime.fromisoformat(change.after))
        return Call("CreateBackup", {"TableName": desired.name, "BackupName": name})


def taken_of(table: Mapping[str, Any], summaries: list[Mapping[str, Any]]) -> tuple[TakenBackup, ...]:
    """The backups of this table, oldest first. Backups outlive a table; those of an earlier one are excluded."""
    taken = (
        TakenBackup(s["BackupName"], s["BackupArn"], _aware(s["BackupCreationDateTime"]), s["BackupStatus"])
        for s in summaries
        if s["BackupStatus"] != "DELETED" and _of_this(table, s)
    )
    return tuple(sorted(taken, key=lambda backup: backup.at))


def due_time(want: Backups, have: Backups) -> datetime | None:
    """When the last backup was due, in UTC. None before the first due time after the creation of the table."""
    if want.schedule is None or have.seen_at is None:
        return None
    due = cron.parse(want.schedule).last(have.seen_at)
    return due if due is not None and (have.born is None or due >= have.born) else None


def _ours(table: str, want: Backups, have: Backups) -> list[Ours]:
    named = ((backup_names.backup_time(backup.name, want.name, table), backup) for backup in have.taken)
    return sorted(((at, backup) for at, backup in named if at is not None), key=lambda pair: pair[0])


def _too_many(want: Backups, ours: list[Ours]) -> list[TakenBackup]:
    # Only finished backups count: a backup that is CREATING may still fail, and would then have replaced a good one.
    whole = [backup for _, backup in ours if backup.status == AVAILABLE]
    return whole[: -want.keep] if want.keep else []


def _of_this(table: Mapping[str, Any], summary: Mapping[str, Any]) -> bool:
    # DynamoDB Local and moto return no TableId, so the creation times decide there.
    if table.get("TableId") and summary.get("TableId"):
        return bool(table["TableId"] == summary["TableId"])
    return _aware(summary["BackupCreationDateTime"]) >= _aware(table["CreationDateTime"])


def _aware(value: datetime) -> datetime:
    return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC)
