"""Exports to S3, bulk puts and imports from S3 behind the mover's ``ServiceJobs`` port. Built by ``Connection``.

The service itself writes and reads the objects, so that no client of S3 is needed here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Protocol

from reconciler.model.errors import Forbidden, Malformed, Unsupported
from reconciler.model.paging import Pages
from reconciler.mover.job_ports import (
    BulkRequest,
    ExportRequest,
    ImportRequest,
    Job,
    JobState,
    Loader,
    S3Place,
)

STATES: Mapping[str, JobState] = {
    "IN_PROGRESS": JobState.RUNNING,
    "CANCELLING": JobState.RUNNING,
    "COMPLETED": JobState.DONE,
    "COMPLETED_WITH_ERRORS": JobState.DONE,
    "CANCELLED": JobState.FAILED,
    "FAILED": JobState.FAILED,
}
PAGE_JOBS = 100
PAGE_IMPORTS = 25
"""The most that ListImports takes."""
SKIPPED_ITEMS = "ItemValidationError"
"""The failure of an import that has skipped items. Its table stays, with all the others."""
LISTS: Mapping[Loader, tuple[str, Mapping[str, Any], str]] = {
    "bulk": ("ListBulkOperations", {"MaxResults": 1}, "bulk puts"),
    "import": ("ListImports", {"PageSize": 1}, "imports"),
}
"""A read for each kind of job, which only somebody can send who may follow one, and what the jobs are called."""


class Calls(Protocol):
    """``ApiClient``: sends one operation and checks its answer."""

    def call(self, operation: str, params: Mapping[str, Any]) -> dict[str, Any]: ...


class BotoServiceJobs:
    """The jobs of one account and Region."""

    def __init__(self, client: Calls) -> None:
        self._client = client

    def recoverable_until(self, table: str) -> datetime | None:
        """The latest time that the table can be exported at (DescribeContinuousBackups)."""
        answer = self._client.call("DescribeContinuousBackups", {"TableName": table})
        found = (answer.get("ContinuousBackupsDescription") or {}).get("PointInTimeRecoveryDescription") or {}
        if found.get("PointInTimeRecoveryStatus") != "ENABLED":
            return None
        latest = found.get("LatestRestorableDateTime")
        return None if latest is None else _time("DescribeContinuousBackups", latest)

    def start_export(self, request: ExportRequest) -> Job:
        """ExportTableToPointInTime, of the whole table as DynamoDB JSON."""
        params = {
            "TableArn": request.table_arn,
            "ExportTime": request.time,
            "ClientToken": request.token,
            "S3Bucket": request.target.bucket,
            "ExportFormat": "DYNAMODB_JSON",
            "ExportType": "FULL_EXPORT",
        }
        if request.target.prefix:
            params["S3Prefix"] = request.target.prefix
        return _export("ExportTableToPointInTime", self._client.call("ExportTableToPointInTime", params))

    def export(self, arn: str) -> Job:
        """DescribeExport."""
        return _export("DescribeExport", self._client.call("DescribeExport", {"ExportArn": arn}))

    def start_bulk_put(self, request: BulkRequest) -> Job:
        """StartBulkPutItems, of compressed DynamoDB JSON as an export writes it."""
        params = {
            "TableName": request.table,
            "ClientToken": request.token,
            "InputS3Configuration": {
                "S3Bucket": request.source.bucket,
                "S3KeyPrefix": f"{request.source.prefix}/",
                "InputFormat": "DYNAMODB_JSON",
                "InputCompressionType": "GZIP",
            },
            "OutputS3Configuration": {
                "S3Bucket": request.errors.bucket,
                "S3KeyPrefix": request.errors.prefix,
                "OutputType": ["ERROR"],
            },
        }
        return _bulk_put("StartBulkPutItems", self._client.call("StartBulkPutItems", params))

    def bulk_put(self, arn: str) -> Job:
        """DescribeBulkOperation."""
        return _bulk_put("DescribeBulkOperation", self._described(arn))

    def bulk_put_of(self, token: str, since: datetime) -> Job | None:
        """ListBulkOperations, and DescribeBulkOperation of each that started after ``since``."""
        for arn in self._listed(since):
            found = self._described(arn)
            if (found.get("BulkOperationDescription") or {}).get("ClientToken") == token:
                return _bulk_put("DescribeBulkOperation", found)
        return None

    def cancel_bulk_put(self, arn: str) -> None:
        """CancelBulkOperation."""
        self._client.call("CancelBulkOperation", {"BulkOperationArn": arn})

    def start_import(self, request: ImportRequest) -> Job:
        """ImportTable, of compressed DynamoDB JSON as an export writes it."""
        params = {
            "ClientToken": request.token,
            "S3BucketSource": {"S3Bucket": request.source.bucket, "S3KeyPrefix": f"{request.source.prefix}/"},
            "InputFormat": "DYNAMODB_JSON",
            "InputCompressionType": "GZIP",
            "TableCreationParameters": dict(request.creation),
        }
        return _import("ImportTable", self._client.call("ImportTable", params))

    def import_job(self, arn: str) -> Job:
        """DescribeImport."""
        return _import("DescribeImport", self._client.call("DescribeImport", {"ImportArn": arn}))

    def import_of(self, token: str, table_arn: str, since: datetime) -> Job | None:
        """ListImports of the table, and DescribeImport of each that started after ``since``."""
        for arn in self._imports(table_arn, since):
            found = self._client.call("DescribeImport", {"ImportArn": arn})
            if (found.get("ImportTableDescription") or {}).get("ClientToken") == token:
                return _import("DescribeImport", found)
        return None

    def obstacle(self, loader: Loader) -> str | None:
        """ListBulkOperations or ListImports, which need a permission of their own and are missing in some Regions."""
        operation, params, jobs = LISTS[loader]
        try:
            self._client.call(operation, params)
        except Forbidden as error:
            return f"dynamodb:{operation} is not allowed ({error.message})"
        except Unsupported as error:
            return f"there are no {jobs} here ({error.message})"
        return None

    def _imports(self, table_arn: str, since: datetime) -> Iterator[str]:
        """The ARNs of those that may have started after ``since``."""
        params: dict[str, Any] = {"TableArn": table_arn, "PageSize": PAGE_IMPORTS}
        pages = Pages("ListImports")
        while True:
            answer = self._client.call("ListImports", params)
            for found in answer.get("ImportSummaryList") or ():
                if "StartTime" not in found or _time("ListImports", found["StartTime"]) >= since:
                    yield found["ImportArn"]
            token = answer.get("NextToken")
            if token is None:
                return
            pages.advance(token)
            params = {**params, "NextToken": token}

    def _described(self, arn: str) -> dict[str, Any]:
        return self._client.call("DescribeBulkOperation", {"BulkOperationArn": arn})

    def _listed(self, since: datetime) -> Iterator[str]:
        """The ARNs of those that may have started after ``since``. The order of the list is not documented."""
        params: dict[str, Any] = {"MaxResults": PAGE_JOBS}
        pages = Pages("ListBulkOperations")
        while True:
            answer = self._client.call("ListBulkOperations", params)
            for found in answer.get("BulkOperationsSummaryList") or ():
                if "StartTime" not in found or _time("ListBulkOperations", found["StartTime"]) >= since:
                    yield found["BulkOperationArn"]
            token = answer.get("NextToken")
            if token is None:
                return
            pages.advance(token)
            params = {**params, "NextToken": token}


def _export(operation: str, answer: Mapping[str, Any]) -> Job:
    found = _member(operation, answer, "ExportDescription", "ExportArn")
    folder = str(found.get("ExportManifest") or "").rpartition("/")[0]
    state = _state(operation, found.get("ExportStatus"))
    if state is JobState.DONE and not folder and operation == "ExportTableToPointInTime":
        # The answer to the start: DescribeExport tells the rest.
        state = JobState.RUNNING
    if state is JobState.DONE and not folder:
        raise Malformed(operation, "ExportManifest", "a finished export does not tell where its files are")
    files = S3Place(found["S3Bucket"], f"{folder}/data") if folder and found.get("S3Bucket") else None
    return Job(
        found["ExportArn"],
        state,
        int(found.get("ItemCount") or 0),
        failure=_failure(found),
        files=files,
        size=int(found.get("BilledSizeBytes") or 0),
        started=_shown(found, "StartTime"),
        ended=_shown(found, "EndTime"),
    )


def _bulk_put(operation: str, answer: Mapping[str, Any]) -> Job:
    found = _member(operation, answer, "BulkOperationDescription", "BulkOperationArn")
    tables = found.get("TableDetails") or ()
    return Job(
        found["BulkOperationArn"],
        _state(operation, found.get("BulkOperationStatus")),
        int(found.get("ProcessedItemCount") or 0),
        int(found.get("FailedItemCount") or 0),
        _failure(found),
        table_id=tables[0].get("TableId") if tables else None,
        size=int(found.get("ProcessedInputBytes") or 0),
        started=_shown(found, "StartTime"),
        ended=_shown(found, "EndTime"),
    )


def _import(operation: str, answer: Mapping[str, Any]) -> Job:
    found = _member(operation, answer, "ImportTableDescription", "ImportArn")
    state = _state(operation, found.get("ImportStatus"))
    if state is JobState.FAILED and found.get("FailureCode") == SKIPPED_ITEMS:
        state = JobState.DONE
    return Job(
        found["ImportArn"],
        state,
        int(found.get("ImportedItemCount") or 0),
        int(found.get("ErrorCount") or 0),
        _failure(found),
        table_id=found.get("TableId") or None,
        size=int(found.get("ProcessedSizeBytes") or 0),
        started=_shown(found, "StartTime"),
        ended=_shown(found, "EndTime"),
    )


def _member(operation: str, answer: Mapping[str, Any], name: str, required: str) -> Mapping[str, Any]:
    found = answer.get(name)
    if not isinstance(found, Mapping) or not isinstance(found.get(required), str):
        raise Malformed(operation, name, f"the answer has no {name} with {required}")
    return found


def _state(operation: str, status: Any) -> JobState:
    state = STATES.get(status)
    if state is None:
        # A status that is not known must not count as an end.
        raise Malformed(operation, "Status", f"the status of the job is {status!r}, which is not known")
    return state


def _failure(found: Mapping[str, Any]) -> str:
    return ": ".join(str(found[name]) for name in ("FailureCode", "FailureMessage") if found.get(name))


def _shown(found: Mapping[str, Any], name: str) -> datetime | None:
    """A time for people to see. Nothing is decided by it, so another value does not stop the work."""
    time = found.get(name)
    return _aware(time) if isinstance(time, datetime) else None


def _time(operation: str, value: Any) -> datetime:
    if not isinstance(value, datetime):
        raise Malformed(operation, "Time", f"{value!r} is not a time")
    return _aware(value)


def _aware(time: datetime) -> datetime:
    return time if time.tzinfo else time.replace(tzinfo=UTC)
