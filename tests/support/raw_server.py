"""A TCP server that answers with raw bytes; for peers that do not speak proper HTTP."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterable
from typing import Self

from support.listener import Listener
from support.waiting import PATIENCE

Answer = Callable[[bytes], Iterable[bytes]]
"""The request as it came (empty for a banner) to the pieces of the answer."""


class RawServer:
    """``with RawServer(answer) as server:``; the requests are in ``requests``, of TLS connections as they are inside.

    ``banner`` is sent before anything is read. A connection that was answered is closed, after the last piece.
    """

    def __init__(self, answer: Answer, *, banner: bytes = b"", tls: ssl.SSLContext | None = None) -> None:
        self.answer, self.banner, self.tls = answer, banner, tls
        self.requests: list[bytes] = []
        self.over = threading.Event()
        self._listener = Listener(self._talk)

    @property
    def port(self) -> int:
        return self._listener.port

    @property
    def url(self) -> str:
        return f"http{'s' if self.tls else ''}://127.0.0.1:{self.port}"

    @property
    def signed(self) -> list[bytes]:
        """The requests that carry credentials."""
        return [request for request in self.requests if b"\r\nauthorization:" in request.lower()]

    def __enter__(self) -> Self:
        self._listener.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self._listener.close()

    def _talk(self, connection: socket.socket, _: int) -> None:
        with connection:
            try:
                connection.settimeout(PATIENCE)
                if self.tls is not None:
                    connection = self.tls.wrap_socket(connection, server_side=True)
                if self.banner:
                    connection.sendall(self.banner)
                request = read_request(connection)
                if not request:
                    return
                self.requests.append(request)
                for piece in self.answer(request):
                    connection.sendall(piece)
                connection.shutdown(socket.SHUT_WR)
                connection.settimeout(1)
                while connection.recv(65536):
                    pass
            except OSError:
                return


def read_request(connection: socket.socket) -> bytes:
    """One HTTP request with its body, or whatever comes before the end, or the first bytes that are no HTTP."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        data += piece
        if not piece or not data[:1].isalpha():
            return data
    head, _, body = data.partition(b"\r\n\r\n")
    lengths = [line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    missing = int(lengths[0]) - len(body) if lengths else 0
    while missing > 0:
        piece = connection.recv(65536)
        if not piece:
            break
        data, missing = data + piece, missing - len(piece)
    return data


def http(status: str, body: bytes = b"", *headers: str, length: int | None = None) -> bytes:
    """An HTTP/1.1 answer that closes the connection."""
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}", "Connection: close"]
    return "\r\n".join([*head, *headers, "", ""]).encode() + body
