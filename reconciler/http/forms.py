"""The route class of the forms: the rules of ``GuardedRoute``, the token as a field, and an Origin of our own.

Used by ``confirm`` alone; the handler finds the fields in ``request.state.form``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from fastapi import Request, Response
from fastapi.routing import APIRoute

from reconciler.http.control import Control
from reconciler.http.guard import check_type, read_body, replay
from reconciler.http.problems import HttpProblem

FORM = "application/x-www-form-urlencoded"
MAX_TABLES = 200
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a form."""

    tables: tuple[str, ...] = ()
    digest: str | None = None
    token: str = field(default="", repr=False)
    stack: str = ""
    """The name of the stack, typed to confirm a roll-back."""


class FormRoute(APIRoute):
    """A route that a form of our own pages is sent to."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's own handler, behind the checks."""
        handle = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            control: Control = request.app.state.control
            control.access.check_form(request.headers, control.loop_status.endpoint)
            control.access.check_form(request.headers, await control.confirmed())
            body = await read_body(request)
            check_type(request.headers, body, FORM)
            form = read_form(body)
            control.access.check_secret(form.token)
            request.state.form = form
            return await handle(Request(request.scope, replay(b"", request)))

        return guarded


def read_form(body: bytes) -> Form:
    """The fields ``table`` (repeatable), ``digest``, ``token`` and ``stack``; ``HttpProblem`` 422 for anything else."""
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=300
        )
    except ValueError:
        raise _unfit("is not a form") from None
    fields: dict[str, list[str]] = {"table": [], "digest": [], "token": [], "stack": []}
    for name, value in pairs:
        if name not in fields:
            raise _unfit("has an unknown field")
        fields[name].append(value)
    tables = tuple(dict.fromkeys(fields["table"]))
    if any(len(fields[name]) > 1 for name in ("digest", "token", "stack")) or len(tables) > MAX_TABLES:
        raise _unfit("repeats a field")
    if any(not 1 <= len(name) <= 255 for name in tables):
        raise _unfit("has an invalid table name")
    digest = fields["digest"][0] if fields["digest"] else None
    if digest is not None and not _DIGEST.fullmatch(digest):
        raise _unfit("has an invalid plan digest")
    return Form(tables, digest, (fields["token"] or [""])[0], (fields["stack"] or [""])[0].strip())


def _unfit(what: str) -> HttpProblem:
    return HttpProblem(HTTPStatus.UNPROCESSABLE_ENTITY, f"The body {what}. Nothing was done.")
