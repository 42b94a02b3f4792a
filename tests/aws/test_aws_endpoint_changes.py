"""Another endpoint answers at the URL, or the credentials belong to another account: nothing more is written there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from support.fakes import Quiet
from support.scripted import RESET, Canned, ScriptedServer, answer, refusal

from reconciler.aws import identify as identification
from reconciler.aws.session import Connection, connect
from reconciler.model.change import Call
from reconciler.model.errors import Ambiguous, ApiError, EndpointChanged, Malformed
from reconciler.model.identity import Flavor

JETTY = "Jetty(12.1.11)"
NO_TOKEN = b'{"__type":"com.amazonaws.dynamodb.v20120810#MissingAuthenticationToken","Message":"x"}'
LOCAL = Canned(400, NO_TOKEN, (("Server", JETTY),))
NGINX = Canned(400, NO_TOKEN, (("Server", "nginx"),))
AWS = Canned(200, b"healthy: dynamodb.us-east-1.amazonaws.com ")
MOTO = Canned(200, b"<title>Moto</title>")
OTHER = Canned(404, b"no")
LOCAL_ARN = "arn:aws:dynamodb:ddblocal:000000000000:table/users"
AWS_ARN = "arn:aws:dynamodb:us-east-1:111122223333:table/users"
DELETE = Call("DeleteTable", {"TableName": "users"})
PUT = Call("PutItem", {"TableName": "users", "Item": {}})


def described(arn: str) -> dict[str, Any]:
    return {
        "TableName": "users",
        "TableStatus": "ACTIVE",
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "CreationDateTime": 1_700_000_000.0,
        "TableArn": arn,
    }


class Movable:
    """A URL behind which another endpoint can be put: ``root`` answers the probes, ``arn`` is that of its one table."""

    def __init__(self, root: Canned, arn: str | None) -> None:
        self.root, self.arn = root, arn
        self.replies: dict[str, list[Canned]] = {}

    def __call__(self, request: str, operation: str) -> Canned:
        if self.replies.get(operation):
            return self.replies[operation].pop(0)
        match operation:
            case "ListTables":
                return answer({"TableNames": ["users"] if self.arn else []})
            case "DescribeTable":
                return answer({"Table": described(self.arn)}) if self.arn else refusal("ResourceNotFoundException")
            case "DeleteTable" | "UpdateTable" | "CreateTable":
                return answer({"TableDescription": described(self.arn or AWS_ARN)})
            case "":
                return self.root if request == "GET /" or self.root is MOTO else OTHER
            case _:
                return answer({})


CHANGES: dict[str, tuple[tuple[Canned, str | None], tuple[Canned, str | None]]] = {
    "DynamoDB Local, then AWS": ((LOCAL, LOCAL_ARN), (AWS, AWS_ARN)),
    "AWS, then DynamoDB Local": ((AWS, AWS_ARN), (LOCAL, LOCAL_ARN)),
    "DynamoDB Local without tables, then AWS": ((LOCAL, None), (AWS, AWS_ARN)),
    "DynamoDB Local, then something unknown": ((LOCAL, LOCAL_ARN), (OTHER, AWS_ARN)),
    "moto, then AWS": (
        (MOTO, "arn:aws:dynamodb:us-east-1:123456789012:table/users"),
        (AWS, AWS_ARN),
    ),
    "moto, then DynamoDB Local": (
        (MOTO, "arn:aws:dynamodb:us-east-1:123456789012:table/users"),
        (LOCAL, LOCAL_ARN),
    ),
    "AWS, then another account": ((AWS, AWS_ARN), (AWS, AWS_ARN.replace("111122223333", "999988887777"))),
    "AWS, then another Region": ((AWS, AWS_ARN), (AWS, AWS_ARN.replace("us-east-1", "eu-west-1"))),
    "AWS, then another partition": ((AWS, AWS_ARN), (AWS, AWS_ARN.replace("arn:aws:", "arn:aws-cn:"))),
    "AWS, then an ARN that is none": ((AWS, AWS_ARN), (AWS, "users")),
    "something unknown, then another account of it": (
        (OTHER, AWS_ARN),
        (OTHER, AWS_ARN.replace("111122223333", "999988887777")),
    ),
    "something unknown, then DynamoDB Local": ((OTHER, AWS_ARN), (LOCAL, LOCAL_ARN)),
}


@pytest.fixture(autouse=True)
def _no_sts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identification, "_account", lambda *_: None)


def started(server: ScriptedServer) -> Connection:
    connection = connect(server.url, "us-east-1", 2, Quiet())
    connection.identify()
    return connection


def sent(server: ScriptedServer, *operations: str) -> list[str]:
    return [each for each in server.seen if each in operations]


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_that_an_answer_shows_stops_all_writes(name: str) -> None:
    before, after = CHANGES[name]
    movable = Movable(*before)
    with ScriptedServer(movable) as server:
        connection = started(server)
        movable.root, movable.arn = after
        with pytest.raises(EndpointChanged):
            connection.tables.read("DescribeTable", {"TableName": "users"})
        for call in (DELETE, PUT):
            with pytest.raises(EndpointChanged, match="Nothing is written"):
                connection.tables.write(call)
        with pytest.raises(EndpointChanged):
            connection.items.put_if_absent("users", {"pk": {"S": "1"}}, ("pk",))
        assert sent(server, "DeleteTable", "PutItem") == []


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_between_two_passes_stops_the_first_write_of_the_next_one(name: str) -> None:
    before, after = CHANGES[name]
    movable = Movable(*before)
    with ScriptedServer(movable) as server:
        connection = started(server)
        movable.root, movable.arn = after
        connection.begin_pass()
        with pytest.raises(ApiError) as raised:
            connection.tables.write(DELETE)
        assert isinstance(raised.value, EndpointChanged | Ambiguous)
        assert sent(server, "DeleteTable") == []


@pytest.mark.parametrize("name", [name for name in CHANGES if "none" not in name and "Region" not in name])
def test_a_change_behind_a_failed_connection_is_seen_before_the_request_is_sent_again(name: str) -> None:
    before, after = CHANGES[name]
    movable = Movable(*before)
    with ScriptedServer(movable) as server:
        connection = started(server)

        def reset(request: str, operation: str) -> Canned:
            movable.root, movable.arn = after
            server.script = movable
            return RESET

        connection.tables.read("DescribeTable", {"TableName": "users"}) if before[1] else None
        server.script = reset
        with pytest.raises(ApiError):
            connection.items.put_if_absent("users", {"pk": {"S": "1"}}, ("pk",))
        assert sent(server, "PutItem") == ["PutItem"], "once, before the change"


def test_after_the_change_the_endpoint_is_identified_again_and_writes_continue() -> None:
    movable = Movable(LOCAL, LOCAL_ARN)
    with ScriptedServer(movable) as server:
        connection = started(server)
        movable.root, movable.arn = AWS, AWS_ARN
        with pytest.raises(EndpointChanged):
            connection.tables.read("DescribeTable", {"TableName": "users"})
        found = connection.begin_pass()
        assert (found.flavor, found.account) == (Flavor.AWS, "111122223333")
        connection.tables.read("DescribeTable", {"TableName": "users"})
        connection.tables.write(DELETE)
        assert sent(server, "DeleteTable") == ["DeleteTable"]


def test_the_same_endpoint_is_written_to_without_a_question_more() -> None:
    with ScriptedServer(Movable(AWS, AWS_ARN)) as server:
        connection = started(server)
        for _ in range(3):
            connection.begin_pass()
            connection.tables.read("DescribeTable", {"TableName": "users"})
            connection.tables.write(DELETE)
        assert sent(server, "GET /") == ["GET /"], "probed once"
        assert len(sent(server, "DeleteTable")) == 3


def test_an_endpoint_that_disappears_before_a_write_receives_nothing() -> None:
    movable = Movable(LOCAL, LOCAL_ARN)
    with ScriptedServer(movable) as server:
        connection = started(server)
        connection.begin_pass()
        movable.root = Canned(503, b"starting")
        with pytest.raises(Ambiguous, match="not up yet"):
            connection.tables.write(DELETE)
        assert sent(server, "DeleteTable") == []


def test_new_credentials_are_identified_before_they_write(monkeypatch: pytest.MonkeyPatch) -> None:
    movable = Movable(AWS, AWS_ARN)
    with ScriptedServer(movable) as server:
        connection = started(server)
        connection.tables.read("DescribeTable", {"TableName": "users"})
        movable.replies["ListTables"] = [refusal("ExpiredTokenException")]
        with pytest.raises(ApiError):
            connection.tables.list_tables()
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "another")
        movable.arn = AWS_ARN.replace("111122223333", "999988887777")
        with pytest.raises(EndpointChanged):
            connection.tables.write(DELETE)
        assert sent(server, "DeleteTable") == []


def test_the_answer_to_a_write_is_compared_too() -> None:
    movable = Movable(AWS, AWS_ARN)
    with ScriptedServer(movable) as server:
        connection = started(server)
        connection.tables.read("DescribeTable", {"TableName": "users"})
        movable.arn = LOCAL_ARN
        with pytest.raises(EndpointChanged):
            connection.tables.write(DELETE)
        with pytest.raises(EndpointChanged):
            connection.tables.write(DELETE)
        assert sent(server, "DeleteTable") == ["DeleteTable"]


def test_moto_with_another_account_is_the_same_moto() -> None:
    movable = Movable(MOTO, None)
    with ScriptedServer(movable) as server:
        connection = started(server)
        movable.arn = AWS_ARN
        connection.tables.read("DescribeTable", {"TableName": "users"})
        connection.tables.write(DELETE)
        known = connection.known
    assert known is not None
    assert (known.flavor, known.account) == (Flavor.MOTO, "111122223333")


def test_behind_nginx_the_arn_says_that_it_is_dynamodb_local() -> None:
    with ScriptedServer(Movable(NGINX, LOCAL_ARN)) as server:
        assert started(server).known.flavor is Flavor.DYNAMODB_LOCAL  # type: ignore[union-attr]


def test_behind_nginx_without_tables_its_error_text_identifies_dynamodb_local() -> None:
    movable = Movable(NGINX, None)
    message = {"__type": "x#ResourceNotFoundException", "message": "Cannot do operations on a non-existent table"}
    movable.replies["DescribeTable"] = [answer(message, 400)]
    with ScriptedServer(movable) as server:
        assert started(server).known.flavor is Flavor.DYNAMODB_LOCAL  # type: ignore[union-attr]


REPEATS: dict[str, tuple[str, dict[str, Any], Callable[[Connection], object]]] = {
    "ListTables": (
        "ListTables",
        {"TableNames": ["users"], "LastEvaluatedTableName": "users"},
        lambda connection: connection.tables.list_tables(),
    ),
    "tags": (
        "ListTagsOfResource",
        {"Tags": [], "NextToken": "t"},
        lambda connection: connection.tables.read("ListTagsOfResource", {"ResourceArn": AWS_ARN}),
    ),
    "backups": (
        "ListBackups",
        {"BackupSummaries": [], "LastEvaluatedBackupArn": f"{AWS_ARN}/backup/1"},
        lambda connection: connection.tables.read("ListBackups", {}),
    ),
    "a Scan": (
        "Scan",
        {"Items": [], "Count": 0, "LastEvaluatedKey": {"pk": {"S": "1"}}},
        lambda connection: connection.items.first_items("users", 1),
    ),
}


@pytest.mark.parametrize("name", REPEATS)
def test_a_token_that_repeats_is_a_malformed_answer(name: str) -> None:
    operation, page, read = REPEATS[name]
    with ScriptedServer(answer(page)) as server:
        with pytest.raises(Malformed, match="circle"):
            read(connect(server.url, "us-east-1", 2, Quiet()))
        assert server.seen.count(operation) == 2


def test_a_query_of_the_state_whose_token_repeats_is_a_malformed_answer() -> None:
    from reconciler.state.client import query

    with ScriptedServer(answer({"Items": [], "Count": 0, "LastEvaluatedKey": {"pk": {"S": "1"}}})) as server:
        with pytest.raises(Malformed, match="circle"):
            list(query(connect(server.url, "us-east-1", 2, Quiet()).state_client(), {"TableName": "t"}))
        assert server.seen.count("Query") == 2
