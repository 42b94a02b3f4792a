"""The route class of all mutating routes: checks ``Access`` and the size of the body.

It is part of the route, so that no spelling of a path avoids it, and runs before the body is read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import Message

from reconciler.http.control import Control
from reconciler.http.problems import HttpProblem

MAX_BODY_BYTES = 64 * 1024
BODY_SECONDS = 10.0
JSON = "application/json"
CLOSE = {"Connection": "close"}


class GuardedRoute(APIRoute):
    """A mutating route."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's own handler, behind the checks."""
        handle = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            control: Control = request.app.state.control
            control.access.check(request.headers, control.loop_status.endpoint)
            control.access.check(request.headers, await control.confirmed())
            body = await read_body(request)
            check_type(request.headers, body, JSON)
            return await handle(Request(request.scope, replay(body, request)))

        return guarded


async def read_body(request: Request) -> bytes:
    """The whole body. Raises ``HttpProblem`` if it exceeds 64 KiB, ends too early or takes more than 10 s."""
    declared = request.headers.get("content-length", "0")
    if not declared.isdecimal() or int(declared) > MAX_BODY_BYTES:
        raise _too_large()
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > MAX_BODY_BYTES:
                    raise _too_large()
    except TimeoutError:
        raise HttpProblem(
            HTTPStatus.REQUEST_TIMEOUT, f"The body did not arrive within {BODY_SECONDS:g} s.", CLOSE
        ) from None
    except ClientDisconnect:
        raise HttpProblem(HTTPStatus.BAD_REQUEST, "The body ended too early.", CLOSE) from None
    return bytes(body)


def check_type(headers: Headers, body: bytes, wanted: str) -> None:
    """Raise ``HttpProblem`` unless the body is of the type ``wanted``; an empty one needs none."""
    if not body:
        return
    kinds, coded = headers.getlist("content-type"), headers.get("content-encoding", "identity")
    kind = kinds[0].partition(";")[0].strip().lower() if len(kinds) == 1 else ""
    if kind != wanted or coded.lower() != "identity":
        raise HttpProblem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"The body must be {wanted} without a content encoding.")


def _too_large() -> HttpProblem:
    detail = f"The body is larger than {MAX_BODY_BYTES // 1024} KiB."
    return HttpProblem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail, CLOSE)


def replay(body: bytes, request: Request) -> Callable[[], Coroutine[Any, Any, Message]]:
    """A receiver that gives FastAPI the body that was already read."""
    given = False

    async def receive() -> Message:
        nonlocal given
        if given:
            return await request.receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive
