"""At the connection limit slow senders are dropped for new clients; a client waiting for an answer is kept."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from support.bundled_daemon import until
from support.sample_reports import LOCAL, report, table
from support.waiting import PATIENCE
from support.web import ask

from reconciler.engine.loop_status import LoopStatus
from reconciler.http import Control, HttpServer, create_app, server
from reconciler.metrics import Metrics
from reconciler.runs import Job, Outcome, Run

CAP = 64
ROUTE = "/api/v1/migrations/run"
POST = f"POST {ROUTE} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


class Crowded:
    """A server of few connections; ``runs`` wait until the test ends them."""

    def __init__(self) -> None:
        board = LoopStatus("default")
        board.endpoint = LOCAL
        self.runs: list[Run] = []
        control = Control(board)
        control.submit = self._submit
        self.http = HttpServer(create_app(board, Metrics(board), control=control), "127.0.0.1", 0)

    def _submit(self, order: Job) -> Run:
        self.runs.append(Run(f"run-{len(self.runs)}", order))
        return self.runs[-1]

    def open(self, stack: ExitStack, text: str) -> socket.socket:
        made = stack.enter_context(socket.create_connection(("127.0.0.1", self.http.port), timeout=PATIENCE))
        made.sendall(text.encode())
        return made

    @property
    def connected(self) -> int:
        return len(self.http._server.server_state.connections)


@pytest.fixture
def crowded(monkeypatch: pytest.MonkeyPatch) -> Iterator[Crowded]:
    monkeypatch.setattr(server, "MOST_CONNECTIONS", CAP)
    made = Crowded()
    made.http.start()
    yield made
    made.http.stop()


def cut_off(connection: socket.socket) -> bool:
    """Whether the server ends it, one way or the other, within the time of the socket."""
    with contextlib.suppress(ConnectionResetError):
        while connection.recv(65536):
            pass
    return True


SLOW = {
    "nothing": "",
    "half of a request line": "GET /liv",
    "half of the headers": "GET /livez HTTP/1.1\r\nHost: local",
    "half of a body": f"{POST}Content-Length: 99\r\n\r\n{{",
    "half of a chunk": f"{POST}Transfer-Encoding: chunked\r\n\r\nff\r\n{{",
    "half of a body that nobody wants": "POST /livez HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n\r\n{",
    "a whole request and no other": "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n",
}


@pytest.mark.parametrize("text", SLOW.values(), ids=list(SLOW))
def test_new_clients_are_served_next_to_three_times_as_many_slow_ones(crowded: Crowded, text: str) -> None:
    with ExitStack() as stack:
        for _ in range(CAP * 3):
            crowded.open(stack, text)
            assert crowded.connected <= CAP
        for path in ("/livez", "/readyz", "/metrics", "/"):
            assert ask(crowded.http.port, path).status in (200, 503), path
        assert ask(crowded.http.port, "/livez").status == 200
        assert ask(crowded.http.port, f"{ROUTE}?wait=false", "POST").status == 202
        assert crowded.connected <= CAP


def test_the_longest_waiting_connection_is_dropped_first(crowded: Crowded) -> None:
    with ExitStack() as stack:
        slow = [crowded.open(stack, SLOW["half of the headers"]) for _ in range(CAP - 1)]
        assert ask(crowded.http.port, "/livez").status == 200
        assert cut_off(slow[0])
        slow[1].sendall(b"host\r\n\r\n")
        assert slow[1].recv(100).startswith(b"HTTP/1.1 200")


def test_no_client_waiting_for_an_answer_is_disconnected(crowded: Crowded) -> None:
    with ExitStack() as stack:
        waiting = [crowded.open(stack, f"{POST}Content-Length: 2\r\n\r\n{{}}") for _ in range(CAP - 1)]
        until(lambda: len(crowded.runs) == CAP - 1)
        for _ in range(CAP):
            crowded.open(stack, SLOW["half of the headers"])
        assert ask(crowded.http.port, "/livez").status == 503
        for run in crowded.runs:
            run.ended.set_result(Outcome(report(table())))
        for connection in waiting:
            assert connection.recv(100).startswith(b"HTTP/1.1 200")
        assert ask(crowded.http.port, "/livez").status == 200


@pytest.mark.parametrize("head", ["POST /livez", "POST /nothing", "PUT /api/v1/runs"])
def test_the_rest_of_a_refused_request_is_not_read(crowded: Crowded, head: str) -> None:
    with ExitStack() as stack:
        connection = crowded.open(stack, f"{head} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {1 << 30}\r\n\r\n{{")
        assert connection.recv(100).startswith(b"HTTP/1.1 4")
        assert cut_off(connection)
