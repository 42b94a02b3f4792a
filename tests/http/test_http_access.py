"""Who may change something: every changing route by token, Host, Origin, type and size, over a real socket."""

from __future__ import annotations

import itertools
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from support.captured_logs import capture_logs
from support.sample_reports import LOCAL, report, table
from support.waiting import PATIENCE
from support.web import ask

from reconciler.engine.loop_status import LoopStatus
from reconciler.http import Access, Control, HttpServer, bound_to_loopback, create_app, guard
from reconciler.http.access import host_name, same_secret
from reconciler.metrics import Metrics
from reconciler.model.identity import Flavor
from reconciler.runs import Job, Outcome, Run

TOKEN = "s3cret-token-of-the-tests"
ROUTES = (
    "/api/v1/migrations/run",
    "/api/v1/migrations/rollback",
    "/api/v1/seeders/run",
    "/api/v1/seeders/clear",
)


class Server:
    """A server whose orders are done at once and written down."""

    def __init__(self, access: Access, flavor: Flavor | None = Flavor.DYNAMODB_LOCAL) -> None:
        self.loop_status = LoopStatus("default")
        self.loop_status.endpoint = replace(LOCAL, flavor=flavor) if flavor else None
        self.jobs: list[Job] = []
        self.control = Control(self.loop_status, access)
        self.control.submit = self._submit
        metrics = Metrics(self.loop_status)
        self.http = HttpServer(create_app(self.loop_status, metrics, control=self.control), "127.0.0.1", 0)

    def _submit(self, job: Job) -> Run:
        self.jobs.append(job)
        run = Run("run-1", job)
        run.ended.set_result(Outcome(report(table())))
        return run

    def post(self, path: str = ROUTES[0], body: bytes | None = None, **headers: str):
        return ask(self.http.port, path, "POST", body, **{name.replace("_", "-"): v for name, v in headers.items()})

    def raw(self, text: bytes, seconds: float = 5.0) -> bytes:
        with socket.create_connection(("127.0.0.1", self.http.port), timeout=seconds) as connection:
            connection.sendall(text)
            return connection.recv(65536)


@contextmanager
def serving(access: Access, flavor: Flavor | None = Flavor.DYNAMODB_LOCAL) -> Iterator[Server]:
    server = Server(access, flavor)
    server.http.start()
    try:
        yield server
    finally:
        server.http.stop()


@pytest.fixture(scope="module")
def with_token() -> Iterator[Server]:
    with serving(Access(token=TOKEN, loopback=False), Flavor.AWS) as server:
        yield server


@pytest.fixture(scope="module")
def on_emulator() -> Iterator[Server]:
    with serving(Access()) as server:
        yield server


RIGHT = f"Bearer {TOKEN}"
TOKENS = {
    "no token": ([], 401),
    "a wrong one": (["Bearer wrong"], 401),
    "a prefix of it": ([RIGHT[:-1]], 401),
    "it and one more": ([RIGHT + "x"], 401),
    "an empty one": (["Bearer "], 401),
    "no scheme": ([TOKEN], 401),
    "another scheme": ([f"Basic {TOKEN}"], 401),
    "two headers, both right": ([RIGHT, RIGHT], 401),
    "two headers, one right": (["Bearer wrong", RIGHT], 401),
    "another case": ([RIGHT.upper()], 401),
    "trailing words": ([RIGHT + " more"], 401),
    "bytes that are no text": (["Bearer \xff\xfe"], 401),
    "the right one": ([RIGHT], 200),
    "the right one, scheme in small letters": ([f"bearer {TOKEN}"], 200),
}


@pytest.mark.parametrize(("route", "case"), list(itertools.product(ROUTES, TOKENS)))
def test_with_a_token_set_only_the_right_one_lets_in(with_token, route, case):
    given, status = TOKENS[case]
    with_token.jobs.clear()
    lines = [f"POST {route} HTTP/1.1", "Host: localhost", "Content-Length: 0", "Connection: close"]
    lines += [f"Authorization: {value}" for value in given]
    answer = with_token.raw("\r\n".join([*lines, "", ""]).encode("latin-1"))
    assert answer.startswith(f"HTTP/1.1 {status}".encode())
    assert bool(with_token.jobs) == (status == 200)
    if status == 401:
        assert b"www-authenticate: bearer" in answer.lower()
        assert b"application/problem+json" in answer
    assert TOKEN.encode() not in answer


