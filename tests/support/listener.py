"""A listening socket with a thread that accepts, for servers that tests write byte by byte.

To close a socket does not wake a thread that waits in its ``accept``. The kernel may restart that call later with
the same file descriptor, which by then belongs to another server: its connections would be accepted here.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable


class Listener:
    """From ``start`` to ``close`` it calls ``talk`` with each connection and its number, in a thread of its own."""

    def __init__(self, talk: Callable[[socket.socket, int], None], host: str = "127.0.0.1") -> None:
        self._talk = talk
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._socket = socket.create_server(
            (host, 0), backlog=128, family=socket.AF_INET6 if ":" in host else socket.AF_INET
        )
        self._host = host
        self.connections = 0
        self.port: int = self._socket.getsockname()[1]

    def start(self) -> None:
        """Accept from now on."""
        self._thread.start()

    def close(self) -> None:
        """Accept no more, and free the port. Connections that are open stay open."""
        self._over.set()
        if self._thread.is_alive():
            socket.create_connection((self._host, self.port)).close()
            self._thread.join()
        self._socket.close()

    def _accept(self) -> None:
        while True:
            connection, _ = self._socket.accept()
            if self._over.is_set():
                connection.close()
                return
            self.connections += 1
            threading.Thread(target=self._talk, args=(connection, self.connections), daemon=True).start()
