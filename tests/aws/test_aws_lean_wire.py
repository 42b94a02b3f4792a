"""Calls over real sockets that misbehave: the lean client ends them as boto3's does, or better where that is said."""

from __future__ import annotations

import gzip
import json
import socket
import time
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest
from support.certificates import Authority
from support.fakes import Quiet
from support.keep_alive import CLOSE, RESET, Asked, KeepAlive, Said, error, json_answer
from support.waiting import eventually

from reconciler.aws.lean import transport as transports
from reconciler.aws.session import ATTEMPTS, Connection, connect
from reconciler.model.change import Call
from reconciler.model.errors import Ambiguous, ApiError, Denied, Malformed, NameTaken, NotFound, Throttled, Unreachable

NAMES = {"TableNames": ["users"]}
DELETE = Call("DeleteTable", {"TableName": "users"})
CREATE = Call(
    "CreateTable",
    {
        "TableName": "users",
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    },
)
BOTH = pytest.mark.parametrize("client", ["lean", "boto3"])


@pytest.fixture(autouse=True)
def _no_long_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("random.random", lambda: 0.0)


def one_by_one(*said: Said | bytes) -> Callable[[Asked], Said]:
    """A script that gives each operation the next answer, and the last one from then on."""
    left = [each if isinstance(each, Said) else Said(each) for each in said]

    def script(asked: Asked) -> Said:
        if not asked.operation:
            return Said(json_answer(b"healthy", "404 Not Found", crc=False))
        return left.pop(0) if len(left) > 1 else left[0]

    return script


def listed(connection: Connection) -> tuple[str, ...]:
    return connection.tables.list_tables()


def opened(server: KeepAlive, client: str = "lean", telemetry: Quiet | None = None) -> Connection:
    connection = connect(server.url, "us-east-1", 4, telemetry or Quiet(), client=client)
    assert connection.client.lean == (client == "lean"), connection.client
    return connection


@BOTH
def test_one_connection_serves_one_call_after_the_other(client: str) -> None:
    with KeepAlive(one_by_one(json_answer(NAMES))) as server:
        connection = opened(server, client)
        assert [listed(connection) for _ in range(5)] == [("users",)] * 5
    assert server.connections == 1


@BOTH
@pytest.mark.parametrize("code", ["ThrottlingException", "ProvisionedThroughputExceededException"])
def test_throttling_is_waited_out(client: str, code: str) -> None:
    heard = Quiet()
    with KeepAlive(one_by_one(error(code), error(code), json_answer(NAMES))) as server:
        assert listed(opened(server, client, heard)) == ("users",)
    assert heard.retries == ["ListTables"] * 2
    assert [each.headers["amz-sdk-request"] for each in server.signed] == [f"attempt={n}; max=4" for n in (1, 2, 3)]
    assert len({each.headers["amz-sdk-invocation-id"] for each in server.signed}) == 1


@BOTH
def test_throttling_that_does_not_end_is_throttled(client: str) -> None:
    with KeepAlive(one_by_one(error("ThrottlingException"))) as server, pytest.raises(Throttled):
        listed(opened(server, client))
    assert len(server.signed) == ATTEMPTS


@BOTH
@pytest.mark.parametrize("status", ["500 Oops", "502 Bad Gateway", "503 Service Unavailable", "504 Gateway Timeout"])
def test_a_server_error_is_followed_by_another_attempt(client: str, status: str) -> None:
    page = json_answer(b"<html><body>no</body></html>", status, crc=False)
    with KeepAlive(one_by_one(page, error("InternalServerError", status), json_answer(NAMES))) as server:
        assert listed(opened(server, client)) == ("users",)
    assert len(server.signed) == 3


@BOTH
def test_server_errors_without_end_leave_the_outcome_open(client: str) -> None:
    failing = one_by_one(error("InternalServerError", "500 Oops"))
    with KeepAlive(failing) as server, pytest.raises(Ambiguous, match="InternalServerError"):
        listed(opened(server, client))
    assert len(server.signed) == ATTEMPTS


@BOTH
def test_a_reset_in_the_place_of_an_answer_is_followed_by_another_attempt(client: str) -> None:
    with KeepAlive(one_by_one(Said(b"", RESET), Said(b"", CLOSE), json_answer(NAMES))) as server:
        assert listed(opened(server, client)) == ("users",)
    assert (len(server.signed), server.connections) == (3, 3)


