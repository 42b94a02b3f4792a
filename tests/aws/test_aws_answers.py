"""A broken 200 answer is Malformed over a real socket; the SDK alone would read most of these as an empty answer."""

from __future__ import annotations

import json
import zlib
from typing import Any

import pytest
from support.fakes import Quiet
from support.scripted import Canned, ScriptedServer, answer

from reconciler.aws import session
from reconciler.aws.session import Connection, connect
from reconciler.model.change import Call
from reconciler.model.errors import Malformed

KEYS = [{"AttributeName": "pk", "KeyType": "HASH"}]
TABLE: dict[str, Any] = {
    "TableName": "users",
    "TableStatus": "ACTIVE",
    "KeySchema": KEYS,
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    "CreationDateTime": 1_700_000_000.123,
    "TableArn": "arn:aws:dynamodb:us-east-1:123456789012:table/users",
}
ITEM = {"pk": {"S": "a"}}


def without(member: str) -> dict[str, Any]:
    return {"Table": {name: value for name, value in TABLE.items() if name != member}}


def table(**members: Any) -> dict[str, Any]:
    return {"Table": {**TABLE, **members}}


LIST, DESCRIBE, SCAN, QUERY, GET, TTL, TAGS, BATCH, CREATE, UPDATE, DELETE, BACKUP = (
    ("ListTables", {}),
    ("DescribeTable", {"TableName": "users"}),
    ("Scan", {"TableName": "users"}),
    ("Query", {"TableName": "users"}),
    ("GetItem", {"TableName": "users", "Key": ITEM}),
    ("DescribeTimeToLive", {"TableName": "users"}),
    ("ListTagsOfResource", {"ResourceArn": TABLE["TableArn"]}),
    ("BatchWriteItem", {"RequestItems": {"users": [{"PutRequest": {"Item": ITEM}}]}}),
    ("CreateTable", {"TableName": "users", "KeySchema": KEYS, "AttributeDefinitions": TABLE["AttributeDefinitions"]}),
    ("UpdateTable", {"TableName": "users"}),
    ("DeleteTable", {"TableName": "users"}),
    ("CreateBackup", {"TableName": "users", "BackupName": "kept"}),
)
MALFORMED: dict[str, tuple[tuple[str, dict[str, Any]], Any]] = {
    "CreateBackup without BackupDetails": (BACKUP, {}),
    "CreateBackup without BackupStatus": (BACKUP, {"BackupDetails": {"BackupName": "kept"}}),
    "ListTables without TableNames": (LIST, {}),
    "ListTables with a null": (LIST, {"TableNames": None}),
    "ListTables with numbers": (LIST, {"TableNames": ["users", 5]}),
    "ListTables with an error page as JSON": (LIST, {"message": "try later"}),
    "DescribeTable without Table": (DESCRIBE, {}),
    "DescribeTable with an empty Table": (DESCRIBE, {"Table": {}}),
    "DescribeTable of another table": (DESCRIBE, table(TableName="projects")),
    "DescribeTable without TableName": (DESCRIBE, without("TableName")),
    "DescribeTable without TableStatus": (DESCRIBE, without("TableStatus")),
    "DescribeTable without KeySchema": (DESCRIBE, without("KeySchema")),
    "DescribeTable with an empty KeySchema": (DESCRIBE, table(KeySchema=[])),
    "DescribeTable with half a key": (DESCRIBE, table(KeySchema=[{"AttributeName": "pk"}])),
    "DescribeTable without AttributeDefinitions": (DESCRIBE, without("AttributeDefinitions")),
    "DescribeTable without CreationDateTime": (DESCRIBE, without("CreationDateTime")),
    "DescribeTable with a garbled time": (DESCRIBE, table(CreationDateTime="yesterday")),
    "DescribeTable without TableArn": (DESCRIBE, without("TableArn")),
    "DescribeTable with a nameless index": (DESCRIBE, table(GlobalSecondaryIndexes=[{"KeySchema": KEYS}])),
    "DescribeTable with a keyless index": (DESCRIBE, table(LocalSecondaryIndexes=[{"IndexName": "x"}])),
    "Scan without Count": (SCAN, {"Items": []}),
    "Scan without Items": (SCAN, {"Count": 0}),
    "Scan that counts more than it holds": (SCAN, {"Count": 2, "Items": [ITEM]}),
    "Scan that counts nothing and holds something": (SCAN, {"Count": 0, "Items": [ITEM]}),
    "Scan with nothing at all": (SCAN, {}),
    "Query without Count": (QUERY, {"Items": []}),
    "Query without Items": (QUERY, {"Count": 0}),
    "GetItem with a list for an item": (GET, {"Item": []}),
    "DescribeTimeToLive without description": (TTL, {}),
    "DescribeTimeToLive without status": (TTL, {"TimeToLiveDescription": {}}),
    "ListTagsOfResource without Tags": (TAGS, {}),
    "ListTagsOfResource with half a tag": (TAGS, {"Tags": [{"Key": "a"}]}),
    "BatchWriteItem without UnprocessedItems": (BATCH, {}),
    "CreateTable without description": (CREATE, {}),
    "CreateTable of another table": (CREATE, {"TableDescription": {**TABLE, "TableName": "other"}}),
    "UpdateTable without description": (UPDATE, {}),
    "DeleteTable without status": (DELETE, {"TableDescription": {"TableName": "users"}}),
}


