"""Refuses calls of the code under test to endpoints that the run did not start and the user did not name.

An SDK client takes its endpoint from many places. A client with ``endpoint_url=None`` at the wrong moment would write
to AWS. This check is at the last place before a request leaves, behind every mock. Installed by ``run``.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Any

from reconciler.pytest_plugin.options import origin

TARGETS = ("DynamoDB_", "DynamoDBStreams_")


class ForeignEndpoint(Exception):
    """A call to an endpoint that is not part of the tests. It was not sent."""


class OutgoingCalls:
    """DynamoDB may be called at ``allowed`` URLs alone, other services there and on this machine."""

    def __init__(self, allowed: Iterable[str]) -> None:
        self._allowed = {origin(url) for url in allowed}
        self._send: Any = None
        self._handler: tuple[Any, ...] = ()

    def install(self) -> None:
        """Check the requests of boto3 and of the asynchronous clients that are built on botocore."""
        from botocore import handlers, httpsession

        if self._send is not None:
            return
        send = self._send = httpsession.URLLib3Session.send

        def checked(session: Any, request: Any) -> Any:
            self.check(request)
            return send(session, request)

        httpsession.URLLib3Session.send = checked  # type: ignore[assignment, method-assign]
        # aiobotocore sends with aiohttp, but calls the handlers. The last one is reached only if no mock has answered.
        self._handler = ("before-send", self._before_send, handlers.REGISTER_LAST)
        handlers.BUILTIN_HANDLERS.append(self._handler)

    def uninstall(self) -> None:
        """Stop checking."""
        if self._send is None:
            return
        from botocore import handlers, httpsession

        httpsession.URLLib3Session.send = self._send  # type: ignore[method-assign]
        handlers.BUILTIN_HANDLERS.remove(self._handler)
        self._send = None

    def check(self, request: Any) -> None:
        """Raise ``ForeignEndpoint`` for a request that may not leave."""
        there = origin(request.url)
        if there in self._allowed:
            return
        target = request.headers.get("X-Amz-Target", b"")
        target = target.decode("ascii", "replace") if isinstance(target, bytes) else str(target)
        of_dynamodb = target.startswith(TARGETS)
        if not of_dynamodb and _is_loopback(there[1]):
            return
        address = f"{there[0]}://{there[1]}:{there[2]}"
        what = target.partition(".")[2] if of_dynamodb else "A request"
        raise ForeignEndpoint(
            f"{what} was not sent to {address}: these tests may not reach it. Create the client without an "
            "endpoint_url, after the tests have started, or name the endpoint in the ini option dynamodb_allow."
        )

    def _before_send(self, request: Any, **_: Any) -> None:
        if self._send is not None:
            self.check(request)


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
