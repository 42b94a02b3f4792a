"""The URL of something that is not DynamoDB: one sentence names what answered, and nothing is written."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from support.endpoints import Live
from support.raw_server import Answer, RawServer
from support.raw_server import http as answered
from support.shell import USERS, Shell
from support.tool import Run
from support.waiting import PATIENCE

from reconciler.aws import call_deadline, flavor, session
from reconciler.aws.hooks import is_read

VERBS = ("--once", "preview", "status")
JSON = "Content-Type: application/x-amz-json-1.0"
LOGIN = b"<html><title>Sign in</title>Please log in</html>"
NOT_DYNAMODB = "What answers at {url} is not DynamoDB: "
NO_HTTP = "{url} cannot be used: what answers is not DynamoDB and does not speak HTTP"
LOCAL_ROOT = answered(
    "400 Bad Request",
    b'{"__type":"com.amazonaws.dynamodb.v20120810#MissingAuthenticationToken","Message":"x"}',
    "Server: Jetty(12.1.11)",
)
ENDED_SECONDS = 60.0
"""Far more than the shortened limits, and far less than the real ones times the number of calls."""


def always(answer: bytes) -> Answer:
    return lambda _: [answer]


def content(body: Any) -> bytes:
    return answered("200 OK", json.dumps(body).encode(), JSON)


def error(kind: str, message: str = "no") -> Answer:
    return always(answered("400 Bad Request", json.dumps({"__type": kind, "message": message}).encode(), JSON))


def by_operation(default: Any, **bodies: Any) -> Answer:
    return lambda request: [content(bodies.get(operation_of(request), default))]


def like_dynamodb_local(answer: Answer) -> Answer:
    """The probe finds DynamoDB Local; every signed request is answered in another way."""
    return lambda request: [LOCAL_ROOT] if request.startswith(b"GET") else answer(request)


def operation_of(request: bytes) -> str:
    target = request.partition(b"X-Amz-Target: ")[2].partition(b"\r\n")[0].decode()
    return target.rpartition(".")[2]


def never_ending(_: bytes) -> Iterable[bytes]:
    yield b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    while True:
        time.sleep(0.2)
        yield b"1\r\n \r\n"


def silent(_: bytes) -> Iterable[bytes]:
    time.sleep(20)
    return ()


CASES: dict[str, tuple[Answer, str]] = {
    "a login page": (
        always(answered("200 OK", LOGIN, "Content-Type: text/html", "Server: nginx")),
        NOT_DYNAMODB + "GET / is answered by nginx with HTTP 200, text/html, 'Sign in Please log in'",
    ),
    "an empty 200": (always(answered("200 OK")), NOT_DYNAMODB + "GET / is answered with HTTP 200"),
    "200 {} for everything": (always(content({})), NOT_DYNAMODB + "GET / is answered with HTTP 200"),
    "200 {} after the probe of DynamoDB Local": (
        like_dynamodb_local(always(content({}))),
        "DescribeTable: MalformedAnswer: the answer lacks Table",
    ),
    "204": (always(answered("204 No Content")), NOT_DYNAMODB + "GET / is answered with HTTP 204"),
    "301": (
        always(answered("301 Moved Permanently", b"", "Location: http://127.0.0.1:9/x")),
        NOT_DYNAMODB + "GET / is redirected (HTTP 301) to http://127.0.0.1:9/x",
    ),
    "302": (
        always(answered("302 Found", LOGIN, "Location: /login")),
        NOT_DYNAMODB + "GET / is redirected (HTTP 302) to /login",
    ),
    "307": (
        always(answered("307 Temporary Redirect", b"", "Location: http://127.0.0.1:9/")),
        NOT_DYNAMODB + "GET / is redirected (HTTP 307)",
    ),
    "502": (
        always(answered("502 Bad Gateway", b"<h1>502 Bad Gateway</h1>", "Server: nginx")),
        "Only server errors come from {url}: GET / is answered by nginx with HTTP 502",
    ),
    "503": (
        always(answered("503 Service Unavailable", b"<h1>503</h1>", "Server: nginx")),
        "Only server errors come from {url}: GET / is answered by nginx with HTTP 503",
    ),
    "504": (
        always(answered("504 Gateway Time-out", b"<h1>504</h1>", "Server: nginx")),
        "Only server errors come from {url}: GET / is answered by nginx with HTTP 504",
    ),
    "the 403 of an object store": (
        always(answered("403 Forbidden", b"<Error><Code>AccessDenied</Code></Error>", "Server: AmazonS3")),
        NOT_DYNAMODB + "GET / is answered by AmazonS3 with HTTP 403",
    ),
    "JSON without the member": (
        always(content({"message": "hello"})),
        NOT_DYNAMODB + 'GET / is answered with HTTP 200, application/x-amz-json-1.0, \'{{"message": "hello"}}\'',
    ),
    "TableNames is text": (always(content({"TableNames": "users"})), NOT_DYNAMODB + "GET / is answered"),
    "Table is null": (
        by_operation({}, ListTables={"TableNames": ["users"]}, DescribeTable={"Table": None}),
        NOT_DYNAMODB + "GET / is answered",
    ),
    "Table is null, after the probe of DynamoDB Local": (
        like_dynamodb_local(by_operation({}, ListTables={"TableNames": ["users"]}, DescribeTable={"Table": None})),
        "DescribeTable: MalformedAnswer: the answer lacks Table",
    ),
    "JSON that ends too early": (
        always(answered("200 OK", b'{"TableNames": ["use', length=500)),
        NOT_DYNAMODB + "GET / is answered with HTTP 200",
    ),
    "a Content-Encoding that is not so": (
        always(answered("200 OK", b"\x1f\x8b not gzip", "Content-Encoding: gzip")),
        NOT_DYNAMODB + "GET / is answered with HTTP 200",
    ),
    "an error of SQS": (
        error("com.amazonaws.sqs#QueueDoesNotExist"),
        NOT_DYNAMODB + "GET / is answered with HTTP 400",
    ),
    "a missing resource of Kinesis": (
        error("com.amazonaws.kinesis.v20131202#ResourceNotFoundException", "Stream x not found"),
        NOT_DYNAMODB + "GET / is answered with HTTP 400",
    ),
    "a missing resource, without its service": (
        error("ResourceNotFoundException", "Stream x not found"),
        NOT_DYNAMODB + "GET / is answered with HTTP 400",
    ),
    "a missing resource of Kinesis, after the probe of DynamoDB Local": (
        like_dynamodb_local(error("com.amazonaws.kinesis.v20131202#ResourceNotFoundException", "Stream x not found")),
        "the answer is an error of another service: com.amazonaws.kinesis.v20131202#ResourceNotFoundException",
    ),
    "an operation that is unknown there": (
        error("com.amazon.coral.service#UnknownOperationException"),
        NOT_DYNAMODB + "GET / is answered with HTTP 400",
    ),
    "HTTP/0.9": (always(b"hello there\n"), NO_HTTP + " ('hello there')"),
    "chunks without an end": (never_ending, "Nothing answers at {url}: "),
    "an open connection without an answer": (silent, "Nothing answers at {url}: "),
    "404": (always(answered("404 Not Found", b'{"error":"nope"}')), NOT_DYNAMODB + "GET / is answered with HTTP 404"),
    "501": (always(answered("501 Not Implemented", b"no")), NOT_DYNAMODB + "GET / is answered with HTTP 501"),
    "501 without a body": (always(answered("501 Not Implemented")), NOT_DYNAMODB + "GET / is answered with HTTP 501"),
    "a page, and 501 to POST": (
        lambda request: [
            answered("200 OK", b"Index of /") if request[:3] == b"GET" else answered("501 Not Implemented")
        ],
        NOT_DYNAMODB + "GET / is answered with HTTP 200",
    ),
    "405": (always(answered("405 Method Not Allowed")), NOT_DYNAMODB + "GET / is answered with HTTP 405"),
}
BANNERS = {
    "SMTP": (b"220 mail.example.com ESMTP Postfix\r\n", "'220 mail.example.com ESMTP Postfix'"),
    "Redis": (b"-ERR unknown command\r\n", "'-ERR unknown command'"),
    "MySQL": (b"J\x00\x00\x00\n8.0.33\x00", "'J???'"),
    "SSH": (b"SSH-2.0-OpenSSH_9.6\r\n", "'SSH-2.0-OpenSSH_9.6'"),
}


@pytest.fixture
def shell(elsewhere: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    monkeypatch.setenv("RECONCILER_WAIT", "1s")
    monkeypatch.setenv("RECONCILER_TIMEOUT", "20s")
    monkeypatch.setattr(session, "READ_SECONDS", 1.0)
    monkeypatch.setattr(session, "ATTEMPTS", 1)
    monkeypatch.setattr(flavor, "PROBE_SECONDS", 4.0)
    monkeypatch.setattr(call_deadline, "CALL_SECONDS", 3.0)
    opened = Shell(elsewhere, capsys)
    opened.write("users.yaml", USERS)
    return opened


def refused(run: Run, sentence: str, server: RawServer, began: float) -> None:
    """Exit code 1, one sentence, no word of success, no write, in time."""
    errors = [line for line in run.stderr.splitlines() if line.startswith("error:")]
    assert run.exit_code == 1
    assert len(errors) == 1, run.stderr
    assert sentence.format(url=server.url) in errors[0]
    assert "Traceback" not in run.stderr
    assert "Unexpected" not in run.stderr
    assert "in sync" not in run.stdout.lower()
    assert "in_sync" not in run.stdout
    assert server.url in run.stdout + run.stderr
    assert all(is_read(operation_of(request)) for request in server.signed)
    assert time.monotonic() - began < ENDED_SECONDS


@pytest.mark.parametrize(("answer", "sentence"), CASES.values(), ids=CASES)
def test_what_answers_is_named_and_nothing_is_written(shell: Shell, answer: Answer, sentence: str) -> None:
    with RawServer(answer) as server:
        for verb in VERBS:
            began = time.monotonic()
            run = shell.run(f"{verb} --endpoint-url {server.url}")
            refused(run, sentence, server, began)


@pytest.mark.parametrize(("banner", "shown"), BANNERS.values(), ids=BANNERS)
def test_another_protocol_is_named_by_its_first_line(shell: Shell, banner: bytes, shown: str) -> None:
    with RawServer(lambda _: (), banner=banner) as server:
        for verb in VERBS:
            began = time.monotonic()
            run = shell.run(f"{verb} --endpoint-url {server.url}")
            refused(run, f"{NO_HTTP} ({shown})", server, began)


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed_with_or_without_credentials(shell: Shell, code: int) -> None:
    with (
        RawServer(always(content({"TableNames": []}))) as other,
        RawServer(always(answered(f"{code} Elsewhere", b"", f"Location: {other.url}/"))) as server,
    ):
        began = time.monotonic()
        refused(shell.run(f"--once --endpoint-url {server.url}"), f"(HTTP {code}) to {other.url}/", server, began)
        assert other.requests == []


SCHEMES = {
    "plain HTTP, called by https": (always(content({})), "https", "Write http://127.0.0.1:"),
    "TLS that sends an alert, called by http": (
        always(b"\x15\x03\x01\x00\x02\x02\x46"),
        "http",
        "Write https://127.0.0.1:",
    ),
    "TLS that says so by HTTP, called by http": (
        always(answered("400 Bad Request", b"The plain HTTP request was sent to HTTPS port", "Server: nginx")),
        "http",
        "'The plain HTTP request was sent to HTTPS port'",
    ),
}


@pytest.mark.parametrize(("answer", "scheme", "sentence"), SCHEMES.values(), ids=SCHEMES)
def test_the_other_scheme_is_the_remedy(shell: Shell, answer: Answer, scheme: str, sentence: str) -> None:
    with RawServer(answer) as server:
        for verb in VERBS:
            run = shell.run(f"{verb} --endpoint-url {scheme}://127.0.0.1:{server.port}")
            assert run.exit_code == 1
            assert sentence in run.stderr
            assert run.stdout == ""


def test_commands_without_an_endpoint_send_no_request(shell: Shell) -> None:
    with RawServer(always(content({}))) as server:
        for verb in ("validate", "schema"):
            assert shell.run(f"{verb} --endpoint-url {server.url}").exit_code == 0
        assert server.requests == []


ON_THE_WAY: dict[str, bytes] = {
    "a login page": answered("200 OK", LOGIN, "Content-Type: text/html"),
    "an empty 200": answered("200 OK"),
    "{}": content({}),
    "204": answered("204 No Content"),
    "302": answered("302 Found", LOGIN, "Location: http://127.0.0.1:9/login"),
    "403 in XML": answered("403 Forbidden", b"<Error><Code>AccessDenied</Code></Error>"),
    "404 in HTML": answered("404 Not Found", b"<html>Cannot POST /</html>"),
    "502": answered("502 Bad Gateway", b"<h1>502</h1>"),
    "a missing resource of Kinesis": answered(
        "400 Bad Request", b'{"__type":"com.amazonaws.kinesis.v20131202#ResourceNotFoundException","message":"x"}'
    ),
    "a body that is shorter than said": answered("200 OK", b'{"Table": ', length=400),
    "another protocol": b"-ERR unknown command\r\n",
    "no answer": b"",
}


class Gateway:
    """Passes requests on, and answers the chosen operation on the chosen table by ``instead``."""

    def __init__(self, upstream: str) -> None:
        self.upstream = urlsplit(upstream).netloc
        self.instead: bytes | None = None
        self.chosen: Callable[[bytes], bool] = lambda _: False
        self.writes: list[str] = []

    def __call__(self, request: bytes) -> Iterator[bytes]:
        operation = operation_of(request)
        if operation and not is_read(operation) and b"reconciler_state" not in request:
            self.writes.append(operation)
        if self.instead is not None and self.chosen(request):
            yield self.instead
            return
        head, _, body = request.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        method, path, _ = first.split(" ")
        headers = dict(line.split(": ", 1) for line in lines)
        connection = http.client.HTTPConnection(self.upstream, timeout=PATIENCE)
        connection.request(method, path, body or None, headers)
        answer = connection.getresponse()
        kept = (f"{name}: {answer.headers[name]}" for name in ("Server", "Content-Type") if name in answer.headers)
        yield answered(f"{answer.status} Passed", answer.read(), *kept)
        connection.close()


def about(operation: str, table: str) -> Callable[[bytes], bool]:
    named = (f'"TableName":"{table}"'.encode(), f'"TableName": "{table}"'.encode())
    return lambda request: operation_of(request) == operation and any(name in request for name in named)


PLACES = (("DescribeTable", "users"), ("Scan", "orders"), ("DescribeTable", "orders"))


@pytest.mark.parametrize("instead", ON_THE_WAY.values(), ids=ON_THE_WAY)
def test_an_error_page_of_a_gateway_loses_nothing(
    shell: Shell, local: Live, monkeypatch: pytest.MonkeyPatch, instead: bytes
) -> None:
    gateway = Gateway(local.url)
    with RawServer(gateway) as server:
        shell.write("orders.yaml", USERS.replace("users", "orders"))
        assert shell.run(f"--once --endpoint-url {server.url}").exit_code == 0
        (shell.folder / "desired_state" / "orders.yaml").unlink()
        local.client.put_item(TableName="orders", Item={"pk": {"S": "mine"}})
        gateway.writes.clear()
        gateway.instead = instead
        monkeypatch.setenv("RECONCILER_TIMEOUT", "1s")
        for operation, table in PLACES:
            gateway.chosen = about(operation, table)
            run = shell.run(f"--once --endpoint-url {server.url}")
            assert run.exit_code in (1, 2), run.stdout
            assert gateway.writes == []
            assert "Unexpected" not in run.stderr
            assert local.client.scan(TableName="orders")["Count"] == 1
