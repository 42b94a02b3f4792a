"""``/runs``, ``/runs/{run_id}`` and ``/settings``: pages beside the status page; no part of the API's document."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import HTMLResponse

from reconciler.http.page import Page
from reconciler.http.problems import HttpProblem


def routes(page: Page, settings: Callable[[], tuple[tuple[str, str, str], ...]]) -> APIRouter:
    """Reading routes."""
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    @router.get("/runs")
    def runs() -> str:
        return page.render_runs()

    @router.get("/runs/{run_id}")
    def run(run_id: Annotated[str, Path(max_length=64)]) -> str:
        made = page.render_run(run_id)
        if made is None:
            raise HttpProblem(HTTPStatus.NOT_FOUND, "No run of that id is known, or it is forgotten.")
        return made

    @router.get("/settings")
    def settings_page() -> str:
        return page.render_settings(settings())

    return router
