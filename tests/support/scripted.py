"""A small HTTP server with scripted answers, byte for byte."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple, Self

from support.waiting import PATIENCE


class Canned(NamedTuple):
    """An answer: status, body, and headers other than Content-Length."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


RESET = Canned(0, b"")
"""Not an answer: the connection is reset after the request was read."""
HANG = Canned(-1, b"")
"""Not an answer: the connection stays open and silent until the server stops."""

Script = Callable[[str, str], Canned]
"""(method and path, operation or "") to the answer."""


def answer(body: Any, status: int = 200) -> Canned:
    return Canned(status, json.dumps(body).encode())


def refusal(code: str, status: int = 400, **members: Any) -> Canned:
    """An error as DynamoDB spells it."""
    return answer({"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": "no", **members}, status)


class ScriptedServer:
    """``with ScriptedServer(script) as server:``; what was asked is in ``seen``, by whom in ``authorizations``."""

    def __init__(self, script: Script | Canned) -> None:
        self.script: Script = script if not isinstance(script, Canned) else lambda *_: script
        self.seen: list[str] = []
        self.authorizations: list[str] = []
        self.over = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.scripted = self

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    scripted: ScriptedServer


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        target = self.headers.get("X-Amz-Target", "").rsplit(".", 1)[-1]
        request = f"{self.command} {self.path}"
        scripted = self.server.scripted
        scripted.seen.append(target or request)
        scripted.authorizations.append(self.headers.get("Authorization", ""))
        reply = scripted.script(request, target)
        if reply is HANG:
            scripted.over.wait(PATIENCE)
        elif reply is RESET:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
        else:
            self._send(reply)

    def _send(self, reply: Canned) -> None:
        self.send_response_only(reply.status)
        for name, value in reply.headers:
            self.send_header(name, value)
        if "Content-Length" not in dict(reply.headers):
            self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)

    def finish(self) -> None:
        if not self.wfile.closed:
            try:
                super().finish()
            except OSError:
                self.close_connection = True

    do_GET = do_POST = _answer  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:
        """Nothing on standard error."""
