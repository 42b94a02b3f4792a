"""The service's own jobs: what is asked and what is read, at moto where it has them, and answers that are no answer."""

from __future__ import annotations

import gzip
import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from simulation.simulated_engine import Silent
from support.connected import connected
from support.endpoints import Live

from reconciler.aws.api_client import ApiClient, Clients
from reconciler.aws.job_api import BotoServiceJobs
from reconciler.model.errors import Ambiguous, ApiError, Forbidden, Malformed, Unsupported
from reconciler.mover.import_copy import IMPORTABLE
from reconciler.mover.job_ports import (
    BulkRequest,
    ExportRequest,
    ImportRequest,
    Job,
    JobState,
    Loader,
    S3Place,
)

TABLE = {
    "TableName": "orders",
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}
PLACE = S3Place("copies", "tables/orders")
ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Answers:
    """Calls with fixed answers, by operation; a list gives one after the other."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers
        self.calls: list[tuple[str, Any]] = []

    def call(self, operation: str, params: Any) -> dict[str, Any]:
        self.calls.append((operation, params))
        answer = self.answers[operation]
        found: dict[str, Any] = answer.pop(0) if isinstance(answer, list) else answer
        return found


def bulk(status: str, **more: Any) -> dict[str, Any]:
    return {"BulkOperationDescription": {"BulkOperationArn": "arn:b", "BulkOperationStatus": status, **more}}


def imported(status: str, **more: Any) -> dict[str, Any]:
    return {"ImportTableDescription": {"ImportArn": "arn:i", "ImportStatus": status, **more}}


def exported(status: str, **more: Any) -> dict[str, Any]:
    return {"ExportDescription": {"ExportArn": "arn:e", "ExportStatus": status, **more}}


# At moto


def test_an_export_is_in_the_bucket_as_an_independent_client_reads_it(moto: Live) -> None:
    arn = moto.client.create_table(**TABLE)["TableDescription"]["TableArn"]
    moto.client.put_item(TableName="orders", Item={"id": {"S": "1"}, "total": {"N": "7"}})
    s3 = boto3.client(
        "s3", endpoint_url=moto.url, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    s3.create_bucket(Bucket="copies")
    jobs = connected(moto.url).service_jobs
    assert jobs.recoverable_until("orders") is None
    on = {"PointInTimeRecoveryEnabled": True}
    moto.client.update_continuous_backups(TableName="orders", PointInTimeRecoverySpecification=on)
    latest = jobs.recoverable_until("orders")
    assert latest is not None
    job = jobs.start_export(ExportRequest(arn, latest, PLACE, "token-1"))
    assert job.arn
    deadline = time.monotonic() + 30
    while moto.client.describe_export(ExportArn=job.arn)["ExportDescription"]["ExportStatus"] == "IN_PROGRESS":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    (found,) = s3.list_objects_v2(Bucket="copies", Prefix="tables/orders/")["Contents"]
    lines = gzip.decompress(s3.get_object(Bucket="copies", Key=found["Key"])["Body"].read()).decode().splitlines()
    assert [json.loads(line) for line in lines] == [{"Item": {"id": {"S": "1"}, "total": {"N": "7"}}}]
    # moto does not tell where the files are, and nothing is guessed.
    with pytest.raises(Malformed, match="where its files are"):
        jobs.export(job.arn)


def test_an_export_of_a_table_without_recovery_is_refused_in_the_words_of_the_service(moto: Live) -> None:
    arn = moto.client.create_table(**TABLE)["TableDescription"]["TableArn"]
    with pytest.raises(ApiError, match=r"[Pp]oint.?[Ii]n.?[Tt]ime"):
        connected(moto.url).service_jobs.start_export(ExportRequest(arn, NOW, PLACE, "token-1"))


# Requests and answers


def test_what_a_bulk_put_is_asked_for() -> None:
    calls = Answers(StartBulkPutItems=bulk("IN_PROGRESS", TableDetails=[{"TableName": "orders", "TableId": "t-1"}]))
    job = BotoServiceJobs(calls).start_bulk_put(BulkRequest("orders", PLACE, PLACE.below("errors"), "token-1"))
    assert job == Job("arn:b", JobState.RUNNING, table_id="t-1")
    assert calls.calls == [
        (
            "StartBulkPutItems",
            {
                "TableName": "orders",
                "ClientToken": "token-1",
                "InputS3Configuration": {
                    "S3Bucket": "copies",
                    "S3KeyPrefix": "tables/orders/",
                    "InputFormat": "DYNAMODB_JSON",
                    "InputCompressionType": "GZIP",
                },
                "OutputS3Configuration": {
                    "S3Bucket": "copies",
                    "S3KeyPrefix": "tables/orders/errors",
                    "OutputType": ["ERROR"],
                },
            },
        )
    ]


def test_the_requests_fit_the_model_of_the_service() -> None:
    """Both are checked by botocore before they are sent, as all calls are."""
    import botocore.session
    from botocore.validate import ParamValidator

    calls = Answers(
        StartBulkPutItems=bulk("IN_PROGRESS"),
        ExportTableToPointInTime=exported("IN_PROGRESS"),
        CancelBulkOperation={},
        ListBulkOperations={},
    )
    jobs = BotoServiceJobs(calls)
    arn = "arn:aws:dynamodb:eu-central-1:111122223333:table/orders"
    jobs.start_export(ExportRequest(arn, NOW, PLACE, "token-1"))
    jobs.start_export(ExportRequest(arn, NOW, S3Place("copies"), "token-1"))
    jobs.start_bulk_put(BulkRequest("orders", PLACE, PLACE.below("errors"), "token-1"))
    jobs.cancel_bulk_put("arn:aws:dynamodb:eu-central-1:111122223333:bulk-operation/0001")
    assert jobs.bulk_put_of("token-1", NOW) is None
    model = botocore.session.get_session().get_service_model("dynamodb")
    for operation, params in calls.calls:
        shape = model.operation_model(operation).input_shape
        assert ParamValidator().validate(params, shape).generate_report() == "", operation
        assert set(params) <= set(shape.members)


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("IN_PROGRESS", JobState.RUNNING),
        ("CANCELLING", JobState.RUNNING),
        ("COMPLETED", JobState.DONE),
        ("COMPLETED_WITH_ERRORS", JobState.DONE),
        ("CANCELLED", JobState.FAILED),
        ("FAILED", JobState.FAILED),
    ],
)
def test_a_status_and_what_it_means(status: str, state: JobState) -> None:
    answer = bulk(status, ProcessedItemCount=9, FailedItemCount=2, FailureCode="C", FailureMessage="m")
    job = BotoServiceJobs(Answers(DescribeBulkOperation=answer)).bulk_put("arn:b")
    assert (job.state, job.items, job.refused, job.failure) == (state, 9, 2, "C: m")


def test_a_status_that_is_not_known_is_no_end() -> None:
    for status in ("PAUSED", None):
        with pytest.raises(Malformed):
            BotoServiceJobs(Answers(DescribeBulkOperation=bulk(status))).bulk_put("arn:b")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "answer", [{}, {"ExportDescription": None}, {"ExportDescription": {"ExportStatus": "COMPLETED"}}]
)
def test_an_answer_without_a_job_is_malformed(answer: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        BotoServiceJobs(Answers(DescribeExport=answer)).export("arn:e")


def test_where_the_files_of_an_export_are() -> None:
    answer = exported(
        "COMPLETED", S3Bucket="copies", ExportManifest="tables/AWSDynamoDB/01-ab/manifest-summary.json", ItemCount=3
    )
    job = BotoServiceJobs(Answers(DescribeExport=answer)).export("arn:e")
    assert (job.state, job.items, job.files) == (JobState.DONE, 3, S3Place("copies", "tables/AWSDynamoDB/01-ab/data"))


def test_a_job_is_found_by_its_token_on_any_page_and_older_ones_are_not_asked_for() -> None:
    def listed(number: int, hours: int) -> dict[str, Any]:
        return {"BulkOperationArn": f"arn:{number}", "StartTime": NOW - timedelta(hours=hours)}

    calls = Answers(
        ListBulkOperations=[
            {"BulkOperationsSummaryList": [listed(1, 0), listed(3, 5)], "NextToken": "n"},
            {"BulkOperationsSummaryList": [listed(4, 6), listed(2, 1)]},
        ],
        DescribeBulkOperation=[bulk("IN_PROGRESS", ClientToken="other"), bulk("IN_PROGRESS", ClientToken="ours")],
    )
    found = BotoServiceJobs(calls).bulk_put_of("ours", NOW - timedelta(hours=2))
    assert found is not None
    assert [params["BulkOperationArn"] for name, params in calls.calls if name == "DescribeBulkOperation"] == [
        "arn:1",
        "arn:2",
    ]
    calls.answers |= {
        "ListBulkOperations": {"BulkOperationsSummaryList": [listed(3, 5)]},
        "DescribeBulkOperation": bulk("IN_PROGRESS", ClientToken="ours"),
    }
    assert BotoServiceJobs(calls).bulk_put_of("ours", NOW - timedelta(hours=2)) is None


CREATION = {
    "TableName": "orders-g2",
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}


def test_what_an_import_is_asked_for_fits_the_model_of_the_service() -> None:
    import botocore.session
    from botocore.validate import ParamValidator

    calls = Answers(ImportTable=imported("IN_PROGRESS", TableId="t-2"), ListImports={})
    jobs = BotoServiceJobs(calls)
    assert jobs.start_import(ImportRequest(CREATION, PLACE, "token-1")) == Job(
        "arn:i", JobState.RUNNING, table_id="t-2"
    )
    arn = "arn:aws:dynamodb:eu-central-1:111122223333:table/orders-g2"
    assert jobs.import_of("token-1", arn, NOW) is None
    assert calls.calls[0] == (
        "ImportTable",
        {
            "ClientToken": "token-1",
            "S3BucketSource": {"S3Bucket": "copies", "S3KeyPrefix": "tables/orders/"},
            "InputFormat": "DYNAMODB_JSON",
            "InputCompressionType": "GZIP",
            "TableCreationParameters": CREATION,
        },
    )
    model = botocore.session.get_session().get_service_model("dynamodb")
    for operation, params in calls.calls:
        shape = model.operation_model(operation).input_shape
        assert ParamValidator().validate(params, shape).generate_report() == "", operation
        assert set(params) <= set(shape.members)
    members = model.operation_model("ImportTable").input_shape.members["TableCreationParameters"].members
    assert set(IMPORTABLE) == set(members)


@pytest.mark.parametrize(
    ("status", "code", "state"),
    [
        ("IN_PROGRESS", None, JobState.RUNNING),
        ("CANCELLING", None, JobState.RUNNING),
        ("COMPLETED", None, JobState.DONE),
        ("CANCELLED", None, JobState.FAILED),
        ("FAILED", "S3NoSuchBucket", JobState.FAILED),
        ("FAILED", None, JobState.FAILED),
        # It has skipped items, and its table has all others.
        ("FAILED", "ItemValidationError", JobState.DONE),
    ],
)
def test_the_status_of_an_import_and_what_it_means(status: str, code: str | None, state: JobState) -> None:
    answer = imported(status, ImportedItemCount=9, ErrorCount=2, FailureCode=code, FailureMessage="m", TableId="t-2")
    job = BotoServiceJobs(Answers(DescribeImport=answer)).import_job("arn:i")
    assert (job.state, job.items, job.refused, job.table_id) == (state, 9, 2, "t-2")
    with pytest.raises(Malformed):
        BotoServiceJobs(Answers(DescribeImport=imported("PAUSED"))).import_job("arn:i")


def test_an_import_is_found_by_its_token_on_any_page_and_older_ones_are_not_asked_for() -> None:
    def listed(number: int, hours: int) -> dict[str, Any]:
        return {"ImportArn": f"arn:{number}", "StartTime": NOW - timedelta(hours=hours)}

    calls = Answers(
        ListImports=[
            {"ImportSummaryList": [listed(1, 0), listed(3, 5)], "NextToken": "n"},
            {"ImportSummaryList": [listed(4, 6), listed(2, 1)]},
        ],
        DescribeImport=[imported("COMPLETED", ClientToken="other"), imported("COMPLETED", ClientToken="ours")],
    )
    assert BotoServiceJobs(calls).import_of("ours", "arn:table", NOW - timedelta(hours=2)) is not None
    assert [params["ImportArn"] for name, params in calls.calls if name == "DescribeImport"] == ["arn:1", "arn:2"]
    assert {params["TableArn"] for name, params in calls.calls if name == "ListImports"} == {"arn:table"}


@pytest.mark.parametrize(
    ("loader", "operation", "jobs"), [("bulk", "ListBulkOperations", "bulk puts"), ("import", "ListImports", "imports")]
)
def test_what_stands_against_a_kind_of_job(loader: Loader, operation: str, jobs: str) -> None:
    assert BotoServiceJobs(Answers(**{operation: {}})).obstacle(loader) is None

    class Refuses:
        def __init__(self, error: ApiError) -> None:
            self.error = error

        def call(self, *_: Any) -> dict[str, Any]:
            raise self.error

    denied = Refuses(Forbidden(operation, "AccessDeniedException", "not you"))
    assert BotoServiceJobs(denied).obstacle(loader) == f"dynamodb:{operation} is not allowed (not you)"
    assert BotoServiceJobs(Refuses(Unsupported(operation, "UnknownOperationException", "?"))).obstacle(loader) == (
        f"there are no {jobs} here (?)"
    )
    with pytest.raises(ApiError):
        BotoServiceJobs(Refuses(Ambiguous(operation, "InternalServerError", "?"))).obstacle(loader)


def test_an_sdk_that_is_older_than_bulk_puts_is_named() -> None:
    class Old:
        """A client of boto3 without the operation."""

    client = ApiClient(Clients(lambda: (Old(), Old())), Silent())
    assert BotoServiceJobs(client).obstacle("bulk") == (
        "there are no bulk puts here (the installed boto3 has no ListBulkOperations; update it)"
    )


def test_an_import_at_moto_makes_a_table_with_the_items_of_an_export(moto: Live) -> None:
    """What moto does not have: ClientToken, TableId, ListImports, and imports into a name that is taken."""
    arn = moto.client.create_table(**TABLE)["TableDescription"]["TableArn"]
    moto.client.put_item(TableName="orders", Item={"id": {"S": "1"}, "total": {"N": "7"}})
    s3 = boto3.client(
        "s3", endpoint_url=moto.url, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    s3.create_bucket(Bucket="imports")
    moto.client.update_continuous_backups(
        TableName="orders", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    jobs = connected(moto.url).service_jobs
    latest = jobs.recoverable_until("orders")
    assert latest is not None
    jobs.start_export(ExportRequest(arn, latest, S3Place("imports", "copies"), "token-1"))
    job = jobs.start_import(ImportRequest(CREATION, S3Place("imports", "copies"), "token-2"))
    deadline = time.monotonic() + 30
    while (job := jobs.import_job(job.arn)).state is JobState.RUNNING:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert (job.state, job.items, job.refused, job.table_id) == (JobState.DONE, 1, 0, None)
    found = moto.client.scan(TableName="orders-g2")["Items"]
    assert found == [{"id": {"S": "1"}, "total": {"N": "7"}}]


def test_no_more_is_sent_for_an_import_than_the_policy_allows() -> None:
    calls = Answers(
        DescribeContinuousBackups={},
        ExportTableToPointInTime=exported("IN_PROGRESS"),
        DescribeExport=exported("IN_PROGRESS"),
        ImportTable=imported("IN_PROGRESS"),
        DescribeImport=imported("IN_PROGRESS"),
        ListImports={"ImportSummaryList": [{"ImportArn": "arn:i", "StartTime": NOW}]},
    )
    jobs = BotoServiceJobs(calls)
    jobs.recoverable_until("orders")
    jobs.start_export(ExportRequest("arn:t", NOW, PLACE, "token-1"))
    jobs.export("arn:e")
    jobs.start_import(ImportRequest(CREATION, PLACE, "token-1"))
    jobs.import_job("arn:i")
    jobs.import_of("token-1", "arn:table", NOW)
    jobs.obstacle("import")
    policy = json.loads((ROOT / "deploy" / "iam" / "replace-import.json").read_text(encoding="utf-8"))
    allowed = {action for statement in policy["Statement"] for action in statement["Action"]}
    assert {f"dynamodb:{operation}" for operation, _ in calls.calls} == {
        action for action in allowed if action.startswith("dynamodb:")
    }
    assert {"s3:GetObject", "s3:ListBucket", "logs:CreateLogStream", "logs:PutLogEvents"} <= allowed


def test_no_more_is_sent_than_the_policy_allows() -> None:
    calls = Answers(
        DescribeContinuousBackups={},
        ExportTableToPointInTime=exported("IN_PROGRESS"),
        DescribeExport=exported("IN_PROGRESS"),
        StartBulkPutItems=bulk("IN_PROGRESS"),
        DescribeBulkOperation=bulk("IN_PROGRESS"),
        ListBulkOperations={"BulkOperationsSummaryList": [{"BulkOperationArn": "arn:b", "StartTime": NOW}]},
        CancelBulkOperation={},
    )
    jobs = BotoServiceJobs(calls)
    jobs.recoverable_until("orders")
    jobs.start_export(ExportRequest("arn:t", NOW, PLACE, "token-1"))
    jobs.export("arn:e")
    jobs.start_bulk_put(BulkRequest("orders", PLACE, PLACE.below("errors"), "token-1"))
    jobs.bulk_put("arn:b")
    jobs.bulk_put_of("token-1", NOW)
    jobs.cancel_bulk_put("arn:b")
    policy = json.loads((ROOT / "deploy" / "iam" / "replace-bulk.json").read_text(encoding="utf-8"))
    allowed = {action for statement in policy["Statement"] for action in statement["Action"]}
    assert {f"dynamodb:{operation}" for operation, _ in calls.calls} == {
        action for action in allowed if action.startswith("dynamodb:")
    }
