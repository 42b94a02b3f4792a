"""Exports to S3, bulk puts and imports of the simulated service: they take time, fail, and know a client token for
eight hours.

A bulk put writes its items one after the other while time passes, in an order of its own and without a condition: of
two items with one key the last one stays. ``SimulatedJobs.files`` are the objects of S3, each with its items.

An import makes its table at once, with the TableId that its answer tells. The table is CREATING until the import ends,
and not to be seen with ``hides``. One that has skipped items fails and keeps its table; another failure removes it, or
leaves it half filled with ``leaves``. The token finds an import only while it runs: afterwards its table exists.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from simulation.clock import START, VirtualClock
from simulation.copies import copied
from simulation.refusal import in_use, invalid, limit, mismatch, missing

from reconciler.model.errors import Rejected

if TYPE_CHECKING:
    from simulation.table import Table

TOKEN_LIFE = 8 * 3600.0
IMPORTS = 50
ITEM_BYTES = 100
"""What the service says of each item."""
ENDED = ("COMPLETED", "COMPLETED_WITH_ERRORS", "CANCELLED", "FAILED")


@dataclass
class SimulatedJob:
    """One job. ``description`` is what the service tells of it; ``left`` are the items that it still writes."""

    description: dict[str, Any]
    began: float
    table: Table
    left: list[dict[str, Any]] = field(default_factory=list)
    count: int = 0
    ends: float | None = None
    """When a cancelled one stops."""

    @property
    def running(self) -> bool:
        status: str = self.description["Status"]
        return status not in ENDED


class SimulatedJobs:
    """All jobs. ``takes`` seconds each, ``cancelling`` seconds until a cancelled one stops.

    ``fails`` are failures of the next jobs, as code and message; ``behind`` is how many seconds backups lag.
    """

    def __init__(self, clock: VirtualClock, tables: Callable[[], dict[str, Table]]) -> None:
        self.clock = clock
        self._tables = tables
        self.dice = random.Random(0)
        self.takes, self.cancelling, self.behind = 0.0, 0.0, 0.0
        self.fails: list[tuple[str, str]] = []
        self.files: dict[str, dict[str, list[dict[str, Any]]]] = {}
        self.exports: dict[str, SimulatedJob] = {}
        self.puts: dict[str, SimulatedJob] = {}
        self.imports: dict[str, SimulatedJob] = {}
        self.hides, self.leaves = False, False
        self.import_fails: list[tuple[str, str]] = []
        """Failures of the next imports alone."""
        self.lists_late = 0.0
        """Seconds after which an import is in the list."""
        self._tokens: dict[str, tuple[float, dict[str, Any], str]] = {}

    def changed(self, table: Table, before: dict[str, Any] | None, after: dict[str, Any] | None) -> None:
        """An item was written or deleted: backups keep what it was before."""
        image = after if after is not None else before
        names = [element["AttributeName"] for element in table.description["KeySchema"]]
        if "recovery" not in table.side or image is None or any(name not in image for name in names):
            return
        was = None if before is None else copied(before)
        table.history.append((self.clock.seconds, _place(table, image), was))

    def at(self, table: Table, time: datetime) -> list[dict[str, Any]]:
        """The items of the table as they were at a time."""
        seconds = (time - START).total_seconds()
        items: dict[str, dict[str, Any]] = {key: copied(item) for key, item in table.items.items()}
        for when, key, before in reversed(table.history):
            if when <= seconds:
                break
            items.pop(key, None)
            if before is not None:
                items[key] = copied(before)
        return list(items.values())

    def latest(self) -> datetime:
        """The latest time that a table can be restored to."""
        return _time(self.clock.seconds - self.behind)

    # Exports

    def export(self, table: Table, params: dict[str, Any]) -> dict[str, Any]:
        operation = "ExportTableToPointInTime"
        known = self._known(operation, params)
        if known is not None:
            return self._export(self.exports[known])
        if table.side.get("recovery", {}).get("PointInTimeRecoveryStatus") != "ENABLED":
            raise Rejected(operation, "PointInTimeRecoveryUnavailableException", "point in time recovery is off")
        latest = self.clock.seconds - self.behind
        time: datetime = params["ExportTime"]
        if (time - START).total_seconds() > latest:
            raise Rejected(operation, "InvalidExportTimeException", "the time is outside of the recovery window")
        arn = f"{table.description['TableArn']}/export/{len(self.exports) + 1:04}"
        items = self.at(table, time)
        half = len(items) // 2
        folder = "/".join(filter(None, (params.get("S3Prefix"), "AWSDynamoDB", f"{len(self.exports) + 1:04}")))
        job = SimulatedJob(
            {
                "Status": "IN_PROGRESS",
                "ExportArn": arn,
                "ExportTime": time,
                "StartTime": self.clock.now(),
                "S3Bucket": params["S3Bucket"],
                "ClientToken": params.get("ClientToken"),
                "folder": folder,
                "files": {"a.json.gz": items[:half], "b.json.gz": items[half:]},
            },
            self.clock.seconds,
            table,
        )
        self._doomed(job)
        self.exports[arn] = job
        self._used(params, arn)
        return self._export(job)

    def exported(self, arn: str) -> dict[str, Any]:
        if arn not in self.exports:
            raise missing("DescribeExport", "no such export")
        return self._export(self.exports[arn])

    def _export(self, job: SimulatedJob) -> dict[str, Any]:
        self.advance()
        found = {
            name: value
            for name, value in job.description.items()
            if name not in ("Status", "folder", "files", "doomed")
        }
        if job.description["Status"] == "COMPLETED":
            found["ExportManifest"] = f"{job.description['folder']}/manifest-summary.json"
            found["ItemCount"] = sum(map(len, job.description["files"].values()))
            found["BilledSizeBytes"] = found["ItemCount"] * ITEM_BYTES
        return {"ExportDescription": {**found, "ExportStatus": job.description["Status"]}}

    # Bulk puts

    def bulk_put(self, table: Table, params: dict[str, Any]) -> dict[str, Any]:
        operation = "StartBulkPutItems"
        known = self._known(operation, params)
        if known is not None:
            return self._put(self.puts[known])
        if table.status != "ACTIVE":
            raise in_use(operation, f"the table is {table.status}")
        if any(job.running and job.table is table for job in self.puts.values()):
            raise limit(operation, "a bulk operation of this table is running")
        asked = params["InputS3Configuration"]
        arn = f"arn:aws:dynamodb:eu-central-1:111122223333:bulk-operation/{len(self.puts) + 1:04}"
        job = SimulatedJob(
            {
                "Status": "IN_PROGRESS",
                "BulkOperationArn": arn,
                "ClientToken": params.get("ClientToken"),
                "StartTime": self.clock.now(),
                "FailedItemCount": 0,
                "TableDetails": [
                    {
                        "TableName": table.name,
                        **({"TableId": table.description["TableId"]} if "TableId" in table.description else {}),
                    }
                ],
            },
            self.clock.seconds,
            table,
        )
        bucket = self.files.get(asked["S3Bucket"])
        if bucket is None:
            self._fail(job, "S3NoSuchBucket", f"there is no bucket {asked['S3Bucket']}")
        else:
            prefix = asked.get("S3KeyPrefix", "")
            job.left = [copied(item) for key in sorted(bucket) if key.startswith(prefix) for item in bucket[key]]
            self.dice.shuffle(job.left)
            job.count = len(job.left)
            self._doomed(job)
        self.puts[arn] = job
        self._used(params, arn)
        return self._put(job)

    def described(self, arn: str) -> dict[str, Any]:
        return self._put(self._of("DescribeBulkOperation", arn))

    def listed(self) -> dict[str, Any]:
        self.advance()
        found = [
            {"BulkOperationArn": arn, "BulkOperationStatus": job.description["Status"], "StartTime": _time(job.began)}
            for arn, job in reversed(self.puts.items())
        ]
        return {"BulkOperationsSummaryList": found}

    def cancel(self, arn: str) -> dict[str, Any]:
        job = self._of("CancelBulkOperation", arn)
        self.advance()
        if not job.running:
            raise invalid("CancelBulkOperation", f"it is {job.description['Status']}")
        if job.ends is None:
            job.description["Status"] = "CANCELLING"
            job.ends = self.clock.seconds + self.cancelling
        return {"BulkOperationArn": arn, "BulkOperationStatus": "CANCELLING"}

    def _of(self, operation: str, arn: str) -> SimulatedJob:
        if arn not in self.puts:
            raise missing(operation, "no such bulk operation")
        return self.puts[arn]

    def _put(self, job: SimulatedJob) -> dict[str, Any]:
        self.advance()
        found = {name: value for name, value in job.description.items() if name not in ("Status", "doomed")}
        read = job.count - len(job.left)
        counts = {"ProcessedItemCount": read, "ProcessedInputBytes": read * ITEM_BYTES}
        done = {**counts, "BulkOperationStatus": job.description["Status"]}
        return {"BulkOperationDescription": {**found, **done}}

    # Imports

    def import_table(self, params: dict[str, Any], make: Callable[[], Table]) -> dict[str, Any]:
        """``make`` creates the table, which stays CREATING."""
        operation, name = "ImportTable", params["TableCreationParameters"]["TableName"]
        self.advance()
        if "ClientToken" not in params:
            raise invalid(operation, "a ClientToken is missing")
        for job in self.imports.values():
            if job.running and job.description["ClientToken"] == params["ClientToken"]:
                if job.table.name != name:
                    raise Rejected(operation, "ImportConflictException", "the token was used for another table")
                return self._import(job)
        if name in self._tables():
            raise in_use(operation, f"table {name} exists")
        if sum(job.running for job in self.imports.values()) >= IMPORTS:
            raise limit(operation, f"{IMPORTS} imports are running")
        table = make()
        source = params["S3BucketSource"]
        arn = f"{table.description['TableArn']}/import/{len(self.imports) + 1:04}"
        job = SimulatedJob(
            {
                "Status": "IN_PROGRESS",
                "ImportArn": arn,
                "ClientToken": params["ClientToken"],
                "StartTime": self.clock.now(),
                "TableArn": table.description["TableArn"],
                "TableId": table.description.get("TableId"),
                "ErrorCount": 0,
            },
            self.clock.seconds,
            table,
        )
        if self.hides:
            table.visible_at = float("inf")
        bucket = self.files.get(source["S3Bucket"])
        if bucket is None:
            job.description["doomed"] = ("S3NoSuchBucket", f"there is no bucket {source['S3Bucket']}")
        else:
            prefix = source.get("S3KeyPrefix", "")
            job.left = [copied(item) for key in sorted(bucket) if key.startswith(prefix) for item in bucket[key]]
            self.dice.shuffle(job.left)
            job.count = len(job.left)
            self._doomed(job, self.import_fails or self.fails)
        self.imports[arn] = job
        return self._told(job)

    def import_described(self, arn: str) -> dict[str, Any]:
        if arn not in self.imports:
            raise Rejected("DescribeImport", "ImportNotFoundException", "no such import")
        return self._import(self.imports[arn])

    def imports_listed(self, params: Mapping[str, Any]) -> dict[str, Any]:
        self.advance()
        found = [
            {"ImportArn": arn, "ImportStatus": job.description["Status"], "StartTime": _time(job.began)}
            for arn, job in self.imports.items()
            if params.get("TableArn", job.description["TableArn"]) == job.description["TableArn"]
            and self.clock.seconds >= job.began + self.lists_late
        ]
        return {"ImportSummaryList": found}

    def _import(self, job: SimulatedJob) -> dict[str, Any]:
        self.advance()
        return self._told(job)

    def _told(self, job: SimulatedJob) -> dict[str, Any]:
        found = {name: value for name, value in job.description.items() if name not in ("Status", "doomed")}
        # Of items, the counts are told at the end.
        size = (job.count - len(job.left)) * ITEM_BYTES
        done = 0 if job.running else job.count - len(job.left)
        skipped = found.pop("ErrorCount") if not job.running else 0
        counts = {"ProcessedItemCount": done, "ImportedItemCount": done - skipped, "ErrorCount": skipped}
        counts["ProcessedSizeBytes"] = size
        return {"ImportTableDescription": {**found, **counts, "ImportStatus": job.description["Status"]}}

    def _go_on_importing(self, job: SimulatedJob) -> None:
        table, tables = job.table, self._tables()
        if tables.get(table.name) is not table:
            job.left = []
            self._fail(job, "ResourceNotFoundException", f"table {table.name} was deleted")
            return
        share = 1.0 if self.takes <= 0 else min(1.0, (self.clock.seconds - job.began) / self.takes)
        doomed = job.description.get("doomed")
        reached = min(share, 0.5) if doomed else share
        while job.left and job.count - len(job.left) < job.count * reached:
            self._write(job, job.left.pop(), "ErrorCount")
        if doomed and share >= 0.5:
            self._fail(job, *job.description.pop("doomed"))
            if self.leaves:
                self._made(table)
            else:
                del tables[table.name]
        elif not doomed and share >= 1.0:
            self._made(table)
            job.description |= {"Status": "COMPLETED", "EndTime": self.clock.now()}
            if job.description["ErrorCount"]:
                self._fail(job, "ItemValidationError", "some of the items failed validation checks")

    def _made(self, table: Table) -> None:
        table.description["TableStatus"] = "ACTIVE"
        table.visible_at = 0.0
        for index in table.description.get("GlobalSecondaryIndexes", []):
            index["IndexStatus"] = "ACTIVE"

    # All

    def advance(self) -> None:
        """Whatever time has brought since the last call."""
        for job in self.imports.values():
            if job.running:
                self._go_on_importing(job)
        for job in self.exports.values():
            if job.running and self.clock.seconds >= job.began + self.takes:
                self._finish_export(job)
        for job in self.puts.values():
            if job.running:
                self._go_on(job)

    def _finish_export(self, job: SimulatedJob) -> None:
        found = job.description
        found["EndTime"] = self.clock.now()
        bucket = self.files.get(found["S3Bucket"])
        if "doomed" in found:
            self._fail(job, *found.pop("doomed"))
        elif bucket is None:
            self._fail(job, "S3NoSuchBucket", f"there is no bucket {found['S3Bucket']}")
        else:
            for name, items in found["files"].items():
                bucket[f"{found['folder']}/data/{name}"] = items
            found["Status"] = "COMPLETED"

    def _go_on(self, job: SimulatedJob) -> None:
        table = job.table
        if self._tables().get(table.name) is not table:
            job.left = []
            self._fail(job, "ResourceNotFoundException", f"table {table.name} was deleted")
            return
        stops = self.clock.seconds if job.ends is None else min(self.clock.seconds, job.ends)
        share = 1.0 if self.takes <= 0 else min(1.0, (stops - job.began) / self.takes)
        if "doomed" in job.description:
            share = min(share, 0.5)
        while job.left and job.count - len(job.left) < job.count * share:
            self._write(job, job.left.pop())
        if "doomed" in job.description and stops >= job.began + self.takes / 2:
            self._fail(job, *job.description.pop("doomed"))
        elif job.ends is not None and self.clock.seconds >= job.ends:
            job.description["Status"] = "CANCELLED"
        elif not job.left and share >= 1.0:
            refused = job.description["FailedItemCount"]
            job.description["Status"] = "COMPLETED_WITH_ERRORS" if refused else "COMPLETED"

    @staticmethod
    def _write(job: SimulatedJob, item: dict[str, Any], refused: str = "FailedItemCount") -> None:
        types = {each["AttributeName"]: each["AttributeType"] for each in job.table.description["AttributeDefinitions"]}
        names = [element["AttributeName"] for element in job.table.description["KeySchema"]]
        if any(types[name] not in item.get(name, {}) for name in names):
            job.description[refused] += 1
            return
        job.table.items[_place(job.table, item)] = item

    def _doomed(self, job: SimulatedJob, fails: list[tuple[str, str]] | None = None) -> None:
        fails = self.fails if fails is None else fails
        if fails:
            job.description["doomed"] = fails.pop(0)

    @staticmethod
    def _fail(job: SimulatedJob, code: str, message: str) -> None:
        job.description |= {"Status": "FAILED", "FailureCode": code, "FailureMessage": message}

    def _known(self, operation: str, params: dict[str, Any]) -> str | None:
        """The job that this token started."""
        known = self._tokens.get(params.get("ClientToken", ""))
        if known is None or self.clock.seconds - known[0] >= TOKEN_LIFE:
            return None
        if known[1] != params:
            raise mismatch(operation)
        return known[2]

    def _used(self, params: dict[str, Any], arn: str) -> None:
        if "ClientToken" in params:
            self._tokens[params["ClientToken"]] = (self.clock.seconds, params, arn)


def _place(table: Table, item: Mapping[str, Any]) -> str:
    """As ``data_plane.key_of``."""
    return repr([item[element["AttributeName"]] for element in table.description["KeySchema"]])


def _time(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)
