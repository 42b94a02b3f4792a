"""The FastAPI app of the daemon. Built by the daemon, served by ``HttpServer``.

Reads are open to probes and Prometheus under any Host. Mutating routes use ``GuardedRoute``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from typing import Any

from fastapi import FastAPI, Header, Response
from fastapi.responses import HTMLResponse, JSONResponse

from reconciler import __version__
from reconciler.engine.loop_status import LoopStatus
from reconciler.http import confirm, health, migrations, openapi, pages, problems, reading, request_id, seeders, testing
from reconciler.http.access import Access
from reconciler.http.control import Control
from reconciler.http.external_links import ExternalLinks
from reconciler.http.middleware import (
    Compression,
    ReaderPriorityMiddleware,
    RequestCount,
    SecurityHeaders,
    accepts_gzip,
)
from reconciler.http.page import Page
from reconciler.http.prefix import PathPrefix
from reconciler.metrics import Metrics


def _utc_now() -> datetime:
    return datetime.now(UTC)


def _nobody(loop_status: LoopStatus) -> Control:
    return Control(loop_status, Access(loopback=False))


def create_app(
    loop_status: LoopStatus,
    metrics: Metrics,
    *,
    control: Control | None = None,
    status: Callable[[], Mapping[str, Any]] = dict,
    settings: Callable[[], tuple[tuple[str, str, str], ...]] = tuple,
    now: Callable[[], datetime] = _utc_now,
    answering: Callable[[], AbstractContextManager[None]] = nullcontext,
    links: ExternalLinks | None = None,
) -> FastAPI:
    """The app over the status of one loop. Without ``control`` it accepts no jobs.

    ``status`` adds to page and JSON; ``settings`` yields name, value and origin of each, secrets redacted. Each
    request is handled inside ``answering()``. ``links`` are those of the pages to other tools.
    """
    control = control or _nobody(loop_status)
    page, docs = Page(control, links or ExternalLinks(environment=loop_status.environment), now), openapi.DocsPage()
    app = FastAPI(
        title="dynamodb-reconciler",
        version=__version__,
        description="Keeps DynamoDB tables as declared. Times are ISO 8601 in UTC.",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.control = control
    app.state.problem_page = page.render_problem
    problems.install(app)
    policy = page.content_security_policy
    app.add_middleware(SecurityHeaders, content_security_policy=policy)
    app.add_middleware(PathPrefix)
    app.add_middleware(Compression)
    app.add_middleware(RequestCount, count=metrics.http_request)
    request_id.install(app)
    app.add_middleware(ReaderPriorityMiddleware, answering=answering)

    @app.get("/docs", response_class=HTMLResponse, summary="This document as a page", tags=["pages"])
    def docs_page() -> str:
        return docs.render(app.openapi())

    @app.get("/metrics", summary="Prometheus metrics", tags=["probes"], **openapi.METRICS)
    def prometheus(
        accept: str = Header(default="", include_in_schema=False),
        accept_encoding: str = Header(default="", include_in_schema=False),
    ) -> Response:
        control.look_for_suspension()
        # ``Compression`` adds Accept-Encoding to answers that it could have compressed.
        headers = {"Vary": "Accept"}
        if accepts_gzip(accept_encoding):
            headers = {"Vary": "Accept, Accept-Encoding", "Content-Encoding": "gzip"}
            content_type, body = metrics.compressed(accept)
        else:
            content_type, body = metrics.exposition(accept)
        return Response(body, headers={**headers, "Content-Type": content_type})

    @app.get("/livez", summary="Whether the loop is alive", tags=["probes"], responses=openapi.LIVE)
    async def livez() -> JSONResponse:
        problem = health.liveness_problem(loop_status, now())
        return JSONResponse({"alive": problem is None, "reason": problem}, 200 if problem is None else 503)

    ready = "Whether the endpoint is up and every declared table has been seen ready once"

    @app.get("/readyz", summary=ready, tags=["probes"], responses=openapi.READY)
    @app.get("/healthz", summary="Alias of /readyz", tags=["probes"], responses=openapi.READY)
    async def readyz() -> JSONResponse:
        good, reason = health.readiness(loop_status)
        return JSONResponse({"ready": good, "reason": reason}, 200 if good else 503)

    for router in (pages.routes(page, status, settings), *confirm.routes(control, page)):
        app.include_router(router)
    for router in (
        *migrations.routes(control),
        *seeders.routes(control),
        testing.routes(control),
        reading.routes(control, status),
    ):
        app.include_router(router)
    for path, endpoint in (("/metrics", prometheus), ("/livez", livez), ("/readyz", readyz)):
        app.add_api_route(path, endpoint, methods=["HEAD"], include_in_schema=False, response_model=None)
    app.add_api_route("/healthz", readyz, methods=["HEAD"], include_in_schema=False, response_model=None)
    openapi.install(app)
    return app
