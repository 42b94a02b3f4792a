"""``/api/v1/testing``: resets the items of all tables between the tests of an application, in whatever language.

Refused unless RECONCILER_TESTING is on and the endpoint is an emulator. The OpenAPI document has the routes only then.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from reconciler.engine.item_reset import HOW_TO
from reconciler.http.answers import CHANGING, Answer, RunData, errors, example
from reconciler.http.control import Control
from reconciler.http.guard import GuardedRoute
from reconciler.http.jobs import answer
from reconciler.http.migrations import ACCEPTED, RUN_ID, Tables
from reconciler.http.problems import HttpProblem
from reconciler.runs import Job, Verb


class SnapshotRequest(BaseModel):
    """The tables to keep."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"tables": ["users"]}]})

    tables: Tables = []


class ResetRequest(SnapshotRequest):
    """The tables to reset, and to what."""

    content: Literal["snapshot", "seed", "empty"] = Field(
        "snapshot", description="The items of the last snapshot (without one, the seed), of the seed, or none."
    )


def routes(control: Control) -> APIRouter:
    """Both routes."""
    router = APIRouter(
        prefix="/api/v1/testing", route_class=GuardedRoute, tags=["testing"], include_in_schema=control.testing
    )
    data = {"run_id": RUN_ID, "report": {"format_version": "1.0", "verdict": "in_sync", "tables": []}, "blocked": []}

    @router.post(
        "/reset",
        summary="Let tables have exactly the items of the last snapshot, of their seeds, or none",
        responses={
            **errors(*CHANGING),
            200: example("2 tables reset: 3 items written, 1 removed.", data),
            202: ACCEPTED,
        },
    )
    async def reset(body: ResetRequest | None = None) -> Answer[RunData]:
        _check(control)
        request = body or ResetRequest(content="snapshot")
        job = Job(Verb.TEST_RESET, tuple(dict.fromkeys(request.tables)), content=request.content)
        return await answer(control, job, wait=True)  # type: ignore[return-value]

    @router.post(
        "/snapshot",
        summary="Keep the items of tables in memory for later resets",
        responses={**errors(*CHANGING), 200: example("Snapshot of 2 tables with 6 items.", data), 202: ACCEPTED},
    )
    async def snapshot(body: SnapshotRequest | None = None) -> Answer[RunData]:
        _check(control)
        job = Job(Verb.TEST_SNAPSHOT, tuple(dict.fromkeys(body.tables if body else [])))
        return await answer(control, job, wait=True)  # type: ignore[return-value]

    return router


def _check(control: Control) -> None:
    """The engine asks the same again, right before the first write."""
    if not control.testing:
        raise HttpProblem(HTTPStatus.FORBIDDEN, f"RECONCILER_TESTING is off. {HOW_TO}")
    endpoint = control.loop_status.endpoint
    if endpoint is not None and not endpoint.flavor.emulator:
        raise HttpProblem(HTTPStatus.FORBIDDEN, f"The endpoint is {endpoint.flavor.value}, not an emulator. {HOW_TO}")
