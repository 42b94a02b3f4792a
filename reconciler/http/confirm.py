"""``/preview`` and ``/confirm/{verb}``: the plan of a button, and the form that executes it.

The form carries the digest of the plan on the page, so that a different plan is refused. The job takes the same way as
one of the JSON API.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from reconciler.http.actions import ACTIONS, PageAction
from reconciler.http.control import Control
from reconciler.http.forms import Form, FormRoute
from reconciler.http.jobs import refusal, submit, wait_for_end
from reconciler.http.page import Page
from reconciler.http.plans import Plans
from reconciler.http.problems import HttpProblem
from reconciler.model.errors import ReconcilerError
from reconciler.runs import Job, Verb
from reconciler.runs.job import PAGE

OUTCOME_SECONDS = 10.0
"""The longest wait before the browser is redirected to the page of the run, which follows it."""

Tables = Annotated[list[Annotated[str, Query(min_length=1, max_length=255)]], Query(alias="table", max_length=200)]
Name = Annotated[str, Path(max_length=20)]


def routes(control: Control, page: Page) -> tuple[APIRouter, APIRouter]:
    """The reading routes and the one for the forms; none is part of the OpenAPI document."""
    reading = APIRouter(include_in_schema=False)
    changing = APIRouter(include_in_schema=False, route_class=FormRoute)
    plans = Plans(control)

    @reading.get("/preview", response_class=HTMLResponse)
    async def preview(request: Request, table: Tables = []) -> str:  # noqa: B006
        return await shown(request, None, table)

    @reading.get("/confirm/{verb}", response_class=HTMLResponse)
    async def confirm(request: Request, verb: Name, table: Tables = []) -> str:  # noqa: B006
        return await shown(request, _action(verb), table)

    @changing.post("/confirm/{verb}", response_class=RedirectResponse, status_code=HTTPStatus.SEE_OTHER)
    async def send(request: Request, verb: Name) -> RedirectResponse:
        action, form = _action(verb), request.state.form
        try:
            run = submit(control, _job(action, form, control.loop_status.stack))
        except ReconcilerError as error:
            raise refusal(error) from error
        await wait_for_end(run, OUTCOME_SECONDS)
        return RedirectResponse(f"/runs/{run.id}", HTTPStatus.SEE_OTHER)

    async def shown(request: Request, action: PageAction | None, given: list[str]) -> str:
        control.access.check_reader(request.headers, control.loop_status.endpoint)
        tables = _names(control, given)
        verb = Verb.PREVIEW if action is None else action.plan
        try:
            plan = await plans.of(verb, tables) if verb else None
        except ReconcilerError as error:
            raise refusal(error) from error
        return page.render_confirmation(action, tables, plan, waits=verb is not None and plan is None)

    return reading, changing


def _action(name: str) -> PageAction:
    if name not in ACTIONS:
        raise HttpProblem(HTTPStatus.NOT_FOUND, f"Unknown action {name!r}; expected one of {', '.join(ACTIONS)}.")
    return ACTIONS[name]


def _names(control: Control, given: list[str]) -> tuple[str, ...]:
    desired = control.desired()
    unknown = [name for name in given if desired.named(name) is None]
    if unknown:
        raise HttpProblem(HTTPStatus.NOT_FOUND, f"No table {unknown[0]!r} is declared.")
    return tuple(dict.fromkeys(given))


def _job(action: PageAction, form: Form, stack: str) -> Job:
    needs_digest = action.verb in (Verb.RUN, Verb.ROLLBACK)
    if needs_digest and form.digest is None:
        raise HttpProblem(HTTPStatus.UNPROCESSABLE_ENTITY, "The form contains no plan digest. Nothing was done.")
    if form.tables and not action.per_table:
        raise HttpProblem(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            f"{action.label} applies to all tables and accepts no table name. Nothing was done.",
        )
    # A roll-back deletes tables with their items; the name shows that the reader knows whose.
    if action.types_stack and form.stack != stack:
        raise HttpProblem(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            f"{action.label} needs the name of the stack, {stack}, in the field for it. Nothing was done.",
        )
    return Job(action.verb, form.tables, form.digest if needs_digest else None, PAGE)
