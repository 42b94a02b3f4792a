"""Many calls from one thread over several connections: good answers come, trouble ends them, a bad one is told."""

from __future__ import annotations

import itertools
import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.certificates import Authority
from support.fakes import Quiet
from support.keep_alive import CLOSE, RESET, Asked, KeepAlive, Said, error, json_answer

from reconciler.aws import api_client
from reconciler.aws.session import Connection, connect
from reconciler.aws.table_api import ManyTables
from reconciler.model.errors import ApiError, Denied, EndpointChanged, Malformed, NotFound, Throttled

NAMES = tuple(f"table-{number:03d}" for number in range(40))
BIG = {"AttributeDefinitions": [{"AttributeName": f"attribute-{n}", "AttributeType": "S"} for n in range(5000)]}
"""Members of a response of about 300 KB, more than a socket hands over at once."""
ARN = "arn:aws:dynamodb:ddblocal:000000000000:table/"


def described(name: str, **more: Any) -> bytes:
    """A DescribeTable response with all members that are checked."""
    table = {
        "TableName": name,
        "TableStatus": "ACTIVE",
        "TableArn": ARN + name,
        "TableId": name,
        "CreationDateTime": 1.0,
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    }
    return json_answer({"Table": table | more})


def asked_for(asked: Asked) -> str:
    return str(json.loads(asked.body)["TableName"])


def answering(special: Callable[[str], Said | None] = lambda _: None) -> Callable[[Asked], Said]:
    """A server that knows every table and does something ``special`` for some of them."""

    def script(asked: Asked) -> Said:
        if not asked.operation:
            return Said(json_answer(b"healthy", "404 Not Found", crc=False))
        return special(asked_for(asked)) or Said(described(asked_for(asked)))

    return script


def opened(server: KeepAlive, telemetry: Quiet | None = None, client: str = "lean") -> Connection:
    return connect(server.url, "us-east-1", 4, telemetry or Quiet(), client=client)


def read(connection: Connection, connections: int = 4) -> dict[str, Any]:
    """The good answers."""
    return {name: answer for name, answer in all_of(connection, connections) if not isinstance(answer, ApiError)}


def all_of(connection: Connection, connections: int = 4) -> list[tuple[str, Any]]:
    return list(connection.tables.describe_many(NAMES, connections))


def test_every_table_is_described_once_over_few_connections() -> None:
    heard = Quiet()
    with KeepAlive(answering()) as server:
        found = read(opened(server, heard))
    assert {name: answer["Table"]["TableName"] for name, answer in found.items()} == {name: name for name in NAMES}
    assert sorted(asked_for(each) for each in server.signed) == sorted(NAMES)
    assert server.connections == 4
    assert heard.requests == [("DescribeTable", "success")] * len(NAMES)
    assert all("ResponseMetadata" not in answer for answer in found.values())


def test_the_connections_serve_the_next_calls_too() -> None:
    with KeepAlive(answering()) as server:
        connection = opened(server)
        for _ in range(3):
            assert len(read(connection)) == len(NAMES)
            connection.tables.read("DescribeTable", {"TableName": "table-000"})
    assert server.connections == 4


def test_slow_answers_are_waited_for_at_the_same_time() -> None:
    together = threading.Barrier(4, timeout=60)

    def meet(_: str) -> None:
        together.wait()

    with KeepAlive(answering(meet)) as server:
        assert len(read(opened(server))) == len(NAMES)


def until_quiet(server: KeepAlive) -> int:
    """The number of requests so far, once it has stopped growing."""
    before, now = -1, 0
    while before != now:
        time.sleep(0.1)
        before, now = now, len(server.signed)
    return now


def test_while_an_answer_is_looked_at_no_connection_is_idle() -> None:
    """The answers that came meanwhile are taken together, and all their successors are sent before one is seen."""
    with KeepAlive(answering()) as server:
        answers = iter(opened(server).tables.describe_many(NAMES, 4))
        seen, counts = [], [4]
        for _ in range(3):
            seen.append(next(answers)[0])
            counts.append(until_quiet(server))
        seen += [name for name, _ in answers]
    assert sorted(seen) == sorted(NAMES)
    assert max(after - before for before, after in itertools.pairwise(counts)) >= 3


