"""What a connection sends and how often: the read-only guard, retries, single attempts, new sessions."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from support.endpoints import Live
from support.fakes import Quiet
from support.scripted import RESET, Canned, ScriptedServer, answer, refusal

from reconciler.aws.session import connect
from reconciler.aws.validator import service_model
from reconciler.model.change import Call
from reconciler.model.errors import Ambiguous, Denied, NotFound, SettingsError, Throttled

READS = frozenset(
    operation
    for operation in service_model().operation_names
    if operation.startswith(("Describe", "List", "Get"))
    or operation in ("Scan", "Query", "BatchGetItem", "TransactGetItems")
)
WRITES = sorted(set(service_model().operation_names) - READS)
USERS = {
    "TableName": "users",
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}
DROP_INDEX = {"TableName": "users", "GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": "by_email"}}]}


@pytest.fixture(scope="module")
def reader(client_of_the_product: None) -> Any:
    with ScriptedServer(answer({})) as server:
        connection = connect(server.url, None, 2, Quiet()).read_only()
        connection.server = server  # type: ignore[attr-defined]
        yield connection


@pytest.mark.parametrize("operation", WRITES)
def test_a_reading_client_refuses_every_operation_that_may_change_something(reader: Any, operation: str) -> None:
    with pytest.raises(Denied) as raised:
        reader.tables.write(Call(operation, {}))
    assert raised.value.code == "ReadOnly"
    assert reader.server.seen == []


def test_the_model_has_many_writes_and_they_are_not_all_named_alike() -> None:
    assert len(WRITES) > 30
    assert {"ExecuteStatement", "UpdateTimeToLive", "StartBulkPutItems", "ImportTable"} <= set(WRITES)


def test_a_reading_client_reads(endpoint: Live) -> None:
    endpoint.client.create_table(**USERS)
    reading = connect(endpoint.url, None, 2, Quiet()).read_only()
    assert reading.tables.list_tables() == ("users",)
    assert reading.tables.read("DescribeTable", {"TableName": "users"})["Table"]["TableName"] == "users"
    assert reading.items.first_items("users", 1) == ()
    with pytest.raises(Denied):
        reading.items.put_if_absent("users", {"pk": {"S": "a"}}, ("pk",))
    with pytest.raises(Denied):
        reading.state_client().call("DeleteTable", {"TableName": "users"})
    assert endpoint.client.list_tables()["TableNames"] == ["users"]


ONCE = {
    "DeleteTable": Call("DeleteTable", {"TableName": "users"}),
    "the removal of an index": Call("UpdateTable", DROP_INDEX),
    "DeleteBackup": Call("DeleteBackup", {"BackupArn": "arn:aws:dynamodb:us-east-1:1:table/users/backup/1"}),
}


@pytest.mark.parametrize("call", ONCE.values(), ids=ONCE)
@pytest.mark.parametrize("script", [RESET, Canned(500, b""), refusal("InternalServerError", 500)], ids=str)
def test_what_destroys_is_sent_exactly_once_whatever_comes_back(call: Call, script: Canned) -> None:
    telemetry = Quiet()
    with ScriptedServer(script) as server:
        with pytest.raises(Ambiguous):
            connect(server.url, None, 2, telemetry).tables.write(call)
        assert server.seen == [call.operation]
    assert telemetry.retries == []


def test_a_throttled_delete_is_not_sent_again_either() -> None:
    with ScriptedServer(refusal("ThrottlingException")) as server:
        with pytest.raises(Throttled):
            connect(server.url, None, 2, Quiet()).tables.write(ONCE["DeleteTable"])
        assert server.seen == ["DeleteTable"]


def test_a_read_is_retried_and_each_retry_is_reported() -> None:
    telemetry = Quiet()
    replies = [RESET, refusal("InternalServerError", 500), answer({"TableNames": ["users"]})]
    with ScriptedServer(lambda *_: replies.pop(0)) as server:
        assert connect(server.url, None, 2, telemetry).tables.list_tables() == ("users",)
        assert server.seen == ["ListTables"] * 3
    assert telemetry.retries == ["ListTables", "ListTables"]
    assert telemetry.requests == [("ListTables", "success")]


def test_each_request_is_reported_with_its_result(endpoint: Live) -> None:
    telemetry = Quiet()
    connection = connect(endpoint.url, None, 2, telemetry)
    connection.tables.list_tables()
    with pytest.raises(NotFound):
        connection.tables.read("DescribeTable", {"TableName": "users"})
    assert telemetry.requests == [("ListTables", "success"), ("DescribeTable", "NotFound")]


def test_all_pages_of_tables_are_listed(local: Live) -> None:
    names = [f"table-{number:03}" for number in range(103)]
    for name in names:
        local.client.create_table(**{**USERS, "TableName": name})
    assert sorted(connect(local.url, None, 2, Quiet()).tables.list_tables()) == names


def test_the_pages_of_tags_come_merged() -> None:
    pages = [
        answer({"Tags": [{"Key": "a", "Value": "1"}], "NextToken": "more"}),
        answer({"Tags": [{"Key": "b", "Value": "2"}]}),
    ]
    with ScriptedServer(lambda *_: pages.pop(0)) as server:
        tables = connect(server.url, None, 2, Quiet()).tables
        answered = tables.read("ListTagsOfResource", {"ResourceArn": "arn:aws:dynamodb:us-east-1:1:table/users"})
        assert [tag["Key"] for tag in answered["Tags"]] == ["a", "b"]


def test_refused_credentials_are_reloaded_for_the_next_call(monkeypatch: pytest.MonkeyPatch) -> None:
    with ScriptedServer(refusal("ExpiredTokenException")) as server:
        connection = connect(server.url, None, 2, Quiet())
        for key_id in ("local", "rotated"):
            monkeypatch.setenv("AWS_ACCESS_KEY_ID", key_id)
            with pytest.raises(Denied):
                connection.tables.list_tables()
        used = [line.split("Credential=")[1].split("/")[0] for line in server.authorizations]
    assert used == ["local", "rotated"]


def test_a_missing_permission_does_not_cost_a_new_session(monkeypatch: pytest.MonkeyPatch) -> None:
    with ScriptedServer(refusal("AccessDeniedException")) as server:
        connection = connect(server.url, None, 2, Quiet())
        for key_id in ("local", "rotated"):
            monkeypatch.setenv("AWS_ACCESS_KEY_ID", key_id)
            with pytest.raises(Denied):
                connection.tables.list_tables()
        assert not any("rotated" in line for line in server.authorizations)


def test_importing_the_package_loads_no_sdk_and_connecting_calls_nobody() -> None:
    code = (
        "import sys, pkgutil, importlib, reconciler.aws\n"
        "for module in pkgutil.iter_modules(reconciler.aws.__path__):\n"
        "    importlib.import_module('reconciler.aws.' + module.name)\n"
        "sys.exit(sorted({'boto3', 'botocore', 'moto', 'urllib3'} & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    connect("http://127.0.0.1:1", None, 2, Quiet())


WRONG_URLS = ["localhost:8000", "dynamodb", "ftp://localhost", "http://", "http://localhost:99999", "//localhost:8000"]


@pytest.mark.parametrize("url", WRONG_URLS)
def test_an_endpoint_that_is_not_a_url_is_refused_with_an_example(url: str) -> None:
    with pytest.raises(SettingsError, match="--endpoint-url http://localhost:8000"):
        connect(url, None, 2, Quiet())


@pytest.mark.parametrize("url", ["http://user:secret@127.0.0.1:1", "http://secret@127.0.0.1:1", "https://:secret@host"])
def test_a_password_in_the_endpoint_is_refused_without_being_shown(url: str) -> None:
    with pytest.raises(SettingsError) as raised:
        connect(url, None, 2, Quiet())
    assert "secret" not in str(raised.value)
