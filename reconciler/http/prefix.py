"""Serves the pages under a path prefix that a proxy strips and names in ``X-Forwarded-Prefix``.

Links, forms and redirects of the pages begin with ``/``. Where the header names a prefix, it is put in front of each of
them in the answer. The script reads it from the page, because the policy allows only the script as it is.
"""

from __future__ import annotations

import re

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADER = "x-forwarded-prefix"
LONGEST = 200
_PREFIX = re.compile(r"(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+")
"""Path segments of harmless characters, none of them a run of dots: nothing else may get into a page."""
_LINK = re.compile(rb'(\s(?:href|src|action|data-prefix)=")/(?!/)')


def prefix_of(headers: Headers) -> str:
    """The prefix that a proxy names, without trailing slash; empty if it names none, or more than one."""
    given = headers.getlist(HEADER)
    path = given[0].strip().rstrip("/") if len(given) == 1 else ""
    return path if len(path) <= LONGEST and _PREFIX.fullmatch(path) else ""


class PathPrefix:
    """Adds the prefix to the paths in the response: in pages and in ``Location``."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        prefix = prefix_of(Headers(scope=scope)) if scope["type"] == "http" else ""
        if not prefix:
            await self._app(scope, receive, send)
            return
        start: Message | None = None
        body = bytearray()

        async def prefixed(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                where = headers.get("location", "")
                if where.startswith("/") and not where.startswith("//"):
                    headers["location"] = prefix + where
                if headers.get("content-type", "").startswith("text/html"):
                    start = message
                    return
            elif start is not None:
                body.extend(message.get("body", b""))
                if message.get("more_body"):
                    return
                page = _LINK.sub(rb"\1" + prefix.encode() + b"/", bytes(body))
                headers = MutableHeaders(scope=start)
                if scope["method"] != "HEAD":
                    headers["content-length"] = str(len(page))
                await send(start)
                await send({"type": "http.response.body", "body": page if scope["method"] != "HEAD" else b""})
                return
            await send(message)

        await self._app(scope, receive, prefixed)
