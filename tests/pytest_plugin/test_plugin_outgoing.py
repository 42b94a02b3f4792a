"""Which requests may leave, and that every client is asked."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSRequest

from reconciler.pytest_plugin.outgoing import ForeignEndpoint, OutgoingCalls

OURS = "http://127.0.0.1:8123"
SCAN = {"X-Amz-Target": b"DynamoDB_20120810.Scan"}


@pytest.mark.parametrize(
    ("url", "headers", "leaves"),
    [
        pytest.param(OURS, SCAN, True, id="the server of the run"),
        pytest.param("https://named.example:444/x", SCAN, True, id="an endpoint that the user named"),
        pytest.param("http://127.0.0.1:8000", SCAN, False, id="another DynamoDB on this machine"),
        pytest.param("http://localhost:8123", SCAN, False, id="another name for the server"),
        pytest.param("https://dynamodb.eu-west-1.amazonaws.com", SCAN, False, id="AWS"),
        pytest.param(
            "http://127.0.0.1:8000", {"X-Amz-Target": "DynamoDBStreams_20120810.GetRecords"}, False, id="streams"
        ),
        pytest.param("http://localhost:4566", {}, True, id="another service on this machine"),
        pytest.param("http://[::1]:4566", {"X-Amz-Target": "Kinesis_20131202.PutRecord"}, True, id="over IPv6"),
        pytest.param("https://s3.amazonaws.com/bucket", {}, False, id="another service of AWS"),
        pytest.param("http://169.254.169.254/latest", {}, False, id="the metadata of the machine"),
        pytest.param("http://localhost.example.com:4566", {}, False, id="a host that looks local"),
    ],
)
def test_what_leaves(url: str, headers: dict[str, Any], leaves: bool) -> None:
    outgoing = OutgoingCalls((OURS, "https://named.example:444"))
    request = AWSRequest("POST", url, headers=headers)
    if leaves:
        outgoing.check(request)
    else:
        with pytest.raises(ForeignEndpoint, match="dynamodb_allow"):
            outgoing.check(request)


@pytest.fixture
def installed() -> Iterator[OutgoingCalls]:
    """The check of a run with the server ``OURS``."""
    outgoing = OutgoingCalls((OURS,))
    outgoing.install()
    yield outgoing
    outgoing.uninstall()


def client(url: str | None = None) -> Any:
    return boto3.session.Session("a", "b", region_name="us-east-1").client("dynamodb", endpoint_url=url)


def test_a_client_that_was_made_before_is_asked_too() -> None:
    before = client()
    outgoing = OutgoingCalls((OURS,))
    outgoing.install()
    try:
        with pytest.raises(ForeignEndpoint, match=r"ListTables was not sent to https://dynamodb\.us-east-1\.amazonaws"):
            before.list_tables()
    finally:
        outgoing.uninstall()


def test_a_mock_that_answers_is_not_disturbed(installed: OutgoingCalls) -> None:
    from moto import mock_aws

    with mock_aws():
        assert client().list_tables()["TableNames"] == []
    with pytest.raises(ForeignEndpoint):
        client().list_tables()


def test_an_asynchronous_client_is_asked_too(monkeypatch: pytest.MonkeyPatch) -> None:
    class AIOHTTPSession:
        async def send(self, request: AWSRequest) -> str:
            return f"sent to {request.url}"

    package, module = ModuleType("aiobotocore"), ModuleType("aiobotocore.httpsession")
    package.__spec__ = ModuleSpec("aiobotocore", None)
    module.AIOHTTPSession = AIOHTTPSession  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "aiobotocore", package)
    monkeypatch.setitem(sys.modules, "aiobotocore.httpsession", module)
    outgoing = OutgoingCalls((OURS,))
    outgoing.install()
    try:
        assert asyncio.run(AIOHTTPSession().send(AWSRequest("POST", OURS, headers=SCAN))) == f"sent to {OURS}"
        with pytest.raises(ForeignEndpoint):
            asyncio.run(AIOHTTPSession().send(AWSRequest("POST", "https://s3.amazonaws.com")))
    finally:
        outgoing.uninstall()


def test_nothing_is_left_after_the_run() -> None:
    from botocore import httpsession

    send = httpsession.URLLib3Session.send
    outgoing = OutgoingCalls((OURS,))
    for _ in range(2):
        outgoing.install()
        outgoing.install()
        assert httpsession.URLLib3Session.send is not send
        outgoing.uninstall()
        outgoing.uninstall()
    assert httpsession.URLLib3Session.send is send
