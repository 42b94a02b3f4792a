"""One deadline per call: whatever part of an answer is slow, and however often the SDK would send it again."""

from __future__ import annotations

import re
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.fakes import Quiet
from support.listener import Listener
from support.scripted import HANG, ScriptedServer, answer, refusal

from reconciler.aws import call_deadline
from reconciler.aws.session import connect
from reconciler.model.change import Call
from reconciler.model.errors import Ambiguous, ApiError, Malformed, Unreachable

LIMIT = 0.8
BUSY_LIMIT = 3.0
"""Where the request must be sent within the limit, on a busy machine too."""
ENDED = 15.0
"""What ends with the call ends within this on a busy machine; every slow server below goes on for twice as long."""
LIST = b'{"TableNames":[]}'
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: %d\r\n\r\n"
Talk = Callable[[socket.socket], None]


class Talker:
    """A server that says to each connection what ``talk`` says, until it is over."""

    def __init__(self, talk: Talk, context: ssl.SSLContext | None = None) -> None:
        self._talk = talk
        self._context = context
        self._listener = Listener(self._serve)

    @property
    def connections(self) -> int:
        return self._listener.connections

    @property
    def url(self) -> str:
        scheme = "https" if self._context else "http"
        return f"{scheme}://localhost:{self._listener.port}"

    def __enter__(self) -> Talker:
        self._listener.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def _serve(self, connection: socket.socket, _: int) -> None:
        try:
            if self._context is not None:
                connection = self._context.wrap_socket(connection, server_side=True)
            self._talk(connection)
        except OSError:
            pass
        finally:
            connection.close()


def read_request(connection: socket.socket) -> None:
    """Read head and body: a close with unread bytes resets the connection, and the answer may be lost with it."""
    request = b""
    while b"\r\n\r\n" not in request:
        request += connection.recv(65536) or b"\r\n\r\n"
    head, _, body = request.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    while length and len(body) < int(length[1]) and (more := connection.recv(65536)):
        body += more


def drip(data: bytes, pause: float = 0.1, rounds: int = 300) -> Talk:
    def talk(connection: socket.socket) -> None:
        read_request(connection)
        for number in range(rounds):
            connection.sendall(data[number : number + 1] or b" ")
            time.sleep(pause)

    return talk


