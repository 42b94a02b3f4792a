"""The limit: a client that sends prepared, signed bytes over 16 kept connections and parses nothing.

It shows what the server itself can do. Requests are signed once with botocore; DynamoDB Local does not check how old a
signature is. Of a response the client looks at the status and the length, to know where it ends.
"""

from __future__ import annotations

import json
import select
import socket
import time
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from benchmarks.harness import BenchmarkError

CONNECTIONS = 16
REGION = "us-east-1"
TIMEOUT = 120.0
END_OF_HEAD = b"\r\n\r\n"
LENGTH = b"\r\nContent-Length: "
"""As Jetty and the canned server write it."""


def prepared(url: str, operation: str, body: dict[str, Any]) -> bytes:
    """The bytes of one signed request."""
    data = json.dumps(body, separators=(",", ":")).encode()
    headers = {"X-Amz-Target": f"DynamoDB_20120810.{operation}", "Content-Type": "application/x-amz-json-1.0"}
    request = AWSRequest("POST", url, headers, data)
    SigV4Auth(Credentials("local", "local"), "dynamodb", REGION).add_auth(request)
    lines = [b"POST / HTTP/1.1", b"Host: " + urlsplit(url).netloc.encode()]
    for name, value in request.prepare().headers.items():
        lines.append(f"{name}: ".encode() + (value if isinstance(value, bytes) else str(value).encode()))
    return b"\r\n".join(lines) + END_OF_HEAD + data


class RawClient:
    """``with RawClient(url) as raw:`` connections are opened once and kept."""

    def __init__(self, url: str, connections: int = CONNECTIONS) -> None:
        self.url = url
        self._place = (str(urlsplit(url).hostname), urlsplit(url).port or 80)
        self._connections = connections
        self._sockets: dict[int, socket.socket] = {}

    def __enter__(self) -> RawClient:
        return self

    def __exit__(self, *_: object) -> None:
        for connection in self._sockets.values():
            connection.close()
        self._sockets.clear()

    def prepared(self, operation: str, bodies: Iterable[dict[str, Any]]) -> list[bytes]:
        """The requests of one operation, ready to be sent."""
        return [prepared(self.url, operation, body) for body in bodies]

    def send(self, requests: Sequence[bytes], *, refused: tuple[str, ...] = ()) -> float:
        """Send all requests, one at a time on each connection, and return the seconds that took.

        Args:
            requests: what ``prepared`` returned.
            refused: error codes that count as success, such as that of a table that is already gone.

        Raises:
            BenchmarkError: a response is neither 200 nor one of ``refused``.
        """
        sockets = self._opened(min(self._connections, len(requests)))
        waiting = iter(requests)
        received = dict.fromkeys(sockets, b"")
        poll = select.poll()
        began = time.perf_counter()
        for number, connection in sockets.items():
            poll.register(number, select.POLLIN)
            connection.sendall(next(waiting))
        left = len(requests)
        while left:
            ready = poll.poll(TIMEOUT * 1000)
            if not ready:
                raise BenchmarkError(f"no response from {self.url} within {TIMEOUT:.0f} s")
            for number, _ in ready:
                piece = sockets[number].recv(262144)
                if not piece:
                    raise BenchmarkError(f"{self.url} closed a connection with {left} responses left")
                data = received[number] + piece if received[number] else piece
                if not _whole(data):
                    received[number] = data
                    continue
                received[number] = b""
                left -= 1
                if data[9:12] != b"200":
                    _check(data, refused)
                if (request := next(waiting, None)) is not None:
                    sockets[number].sendall(request)
        return time.perf_counter() - began

    def response(self, request: bytes) -> bytes:
        """The bytes of the response to one request."""
        connection = next(iter(self._opened(1).values()))
        connection.sendall(request)
        data = b""
        while not _whole(data):
            piece = connection.recv(262144)
            if not piece:
                raise BenchmarkError(f"{self.url} closed a connection")
            data += piece
        return data

    def _opened(self, count: int) -> dict[int, socket.socket]:
        # The server closes connections that were idle for a while, as they are while others are measured.
        for number, connection in list(self._sockets.items()):
            if select.select([connection], [], [], 0)[0]:
                del self._sockets[number]
                connection.close()
        while len(self._sockets) < count:
            connection = socket.create_connection(self._place, timeout=TIMEOUT)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._sockets[connection.fileno()] = connection
        return dict(list(self._sockets.items())[:count])


def _whole(data: bytes) -> bool:
    end = data.find(END_OF_HEAD)
    if end < 0:
        return False
    start = data.find(LENGTH, 0, end)
    if start < 0:
        raise BenchmarkError("a response has no Content-Length")
    start += len(LENGTH)
    return len(data) >= end + len(END_OF_HEAD) + int(data[start : data.index(b"\r", start)])


def _check(data: bytes, refused: tuple[str, ...]) -> None:
    if not any(code.encode() in data for code in refused):
        raise BenchmarkError(f"the raw client was refused: {data[-300:].decode(errors='replace')}")
