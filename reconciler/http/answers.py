"""The models of all responses and errors for the OpenAPI document. Used by all routes under ``/api/v1``."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, Field

from reconciler.http.problems import MEDIA_TYPE

T = TypeVar("T")
Json = dict[str, Any]


class Answer(BaseModel, Generic[T]):
    """Whether the request succeeded, a sentence, and the data."""

    success: bool = Field(description="Whether the request succeeded; drift is not a failure.")
    message: str = Field(description="What happened, in a sentence.")
    data: T


class ItemMigrationEntry(BaseModel):
    """One migration of items."""

    name: str = Field(description="The name of its file without .py.")
    status: str = Field(description="pending, started, applied, reverting, changed or missing.")
    table: str | None = Field(None, description="The table that it was started on; null while it is pending.")
    by: str | None = Field(None, description="Who started it.")
    started: datetime | None = None
    finished: datetime | None = None
    counts: dict[str, int] = Field(default_factory=dict, description="Items by what was done with them.")
    error: str | None = Field(None, description="Why this run did not finish it.")


class RunData(BaseModel):
    """The result of a run, or that it is queued."""

    run_id: str = Field(description="Run ID, as in /api/v1/runs.")
    report: Json | None = Field(None, description="The document of `preview -o json`; null while the run waits.")
    plan_digest: str | None = Field(
        None, description="Digest of a dry run. A run with this digest does exactly this plan or nothing."
    )
    blocked: list[Json] = Field(
        default_factory=list, description="Blocked steps, each with its reason and what would allow it."
    )
    item_migrations: list[ItemMigrationEntry] = Field(
        default_factory=list, description="Migrations of items that this run ran; only with items: true."
    )


class Problem(BaseModel):
    """RFC 9457."""

    type: str
    title: str
    status: int
    detail: str = Field(description="What went wrong and what to do, in a sentence.")
    request_id: str | None = Field(description="The X-Request-ID of this response, as in the log.")


class RunEntry(BaseModel):
    """One run of the history."""

    id: str
    verb: str = Field(description="pass for passes of the loop, else the verb of the job, such as run or seed.")
    trigger: str
    state: str = Field(description="queued, running, done or failed.")
    tables: list[str]
    queued: datetime | None
    started: datetime | None
    finished: datetime | None
    verdict: str | None
    summary: dict[str, int] = Field(description="Counts that are not 0.")
    actions: list[Json]
    wrote: bool
    error: str | None
    message: str | None = Field(description="Result in a sentence.")
    process: str | None = Field(description="Who made it, as HOST:PID; null where its record does not say it.")


class RunsData(BaseModel):
    """The history, newest first."""

    runs: list[RunEntry]


class MigratedTable(BaseModel):
    """One table as it was last seen."""

    name: str
    declared: bool
    declaration: str | None
    status: str
    owned: bool = Field(description="Whether it was created here, so that rollback may delete it.")
    ownership: str | None
    identity: Json | None
    last_change: datetime | None
    drifted: list[str]


class MigrationsData(BaseModel):
    """Where the tables stand."""

    suspended: bool
    suspended_by: str | None
    in_progress: str | None
    last_pass: datetime | None
    last_success: datetime | None
    next_pass: datetime | None
    tables: list[MigratedTable]
    item_migrations: list[ItemMigrationEntry] = Field(
        default_factory=list, description="Migrations of items, in order. `reconciler migrate` runs them."
    )


class SeederEntry(BaseModel):
    """One seed."""

    table: str
    seeder: str = Field(description="Its name for seeder_names.")
    source: str
    declared: int = Field(description="Items in the source.")
    written: int = Field(description="Items of the last complete seeding.")
    at: datetime | None
    digest: str = Field(description="SHA-256 of the items in the source.")
    state: str = Field(description="pending, started, done or cleared.")


class SeedersData(BaseModel):
    """Where the seeds stand."""

    seeders: list[SeederEntry]


_SENTENCES: dict[int, str] = {
    400: "The body ended too early.",
    401: "The bearer token is missing or wrong. Send the token of RECONCILER_API_TOKEN …",
    403: "Requests from the pages of other sites are refused.",
    404: "no table 'user' is declared; declared are: projects_details, users",
    408: "The body did not arrive within 10 s.",
    409: "The plan has changed since it was previewed; its digest is now 6f2a…. Nothing was done.",
    413: "The body is larger than 64 KiB.",
    415: "The body must be application/json without a content encoding.",
    422: "body.tables: Input should be a valid list",
    429: "100 different jobs are already queued. Try again later.",
    500: "The request failed. See the log for the reason.",
    503: "waiting for the endpoint",
}
CHANGING = (400, 401, 403, 404, 408, 409, 413, 415, 422, 429, 500, 503)
"""The errors that every mutating route may return."""


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The ``responses`` of a route: each error with an example."""
    return {status: _error(status) for status in statuses}


def _error(status: int) -> dict[str, Any]:
    title = HTTPStatus(status).phrase
    example = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": _SENTENCES[status],
        "request_id": "b0a4f5d2c1e94f0e9c7a1d2e3f405162",
    }
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": title, "content": {MEDIA_TYPE: {"schema": schema, "example": example}}}


def example(message: str, data: Json, *, success: bool = True) -> dict[str, Any]:
    """The description of a successful response, with an example."""
    return {"content": {"application/json": {"example": {"success": success, "message": message, "data": data}}}}
