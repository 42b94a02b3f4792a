"""Every way a call can fail becomes one class of ApiError, over a real socket."""

from __future__ import annotations

import botocore.exceptions as sdk
import pytest
from support.fakes import Quiet
from support.scripted import HANG, RESET, Canned, ScriptedServer, answer, refusal

from reconciler.aws import errors, session
from reconciler.aws.session import connect
from reconciler.model.change import Call
from reconciler.model.errors import (
    Ambiguous,
    ApiError,
    Busy,
    ConditionFailed,
    Denied,
    Forbidden,
    Malformed,
    NameTaken,
    NotFound,
    QuotaUsedUp,
    Rejected,
    Throttled,
    Unreachable,
)

UNBELIEVED = Malformed
"""What every endpoint has is never missing: see test_aws_capabilities for operations that may be."""
CODES = {
    ("ResourceNotFoundException", 400): NotFound,
    ("ResourceNotFound", 400): NotFound,
    ("TableNotFoundException", 400): NotFound,
    ("IndexNotFoundException", 400): NotFound,
    ("ResourceInUseException", 400): Busy,
    ("TableInUseException", 400): Busy,
    ("TableAlreadyExistsException", 400): Busy,
    ("TransactionConflictException", 400): Busy,
    ("TransactionInProgressException", 400): Busy,
    ("LimitExceededException", 400): Throttled,
    ("ThrottlingException", 400): Throttled,
    ("Throttling", 400): Throttled,
    ("ThrottledException", 400): Throttled,
    ("ProvisionedThroughputExceededException", 400): Throttled,
    ("RequestLimitExceeded", 400): Throttled,
    ("TooManyRequestsException", 429): Throttled,
    ("AccessDeniedException", 400): Forbidden,
    ("AccessDenied", 403): Forbidden,
    ("UnrecognizedClientException", 400): Denied,
    ("ExpiredTokenException", 400): Denied,
    ("ExpiredToken", 403): Denied,
    ("InvalidSignatureException", 400): Denied,
    ("MissingAuthenticationToken", 400): Denied,
    ("MissingAuthenticationTokenException", 400): Denied,
    ("IncompleteSignature", 400): Denied,
    ("IncompleteSignatureException", 400): Denied,
    ("RequestExpired", 400): Denied,
    ("ValidationException", 400): Rejected,
    ("SerializationException", 400): Rejected,
    ("ItemCollectionSizeLimitExceededException", 400): Rejected,
    ("SomethingNewException", 400): Rejected,
    ("ConditionalCheckFailedException", 400): ConditionFailed,
    ("UnknownOperationException", 400): UNBELIEVED,
    ("NotImplemented", 501): UNBELIEVED,
    ("InternalFailure", 501): UNBELIEVED,
    ("InternalServerError", 500): Ambiguous,
    ("InternalFailure", 500): Ambiguous,
    ("ServiceUnavailable", 503): Ambiguous,
    ("SomethingNewException", 500): Ambiguous,
}


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """One sending and short time-outs: what is retried is another file's matter."""
    monkeypatch.setattr(session, "ATTEMPTS", 1)
    monkeypatch.setattr(session, "READ_SECONDS", 0.3)
    monkeypatch.setattr(session, "CONNECT_SECONDS", 0.5)


def failure(script: Canned, operation: str = "DescribeTable") -> tuple[ApiError, Quiet]:
    telemetry = Quiet()
    with ScriptedServer(script) as server:
        connection = connect(server.url, None, 2, telemetry)
        with pytest.raises(ApiError) as raised:
            connection.tables.read(operation, {"TableName": "users"})
    return raised.value, telemetry


def test_every_error_code_of_the_service_maps_to_its_error_class() -> None:
    """One client for all rows, since only the server's answer differs."""
    rows = iter(CODES)
    current = [next(rows)]
    with ScriptedServer(lambda *_: refusal(*current[0])) as server:
        connection = connect(server.url, None, 2, Quiet())
        for row, expected in CODES.items():
            current[0] = row
            with pytest.raises(ApiError) as raised:
                connection.tables.read("DescribeTable", {"TableName": "users"})
            assert (row, type(raised.value)) == (row, expected)
            assert raised.value.code == row[0]
            assert raised.value.operation == "DescribeTable"


