"""The FastAPI app: what can be read of the daemon over HTTP. Built by the daemon, served by ``HttpServer``.

Reads are open to probes and Prometheus under any Host; no route here changes anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from fastapi import FastAPI, Header, Response
from fastapi.responses import HTMLResponse, JSONResponse

from reconciler import __version__
from reconciler.engine.board import Board
from reconciler.http import health, problems
from reconciler.http.middleware import RequestCount, SecurityHeaders
from reconciler.http.page import Page
from reconciler.http.status import StatusAnswer, status_answer
from reconciler.metrics import Metrics


def _utc_now() -> datetime:
    return datetime.now(UTC)


def create_app(
    board: Board,
    metrics: Metrics,
    *,
    status: Callable[[], Mapping[str, Any]] = dict,
    now: Callable[[], datetime] = _utc_now,
) -> FastAPI:
    """The app over one board. ``status`` adds what only the wiring knows to page and JSON, for example the ``mode``."""
    page = Page()
    app = FastAPI(
        title="dynamodb-reconciler",
        version=__version__,
        description="Keeps DynamoDB tables as declared. Times are ISO 8601 in UTC.",
        docs_url=None,
        redoc_url=None,
    )
    problems.install(app)
    app.add_middleware(SecurityHeaders, content_security_policy=page.content_security_policy)
    app.add_middleware(RequestCount, count=metrics.http_request)

    @app.get("/", response_class=HTMLResponse, summary="Status page")
    def status_page() -> str:
        return page.render(board, status())

    @app.get("/metrics", response_class=Response, summary="Prometheus metrics")
    def prometheus(accept: str = Header(default="")) -> Response:
        content_type, body = metrics.exposition(accept)
        return Response(body, headers={"Content-Type": content_type})

    @app.get("/livez", summary="Whether the loop is alive")
    def livez() -> JSONResponse:
        death = health.death(board, now())
        return JSONResponse({"alive": death is None, "reason": death}, 200 if death is None else 503)

    @app.get("/readyz", summary="Whether the endpoint is up and every declared table has been seen ready once")
    @app.get("/healthz", summary="Alias of /readyz")
    def readyz() -> JSONResponse:
        ready, reason = health.readiness(board)
        return JSONResponse({"ready": ready, "reason": reason}, 200 if ready else 503)

    @app.get("/api/v1/status", summary="The last pass and the state of the loop")
    def api_status() -> StatusAnswer:
        return status_answer(board, status())

    for path, endpoint in (("/", status_page), ("/metrics", prometheus), ("/livez", livez), ("/readyz", readyz)):
        app.add_api_route(path, endpoint, methods=["HEAD"], include_in_schema=False, response_model=None)
    app.add_api_route("/healthz", readyz, methods=["HEAD"], include_in_schema=False, response_model=None)
    return app
