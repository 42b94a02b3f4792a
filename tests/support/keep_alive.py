"""A TCP server that keeps its connections open and answers request by request what a test says, byte for byte."""

from __future__ import annotations

import json
import socket
import ssl
import struct
import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from support.listener import Listener
from support.raw_server import read_request
from support.waiting import PATIENCE

RESET, CLOSE = "reset", "close"
"""What may follow an answer: the connection is reset, or closed in an orderly way."""


@dataclass(frozen=True)
class Said:
    """One answer: its bytes, in pieces with pauses where ``pieces`` is more than 1, and what happens after it."""

    data: bytes
    then: str = ""
    pieces: int = 1
    pause: float = 0.0


@dataclass(frozen=True)
class Asked:
    """One request: the number of its connection, the method and target, its headers in lower case, and its body."""

    connection: int
    line: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def operation(self) -> str:
        """The operation, empty for an unsigned GET."""
        return self.headers.get("x-amz-target", "").rpartition(".")[2]


Script = Callable[[Asked], Said]


def json_answer(content: Any, status: str = "200 OK", *headers: str, version: str = "1.1", crc: bool = True) -> bytes:
    """An answer as DynamoDB sends it, with its length and checksum."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    lines = [
        f"HTTP/{version} {status}",
        "Content-Type: application/x-amz-json-1.0",
        f"Content-Length: {len(body)}",
        *headers,
    ]
    if crc:
        lines.append(f"x-amz-crc32: {zlib.crc32(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def error(code: str, status: str = "400 Bad Request", *headers: str, message: str = "no") -> bytes:
    """An error as DynamoDB spells it."""
    return json_answer({"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": message}, status, *headers)


@dataclass
class KeepAlive:
    """``with KeepAlive(script) as server:``; the requests are in ``asked``, those of operations in ``signed``."""

    script: Script
    tls: ssl.SSLContext | None = None
    host: str = "127.0.0.1"
    tunnels: bool = False
    """Whether it is a proxy that answers CONNECT and then speaks TLS itself."""
    asked: list[Asked] = field(default_factory=list)
    closed: int = 0
    """How many connections this side has closed; the other side can see each of them by then."""

    def __post_init__(self) -> None:
        self._listener = Listener(self._talk, self.host)
        self.port = self._listener.port

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http{'s' if self.tls and not self.tunnels else ''}://{host}:{self.port}"

    @property
    def connections(self) -> int:
        """How many were accepted."""
        return self._listener.connections

    @property
    def signed(self) -> list[Asked]:
        """Requests that carry credentials."""
        return [each for each in self.asked if "authorization" in each.headers]

    def __enter__(self) -> Self:
        self._listener.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def _talk(self, connection: socket.socket, number: int) -> None:
        try:
            connection.settimeout(PATIENCE)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.tls is not None and not self.tunnels:
                connection = self.tls.wrap_socket(connection, server_side=True)
            while True:
                request = read_request(connection)
                if not request:
                    return
                asked = parsed(number, request)
                self.asked.append(asked)
                if asked.line.startswith("CONNECT") and self.tls is not None:
                    connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                    connection = self.tls.wrap_socket(connection, server_side=True)
                    continue
                said = self.script(asked)
                size = max(1, -(-len(said.data) // said.pieces))
                for start in range(0, len(said.data), size):
                    connection.sendall(said.data[start : start + size])
                    time.sleep(said.pause)
                if said.then == RESET:
                    # With a linger time of 0 the close sends RST in the place of FIN.
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                if said.then:
                    return
        except OSError:
            return
        finally:
            connection.close()
            self.closed += 1


def parsed(number: int, request: bytes) -> Asked:
    head, _, body = request.partition(b"\r\n\r\n")
    line, *rest = head.decode("iso-8859-1").split("\r\n")
    headers = {name.strip().lower(): value.strip() for name, _, value in (each.partition(":") for each in rest)}
    return Asked(number, line, headers, body)
