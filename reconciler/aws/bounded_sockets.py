"""Sockets of botocore's clients under the deadline of ``call_deadline``, which installs them.

A module of its own, because a command that makes all its calls by the lean client over plain HTTP needs neither these
nor ``ssl``, which takes as long to import as two calls.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from functools import cache
from typing import Any

from reconciler.aws.call_deadline import PASSED, remaining


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
def pools() -> tuple[type, type]:
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
