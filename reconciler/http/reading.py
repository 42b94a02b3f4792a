"""``/api/v1/status``, ``/tables/{name}``, ``/runs`` and ``/events``: the content of the pages as JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from fastapi.concurrency import run_in_threadpool
from sse_starlette import EventSourceResponse

from reconciler.http.answers import Answer, Json, RunEntry, RunsData, errors, example
from reconciler.http.control import Control
from reconciler.http.events import stream
from reconciler.http.problems import HttpProblem
from reconciler.http.report_cache import ReportCache
from reconciler.http.status import status_answer
from reconciler.http.table_data import table_data
from reconciler.planning.text import several
from reconciler.runs.events import record_entry
from reconciler.runs.history import MAX_RECORDS


def routes(control: Control, more: Callable[[], Mapping[str, Any]]) -> APIRouter:
    """``more`` is what only the daemon knows, for example the mode."""
    router = APIRouter(prefix="/api/v1", tags=["status"])
    prepared = ReportCache()

    @router.get(
        "/status",
        summary="The last pass and the state of the loop",
        response_model=Answer[Json],
        responses={**errors(500), 200: example("In sync: 2 tables as declared", {"ready": True, "report": None})},
    )
    async def status() -> Response:
        await run_in_threadpool(control.look)
        report = control.loop_status.report
        text = prepared.ready(report)
        if text is None:
            text = await run_in_threadpool(prepared.text, report)
        return Response(
            status_answer(control.loop_status, prepared.sentence(control.loop_status), more(), text),
            media_type="application/json",
        )

    @router.get(
        "/tables/{name}",
        summary="One table: declared and observed field by field, planned steps, seed, history",
        responses={**errors(404, 422, 500), 200: example("users: in_sync", {"name": "users", "status": "in_sync"})},
    )
    def table(name: Annotated[str, Path(max_length=255)]) -> Answer[Json]:
        data = table_data(control, name)
        if data is None:
            raise HttpProblem(HTTPStatus.NOT_FOUND, "No table of this name is declared or owned here.")
        return Answer(success=True, message=f"{data['name']}: {data['status']}", data=data)

    @router.get(
        "/runs",
        summary="Runs, newest first",
        responses={**errors(422, 500), 200: example("1 run", {"runs": [_RUN]})},
    )
    def runs(limit: Annotated[int, Query(ge=1, le=MAX_RECORDS)] = 50) -> Answer[RunsData]:
        found = [RunEntry(**record_entry(record)) for record in control.history.newest(limit)]
        return Answer(success=True, message=several(len(found), "run"), data=RunsData(runs=found))

    @router.get(
        "/runs/{run_id}",
        summary="One run",
        responses={**errors(404, 422, 500), 200: example("run is done", _RUN)},
    )
    def run(run_id: Annotated[str, Path(max_length=64)]) -> Answer[RunEntry]:
        record = control.history.find(run_id)
        if record is None:
            raise HttpProblem(HTTPStatus.NOT_FOUND, "Unknown or expired run ID.")
        message = f"{record.verb} is {record.state.value}{f': {record.error}' if record.error else ''}"
        return Answer(success=True, message=message, data=RunEntry(**record_entry(record)))

    @router.get(
        "/events",
        summary="Server-sent events of passes, steps and runs",
        response_class=EventSourceResponse,
        responses={
            **errors(429, 500),
            200: {
                "description": "First `hello`, then `pass_started`, `step`, `pass_finished`, `run`, `suspension`, and"
                " `work` where another process changed the lease, a replacement or a migration.",
                "content": {
                    "text/event-stream": {
                        "schema": {"type": "string"},
                        "example": _EVENT,
                    }
                },
            },
        },
    )
    async def events() -> EventSourceResponse:
        return stream(control)

    return router


_EVENT = 'id: 7\r\nevent: pass_started\r\ndata: {"pass_id": "1f…", "trigger": "interval"}\r\n'
_RUN = {
    "id": "3b8f1c6a2d7e4f5091a2b3c4d5e6f708",
    "verb": "seed",
    "trigger": "api",
    "state": "done",
    "tables": ["users"],
    "queued": "2026-11-22T12:00:00Z",
    "started": "2026-11-22T12:00:00Z",
    "finished": "2026-11-22T12:00:01Z",
    "verdict": "in_sync",
    "summary": {"seed": 1},
    "actions": [{"table": "users", "action": "seed", "facet": "seed", "fate": "done", "message": None}],
    "wrote": True,
    "error": None,
    "message": "1 table: 6 items written, 0 present.",
}
