"""Exports to S3 and bulk puts from S3 behind the mover's ``ServiceJobs`` port. Built by ``Connection``.

The service itself writes and reads the objects, so that no client of S3 is needed here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Protocol

from reconciler.model.errors import Malformed
from reconciler.model.paging import Pages
from reconciler.mover.job_ports import BulkRequest, ExportRequest, Job, JobState, S3Place

STATES: Mapping[str, JobState] = {
    "IN_PROGRESS": JobState.RUNNING,
    "CANCELLING": JobState.RUNNING,
    "COMPLETED": JobState.DONE,
    "COMPLETED_WITH_ERRORS": JobState.DONE,
    "CANCELLED": JobState.FAILED,
    "FAILED": JobState.FAILED,
}
PAGE_JOBS = 100


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
    return Job(found["ExportArn"], state, int(found.get("ItemCount") or 0), failure=_failure(found), files=files)


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


def _time(operation: str, value: Any) -> datetime:
    if not isinstance(value, datetime):
        raise Malformed(operation, "Time", f"{value!r} is not a time")
    return value if value.tzinfo else value.replace(tzinfo=UTC)
