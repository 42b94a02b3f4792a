"""A TCP proxy that switches to another server, like a reopened port-forward or tunnel."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from typing import Self
from urllib.parse import urlsplit

from support.listener import Listener


class SwitchProxy:
    """``with SwitchProxy(first, second) as proxy:``; ``switch()`` now, or ``when`` a request is such a one.

    ``hard`` breaks every open connection. Otherwise they are closed once the request under way is answered, so that
    the client finds them closed and opens others, to the second server, without any error.
    """

    def __init__(self, first: str, second: str, *, hard: bool = True) -> None:
        self.upstreams, self.hard, self.switched = (first, second), hard, False
        self.when: Callable[[bytes], bool] = lambda _: False
        self._listener = Listener(self._talk)
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.port}"

    def __enter__(self) -> Self:
        self._listener.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        self._close_all()

    def switch(self) -> None:
        """From now on every connection leads to the second server."""
        with self._lock:
            self.switched = True
        if self.hard:
            self._close_all()

    def _close_all(self) -> None:
        with self._lock:
            for each in self._open:
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)

    def _talk(self, client: socket.socket, _: int) -> None:
        switched = self.switched
        parts = urlsplit(self.upstreams[switched])
        with client, contextlib.suppress(OSError), socket.create_connection((parts.hostname, parts.port)) as server:
            with self._lock:
                self._open |= {client, server}
            threading.Thread(target=self._answers, args=(server, client, switched), daemon=True).start()
            asked = b""
            while request := client.recv(1 << 20):
                # The head and the body of a request may come in two pieces.
                asked = request if request.startswith((b"POST ", b"GET ")) else asked + request
                if not self.switched and self.when(asked):
                    self.switch()
                server.sendall(request)
            with self._lock:
                self._open -= {client, server}

    def _answers(self, server: socket.socket, client: socket.socket, switched: bool) -> None:
        with contextlib.suppress(OSError):
            while answer := server.recv(1 << 20):
                client.sendall(answer)
                if self.switched != switched:
                    break
            client.shutdown(socket.SHUT_RDWR)
