"""Collects the body of an answer and changes it as a whole. Used by ``PathPrefix`` and ``Compression``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

Wanted = Callable[[MutableHeaders], bool]
"""Whether an answer with these headers is changed; it may change the headers themselves."""
Change = Callable[[MutableHeaders, bytes], Awaitable[bytes]]
"""The new body of an answer, from its headers, which it may change, and its body."""


async def send_changed(
    app: ASGIApp, scope: Scope, receive: Receive, send: Send, *, wanted: Wanted, change: Change
) -> None:
    """Let the app answer, and change its answer where it is wanted. Every other answer is passed on as it comes."""
    start: Message | None = None
    body = bytearray()

    async def changed(message: Message) -> None:
        nonlocal start
        if message["type"] == "http.response.start":
            if wanted(MutableHeaders(scope=message)):
                start = message
                return
        elif start is not None:
            body.extend(message.get("body", b""))
            if message.get("more_body"):
                return
            headers = MutableHeaders(scope=start)
            # The answer to HEAD has the headers of GET and no body, so its length says nothing about this one.
            if scope["method"] == "HEAD":
                message = {"type": "http.response.body", "body": b""}
            else:
                message = {"type": "http.response.body", "body": await change(headers, bytes(body))}
                headers["content-length"] = str(len(message["body"]))
            await send(start)
        await send(message)

    await app(scope, receive, changed)