@BOTH
@pytest.mark.parametrize("then", [RESET, CLOSE])
def test_what_destroys_is_sent_once_whatever_happens(client: str, then: str) -> None:
    for said in (Said(b"", then), Said(error("InternalServerError", "500 Oops")), Said(error("ThrottlingException"))):
        with KeepAlive(one_by_one(said)) as server, pytest.raises((Ambiguous, Throttled)):
            opened(server, client).tables.write(DELETE)
        assert [each.operation for each in server.signed] == ["DeleteTable"]


@BOTH
def test_a_refusal_of_a_second_sending_says_that_the_first_may_have_been_applied(client: str) -> None:
    taken = error("ResourceInUseException")
    with KeepAlive(one_by_one(taken)) as server, pytest.raises(NameTaken):
        opened(server, client).tables.write(CREATE)
    with KeepAlive(one_by_one(Said(b"", RESET), taken)) as server, pytest.raises(ApiError) as refused:
        opened(server, client).tables.write(CREATE)
    assert not isinstance(refused.value, NameTaken)


@BOTH
def test_a_connection_that_the_server_closed_meanwhile_is_not_used(client: str) -> None:
    heard = Quiet()
    with KeepAlive(one_by_one(Said(json_answer(NAMES), CLOSE), Said(json_answer(NAMES)))) as server:
        connection = opened(server, client, heard)
        listed(connection)
        eventually(lambda: server.closed == 1)
        assert listed(connection) == ("users",)
    assert (len(server.signed), server.connections, heard.retries) == (2, 2, [])


@BOTH
def test_a_destroying_call_never_meets_a_connection_that_the_server_closed(client: str) -> None:
    described = {"TableDescription": {"TableName": "users", "TableStatus": "DELETING"}}
    with KeepAlive(one_by_one(Said(json_answer(NAMES), CLOSE), json_answer(described))) as server:
        connection = opened(server, client)
        listed(connection)
        eventually(lambda: server.closed == 1)
        assert connection.tables.write(DELETE)["TableDescription"]["TableStatus"] == "DELETING"
    assert [each.operation for each in server.signed] == ["ListTables", "DeleteTable"]


def test_a_connection_is_not_used_after_it_has_lain_idle_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transports, "IDLE_SECONDS", 0.05)
    with KeepAlive(one_by_one(json_answer(NAMES))) as server:
        connection = opened(server)
        listed(connection)
        time.sleep(0.1)
        listed(connection)
    assert server.connections == 2


@pytest.mark.parametrize("extra", [b"!", json_answer({"TableNames": ["of another call"]})])
def test_bytes_after_an_answer_are_no_answer_of_the_next_call(extra: bytes) -> None:
    with KeepAlive(one_by_one(Said(json_answer(NAMES) + extra), Said(json_answer({"TableNames": ["next"]})))) as server:
        connection = opened(server)
        assert listed(connection) == ("users",)
        time.sleep(0.05)
        assert listed(connection) == ("next",)
    assert server.connections == 2


@BOTH
def test_a_wrong_checksum_is_asked_again_and_then_malformed(client: str) -> None:
    body = json.dumps(NAMES).encode()
    wrong = json_answer(body, "200 OK", f"x-amz-crc32: {zlib.crc32(body) ^ 1}", crc=False)
    with KeepAlive(one_by_one(wrong, json_answer(NAMES))) as server:
        assert listed(opened(server, client)) == ("users",)
    with KeepAlive(one_by_one(wrong)) as server:
        with pytest.raises(Malformed) as malformed:
            listed(opened(server, client))
        assert malformed.value.code == "ChecksumMismatch"
    assert len(server.signed) == ATTEMPTS


@BOTH
def test_an_error_with_a_wrong_checksum_is_no_error_of_the_service(client: str) -> None:
    body = b'{"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException","message":"gone"}'
    wrong = json_answer(body, "400 Bad Request", "x-amz-crc32: 1", crc=False)
    with KeepAlive(one_by_one(wrong)) as server:
        connection = opened(server, client)
        with pytest.raises(Malformed):
            connection.tables.read("DescribeTable", {"TableName": "users"})
    with KeepAlive(one_by_one(json_answer(body, "400 Bad Request"))) as server, pytest.raises(NotFound, match="gone"):
        opened(server, client).tables.read("DescribeTable", {"TableName": "users"})


@BOTH
def test_a_checksum_is_not_asked_for_where_there_is_none(client: str) -> None:
    with KeepAlive(one_by_one(json_answer(NAMES, crc=False))) as server:
        assert listed(opened(server, client)) == ("users",)


def zipped(content: Any) -> bytes:
    return gzip.compress(json.dumps(content).encode())


