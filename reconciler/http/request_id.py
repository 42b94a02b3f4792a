"""Every request has an ID: the caller's ``X-Request-ID`` or a fresh one. It is in response, errors and log.

asgi-correlation-id takes it from the request and returns it. This module decides which IDs fit and binds them to the
log.
"""

from __future__ import annotations

import logging
import re

from asgi_correlation_id import CorrelationIdMiddleware, correlation_id
from fastapi import FastAPI

from reconciler.logs import bind

_FIT = re.compile(r"[A-Za-z0-9._-]{1,64}")


def install(app: FastAPI) -> None:
    """Give every request of ``app`` an ID. One that does not fit is replaced, so that nobody can write into the log."""
    # The library warns of each ID that it replaces: any caller could fill the log.
    logging.getLogger("asgi_correlation_id").setLevel(logging.ERROR)
    app.add_middleware(CorrelationIdMiddleware, validator=_fits, transformer=_bound_to_log)


def current() -> str | None:
    """The ID of the request that is being answered."""
    return correlation_id.get()


def _fits(given: str) -> bool:
    return _FIT.fullmatch(given) is not None


def _bound_to_log(request_id: str) -> str:
    # Never unbound: uvicorn runs each request in a task, whose context ends with it.
    bind(request_id=request_id)
    return request_id
