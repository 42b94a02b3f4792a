"""Refuses calls of the code under test to endpoints that the run did not start and the user did not name.

An SDK client takes its endpoint from many places. A client with ``endpoint_url=None`` at the wrong moment would write
to AWS. This check is at the last place before a request leaves, behind every mock. Installed by ``run``.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.util
from collections.abc import Callable, Iterable
from typing import Any

from reconciler.pytest_plugin.options import origin

TARGETS = ("DynamoDB_", "DynamoDBStreams_")
SENDERS = (
    ("botocore.httpsession", "URLLib3Session"),
    ("aiobotocore.httpsession", "AIOHTTPSession"),
    ("aiobotocore.httpxsession", "HttpxSession"),
)
"""Module and class of everything that sends the requests of an SDK for Python."""


class ForeignEndpoint(Exception):
    """A call to an endpoint that is not part of the tests. It was not sent."""


class OutgoingCalls:
    """DynamoDB may be called at ``allowed`` URLs alone, other services there and on this machine."""

    def __init__(self, allowed: Iterable[str]) -> None:
        self._allowed = {origin(url) for url in allowed}
        self._patched: list[tuple[Any, Any]] = []

    def install(self) -> None:
        """Check the requests of boto3 and of aiobotocore. A mock answers before this place, so that it goes on."""
        if self._patched:
            return
        for module, name in SENDERS:
            if importlib.util.find_spec(module.partition(".")[0]) is None:
                continue
            with contextlib.suppress(ImportError, AttributeError):
                sender = getattr(importlib.import_module(module), name)
                self._patched.append((sender, sender.send))
                sender.send = self._checked(sender.send)

    def uninstall(self) -> None:
        """Stop checking."""
        for sender, send in self._patched:
            sender.send = send
        self._patched.clear()

    def _checked(self, send: Callable[..., Any]) -> Callable[..., Any]:
        """As ``send``; what an asynchronous one returns is passed on, to be awaited."""

        @functools.wraps(send)
        def checked(session: Any, request: Any) -> Any:
            self.check(request)
            return send(session, request)

        return checked

    def check(self, request: Any) -> None:
        """Raise ``ForeignEndpoint`` for a request that may not leave."""
        there = origin(request.url)
        if there in self._allowed:
            return
        target = request.headers.get("X-Amz-Target", b"")
        target = target.decode("ascii", "replace") if isinstance(target, bytes) else str(target)
        of_dynamodb = target.startswith(TARGETS)
        from reconciler.aws.credentials import is_loopback

        if not of_dynamodb and is_loopback(request.url):
            return
        address = f"{there[0]}://{there[1]}:{there[2]}"
        what = target.partition(".")[2] if of_dynamodb else "A request"
        raise ForeignEndpoint(
            f"{what} was not sent to {address}: these tests may not reach it. Create the client without an "
            "endpoint_url, after the tests have started, or name the endpoint in the ini option dynamodb_allow."
        )
