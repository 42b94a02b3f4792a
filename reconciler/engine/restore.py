"""The verb ``restore``: a new table from a backup, or from what a table held at a time. Never over another table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from reconciler.engine.commands import CommandContext, CommandResult
from reconciler.engine.restore_overrides import members, unheeded
from reconciler.model.change import Call
from reconciler.model.errors import Ambiguous, Busy, NotFound, Unsupported, UsageError
from reconciler.model.table import RestoreOverrides

LATEST = "latest"
OnProgress = Callable[[str], None]
NOT_RESTORED = (
    "DynamoDB restores items, keys, indexes, billing and encryption. Time to live, stream, tags, auto scaling,"
    " policies, point-in-time recovery and protection are set by the next pass where the table is declared."
)


def no_progress(_: str) -> None:
    """Nobody listens to how it goes."""


def _source_words(name: str, call: Call, live: Mapping[str, Any] | None = None) -> str:
    restored = ((live or {}).get("RestoreSummary") or {}).get("RestoreDateTime")
    moment = call.params.get("RestoreDateTime") or restored or "the latest time"
    return str(call.params.get("BackupArn") or f"{name} at {moment}")


@dataclass(frozen=True, slots=True)
class Restore:
    """One call of the verb. Called again, it waits on for the restore that it began, or says that it is done."""

    command: CommandContext

    def run(
        self,
        table: str,
        to: str,
        *,
        backup: str | None,
        at: str | None,
        overrides: RestoreOverrides,
        tell: OnProgress = no_progress,
    ) -> CommandResult:
        """``backup`` is a name, an ARN or ``latest``; ``at`` an ISO 8601 time or ``latest``. ``UsageError`` else.

        ``tell`` gets a sentence at the beginning and whenever the status of the new table changes.
        """
        if (backup is None) == (at is None):
            raise UsageError("say where to restore from: --from BACKUP or --at TIME, one of the two")
        declaration = self.command.declared(table)
        name = declaration.spec.name if declaration else table
        self.command.begin()
        call = self._from_backup(name, to, backup) if backup else self._at_time(name, to, at or "")
        live = self._describe(to)
        if live is None:
            source = self._source(call) if overrides.about_indexes else {}
            call = self.command.check(replace(call, params={**call.params, **members(overrides, source)}))
            self._begin(name, to, call)
            tell(f"{to}: begun, from {_source_words(name, call)}")
        elif not _is_asked_for(live, call, name):
            origin = f", restored from {known}" if (known := _origin(live)) else ""
            raise UsageError(
                f"table {to} exists already{origin}; a restore makes a new table. Name another one by --to"
            )
        return self._awaited(name, to, _source_words(name, call, live), overrides, tell)

    def _begin(self, name: str, to: str, call: Call) -> None:
        """Send the call. Where its answer was lost, a table that was not there before and comes from there is ours."""
        try:
            self.command.ports.api.write(call)
        except (Ambiguous, Busy):
            live = self._describe(to)
            if live is None or not _from_there(live, call, name):
                raise

    def _awaited(self, name: str, to: str, source: str, overrides: RestoreOverrides, tell: OnProgress) -> CommandResult:
        pause, told = 0.0, ""
        while True:
            live = self._describe(to)
            status = live["TableStatus"] if live else "not to be seen yet"
            facts = {"table": name, "to": to, "source": source, "status": status}
            if status != told:
                tell(f"{to}: {status}")
                told = status
            if live and status == "ACTIVE":
                said = [f"{to} is restored from {source} and ACTIVE.", NOT_RESTORED]
                if missed := unheeded(overrides, live):
                    said.append(f"The endpoint did not heed what was asked of: {', '.join(missed)}.")
                return CommandResult(tuple(said), finished=True, data=facts)
            waited = self.command.pause(pause)
            if waited is None:
                goes_on = f"{to} is being restored from {source} and is {status}; the same command waits for it again."
                return CommandResult((goes_on,), finished=False, data=facts)
            pause = waited

    def _describe(self, name: str) -> Mapping[str, Any] | None:
        try:
            table: Mapping[str, Any] = self.command.ports.api.read("DescribeTable", {"TableName": name})["Table"]
        except NotFound:
            return None
        return table

    def _source(self, call: Call) -> Mapping[str, Any]:
        """What describes the indexes of the backup or table that is restored."""
        if "BackupArn" in call.params:
            described = self._described(call.params["BackupArn"])
            features: Mapping[str, Any] = described.get("SourceTableFeatureDetails") or {}
            return features
        live = self._describe(call.params["SourceTableName"])
        return live or {}

    def _described(self, arn: str) -> Mapping[str, Any]:
        try:
            found: Mapping[str, Any] = self.command.ports.api.read("DescribeBackup", {"BackupArn": arn})[
                "BackupDescription"
            ]
        except Unsupported:
            raise UsageError("this endpoint has no backups") from None
        except NotFound:
            raise UsageError(f"there is no backup {arn}") from None
        return found

    def _from_backup(self, name: str, to: str, wish: str) -> Call:
        if wish.startswith("arn:"):
            status = self._described(wish)["BackupDetails"]["BackupStatus"]
            if status != "AVAILABLE":
                raise UsageError(f"backup {wish} is {status}")
            return Call("RestoreTableFromBackup", {"TargetTableName": to, "BackupArn": wish})
        asked = {"TableName": name, "BackupType": "ALL"}
        try:
            listed = self.command.ports.api.read("ListBackups", asked)["BackupSummaries"]
        except Unsupported:
            raise UsageError("this endpoint has no backups") from None
        whole = sorted(
            (backup for backup in listed if backup["BackupStatus"] == "AVAILABLE"),
            key=lambda backup: backup["BackupCreationDateTime"],
        )
        chosen = whole[-1:] if wish == LATEST else [backup for backup in whole if backup["BackupName"] == wish]
        if not chosen:
            known = ", ".join(backup["BackupName"] for backup in whole) or "none"
            raise UsageError(f"{name} has no backup {wish!r}; its backups are: {known}")
        if len(chosen) > 1:
            raise UsageError(f"{wish!r} names several backups; say which: {', '.join(b['BackupArn'] for b in chosen)}")
        return Call("RestoreTableFromBackup", {"TargetTableName": to, "BackupArn": chosen[0]["BackupArn"]})

    def _at_time(self, name: str, to: str, wish: str) -> Call:
        params: dict[str, Any] = {"SourceTableName": name, "TargetTableName": to}
        earliest, latest = self._window(name)
        if wish == LATEST:
            return Call("RestoreTableToPointInTime", {**params, "UseLatestRestorableTime": True})
        try:
            moment = datetime.fromisoformat(wish)
        except ValueError:
            raise UsageError(f"--at {wish!r} is no time; write 2026-01-31T12:00:00Z, or latest") from None
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        if not (earliest or moment) <= moment <= (latest or moment):
            first, last = (each.isoformat(timespec="seconds") if each else "?" for each in (earliest, latest))
            asked = moment.isoformat(timespec="seconds")
            raise UsageError(f"{name} can be restored to times from {first} to {last}, not to {asked}")
        return Call("RestoreTableToPointInTime", {**params, "RestoreDateTime": moment})

    def _window(self, name: str) -> tuple[datetime | None, datetime | None]:
        try:
            answer = self.command.ports.api.read("DescribeContinuousBackups", {"TableName": name})
        except Unsupported:
            raise UsageError("this endpoint has no point-in-time recovery") from None
        except NotFound:
            raise UsageError(f"table {name} is not there; restore it from a backup: --from latest") from None
        recovery = answer["ContinuousBackupsDescription"].get("PointInTimeRecoveryDescription") or {}
        if recovery.get("PointInTimeRecoveryStatus") != "ENABLED":
            said = f"point-in-time recovery of {name} is not enabled"
            raise UsageError(f"{said}; restore it from a backup: --from latest")
        return recovery.get("EarliestRestorableDateTime"), recovery.get("LatestRestorableDateTime")


def _is_asked_for(live: Mapping[str, Any], call: Call, source: str) -> bool:
    """Whether a table that is there already is what this very command began to make, finished or not."""
    if not _from_there(live, call, source):
        return False
    asked, restored = call.params.get("RestoreDateTime"), (live.get("RestoreSummary") or {}).get("RestoreDateTime")
    if asked is None or restored is None:
        return True
    return bool(abs(restored - asked) < timedelta(seconds=1))


def _origin(live: Mapping[str, Any]) -> str | None:
    """What a live table was restored from, where it was."""
    summary = live.get("RestoreSummary") or {}
    if "SourceBackupArn" in summary:
        return str(summary["SourceBackupArn"])
    source = str(summary.get("SourceTableArn", "")).rsplit("/", 1)[-1]
    return f"{source} at {summary.get('RestoreDateTime', 'a time')}" if source else None


def _from_there(live: Mapping[str, Any], call: Call, source: str) -> bool:
    """Whether a table was restored from what the command names."""
    summary = live.get("RestoreSummary") or {}
    if "BackupArn" in call.params:
        return bool(summary.get("SourceBackupArn") == call.params["BackupArn"])
    return str(summary.get("SourceTableArn", "")).rsplit("/", 1)[-1] == source