def test_a_compressed_answer_is_read_and_its_checksum_is_that_of_the_sent_bytes() -> None:
    with KeepAlive(one_by_one(json_answer(zipped(NAMES), "200 OK", "Content-Encoding: gzip"))) as server:
        assert listed(opened(server)) == ("users",)
    short = json_answer(zipped(NAMES)[:-9], "200 OK", "Content-Encoding: gzip")
    for broken in (short, json_answer(NAMES, "200 OK", "Content-Encoding: gzip")):
        with KeepAlive(one_by_one(broken)) as server, pytest.raises(Malformed):
            listed(opened(server))


def test_an_answer_that_grows_without_bounds_is_not_unpacked() -> None:
    bomb = gzip.compress(b" " * (80 * 1024 * 1024) + b"{}")
    script = one_by_one(json_answer(bomb, "200 OK", "Content-Encoding: gzip"))
    with KeepAlive(script) as server, pytest.raises(Malformed, match="longer than any answer"):
        listed(opened(server))


CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
CHUNKS = '7\r\n{"Table\r\nC;x=y\r\nNames":["use\r\n4\r\nrs"]\r\n1\r\n}\r\n0\r\nTrailer: 1\r\n\r\n'
ODD: dict[str, tuple[bytes, str]] = {
    "HTTP/1.0 without a length": (b"HTTP/1.0 200 OK\r\n\r\n" + json.dumps(NAMES).encode(), CLOSE),
    "HTTP/1.0 with a length": (json_answer(NAMES, version="1.0"), ""),
    "HTTP/1.0 that keeps the connection": (json_answer(NAMES, "200 OK", "Connection: keep-alive", version="1.0"), ""),
    "HTTP/1.1 without a length": (b"HTTP/1.1 200 OK\r\n\r\n" + json.dumps(NAMES).encode(), CLOSE),
    "Connection: close": (json_answer(NAMES, "200 OK", "Connection: close"), CLOSE),
    "chunks": (f"{CHUNKED}{CHUNKS}".encode(), ""),
    "no reason phrase": (json_answer(NAMES, "200"), ""),
    "a folded header": (json_answer(NAMES, "200 OK", "X-Long: a\r\n b"), ""),
    "a length said twice": (json_answer(NAMES, "200 OK", f"Content-Length: {len(json.dumps(NAMES))}"), ""),
    "names of headers in odd case": (json_answer(NAMES).replace(b"Content-Length", b"cONTENT-lENGTH"), ""),
}


@pytest.mark.parametrize("pieces", [1, 400])
@pytest.mark.parametrize("odd", ODD)
def test_answers_of_odd_servers_and_proxies_are_read(odd: str, pieces: int) -> None:
    data, then = ODD[odd]
    with KeepAlive(one_by_one(Said(data, then, pieces))) as server:
        connection = opened(server)
        assert [listed(connection) for _ in range(2)] == [("users",)] * 2
        if odd in ("HTTP/1.0 that keeps the connection", "chunks", "an interim answer before it"):
            assert server.connections == 1


BROKEN: dict[str, bytes] = {
    "two lengths": json_answer(NAMES, "200 OK", "Content-Length: 3"),
    "a length that is no number": json_answer(NAMES).replace(b"Length: 2", b"Length: x2"),
    "a chunk without a size": f"{CHUNKED}zz\r\n{{}}\r\n0\r\n\r\n".encode(),
    "chunks that break off": f"{CHUNKED}7\r\n{{}}".encode(),
    "an unknown coding of the transfer": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n{}",
    "a head that breaks off": b"HTTP/1.1 200 OK\r\nContent-Le",
    "another protocol": b"SSH-2.0-OpenSSH_9\r\n",
    "HTTP/2 in clear text": b"HTTP/2 200 OK\r\n\r\n{}",
    "a status that is no number": b"HTTP/1.1 OK\r\n\r\n{}",
}


@pytest.mark.parametrize("broken", BROKEN)
def test_what_is_no_answer_leaves_the_outcome_open(broken: str) -> None:
    with KeepAlive(one_by_one(Said(BROKEN[broken], CLOSE))) as server, pytest.raises(Ambiguous):
        listed(opened(server))
    assert (len(server.signed), server.connections) == (ATTEMPTS, ATTEMPTS)


@BOTH
@pytest.mark.parametrize("cut", [1, 20])
def test_a_truncated_answer_is_malformed(client: str, cut: int) -> None:
    data = json_answer(NAMES, crc=False)[:-cut]
    with KeepAlive(one_by_one(Said(data, CLOSE))) as server, pytest.raises(Malformed):
        listed(opened(server, client))


