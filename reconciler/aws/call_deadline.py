"""One total deadline per call: connecting, TLS, sending, every read of the answer and the SDK's retries together.

``read_timeout`` of the SDK limits one read. A server that sends a byte every few seconds never exceeds it, so such an
answer takes for ever. Here the deadline is checked at every operation on the socket.

``ApiClient`` sets the deadline of a call with ``within``; ``session`` installs the sockets in each client with
``install``, and ``hooks`` refuses to send again once it has passed. The deadline belongs to the thread, as the SDK
makes a call in the thread that asks for it. Name resolution is limited by the system's resolver alone.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

CALL_SECONDS = 45.0
"""A whole call, all sendings of it included. The longest answer, a Scan page of 1 MB, takes seconds."""
SENDING_SECONDS = 20.0
"""One sending, from connecting to the last byte of the answer."""
PASSED = "no complete answer came within the time that the call may take"

Limit = Callable[[str], float | None]
"""Given an operation, the seconds that a call of it may take from now on; ``None`` sets no limit."""


class _Thread(threading.local):
    call: float | None = None
    sending: float | None = None


_thread = _Thread()


def remaining() -> float | None:
    """Seconds until the nearest deadline of this thread, negative once it has passed; ``None`` without a deadline."""
    nearest = min((each for each in (_thread.call, _thread.sending) if each is not None), default=None)
    return None if nearest is None else nearest - time.monotonic()


def call_has_passed() -> bool:
    """Whether the deadline of the whole call has passed, so that it may not be sent again."""
    return _thread.call is not None and time.monotonic() >= _thread.call


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Calls made inside end after ``seconds``, or earlier where an outer deadline is nearer."""
    outer, sending = _thread.call, _thread.sending
    mine = time.monotonic() + seconds
    _thread.call, _thread.sending = (mine if outer is None else min(outer, mine)), None
    try:
        yield
    finally:
        _thread.call, _thread.sending = outer, sending


def start_sending(seconds: float = SENDING_SECONDS) -> None:
    """The request is sent now: it and its answer may take ``seconds``."""
    if _thread.call is not None:
        _thread.sending = time.monotonic() + seconds


def install(client: Any) -> None:
    """Let the connections of a botocore client obey the deadline, those through a proxy too."""
    http, https = _pools()
    # botocore has no public way to set the pool classes. All pool managers share this dict, those of proxies too.
    client._endpoint.http_session._pool_classes_by_scheme.update({"http": http, "https": https})


class _Bounded:
    """What a socket does under the deadline: each operation gets the time that is left, if that is less than its own.

    Mixed into the plain and the TLS socket. ``TimeoutError`` is what the layers above expect of a slow socket.
    """

    def recv(self, *args: Any) -> Any:
        return self._run(super().recv, *args)  # type: ignore[misc]

    def recv_into(self, *args: Any) -> Any:
        return self._run(super().recv_into, *args)  # type: ignore[misc]

    def send(self, *args: Any) -> Any:
        return self._run(super().send, *args)  # type: ignore[misc]

    def sendall(self, *args: Any) -> Any:
        return self._run(super().sendall, *args)  # type: ignore[misc]

    def do_handshake(self, *args: Any) -> Any:
        return self._run(super().do_handshake, *args)  # type: ignore[misc]

    def _run(self, operation: Callable[..., Any], *args: Any) -> Any:
        left = remaining()
        own: float | None = self.gettimeout()  # type: ignore[attr-defined]
        if left is None or (own is not None and own <= left):
            return operation(*args)
        if left <= 0:
            raise TimeoutError(PASSED)
        self.settimeout(left)  # type: ignore[attr-defined]
        try:
            return operation(*args)
        finally:
            if self.fileno() != -1:  # type: ignore[attr-defined]
                self.settimeout(own)  # type: ignore[attr-defined]


class BoundedSocket(_Bounded, socket.socket):
    """A TCP socket under the deadline."""

    @classmethod
    def of(cls, connected: socket.socket) -> BoundedSocket:
        """The same connection; ``connected`` is used no more."""
        timeout = connected.gettimeout()
        bounded = cls(connected.family, connected.type, connected.proto, fileno=connected.detach())
        bounded.settimeout(timeout)
        return bounded


class BoundedTlsSocket(_Bounded, ssl.SSLSocket):
    """A TLS socket under the deadline."""


@cache
def _pools() -> tuple[type, type]:
    """Botocore's connection pools with connections of ours; built late, because the SDK takes long to import."""
    from botocore import awsrequest
    from urllib3.exceptions import ConnectTimeoutError

    class _Connecting:
        def _new_conn(self) -> socket.socket:
            left = remaining()
            if left is not None:
                if left <= 0:
                    raise ConnectTimeoutError(self, PASSED)
                timeout = self.timeout  # type: ignore[has-type]
                self.timeout = min(timeout, left) if isinstance(timeout, int | float) else left
            return BoundedSocket.of(super()._new_conn())  # type: ignore[misc]

    class HttpConnection(_Connecting, awsrequest.AWSHTTPConnection):  # type: ignore[misc]
        pass

    class HttpsConnection(_Connecting, awsrequest.AWSHTTPSConnection):  # type: ignore[misc]
        def connect(self) -> None:
            if self.ssl_context is not None:
                self.ssl_context.sslsocket_class = BoundedTlsSocket
            super().connect()

    class HttpPool(awsrequest.AWSHTTPConnectionPool):
        ConnectionCls = HttpConnection

    class HttpsPool(awsrequest.AWSHTTPSConnectionPool):
        ConnectionCls = HttpsConnection

    return HttpPool, HttpsPool