@pytest.fixture(scope="module")
def reported() -> dict[str, Canned]:
    return {}


@pytest.fixture(scope="module")
def connection(reported: dict[str, Canned], client_of_the_product: None) -> Any:
    with pytest.MonkeyPatch.context() as patch, ScriptedServer(lambda *_: reported["now"]) as server:
        patch.setattr(session, "ATTEMPTS", 1)
        yield connect(server.url, None, 2, Quiet())


def ask(connection: Connection, request: tuple[str, dict[str, Any]]) -> Any:
    return connection.state_client().call(*request)


@pytest.mark.parametrize(("request_", "body"), MALFORMED.values(), ids=MALFORMED)
def test_an_answer_without_its_required_members_is_malformed(
    connection: Connection, reported: dict[str, Canned], request_: tuple[str, dict[str, Any]], body: Any
) -> None:
    reported["now"] = answer(body)
    with pytest.raises(Malformed):
        ask(connection, request_)


WHOLE = json.dumps({"TableNames": ["users"]}).encode()
BYTES = {
    "nothing": Canned(200, b""),
    "half of it": Canned(200, WHOLE[:-8]),
    "garbage": Canned(200, b"\x00\x01garbage"),
    "a web page": Canned(200, b"<html>log in</html>"),
    "not UTF-8": Canned(200, b'{"TableNames": ["\xff\xfe"]}'),
    "a list": Canned(200, b"[]"),
    "a null": Canned(200, b"null"),
    "a text": Canned(200, b'"ok"'),
    "deep nesting": Canned(200, b"[" * 100_000),
    "a wrong checksum": Canned(200, WHOLE, (("x-amz-crc32", "1"),)),
    "a 204": Canned(204, b""),
}


@pytest.mark.parametrize("script", BYTES.values(), ids=BYTES)
@pytest.mark.parametrize("request_", [LIST, DESCRIBE, SCAN, GET], ids=lambda request: str(request[0]))
def test_a_success_that_is_not_a_json_object_is_malformed(
    connection: Connection, reported: dict[str, Canned], script: Canned, request_: tuple[str, dict[str, Any]]
) -> None:
    reported["now"] = script
    with pytest.raises(Malformed):
        ask(connection, request_)


WRITES = [("PutItem", {"TableName": "users", "Item": ITEM}), ("DeleteItem", {"TableName": "users", "Key": ITEM})]


@pytest.mark.parametrize("request_", WRITES, ids=lambda request: str(request[0]))
def test_an_empty_object_is_a_whole_answer_to_a_write_of_an_item(
    connection: Connection, reported: dict[str, Canned], request_: tuple[str, dict[str, Any]]
) -> None:
    reported["now"] = answer({})
    assert ask(connection, request_) == {}
    reported["now"] = Canned(200, b"")
    with pytest.raises(Malformed):
        ask(connection, request_)


def test_an_operation_without_output_may_answer_with_nothing(
    connection: Connection, reported: dict[str, Canned]
) -> None:
    reported["now"] = Canned(200, b"")
    tags = {"ResourceArn": TABLE["TableArn"], "Tags": [{"Key": "a", "Value": "b"}]}
    assert ask(connection, ("TagResource", tags)) == {}


def test_a_right_checksum_passes(connection: Connection, reported: dict[str, Canned]) -> None:
    reported["now"] = Canned(200, WHOLE, (("x-amz-crc32", str(zlib.crc32(WHOLE))),))
    assert connection.tables.list_tables() == ("users",)


def test_a_whole_description_passes(connection: Connection, reported: dict[str, Canned]) -> None:
    reported["now"] = answer({"Table": TABLE})
    assert connection.tables.read(*DESCRIBE)["Table"]["TableArn"] == TABLE["TableArn"]


def test_pages_that_repeat_are_malformed(connection: Connection, reported: dict[str, Canned]) -> None:
    reported["now"] = answer({"TableNames": ["users"], "LastEvaluatedTableName": "users"})
    with pytest.raises(Malformed):
        connection.tables.list_tables()
    reported["now"] = answer({"Tags": [], "NextToken": "again"})
    with pytest.raises(Malformed):
        connection.tables.read(*TAGS)


def test_a_malformed_answer_to_a_delete_never_counts_as_done(
    connection: Connection, reported: dict[str, Canned]
) -> None:
    reported["now"] = Canned(200, b"{")
    with pytest.raises(Malformed):
        connection.tables.write(Call("DeleteTable", {"TableName": "users"}))