def head_then(rest: Talk, length: int = 10_000) -> Talk:
    def talk(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(HEAD % length)
        rest(connection)

    return talk


def silent(connection: socket.socket) -> None:
    time.sleep(30)


def dripping_body(connection: socket.socket) -> None:
    for _ in range(300):
        connection.sendall(b" ")
        time.sleep(0.1)


def dripping_chunks(connection: socket.socket) -> None:
    read_request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    for _ in range(300):
        connection.sendall(b"1\r\n \r\n")
        time.sleep(0.1)


def endless_headers(connection: socket.socket) -> None:
    read_request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    for number in range(300):
        connection.sendall(b"X-%d: 1\r\n" % number)
        time.sleep(0.1)


def bursts(connection: socket.socket) -> None:
    for _ in range(70):
        connection.sendall(b" " * 500)
        time.sleep(0.45)


def continues(connection: socket.socket) -> None:
    read_request(connection)
    for _ in range(300):
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        time.sleep(0.1)


SLOW: dict[str, Talk] = {
    "accepts and says nothing": silent,
    "a status line byte by byte": drip(b"HTTP/1.1 200 OK" + b"K" * 1000),
    "headers byte by byte": drip(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 1000),
    "a header every 0.1 s": endless_headers,
    "a body byte by byte": head_then(dripping_body),
    "a body that stops after its first byte": head_then(silent),
    "a body in slow bursts": head_then(bursts, 100_000),
    "a body by chunks": dripping_chunks,
    "100 Continue for ever": continues,
    "a silent server that never reads": lambda connection: time.sleep(30),
}


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    folder = tmp_path_factory.mktemp("tls")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", str(key), "-out"]
    command += [str(certificate), "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    subprocess.run(command, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return certificate, context


def limited(url: str, seconds: float = LIMIT, client: str | None = None) -> Any:
    connection = connect(url, "us-east-1", 2, Quiet(), client=client)
    connection.limits.append(lambda _: seconds)
    return connection


def taken(work: Callable[[], object]) -> tuple[float, ApiError]:
    began = time.monotonic()
    with pytest.raises(ApiError) as raised:
        work()
    return time.monotonic() - began, raised.value


@pytest.mark.parametrize("client", ["lean", "boto3"])
@pytest.mark.parametrize("talk", SLOW.values(), ids=SLOW)
def test_a_slow_answer_ends_with_the_call(talk: Talk, client: str) -> None:
    with Talker(talk) as server:
        connection = limited(server.url, client=client)
        seconds, error = taken(connection.tables.list_tables)
    assert seconds < ENDED
    assert isinstance(error, Ambiguous | Unreachable), error


@pytest.mark.parametrize("name", ["a body byte by byte", "accepts and says nothing", "headers byte by byte"])
def test_a_slow_answer_over_tls_ends_with_the_call(
    name: str, certificate: tuple[Path, ssl.SSLContext], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, context = certificate
    monkeypatch.setenv("AWS_CA_BUNDLE", str(path))
    with Talker(SLOW[name], context) as server:
        seconds, error = taken(limited(server.url, BUSY_LIMIT).tables.list_tables)
    assert seconds < ENDED
    assert isinstance(error, Ambiguous), error


def test_a_tls_handshake_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    with Talker(lambda connection: time.sleep(30)) as server:
        url = server.url.replace("http:", "https:")
        seconds, error = taken(limited(url).tables.list_tables)
    assert seconds < ENDED
    assert isinstance(error, Unreachable | Ambiguous), error


def test_what_destroys_ends_with_the_call_and_was_sent_once() -> None:
    with Talker(head_then(dripping_body)) as server:
        delete = Call("DeleteTable", {"TableName": "users"})
        seconds, error = taken(lambda: limited(server.url, BUSY_LIMIT).tables.write(delete))
        assert server.connections == 1
    assert seconds < ENDED
    assert isinstance(error, Ambiguous)


def test_retries_share_the_time_of_the_call() -> None:
    def script(*_: str) -> Any:
        time.sleep(0.3)
        return refusal("InternalServerError", 500)

    with ScriptedServer(script) as server:
        seconds, _ = taken(limited(server.url, 0.5).tables.list_tables)
        assert len(server.seen) <= 2
    assert seconds < ENDED


def test_one_attempt_may_not_use_the_whole_time_of_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(call_deadline.start_sending, "__defaults__", (BUSY_LIMIT,))
    first = [True]

    def script(*_: str) -> Any:
        return HANG if first and first.pop() else answer({"TableNames": ["users"]})

    with ScriptedServer(script) as server:
        assert limited(server.url, 20).tables.list_tables() == ("users",)
        assert server.seen == ["ListTables"] * 2


def test_the_least_limit_counts_and_none_sets_none() -> None:
    with Talker(silent) as server:
        connection = connect(server.url, "us-east-1", 2, Quiet())
        connection.limits += [lambda _: 100.0, lambda operation: 0.3 if operation == "ListTables" else None]
        seconds, _ = taken(connection.tables.list_tables)
    assert seconds < ENDED


def test_a_limit_that_is_used_up_sends_nothing() -> None:
    with ScriptedServer(answer({"TableNames": []})) as server:
        _, error = taken(limited(server.url, -1.0).tables.list_tables)
        assert server.seen == []
    assert (type(error), error.code) == (Ambiguous, "CallDeadline")


def test_a_call_in_time_leaves_the_connection_as_it_was() -> None:
    def script(*_: str) -> Any:
        return answer({"TableNames": ["users"]})

    with ScriptedServer(script) as server:
        connection = limited(server.url, 60)
        for _ in range(3):
            assert connection.tables.list_tables() == ("users",)
    assert call_deadline.remaining() is None


def test_deadlines_nest_and_the_nearer_one_counts() -> None:
    with call_deadline.within(10):
        with call_deadline.within(100):
            assert 9 < (call_deadline.remaining() or 0) <= 10
        with call_deadline.within(1):
            assert 0 < (call_deadline.remaining() or 0) <= 1
        assert 9 < (call_deadline.remaining() or 0) <= 10
    assert call_deadline.remaining() is None


@pytest.fixture
def big() -> Iterator[Talker]:
    body = LIST + b" " * 5_000_000

    def talk(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(HEAD % len(body) + body)

    with Talker(talk) as server:
        yield server


def test_a_large_answer_in_time_is_whole(big: Talker) -> None:
    assert limited(big.url, 20).tables.list_tables() == ()


def test_a_malformed_answer_is_still_malformed() -> None:
    with ScriptedServer(answer([])) as server:
        _, error = taken(limited(server.url, 10).tables.list_tables)
    assert isinstance(error, Malformed)