JSON = {"Content_Type": "application/json"}
FORM = {"Content_Type": "application/x-www-form-urlencoded"}
LARGE = b'{"tables": []' + b" " * (64 * 1024) + b"}"
REQUESTS = {
    "an empty body without a type": ({}, None, 200),
    "an empty body with another type": (FORM, b"", 200),
    "a body of the right type": (JSON, b"{}", 200),
    "with a charset": ({"Content_Type": "application/json; charset=utf-8"}, b"{}", 200),
    "a body without a type": ({}, b"{}", 415),
    "a form": (FORM, b"a=b", 415),
    "plain text": ({"Content_Type": "text/plain"}, b"{}", 415),
    "a type that begins alike": ({"Content_Type": "application/jsonp"}, b"{}", 415),
    "a compressed body": ({**JSON, "Content_Encoding": "gzip"}, b"{}", 415),
    "a body of 64 KiB and more": (JSON, LARGE, 413),
    "the largest body": (JSON, LARGE[:13] + b" " * (64 * 1024 - 14) + b"}", 200),
    "the allowed Host with a port": ({"Host": "localhost:8002"}, None, 200),
    "the allowed Host in capitals": ({"Host": "LOCALHOST"}, None, 200),
    "IPv6": ({"Host": "[::1]:8002"}, None, 200),
    "a foreign Host": ({"Host": "evil.example"}, None, 403),
    "a Host that begins like ours": ({"Host": "localhost.evil.example"}, None, 403),
    "a Host that ends like ours": ({"Host": "evil-localhost"}, None, 403),
    "an empty Host": ({"Host": ""}, None, 403),
    "a Host with a user": ({"Host": "localhost@evil.example"}, None, 403),
    "a Host with a path": ({"Host": "localhost/evil"}, None, 403),
    "a foreign Origin": ({"Origin": "https://evil.example"}, None, 403),
    "an opaque Origin": ({"Origin": "null"}, None, 403),
    "an Origin on another port": ({"Host": "localhost:8002", "Origin": "http://localhost:3000"}, None, 403),
    "our own Origin": ({"Host": "localhost:8002", "Origin": "http://localhost:8002"}, None, 200),
    "our own Origin through a TLS proxy": ({"Host": "localhost", "Origin": "https://localhost"}, None, 200),
    "a browser's word that the page is foreign": ({"Sec_Fetch_Site": "cross-site"}, None, 403),
    "a browser's word that it is a neighbour": ({"Sec_Fetch_Site": "same-site"}, None, 403),
    "a browser's word that it is ours": ({"Sec_Fetch_Site": "same-origin"}, None, 200),
    "forwarded headers change nothing": ({"Host": "evil.example", "X_Forwarded_Host": "localhost"}, None, 403),
}


@pytest.mark.parametrize(("route", "case"), list(itertools.product(ROUTES, REQUESTS)))
def test_host_origin_type_and_size_are_checked_on_every_changing_route(on_emulator, route, case):
    headers, body, status = REQUESTS[case]
    on_emulator.jobs.clear()
    answer = on_emulator.post(route, body, **headers)
    assert answer.status == status, answer.text
    assert len(on_emulator.jobs) == (status == 200)
    if status != 200:
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.json["request_id"] == answer.headers["X-Request-ID"]


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_no_other_method_changes_anything(on_emulator, route, method):
    on_emulator.jobs.clear()
    assert ask(on_emulator.http.port, route, method).status == 405
    assert not on_emulator.jobs


@pytest.mark.parametrize("ending", ["/", "%0A", "%0a?wait=false", "%20", ";x", "/.", "%00"])
def test_no_spelling_of_a_path_bypasses_the_guard(with_token, ending):
    with_token.jobs.clear()
    assert with_token.post(ROUTES[0] + ending).status in (401, 404)
    assert not with_token.jobs


EMULATOR, AWS, OTHER = Flavor.MOTO, Flavor.AWS, Flavor.OTHER
PLACES = {
    "auto on loopback beside an emulator": (Access(), EMULATOR, 200),
    "auto on loopback beside AWS": (Access(), AWS, 403),
    "auto on loopback beside something unknown": (Access(), OTHER, 403),
    "auto on every address beside an emulator": (Access(loopback=False), EMULATOR, 403),
    "auto before the endpoint has answered": (Access(), None, 503),
    "auto with a token, none sent": (Access(token=TOKEN), EMULATOR, 401),
    "token without one set": (Access(auth="token"), EMULATOR, 403),
    "none on every address beside an emulator": (Access(auth="none", loopback=False), EMULATOR, 200),
    "none beside AWS": (Access(auth="none"), AWS, 403),
    "none beside AWS with a token set": (Access(auth="none", token=TOKEN), AWS, 403),
    "none beside something unknown": (Access(auth="none"), OTHER, 403),
    "none before the endpoint has answered": (Access(auth="none"), None, 503),
    "another Host that is allowed": (Access(hosts=("127.0.0.1", "db.internal")), EMULATOR, 200),
    "loopback names that are not allowed": (Access(hosts=("db.internal",)), EMULATOR, 403),
}


