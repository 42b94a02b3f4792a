"""The pages for people: status, one table, runs, one run, settings. Registered by the app; rendered by ``Page``.

The status page and the page of a table are part of the OpenAPI document, because answers of the API link to them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import HTMLResponse

from reconciler.http.answers import errors
from reconciler.http.listing import ListingQuery
from reconciler.http.page import Page
from reconciler.http.problems import HttpProblem
from reconciler.http.templates import icon


def routes(
    page: Page, status: Callable[[], Mapping[str, Any]], settings: Callable[[], tuple[tuple[str, str, str], ...]]
) -> APIRouter:
    """Routes that only read.

    ``status`` adds to the status page, for example the mode; ``settings`` yields name, value and origin of each.
    """
    router = APIRouter(default_response_class=HTMLResponse, tags=["pages"])

    @router.get("/", summary="Status page", responses=errors(422, 500))
    def status_page(
        request: Request,
        q: Annotated[str, Query(max_length=255, description="Part of a table's name.")] = "",
        status_of: Annotated[str, Query(alias="status", max_length=20)] = "",
        sort: Annotated[str, Query(max_length=20, description="name, status, since, items, size or owner.")] = "name",
        number: Annotated[int, Query(alias="page", ge=1, le=100_000)] = 1,
    ) -> str:
        return page.render(status(), ListingQuery(q, status_of, sort, number), request.headers)

    @router.get("/tables/{name}", summary="The page of one table", responses=errors(404, 422, 500))
    def table_page(request: Request, name: Annotated[str, Path(max_length=255)]) -> str:
        rendered = page.render_table(status(), name, request.headers)
        if rendered is None:
            raise HttpProblem(HTTPStatus.NOT_FOUND, "No table of this name is declared or owned here.")
        return rendered

    @router.get("/runs", include_in_schema=False)
    def runs() -> str:
        return page.render_runs()

    @router.get("/runs/{run_id}", include_in_schema=False)
    def run(run_id: Annotated[str, Path(max_length=64)]) -> str:
        rendered = page.render_run(run_id)
        if rendered is None:
            raise HttpProblem(HTTPStatus.NOT_FOUND, "Unknown or expired run ID.")
        return rendered

    @router.get("/settings", include_in_schema=False)
    def settings_page() -> str:
        return page.render_settings(settings())

    @router.get("/favicon.svg", include_in_schema=False)
    def favicon(health: Annotated[str, Query(max_length=20)] = "") -> Response:
        return Response(icon(health), media_type="image/svg+xml")

    router.add_api_route("/", status_page, methods=["HEAD"], include_in_schema=False)
    return router
