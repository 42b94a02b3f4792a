"""ASGI middleware: security headers, request metrics by route, and priority over the threads of a pass."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

UNMATCHED = "unmatched"
"""The route label of unmatched paths, so that a scanner cannot grow the metrics."""

Count = Callable[[str, str, int, float], None]


class SecurityHeaders:
    """Sets headers on every response. Nothing is cached, because every page shows the current state."""

    def __init__(self, app: ASGIApp, content_security_policy: str) -> None:
        self._app = app
        self._headers: Mapping[str, str] = {
            "Content-Security-Policy": content_security_policy,
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
            # With no-referrer a browser sends "Origin: null" with our own forms (Fetch, "append a request Origin").
            "Referrer-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Cache-Control": "no-store",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self._headers)
            await send(message)

        await self._app(scope, receive, with_headers if scope["type"] == "http" else send)


class RequestCount:
    """Calls ``count`` with the method, the route template, the status and the seconds of each request."""

    def __init__(self, app: ASGIApp, count: Count) -> None:
        self._app = app
        self._count = count

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 500

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noted)
        finally:
            route = getattr(scope.get("route"), "path", UNMATCHED)
            self._count(scope["method"], route, status, time.perf_counter() - began)


class ReaderPriorityMiddleware:
    """Handles each request inside ``answering()``, so that the daemon's pass threads can let readers go first."""

    def __init__(self, app: ASGIApp, answering: Callable[[], AbstractContextManager[None]]) -> None:
        self._app = app
        self._answering = answering

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        with self._answering():
            await self._app(scope, receive, send)