@pytest.mark.parametrize("case", PLACES)
def test_without_a_token_the_bind_address_decides(case):
    access, flavor, status = PLACES[case]
    with serving(access, flavor) as server:
        answer = server.post()
        assert answer.status == status, answer.text
        assert len(server.jobs) == (status == 200)
        if status == 403 and "Host" not in answer.json["detail"]:
            assert "RECONCILER_API_TOKEN" in answer.json["detail"]


def test_the_token_is_in_no_log_line_and_in_no_representation(with_token):
    with capture_logs() as lines:
        with_token.post(Authorization=RIGHT)
        with_token.post(Authorization=f"Bearer {TOKEN}x")
    assert TOKEN not in str(lines)
    assert TOKEN not in repr(with_token.control.access)


def test_a_body_of_a_gibibyte_is_refused_before_it_is_sent(on_emulator):
    head = f"POST {ROUTES[0]} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    answer = on_emulator.raw((head + f"Content-Length: {1 << 30}\r\n\r\n").encode())
    assert answer.startswith(b"HTTP/1.1 413")


def test_chunks_without_end_are_cut_off_at_64_kib(on_emulator):
    head = f"POST {ROUTES[0]} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    chunk = b"1000\r\n" + b" " * 4096 + b"\r\n"
    with socket.create_connection(("127.0.0.1", on_emulator.http.port), timeout=PATIENCE) as raw:
        raw.sendall((head + "Transfer-Encoding: chunked\r\n\r\n").encode())
        with pytest.raises(ConnectionError):
            raw.sendall(chunk * 100_000)
    assert on_emulator.post().status == 200


def test_a_slow_body_times_out(on_emulator, monkeypatch):
    monkeypatch.setattr(guard, "BODY_SECONDS", 0.2)
    head = (
        f"POST {ROUTES[0]} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n"
    )
    began = time.monotonic()
    assert on_emulator.raw(head.encode() + b"{").startswith(b"HTTP/1.1 408")
    assert time.monotonic() - began < 3


def test_many_slow_senders_do_not_keep_others_from_being_served(on_emulator):
    head = (
        f"POST {ROUTES[0]} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n"
    )
    slow = [socket.create_connection(("127.0.0.1", on_emulator.http.port), timeout=PATIENCE) for _ in range(100)]
    try:
        for connection in slow:
            connection.sendall(head.encode())
        assert ask(on_emulator.http.port, "/livez").status == 200
        assert on_emulator.post().status == 200
    finally:
        for connection in slow:
            connection.close()


def test_two_content_lengths_are_refused(on_emulator):
    head = f"POST {ROUTES[0]} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nContent-Length: 4\r\n\r\n{{}}{{}}"
    assert on_emulator.raw(head.encode()).startswith(b"HTTP/1.1 400")


@pytest.mark.parametrize("route", ["/livez", "/readyz", "/metrics", "/api/v1/status", "/api/v1/runs", "/docs", "/"])
def test_reads_are_open_under_any_host_and_without_a_token(with_token, route):
    answer = ask(with_token.http.port, route, Host="prometheus.internal", Origin="https://evil.example")
    assert answer.status in (200, 503)
    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize(
    ("host", "is_loopback"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("no.such.host.invalid", False),
    ],
)
def test_what_is_bound_to_loopback(host, is_loopback):
    assert bound_to_loopback(host) is is_loopback


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("localhost", "localhost"),
        ("Localhost.:80", "localhost"),
        ("[::1]", "::1"),
        ("", None),
        ("localhost:99999999", None),
        ("localhost:x", None),
        ("[::1", None),
        ("a@localhost", None),
        ("localhost#x", None),
        ("localhost?x", None),
        ("localhost\\x", "localhost\\x"),
    ],
)
def test_the_name_in_a_host_header(header, name):
    assert host_name(header) == name


@pytest.mark.parametrize(
    ("given", "wanted", "same"),
    [
        ("a", "a", True),
        ("", "", False),
        ("", "a", False),
        ("a", "", False),
        ("ä", "a", False),
        ("a" * 9999, "a", False),
    ],
)
def test_an_empty_secret_is_never_right(given, wanted, same):
    assert same_secret(given, wanted) is same
