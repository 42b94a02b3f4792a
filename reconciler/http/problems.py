"""Errors as ``application/problem+json`` (RFC 9457): one sentence, never a stack trace.

A browser that accepts HTML receives a page with the same content.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reconciler.http import request_id
from reconciler.logs import get_logger

log = get_logger("reconciler.http")

MEDIA_TYPE = "application/problem+json"
FAILED = "The request failed. See the log for the reason."


class HttpProblem(Exception):
    """Raised by a route to return a problem; ``more`` are further members of the document."""

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None, **more: Any) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = headers
        self.more = more


def problem(status: int, detail: str, headers: Mapping[str, str] | None = None, **more: Any) -> JSONResponse:
    """One error answer."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "request_id": request_id.current(),
        **more,
    }
    return JSONResponse(body, status, headers, media_type=MEDIA_TYPE)


class UnhandledErrors:
    """Turns unexpected exceptions of a route into a response, inside the middleware that counts and sets headers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        begun = False

        async def noted(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, noted)
        except Exception:
            log.exception("request failed", path=scope["path"])
            if begun:
                raise
            failure = _failure(Request(scope))
            await failure(scope, receive, send)


def install(app: FastAPI) -> None:
    """Install the error handlers of ``app``. Call it before adding any other middleware."""
    app.add_exception_handler(HttpProblem, _said)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_middleware(UnhandledErrors)


def _failure(request: Request) -> Response:
    """The response for an unexpected exception; a document where rendering the page fails too."""
    try:
        return _answer(request, HTTPStatus.INTERNAL_SERVER_ERROR, FAILED)
    except Exception:
        log.exception("the page of an error failed", path=request.url.path)
        return problem(HTTPStatus.INTERNAL_SERVER_ERROR, FAILED)


async def _said(request: Request, error: Exception) -> Response:
    assert isinstance(error, HttpProblem)
    return _answer(request, error.status, error.detail, error.headers, **error.more)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    detail = error.detail
    if error.status_code == HTTPStatus.NOT_FOUND:
        detail = "Unknown path. /openapi.json lists every route."
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        detail = f"{request.method} is not allowed here."
    return _answer(request, error.status_code, detail, dict(error.headers or {}))


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    return _answer(request, HTTPStatus.UNPROCESSABLE_ENTITY, f"{'.'.join(map(str, first['loc']))}: {first['msg']}")


def _answer(
    request: Request, status: int, detail: str, headers: Mapping[str, str] | None = None, **more: Any
) -> Response:
    as_page: Callable[[int, str, str | None], str] | None = getattr(request.app.state, "problem_page", None)
    wants_page = "text/html" in request.headers.get("accept", "") and not request.url.path.startswith("/api/")
    if as_page is None or not wants_page:
        return problem(status, detail, headers, **more)
    return HTMLResponse(as_page(status, detail, request_id.current()), status, headers)