WITHOUT_CODE = {
    "a gateway's page of 502": (Canned(502, b"<html>Bad Gateway</html>"), Ambiguous),
    "a gateway's page of 504": (Canned(504, b""), Ambiguous),
    "a server's page of 500": (Canned(500, b"<html>"), Ambiguous),
    "an empty 501": (Canned(501, b""), Ambiguous),
    "a web server's 404": (Canned(404, b"<html>not found</html>"), Malformed),
    "a web server's 405": (Canned(405, b""), Malformed),
    "a redirect to elsewhere": (Canned(302, b"", (("Location", "http://127.0.0.1:1/"),)), Malformed),
    "a proxy that wants a password": (Canned(407, b""), Denied),
    "a plain 403": (Canned(403, b"forbidden"), Denied),
    "a plain 429": (Canned(429, b""), Throttled),
    "an error that is not UTF-8": (Canned(400, b'{"__type":"\xff\xfe"}'), Malformed),
    "an error that is a list": (Canned(400, b"[1]"), Malformed),
    "a reset connection": (RESET, Ambiguous),
    "an endless silence": (HANG, Ambiguous),
    "half a body": (Canned(200, b'{"Tab', (("Content-Length", "500"),)), Malformed),
}


@pytest.mark.parametrize(("script", "expected"), WITHOUT_CODE.values(), ids=WITHOUT_CODE)
def test_an_answer_without_a_code_is_named_by_its_status_or_its_end(script: Canned, expected: type[ApiError]) -> None:
    error, telemetry = failure(script)
    assert type(error) is expected
    assert telemetry.requests == [("DescribeTable", expected.__name__)]


def test_a_refused_connection_is_unreachable() -> None:
    with ScriptedServer(answer({})) as server:
        url = server.url
    with pytest.raises(Unreachable):
        connect(url, None, 2, Quiet()).tables.list_tables()


def test_a_name_that_is_not_resolved_is_unreachable() -> None:
    with pytest.raises(Unreachable):
        connect("http://nowhere.invalid:8000", None, 2, Quiet()).tables.list_tables()


def test_parameters_that_the_sdk_refuses_are_rejected_before_they_leave() -> None:
    with ScriptedServer(answer({})) as server:
        with pytest.raises(Rejected):
            connect(server.url, None, 2, Quiet()).tables.write(Call("CreateTable", {"Tabel": "users"}))
        assert server.seen == []


EXCEPTIONS = {
    sdk.EndpointConnectionError(endpoint_url="x"): Unreachable,
    sdk.ConnectTimeoutError(endpoint_url="x"): Unreachable,
    sdk.ProxyConnectionError(proxy_url="x"): Unreachable,
    sdk.SSLError(endpoint_url="x", error="bad certificate"): Unreachable,
    sdk.ReadTimeoutError(endpoint_url="x"): Ambiguous,
    sdk.ConnectionClosedError(endpoint_url="x"): Ambiguous,
    sdk.HTTPClientError(error="x"): Ambiguous,
    sdk.ResponseStreamingError(error="x"): Ambiguous,
    sdk.IncompleteReadError(actual_bytes=1, expected_bytes=2): Malformed,
    sdk.ChecksumError(checksum_type="crc32", expected_checksum="1", actual_checksum="2"): Malformed,
    sdk.NoCredentialsError(): Denied,
    sdk.PartialCredentialsError(provider="env", cred_var="x"): Denied,
    sdk.CredentialRetrievalError(provider="sso", error_msg="x"): Denied,
    sdk.TokenRetrievalError(provider="sso", error_msg="x"): Denied,
    sdk.SSOTokenLoadError(error_msg="x"): Denied,
    sdk.ParamValidationError(report="x"): Rejected,
    sdk.DataNotFoundError(data_path="x"): Ambiguous,
    UnicodeDecodeError("utf-8", b"\xff", 0, 1, "x"): Malformed,
    ValueError("Invalid timestamp"): Malformed,
    AttributeError("'list' object has no attribute 'get'"): Malformed,
}


@pytest.mark.parametrize(("error", "expected"), EXCEPTIONS.items(), ids=lambda value: type(value).__name__)
def test_every_exception_of_the_sdk_maps_to_its_error_class(error: Exception, expected: type[ApiError]) -> None:
    assert type(errors.from_exception("Scan", error)) is expected


CANCELLATIONS = {
    "a condition that failed": (["None", "ConditionalCheckFailed"], ConditionFailed),
    "a condition beside a conflict": (["TransactionConflict", "ConditionalCheckFailed"], ConditionFailed),
    "a conflict": (["TransactionConflict"], Busy),
    "throttling": (["ThrottlingError", "None"], Throttled),
    "an item that is wrong": (["ValidationError", "ThrottlingError"], Rejected),
}


@pytest.mark.parametrize(("reasons", "expected"), CANCELLATIONS.values(), ids=CANCELLATIONS)
def test_a_cancelled_transaction_is_named_by_its_reasons(reasons: list[str], expected: type[ApiError]) -> None:
    response = {
        "Error": {"Code": "TransactionCanceledException", "Message": "x"},
        "CancellationReasons": [{"Code": reason} for reason in reasons],
    }
    assert type(errors.from_answer("TransactWriteItems", response)) is expected


QUOTAS = {
    "Subscriber limit exceeded: Update to PayPerRequest mode are limited to once in 1 day(s).": (
        "LimitExceededException",
        QuotaUsedUp,
    ),
    "Subscriber limit exceeded: Provisioned throughput decreases are limited within a given UTC day.": (
        "LimitExceededException",
        QuotaUsedUp,
    ),
    "Time to live has been modified multiple times within a fixed interval": ("ValidationException", QuotaUsedUp),
    "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table": (
        "LimitExceededException",
        Throttled,
    ),
    "Too many operations for a given subscriber": ("LimitExceededException", Throttled),
    "TimeToLive is already disabled": ("ValidationException", Rejected),
}


@pytest.mark.parametrize("message", QUOTAS)
def test_a_time_quota_is_recognised_by_its_message_alone(message: str) -> None:
    code, expected = QUOTAS[message]
    error, _ = failure(answer({"__type": f"x#{code}", "message": message}, 400))
    assert type(error) is expected


def test_nothing_else_is_decided_on_the_text_of_an_error() -> None:
    body = {"__type": "x#ValidationException", "message": "ResourceNotFoundException: Throttling, AccessDenied"}
    error, _ = failure(answer(body, 400))
    assert type(error) is Rejected


def test_a_refused_retry_may_be_caused_by_the_first_attempt() -> None:
    messages = {"Error": {"Code": "ValidationException", "Message": "TimeToLive is already enabled"}}
    assert type(errors.from_answer("UpdateTimeToLive", messages)) is Rejected
    again = {**messages, "ResponseMetadata": {"HTTPStatusCode": 400, "RetryAttempts": 1}}
    assert type(errors.from_answer("UpdateTimeToLive", again)) is Ambiguous
    busy = {**again, "Error": {"Code": "ResourceInUseException", "Message": "exists"}}
    assert type(errors.from_answer("CreateTable", busy)) is Busy


def test_a_create_refused_as_existing_created_nothing() -> None:
    busy = {"Error": {"Code": "ResourceInUseException", "Message": "exists"}, "ResponseMetadata": {"RetryAttempts": 0}}
    assert type(errors.from_answer("CreateTable", busy)) is NameTaken
    assert type(errors.from_answer("UpdateTable", busy)) is Busy
    assert type(errors.from_answer("CreateTable", {"Error": {"Code": "LimitExceededException"}})) is Throttled
