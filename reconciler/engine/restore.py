"""The command ``restore``: a new table from a backup or from a point in time. Never overwrites a table.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Restore.Tutorial.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from reconciler.engine.commands import CommandContext, CommandResult
from reconciler.facets import capacity, wire
from reconciler.model.change import Call
from reconciler.model.errors import Ambiguous, Busy, NotFound, Unsupported, UsageError
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.table import RestoreOverrides

LATEST = "latest"
OnProgress = Callable[[str], None]
NOT_RESTORED = (
    "DynamoDB restores items, keys, indexes, billing and encryption. Time to live, stream, tags, auto scaling,"
    " policies, point-in-time recovery and protection are set by the next pass where the table is declared."
)
KINDS = {
    "GlobalSecondaryIndexes": "GlobalSecondaryIndexOverride",
    "LocalSecondaryIndexes": "LocalSecondaryIndexOverride",
    "VectorIndexes": "VectorIndexOverride",
}
"""By member of a table description, the member of the request that lists the indexes to restore."""
KEPT = {
    *("IndexName", "KeySchema", "Projection", "ProvisionedThroughput", "OnDemandThroughput"),
    *("VectorAttribute", "SearchSchema", "Dimensions", "DistanceFunction"),
}
Shape = dict[str, Any]


def no_progress(_: str) -> None:
    """Ignore progress."""


def _describe_source(name: str, call: Call, live: Mapping[str, Any] | None = None) -> str:
    restored = ((live or {}).get("RestoreSummary") or {}).get("RestoreDateTime")
    moment = call.params.get("RestoreDateTime") or restored or "the latest time"
    return str(call.params.get("BackupArn") or f"{name} at {moment}")


@dataclass(frozen=True, slots=True)
class Restore:
    """One run of the command. Run again, it waits for the restore that it began, or reports that it is finished."""

    command: CommandContext

    def run(
        self,
        table: str,
        to: str,
        *,
        backup: str | None,
        at: str | None,
        overrides: RestoreOverrides,
        on_progress: OnProgress = no_progress,
    ) -> CommandResult:
        """Restore ``table`` into the new table ``to`` and wait until it is ACTIVE, or until the deadline.

        Exactly one of ``backup`` (a name, an ARN or ``latest``) and ``at`` (an ISO 8601 time or ``latest``) is given.
        ``on_progress`` gets a sentence at the beginning and whenever the status of the new table changes. Raises
        ``UsageError`` for a request that cannot be carried out, and ``ApiError``.
        """
        if (backup is None) == (at is None):
            raise UsageError("exactly one of --from BACKUP and --at TIME is required")
        declaration = self.command.declared(table)
        name = declaration.spec.name if declaration else table
        self.command.begin()
        call = self._from_backup(name, to, backup) if backup else self._at_time(name, to, at or "")
        live = self._describe(to)
        if live is None:
            source = self._source(call) if overrides.about_indexes else {}
            call = self.command.check(replace(call, params={**call.params, **override_members(overrides, source)}))
            self._begin(name, to, call)
            on_progress(f"{to}: restore started from {_describe_source(name, call)}")
        elif not _is_this_restore(live, call, name):
            origin = f", restored from {known}" if (known := _origin(live)) else ""
            raise UsageError(
                f"table {to} already exists{origin}; a restore creates a new table. Give another name with --to"
            )
        return self._wait_until_active(name, to, _describe_source(name, call, live), overrides, on_progress)

    def _begin(self, name: str, to: str, call: Call) -> None:
        """Send the call. If its response was lost, a new table that was restored from this source is ours."""
        try:
            self.command.ports.api.write(call)
        except (Ambiguous, Busy):
            # The response was lost, or a retry met the table that the first attempt created.
            live = self._describe(to)
            if live is None or not _restored_from(live, call, name):
                raise

    def _wait_until_active(
        self, name: str, to: str, source: str, overrides: RestoreOverrides, on_progress: OnProgress
    ) -> CommandResult:
        pause, last_status = 0.0, ""
        while True:
            live = self._describe(to)
            status = live["TableStatus"] if live else "not visible yet"
            data = {"table": name, "to": to, "source": source, "status": status}
            if status != last_status:
                on_progress(f"{to}: {status}")
                last_status = status
            if live and status == "ACTIVE":
                messages = [f"{to} is restored from {source} and ACTIVE.", NOT_RESTORED]
                if ignored := ignored_overrides(overrides, live):
                    messages.append(f"The endpoint ignored the overrides of: {', '.join(ignored)}.")
                return CommandResult(tuple(messages), finished=True, data=data)
            waited = self.command.pause(pause)
            if waited is None:
                waiting = f"{to} is being restored from {source} and is {status}; run the same command to wait for it."
                return CommandResult((waiting,), finished=False, data=data)
            pause = waited

    def _describe(self, name: str) -> Mapping[str, Any] | None:
        try:
            table: Mapping[str, Any] = self.command.ports.api.read("DescribeTable", {"TableName": name})["Table"]
        except NotFound:
            return None
        return table

    def _source(self, call: Call) -> Mapping[str, Any]:
        """The part of a description that lists the indexes of the backup or table to restore."""
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

    def _from_backup(self, name: str, to: str, name_or_arn: str) -> Call:
        if name_or_arn.startswith("arn:"):
            status = self._described(name_or_arn)["BackupDetails"]["BackupStatus"]
            if status != "AVAILABLE":
                raise UsageError(f"backup {name_or_arn} is {status}")
            return Call("RestoreTableFromBackup", {"TargetTableName": to, "BackupArn": name_or_arn})
        request = {"TableName": name, "BackupType": "ALL"}
        try:
            listed = self.command.ports.api.read("ListBackups", request)["BackupSummaries"]
        except Unsupported:
            raise UsageError("this endpoint has no backups") from None
        available = sorted(
            (backup for backup in listed if backup["BackupStatus"] == "AVAILABLE"),
            key=lambda backup: backup["BackupCreationDateTime"],
        )
        chosen = (
            available[-1:]
            if name_or_arn == LATEST
            else [backup for backup in available if backup["BackupName"] == name_or_arn]
        )
        if not chosen:
            known = ", ".join(backup["BackupName"] for backup in available) or "none"
            raise UsageError(f"{name} has no backup {name_or_arn!r}; its backups are: {known}")
        if len(chosen) > 1:
            raise UsageError(
                f"{name_or_arn!r} names several backups; say which: {', '.join(b['BackupArn'] for b in chosen)}"
            )
        return Call("RestoreTableFromBackup", {"TargetTableName": to, "BackupArn": chosen[0]["BackupArn"]})

    def _at_time(self, name: str, to: str, at: str) -> Call:
        params: dict[str, Any] = {"SourceTableName": name, "TargetTableName": to}
        earliest, latest = self._window(name)
        if at == LATEST:
            return Call("RestoreTableToPointInTime", {**params, "UseLatestRestorableTime": True})
        try:
            moment = datetime.fromisoformat(at)
        except ValueError:
            raise UsageError(f"--at: invalid time {at!r}; expected 2026-01-31T12:00:00Z or latest") from None
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        if not (earliest or moment) <= moment <= (latest or moment):
            first, last = (each.isoformat(timespec="seconds") if each else "?" for each in (earliest, latest))
            requested = moment.isoformat(timespec="seconds")
            raise UsageError(f"{name} can be restored to times from {first} to {last}, not to {requested}")
        return Call("RestoreTableToPointInTime", {**params, "RestoreDateTime": moment})

    def _window(self, name: str) -> tuple[datetime | None, datetime | None]:
        try:
            answer = self.command.ports.api.read("DescribeContinuousBackups", {"TableName": name})
        except Unsupported:
            raise UsageError("this endpoint has no point-in-time recovery") from None
        except NotFound:
            raise UsageError(f"table {name} does not exist; restore it from a backup: --from latest") from None
        recovery = answer["ContinuousBackupsDescription"].get("PointInTimeRecoveryDescription") or {}
        if recovery.get("PointInTimeRecoveryStatus") != "ENABLED":
            problem = f"point-in-time recovery of {name} is not enabled"
            raise UsageError(f"{problem}; restore it from a backup: --from latest")
        return recovery.get("EarliestRestorableDateTime"), recovery.get("LatestRestorableDateTime")


def _is_this_restore(live: Mapping[str, Any], call: Call, source: str) -> bool:
    """Whether an existing table is the result of this very restore, finished or not."""
    if not _restored_from(live, call, source):
        return False
    requested, restored = call.params.get("RestoreDateTime"), (live.get("RestoreSummary") or {}).get("RestoreDateTime")
    if requested is None or restored is None:
        return True
    return bool(abs(restored - requested) < timedelta(seconds=1))


def _origin(live: Mapping[str, Any]) -> str | None:
    """What a live table was restored from, or ``None``."""
    summary = live.get("RestoreSummary") or {}
    if "SourceBackupArn" in summary:
        return str(summary["SourceBackupArn"])
    source = str(summary.get("SourceTableArn", "")).rsplit("/", 1)[-1]
    return f"{source} at {summary.get('RestoreDateTime', 'a time')}" if source else None


def _restored_from(live: Mapping[str, Any], call: Call, source: str) -> bool:
    """Whether a live table was restored from the source of this call."""
    summary = live.get("RestoreSummary") or {}
    if "BackupArn" in call.params:
        return bool(summary.get("SourceBackupArn") == call.params["BackupArn"])
    return str(summary.get("SourceTableArn", "")).rsplit("/", 1)[-1] == source


def override_members(overrides: RestoreOverrides, source: Mapping[str, Any]) -> Shape:
    """The overrides as members of RestoreTableFromBackup or RestoreTableToPointInTime.

    ``source`` describes the indexes of the source. The service accepts only these indexes, each as it was, and needs
    throughput for each of them if the new table is provisioned. Raises ``UsageError`` for contradicting overrides.
    """
    _check(overrides, source)
    shape: Shape = {}
    if overrides.billing_mode:
        shape["BillingModeOverride"] = overrides.billing_mode
    if overrides.throughput:
        shape["ProvisionedThroughputOverride"] = wire.throughput(overrides.throughput)
    if overrides.maximum:
        units = {"MaxReadRequestUnits": overrides.maximum.read, "MaxWriteRequestUnits": overrides.maximum.write}
        shape["OnDemandThroughputOverride"] = {name: value for name, value in units.items() if value is not None}
    if overrides.sse:
        key = {"KMSMasterKeyId": overrides.sse.key} if overrides.sse.key else {}
        on = {"Enabled": True, "SSEType": "KMS", **key}
        shape["SSESpecificationOverride"] = on if overrides.sse.enabled else {"Enabled": False}
    return shape | _indexes(overrides, source)


def ignored_overrides(overrides: RestoreOverrides, live: Mapping[str, Any]) -> list[str]:
    """What the restored table does not have as requested: emulators accept overrides and ignore them."""
    names = {index["IndexName"] for kind in KINDS for index in live.get(kind) or []}
    stayed = names if overrides.no_indexes else names & set(overrides.left_out)
    encrypted = (live.get("SSEDescription") or {}).get("Status") == "ENABLED"
    ignored = [f"index {name}" for name in sorted(stayed)]
    if overrides.billing_mode and capacity.read_mode(live) != overrides.billing_mode:
        ignored.append("billing mode")
    if overrides.throughput and wire.read_throughput(live.get("ProvisionedThroughput")) != overrides.throughput:
        ignored.append("capacity")
    if overrides.sse and encrypted != overrides.sse.enabled:
        ignored.append("key")
    return ignored


def _indexes(overrides: RestoreOverrides, source: Mapping[str, Any]) -> Shape:
    if overrides.no_indexes:
        return {member: [] for member in KINDS.values()}
    shape: Shape = {}
    for kind, member in KINDS.items():
        had = source.get(kind) or []
        stay = [index for index in had if index["IndexName"] not in overrides.left_out]
        provisioned = kind == "GlobalSecondaryIndexes" and overrides.billing_mode == "PROVISIONED"
        if len(stay) < len(had) or (provisioned and stay):
            shape[member] = [_index(index, overrides, globally=kind == "GlobalSecondaryIndexes") for index in stay]
    return shape


def _index(index: Mapping[str, Any], overrides: RestoreOverrides, *, globally: bool) -> Shape:
    kept = {name: value for name, value in index.items() if name in KEPT}
    if not globally:
        return kept
    had = wire.read_throughput(kept.pop("ProvisionedThroughput", None))
    units = None if overrides.billing_mode == "PAY_PER_REQUEST" else had or overrides.throughput
    if overrides.billing_mode == "PROVISIONED":
        kept.pop("OnDemandThroughput", None)
    return kept | ({"ProvisionedThroughput": wire.throughput(units)} if units else {})


def _check(overrides: RestoreOverrides, source: Mapping[str, Any]) -> None:
    if overrides.billing_mode == "PROVISIONED" and overrides.throughput is None:
        raise UsageError("--billing-mode PROVISIONED needs --read-capacity and --write-capacity")
    if overrides.throughput and overrides.billing_mode == "PAY_PER_REQUEST":
        raise UsageError("--read-capacity and --write-capacity go with PROVISIONED, not with PAY_PER_REQUEST")
    if overrides.maximum and overrides.billing_mode == "PROVISIONED":
        raise UsageError("--max-read and --max-write go with PAY_PER_REQUEST, not with PROVISIONED")
    if overrides.no_indexes and overrides.left_out:
        raise UsageError("--without-indexes leaves out every index, so --without-index is superfluous")
    if overrides.billing_mode == "PROVISIONED" and source.get("VectorIndexes") and not overrides.no_indexes:
        stay = [i["IndexName"] for i in source["VectorIndexes"] if i["IndexName"] not in overrides.left_out]
        if stay:
            raise UsageError(f"vector indexes need on-demand billing (rule 16): --without-index {stay[0]}")
    known = [index["IndexName"] for kind in KINDS for index in source.get(kind) or []]
    for name in overrides.left_out:
        if name not in known:
            listed = ", ".join(known) or "none"
            raise UsageError(f"there is no index {name!r} to leave out; the indexes are: {listed}")
