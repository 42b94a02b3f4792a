"""The daemon on this machine is asked only where it would do what the command would do."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from support.reports import LOCAL

from reconciler.local_daemon import LocalDaemon, NotAsked
from reconciler.model.identity import Flavor

ENDPOINT = {"url": LOCAL.url, "region": LOCAL.region, "account": LOCAL.account, "flavor": LOCAL.flavor.value}
STATUS = {"stack": "shop", "environment": "default", "leader": True, "report": {"endpoint": ENDPOINT}}
SEEDERS = {"seeders": [{"table": "users", "digest": "d1"}]}


class Fake:
    """A server with prepared answers, and the requests that it got."""

    def __init__(
        self, status: Any = STATUS, seeders: Any = SEEDERS, answer: tuple[int, Any] = (200, {"success": True})
    ):
        self.got: list[tuple[str, str, str | None]] = []
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer(200, {"data": status if self.path == "/api/v1/status" else seeders})

            def do_POST(self) -> None:
                self._answer(*answer)

            def _answer(self, code: int, content: Any) -> None:
                fake.got.append((self.command, self.path, self.headers.get("Authorization")))
                body = json.dumps(content).encode() if not isinstance(content, bytes) else content
                self.send_response(code)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Quiet."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def daemon(self, **given: Any) -> LocalDaemon:
        members = {"host": "0.0.0.0", "port": self.server.server_port, "stack": "shop", "environment": "default"}
        return LocalDaemon(**{**members, "endpoint": LOCAL, **given})


@pytest.fixture
def fakes() -> Iterator[list[Fake]]:
    made: list[Fake] = []
    yield made
    for each in made:
        each.server.shutdown()
        each.server.server_close()


def fake(fakes: list[Fake], **given: Any) -> Fake:
    fakes.append(Fake(**given))
    return fakes[-1]


def test_it_seeds_with_the_token(fakes: list[Fake]) -> None:
    server = fake(fakes)
    assert server.daemon(token="t0ken").seed({"users": "d1"}) == {"success": True}
    assert server.got[-1] == ("POST", "/api/v1/seeders/run?seeder_names=users", "Bearer t0ken")
    assert [token for _, _, token in server.got[:-1]] == [None, None], "reading needs no token"


def endpoint(**members: Any) -> dict[str, Any]:
    return {**STATUS, "report": {"endpoint": {**ENDPOINT, **members}}}


OTHERS = {
    "another stack": ({"status": {**STATUS, "stack": "other"}}, "has another stack, environment or endpoint"),
    "another environment": ({"status": {**STATUS, "environment": "prod"}}, "has another stack"),
    "another account": ({"status": endpoint(account="123456789012")}, "has another stack"),
    "another region": ({"status": endpoint(region="eu-west-1")}, "has another stack"),
    "another emulator": ({"status": endpoint(url="http://localhost:8001")}, "has another stack"),
    "no report yet": ({"status": {**STATUS, "report": None}}, "is starting: no pass has ended yet"),
    "it waits": ({"status": {**STATUS, "report": None, "reason": "waiting for the endpoint"}}, "starting: waiting for"),
    "another one starts": ({"status": {**STATUS, "report": None, "stack": "other"}}, "has another stack"),
    "it does not lead": ({"status": {**STATUS, "leader": False}}, "does not hold the lease either"),
    "other items in the seed": ({"seeders": {"seeders": [{"table": "users", "digest": "d2"}]}}, "other seeds"),
    "it knows no such seed": ({"seeders": {"seeders": []}}, "has read other seeds than this command"),
    "another server": ({"status": "hello"}, "is no daemon of this tool"),
}


@pytest.mark.parametrize("what", OTHERS)
def test_it_is_not_asked_to_seed(what: str, fakes: list[Fake]) -> None:
    given, why = OTHERS[what]
    server = fake(fakes, **given)
    with pytest.raises(NotAsked, match=why):
        server.daemon().seed({"users": "d1"})
    assert [method for method, _, _ in server.got if method == "POST"] == []


def test_a_refusal_names_its_reason(fakes: list[Fake]) -> None:
    server = fake(fakes, answer=(401, {"detail": "The bearer token is missing or wrong."}))
    with pytest.raises(NotAsked, match=r"refused: The bearer token is missing or wrong\."):
        server.daemon().seed({"users": "d1"})


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]"])
def test_what_is_no_answer_of_the_daemon(body: bytes, fakes: list[Fake]) -> None:
    server = fake(fakes, answer=(200, body))
    with pytest.raises(NotAsked):
        server.daemon().seed({"users": "d1"})


def test_on_aws_the_url_does_not_count(fakes: list[Fake]) -> None:
    aws = replace(LOCAL, flavor=Flavor.AWS, url="https://dynamodb.us-east-1.amazonaws.com")
    server = fake(fakes, status=endpoint(flavor="aws", url="https://123.ddb.us-east-1.amazonaws.com"))
    assert server.daemon(endpoint=aws).status()["leader"] is True


def test_no_daemon(fakes: list[Fake]) -> None:
    server = fake(fakes)
    port = server.server.server_port
    server.server.shutdown()
    server.server.server_close()
    with pytest.raises(NotAsked, match=f"no daemon answers at http://127.0.0.1:{port}"):
        LocalDaemon("127.0.0.1", port, "shop", "default", LOCAL).status()


@pytest.mark.parametrize("clear", [True, False])
def test_without_a_seed_of_its_own_a_command_asks_for_nothing(fakes: list[Fake], clear: bool) -> None:
    server = fake(fakes)
    with pytest.raises(NotAsked, match="no seed is declared"):
        server.daemon(token="t0ken").seed({}, clear=clear)
    assert server.got == []


def test_clearing_has_its_own_route(fakes: list[Fake]) -> None:
    server = fake(fakes)
    assert server.daemon(token="t0ken").seed({"users": "d1"}, clear=True) == {"success": True}
    assert server.got[-1] == ("POST", "/api/v1/seeders/clear?seeder_names=users", "Bearer t0ken")