@BOTH
def test_nobody_listens(client: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    connection = connect(f"http://127.0.0.1:{port}", "us-east-1", 1, Quiet(), client=client)
    with pytest.raises(Unreachable) as unreachable:
        listed(connection)
    assert (unreachable.value.code, unreachable.value.message) == (
        "EndpointConnectionError",
        f'Could not connect to the endpoint URL: "http://127.0.0.1:{port}/"',
    )


def far(seconds: float) -> str:
    return f"Date: {formatdate(time.time() + seconds, usegmt=True)}"


@pytest.mark.parametrize("hours", [-30, 2])
@pytest.mark.parametrize("code", ["InvalidSignatureException", "RequestExpired", "RequestTimeTooSkewed"])
def test_a_wrong_clock_is_corrected_by_that_of_the_server(hours: int, code: str) -> None:
    refused = error(code, "400 Bad Request", far(hours * 3600), message="Signature expired")
    with KeepAlive(one_by_one(refused, json_answer(NAMES))) as server:
        connection = opened(server)
        assert [listed(connection) for _ in range(2)] == [("users",)] * 2
    first, second, third = [time.strptime(each.headers["x-amz-date"], "%Y%m%dT%H%M%SZ") for each in server.signed]
    for corrected in (second, third):
        assert abs(time.mktime(corrected) - time.mktime(first) - hours * 3600) < 30


def test_a_wrong_key_is_not_taken_for_a_wrong_clock() -> None:
    refused = error("InvalidSignatureException", "400 Bad Request", far(10))
    with KeepAlive(one_by_one(refused)) as server, pytest.raises(Denied):
        listed(opened(server))
    assert len(server.signed) == 1


def test_a_clock_that_is_corrected_in_vain_ends_as_a_refusal() -> None:
    refused = error("InvalidSignatureException", "400 Bad Request", far(9000))
    with KeepAlive(one_by_one(refused)) as server, pytest.raises(Denied):
        listed(opened(server))
    assert len(server.signed) == 2


def test_a_destroying_call_is_not_sent_again_for_a_wrong_clock_but_the_next_call_has_the_right_time() -> None:
    refused = error("InvalidSignatureException", "400 Bad Request", far(9000))
    with KeepAlive(one_by_one(refused, json_answer(NAMES))) as server:
        connection = opened(server)
        with pytest.raises(Denied):
            connection.tables.write(DELETE)
        # New credentials are sought after a refusal; the corrected clock stays.
        listed(connection)
    assert [each.operation for each in server.signed] == ["DeleteTable", "ListTables"]
    first, second = [time.mktime(time.strptime(each.headers["x-amz-date"], "%Y%m%dT%H%M%SZ")) for each in server.signed]
    assert abs(second - first - 9000) < 30


@BOTH
@pytest.mark.parametrize("code", ["ExpiredTokenException", "UnrecognizedClientException"])
def test_after_refused_credentials_the_next_call_is_signed_with_those_of_now(
    client: str, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with KeepAlive(one_by_one(error(code), json_answer(NAMES))) as server:
        connection = opened(server, client)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "rotated")
        with pytest.raises(Denied):
            listed(connection)
        assert listed(connection) == ("users",)
    assert [each.headers["authorization"].split("/")[0].rpartition("=")[2] for each in server.signed] == [
        "local",
        "rotated",
    ]


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority.of(tmp_path)


@BOTH
@pytest.mark.parametrize("variable", ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"])
def test_a_ca_bundle_is_trusted(client: str, variable: str, authority: Authority, monkeypatch) -> None:
    monkeypatch.setenv(variable, str(authority.bundle))
    with KeepAlive(one_by_one(json_answer(NAMES)), tls=authority.context()) as server:
        connection = opened(server, client)
        assert [listed(connection) for _ in range(3)] == [("users",)] * 3
    assert server.connections == 1


@BOTH
@pytest.mark.parametrize("trusted", [False, True])
def test_a_certificate_that_is_not_trusted_or_of_another_name_is_refused(
    client: str, trusted: bool, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    if trusted:
        monkeypatch.setenv("AWS_CA_BUNDLE", str(authority.bundle))
    context = authority.context("example.com" if trusted else "127.0.0.1")
    with KeepAlive(one_by_one(json_answer(NAMES)), tls=context) as server, pytest.raises(Unreachable) as refused:
        listed(opened(server, client))
    assert refused.value.code == "SSLError"
    assert server.asked == []


@BOTH
def test_a_bundle_that_is_no_file_is_refused(client: str, authority: Authority, monkeypatch) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", "/nonexistent/bundle.pem")
    script = one_by_one(json_answer(NAMES))
    with KeepAlive(script, tls=authority.context()) as server, pytest.raises(Unreachable) as refused:
        listed(opened(server, client))
    assert refused.value.code == "SSLError"


@BOTH
def test_an_endpoint_by_its_ipv6_address(client: str) -> None:
    with KeepAlive(one_by_one(json_answer(NAMES)), host="::1") as server:
        assert listed(opened(server, client)) == ("users",)
    assert server.signed[0].headers["host"] == f"[::1]:{server.port}"


@BOTH
def test_plain_http_goes_through_a_proxy_as_a_whole_url(client: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with KeepAlive(one_by_one(json_answer(NAMES))) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        connection = connect("http://dynamo.example:8000", "us-east-1", 1, Quiet(), client=client)
        assert listed(connection) == ("users",)
    assert proxy.signed[0].line == "POST http://dynamo.example:8000/ HTTP/1.1"
    assert proxy.signed[0].headers["host"] == "dynamo.example:8000"


@BOTH
def test_tls_goes_through_a_tunnel_of_the_proxy(client: str, authority: Authority, monkeypatch) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", str(authority.bundle))
    context = authority.context("dynamo.example")
    with KeepAlive(one_by_one(json_answer(NAMES)), tls=context, tunnels=True) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        connection = connect("https://dynamo.example", "us-east-1", 1, Quiet(), client=client)
        assert [listed(connection) for _ in range(2)] == [("users",)] * 2
    assert [each.line.rpartition(" ")[0] for each in proxy.asked] == ["CONNECT dynamo.example:443", "POST /", "POST /"]


@BOTH
def test_a_proxy_that_refuses_the_tunnel_makes_the_endpoint_unreachable(client: str, monkeypatch) -> None:
    with KeepAlive(lambda _: Said(json_answer(b"no", "403 Forbidden", crc=False), CLOSE)) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        connection = connect("https://dynamo.example", "us-east-1", 1, Quiet(), client=client)
        with pytest.raises(Unreachable) as refused:
            listed(connection)
    assert refused.value.code == "ProxyConnectionError"


@BOTH
def test_what_no_proxy_names_goes_past_it(client: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with KeepAlive(one_by_one(json_answer(NAMES))) as server:
        assert listed(opened(server, client)) == ("users",)


def test_the_budget_of_retries_runs_out_and_fills_up_again() -> None:
    answers = [error("InternalServerError", "500 Oops")] * (12 * ATTEMPTS)
    with KeepAlive(one_by_one(*answers, json_answer(NAMES))) as server:
        connection = opened(server)
        for _ in range(12):
            with pytest.raises(Ambiguous):
                listed(connection)
        # 35 retries of 14 each leave 10 of 500; from then on each call is sent once.
        assert len(server.signed) == 12 + 35


def test_an_unknown_member_of_a_request_is_refused_before_anything_is_sent() -> None:
    refused = pytest.raises(ApiError, match='Unknown parameter in input: "Tabel"')
    with KeepAlive(one_by_one(json_answer(NAMES))) as server, refused:
        opened(server).tables.read("DescribeTable", {"TableName": "users", "Tabel": 1})
    assert server.signed == []


def test_a_client_that_only_reads_sends_no_write() -> None:
    with KeepAlive(one_by_one(json_answer(NAMES))) as server:
        connection = opened(server).read_only()
        assert connection.client.lean
        with pytest.raises(Denied, match="only reads"):
            connection.tables.write(CREATE)
        assert listed(connection) == ("users",)
    assert [each.operation for each in server.signed] == ["ListTables"]


def described(asked: Asked) -> Said:
    name = json.loads(asked.body)["TableName"]
    table = {
        **CREATE.params,
        "TableName": name,
        "TableStatus": "ACTIVE",
        "CreationDateTime": 1.5,
        "TableArn": f"arn:aws:dynamodb:us-east-1:123456789012:table/{name}",
    }
    return Said(json_answer({"Table": table}), RESET if len(asked.body) % 7 == 0 else "")


def test_answers_stay_with_their_questions_when_many_threads_ask() -> None:
    with KeepAlive(described) as server:
        connection = opened(server)

        def ask(number: int) -> list[str]:
            names = [f"table-{number}-{10**turn}" for turn in range(12)] * 5
            found = [connection.tables.read("DescribeTable", {"TableName": name})["Table"] for name in names]
            assert [table["TableName"] for table in found] == names
            return names

        with ThreadPoolExecutor(8) as threads:
            assert len([name for names in threads.map(ask, range(16)) for name in names]) == 16 * 60
