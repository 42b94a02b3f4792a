"""Runs the app in a background thread beside the loop. The daemon starts it first and stops it last."""

from __future__ import annotations

import errno
import socket
import threading
import time

import uvicorn
from fastapi import FastAPI

from reconciler.http.protocol import HeaderTimeoutProtocol
from reconciler.model.errors import ReconcilerError, SettingsError

START_SECONDS = 10.0
STOP_SECONDS = 3
MAX_CONNECTIONS = 1200
"""Beyond it the slowest sender is disconnected, or the newcomer if all wait for a response. A thousand callers may wait
for one pass; probes and scrapers need a few."""
OTHER_FILES = 256
"""Open files that the rest of the process may need."""
IDLE_SECONDS = 5
MAX_HEADER_BYTES = 16 * 1024


class HttpServer:
    """One listening socket. ``port`` is the chosen port when 0 was given."""

    def __init__(self, app: FastAPI, host: str, port: int) -> None:
        self.host = host
        self.port = port
        self._server = uvicorn.Server(
            uvicorn.Config(
                app,
                loop="asyncio",
                http=HeaderTimeoutProtocol,
                ws="none",
                lifespan="off",
                log_config=None,
                log_level="warning",
                access_log=False,
                server_header=False,
                proxy_headers=False,
                limit_concurrency=most_connections(),
                h11_max_incomplete_event_size=MAX_HEADER_BYTES,
                timeout_keep_alive=IDLE_SECONDS,
                timeout_graceful_shutdown=STOP_SECONDS,
            )
        )
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Listen and return once requests are answered. Raises ``SettingsError`` when the address is not available."""
        listening = self._listen()
        self.port = listening.getsockname()[1]
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [listening]}, name="http", daemon=True
        )
        self._thread.start()
        deadline = time.monotonic() + START_SECONDS
        while not self._server.started and self._thread.is_alive() and time.monotonic() < deadline:
            time.sleep(0.01)
        if not self._server.started:
            raise ReconcilerError(
                f"The HTTP server did not start within {START_SECONDS:.0f} s. See the log for the reason."
            )

    def stop(self) -> None:
        """Stop listening; running requests get up to 3 s to end."""
        self._server.should_exit = True
        if self._thread is not None:
            self._thread.join(STOP_SECONDS + 2)

    def _listen(self) -> socket.socket:
        try:
            family, kind, protocol, _, address = socket.getaddrinfo(
                self.host, self.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )[0]
        except socket.gaierror as error:
            raise SettingsError(
                f"RECONCILER_HTTP_HOST: {self.host} is not an address of this machine. Use 127.0.0.1 or 0.0.0.0."
            ) from error
        listening = socket.socket(family, kind, protocol)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(address)
            listening.listen(1024)
        except OSError as error:
            listening.close()
            raise SettingsError(_refusal(self.host, self.port, error)) from error
        return listening


def most_connections() -> int:
    """The connection limit that the open files of this process allow, after raising their limit."""
    try:
        import resource
    except ImportError:
        return OTHER_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_CONNECTIONS + OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return MAX_CONNECTIONS if soft == resource.RLIM_INFINITY else max(64, min(MAX_CONNECTIONS, soft - OTHER_FILES))


def _refusal(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} on {host} is in use by another process. "
            "Choose another one with RECONCILER_HTTP_PORT (--http-port), or stop that process."
        )
    if error.errno == errno.EACCES:
        return (
            f"Port {port} may not be used by this user. Choose one above 1023 with RECONCILER_HTTP_PORT (--http-port)."
        )
    return f"RECONCILER_HTTP_HOST: cannot listen on {host}: {error.strerror or error}."
