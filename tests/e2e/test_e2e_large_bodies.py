"""Bodies of a gibibyte and crowds of slow senders do the daemon no harm: its memory stays flat, and it answers."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import resource
import select
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support.bundled_daemon import Daemon, ready, running, until
from support.endpoints import MotoServer
from support.waiting import PATIENCE

from reconciler.http.server import MAX_CONNECTIONS

GIBIBYTE = 1 << 30
PIECE = b" " * (1 << 16)
CHUNK = b"10000\r\n" + PIECE + b"\r\n"
UNREAD = 64 << 20
"""Bytes that the buffers of both kernels may swallow of a body that nobody reads."""
GROWTH = 30 << 20
AT_ONCE = 8
BYTES_EACH = 64 << 10
"""That a connection may cost while its request is waited for."""
CROWD = MAX_CONNECTIONS + 300
JSON = "POST /api/v1/migrations/run HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
FORM = "POST /confirm/run HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\n"
FORM += "Content-Type: application/x-www-form-urlencoded\r\n"
OTHER = "POST /livez HTTP/1.1\r\nHost: localhost\r\n"
CLAIM, CHUNKED = f"Content-Length: {GIBIBYTE}\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n"
BODIES = {
    "a claimed length": (JSON + CLAIM, PIECE, 413),
    "chunks": (JSON + CHUNKED, CHUNK, 413),
    "a form of a claimed length": (FORM + CLAIM, PIECE, 413),
    "a form in chunks": (FORM + CHUNKED, CHUNK, 413),
    "a claimed length where no body is read": (OTHER + CLAIM, PIECE, 405),
    "chunks where no body is read": (OTHER + CHUNKED, CHUNK, 405),
}


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    with MotoServer() as server:
        server.restart()
        with running(tmp_path_factory.mktemp("large"), server.url, RECONCILER_INTERVAL="1h") as started:
            until(lambda: ready(started), daemon=started)
            yield started
        server.restart()


def memory(daemon: Daemon, member: str = "VmHWM") -> int:
    """Bytes resident in the process: the most there ever were, or (``VmRSS``) now."""
    status = Path(f"/proc/{daemon.process.pid}/status")
    if not status.exists():
        reason = "this system tells no process's memory in /proc"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    (line,) = (line for line in status.read_text().splitlines() if line.startswith(f"{member}:"))
    return int(line.split()[1]) * 1024


def send(daemon: Daemon, head: str, piece: bytes) -> tuple[int, bytes]:
    """Send a gibibyte, or as much of it as the daemon lets; how much it was, and the answer."""
    sent, answer = 0, b""
    with socket.create_connection(("127.0.0.1", daemon.port), timeout=PATIENCE) as connection:
        connection.sendall(head.encode())
        with contextlib.suppress(ConnectionError):
            while sent < GIBIBYTE and not select.select([connection], [], [], 0)[0]:
                connection.sendall(piece)
                sent += len(piece)
        with contextlib.suppress(ConnectionError):
            while some := connection.recv(65536):
                answer += some
    return sent, answer


@pytest.mark.parametrize("case", BODIES)
def test_a_gibibyte_is_refused_early_without_using_memory(daemon: Daemon, case: str) -> None:
    head, piece, status = BODIES[case]
    send(daemon, head, piece)
    before = memory(daemon)
    with ThreadPoolExecutor(AT_ONCE) as threads:
        ended = list(threads.map(lambda _: send(daemon, head, piece), range(AT_ONCE * 2)))
    for sent, answer in ended:
        assert answer.startswith(f"HTTP/1.1 {status} ".encode()), answer
        assert sent < UNREAD
        assert json.loads(answer.partition(b"\r\n\r\n")[2])["status"] == status
    assert memory(daemon) - before < GROWTH
    assert daemon.get("/livez")[0] == 200
    assert daemon.post("migrations/run", {"dry_run": True})[0] == 200


def patiently(daemon: Daemon, path: str) -> int:
    """The status of one request, however long it takes."""
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", daemon.port, timeout=PATIENCE)) as connection:
        connection.request("GET", path)
        return connection.getresponse().status


SLOW = {
    "headers": "GET /livez HTTP/1.1\r\nHost: local",
    "bodies": f"{JSON}Content-Length: 65536\r\n\r\n{{",
}


@pytest.mark.parametrize("case", SLOW)
def test_slow_senders_above_the_limit_do_not_block_other_clients(daemon: Daemon, case: str) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY:
        wanted = max(soft, CROWD + 256)
        resource.setrlimit(
            resource.RLIMIT_NOFILE, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard)
        )
    with contextlib.ExitStack() as stack:
        stack.callback(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        before = memory(daemon)
        for _ in range(CROWD):
            slow = stack.enter_context(socket.create_connection(("127.0.0.1", daemon.port), timeout=PATIENCE))
            slow.sendall(SLOW[case].encode())
        assert [patiently(daemon, path) for path in ("/livez", "/metrics", "/api/v1/status")] == [200] * 3
        assert daemon.post("migrations/run", {"dry_run": True})[0] == 200
        assert len(list(Path(f"/proc/{daemon.process.pid}/fd").iterdir())) < MAX_CONNECTIONS + 256
        assert memory(daemon) - before < CROWD * BYTES_EACH
    until(lambda: daemon.get("/readyz")[0] == 200, daemon=daemon)