def test_an_answer_that_came_before_a_failure_is_told() -> None:
    """What is no answer of DynamoDB must be known, since a pass that met it destroys nothing (I3)."""
    seen = threading.Event()

    def in_turn(name: str) -> Said | None:
        if name == NAMES[0]:
            return None
        seen.wait(60)
        if name == NAMES[1]:
            return Said(json_answer(b"{"))
        time.sleep(0.2)
        return Said(b"", RESET)

    with KeepAlive(answering(in_turn)) as server:
        answers = iter(opened(server).tables.describe_many(NAMES[:3], 3))
        assert next(answers)[0] == NAMES[0]
        seen.set()
        time.sleep(0.6)
        assert [(name, type(answer)) for name, answer in answers] == [(NAMES[1], Malformed)]


def test_an_answer_in_pieces_is_put_together() -> None:

    def in_pieces(name: str) -> Said:
        return Said(described(name, **(BIG if name == NAMES[5] else {})), pieces=3, pause=0.001)

    with KeepAlive(answering(in_pieces)) as server:
        found = read(opened(server))
    assert len(found) == len(NAMES)
    assert len(found[NAMES[5]]["Table"]["AttributeDefinitions"]) == 5000


@pytest.mark.parametrize(
    ("what", "said", "told"),
    [
        ("throttled", Said(error("ThrottlingException")), Throttled),
        ("not found", Said(error("ResourceNotFoundException")), NotFound),
        ("a server error", Said(json_answer(b"<html>no</html>", "503 Service Unavailable", crc=False)), ApiError),
        ("expired", Said(error("ExpiredTokenException")), Denied),
        ("reset", Said(b"", RESET), None),
        ("closed", Said(b"", CLOSE), None),
        ("not HTTP", Said(b"SSH-2.0-OpenSSH\r\n", CLOSE), None),
        ("half an answer", Said(described("x")[:150], CLOSE), None),
        ("not JSON", Said(json_answer(b"{")), Malformed),
        ("a member is missing", Said(json_answer({"Table": {"TableName": "x"}})), Malformed),
        ("a wrong checksum", Said(described("x")[:-3] + b"}} "), None),
    ],
)
def test_trouble_ends_it_and_nothing_is_made_up(what: str, said: Said, told: type[ApiError] | None) -> None:
    """What the service answered is told, because a pass that met it destroys nothing (I3)."""
    bad = NAMES[20]
    with KeepAlive(answering(lambda name: said if name == bad else None)) as server:
        found = all_of(opened(server))
    expected = [(bad, True)] if told else []
    failed = [(name, answer) for name, answer in found if isinstance(answer, ApiError)]
    assert [(name, isinstance(answer, told or ())) for name, answer in failed] == expected, what
    assert failed == found[len(found) - len(failed) :]
    assert all(answer["Table"]["TableName"] == name for name, answer in found[: len(found) - len(failed)])
    assert sum(asked_for(each) == bad for each in server.signed) == 1


@pytest.mark.parametrize(
    "said",
    [described("table-007"), json_answer({"Table": {"TableName": NAMES[20]}})],
    ids=["another table", "no status"],
)
def test_what_comes_in_the_place_of_a_good_answer_is_examined(said: bytes) -> None:
    """The answers to the first reading are known by their bytes, that of table-007 too, and not examined again."""
    later = False
    with KeepAlive(answering(lambda name: Said(said) if later and name == NAMES[20] else None)) as server:
        connection = opened(server)
        assert [len(read(connection)) for _ in range(3)] == [len(NAMES)] * 3
        later = True
        found = read(connection)
    assert NAMES[20] not in found
    assert all(answer["Table"]["TableName"] == name for name, answer in found.items())


def test_an_answer_that_does_not_come_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_client, "MANY_SECONDS", 0.3)
    over = threading.Event()

    def hang(name: str) -> None:
        if name == NAMES[20]:
            over.wait(60)

    began = time.monotonic()
    with KeepAlive(answering(hang)) as server:
        found = read(opened(server))
        over.set()
    assert NAMES[20] not in found
    assert time.monotonic() - began < 30


def test_nothing_listening_ends_it() -> None:
    with KeepAlive(answering()) as server:
        connection = opened(server)
    assert read(connection) == {}


def test_a_connection_that_closes_after_each_answer_is_replaced() -> None:
    closing = {"TableStatus": "ACTIVE"}

    def close(name: str) -> Said:
        head, _, body = described(name, **closing).partition(b"\r\n\r\n")
        return Said(head + b"\r\nConnection: close\r\n\r\n" + body, CLOSE)

    with KeepAlive(answering(close)) as server:
        assert len(read(opened(server))) == len(NAMES)
    assert server.connections == len(NAMES)


def test_an_account_that_changed_ends_it_and_the_next_call_says_so() -> None:
    def moved(name: str) -> Said | None:
        other = f"arn:aws:dynamodb:us-east-1:111122223333:table/{name}"
        return Said(described(name, TableArn=other)) if name == NAMES[20] else None

    with KeepAlive(answering(moved)) as server:
        connection = opened(server)
        connection.guard.take_over(_guard_of_local(server))
        last, answer = all_of(connection)[-1]
        assert (last, type(answer)) == (NAMES[20], EndpointChanged)
        with pytest.raises(EndpointChanged):
            connection.tables.read("DescribeTable", {"TableName": NAMES[0]})


def _guard_of_local(server: KeepAlive) -> Any:
    from reconciler.aws.endpoint_guard import EndpointGuard, Identified
    from reconciler.model.identity import AccountLocation, Endpoint, Flavor

    local = Endpoint(server.url, "us-east-1", "000000000000", "aws", Flavor.DYNAMODB_LOCAL)
    guard = EndpointGuard(lambda: Identified(local, AccountLocation.of(ARN + "x")))
    guard.current()
    return guard


def test_boto3_is_not_asked() -> None:
    with KeepAlive(answering()) as server:
        assert read(opened(server, client="boto3")) == {}
    assert not server.signed


def test_what_may_write_is_refused() -> None:
    with KeepAlive(answering()) as server:
        client = opened(server)._clients.get(once=True)
        with pytest.raises(ValueError, match="DeleteTable may write"):
            list(client.read_many("DeleteTable", [("x", {"TableName": "x"})], 1, 1.0))
    assert not server.signed


def test_over_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = Authority.of(tmp_path)
    monkeypatch.setenv("AWS_CA_BUNDLE", str(authority.bundle))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "local")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "local")
    with KeepAlive(answering(lambda name: Said(described(name, **BIG))), tls=authority.context()) as server:
        found = read(opened(server))
    assert len(found) == len(NAMES)
    assert server.connections == 4


def test_whoever_stops_listening_leaves_no_call_half_way() -> None:
    late = threading.Event()

    def only_the_first(name: str) -> None:
        if name != NAMES[0]:
            late.wait(60)

    with KeepAlive(answering(only_the_first)) as server:
        connection = opened(server)
        answers = connection.tables.describe_many(NAMES, 4)
        assert next(iter(answers))[0] == NAMES[0]
        answers.close()  # type: ignore[attr-defined]
        threading.Timer(0.3, late.set).start()
        for _ in range(5):
            answer = connection.tables.read("DescribeTable", {"TableName": NAMES[0]})
            assert answer["Table"]["TableName"] == NAMES[0]
        assert len(read(connection)) == len(NAMES)


def test_it_ends_once_the_process_is_to_stop() -> None:
    stop = threading.Event()
    with KeepAlive(answering()) as server:
        seen = []
        for name, _ in ManyTables(opened(server).tables, 4, stop).describe(NAMES):
            seen.append(name)
            stop.set()
    assert len(seen) == 1
