"""``/api/v1/migrations``: run is a pass, rollback is destroy, status shows the tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field, model_validator

from reconciler.http.answers import CHANGING, Answer, Json, MigratedTable, MigrationsData, RunData, errors, example
from reconciler.http.control import Control
from reconciler.http.guard import GuardedRoute
from reconciler.http.item_migrations import entries
from reconciler.http.jobs import answer, refusal
from reconciler.http.summary import sentence, visible_tables
from reconciler.model.errors import DeclarationError, ReconcilerError
from reconciler.model.identity import Identity
from reconciler.model.json_values import plain
from reconciler.model.records import InventoryEntry, MigrationChecksums
from reconciler.model.report import PassReport, TableReport
from reconciler.runs import Job, Verb

TableName = Annotated[str, Field(min_length=1, max_length=255)]
Tables = Annotated[
    list[TableName],
    Field(max_length=200, description="Declared tables by name or base name; empty for all."),
]
Wait = Annotated[bool, Query(description="false returns 202 with the run ID at once.")]
RUN_ID = "3b8f1c6a2d7e4f5091a2b3c4d5e6f708"
ACCEPTED = {
    "model": Answer[RunData],
    "description": "The run is queued; /api/v1/runs/{run_id} shows its result.",
    **example("Accepted; /api/v1/runs/{id} shows the result.", {"run_id": RUN_ID, "report": None, "blocked": []}),
}


class RunRequest(BaseModel):
    """What to run."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"tables": ["users"], "dry_run": True}]})

    tables: Tables = []
    dry_run: bool = Field(False, description="Plan only; data.plan_digest names the plan.")
    plan_digest: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = Field(
        None, description="Digest of an earlier dry run. If the plan has changed, nothing is done; the response is 409."
    )
    items: bool = Field(
        False, description="After the pass, also run the pending migrations of items, of all tables and in order."
    )

    @model_validator(mode="after")
    def _items_alone(self) -> RunRequest:
        if self.items and (self.tables or self.dry_run):
            raise ValueError("items runs every pending migration, in order. Leave out tables and dry_run.")
        return self


class RollbackRequest(BaseModel):
    """What to delete."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"tables": ["users"]}]})

    tables: Tables = []


def routes(control: Control) -> tuple[APIRouter, APIRouter]:
    """The changing routes and the reading one."""
    changing = APIRouter(prefix="/api/v1/migrations", route_class=GuardedRoute, tags=["migrations"])
    reading = APIRouter(prefix="/api/v1/migrations", tags=["migrations"])

    @changing.post(
        "/run",
        summary="One pass over all or the named tables; lifts a suspension",
        responses={
            **errors(*CHANGING),
            200: example("Done: 2 created, 0 updated, 0 replaced, 0 deleted, 2 seeded.", _DATA),
            202: ACCEPTED,
        },
    )
    async def run(body: RunRequest | None = None, wait: Wait = True) -> Answer[RunData]:
        request = body or RunRequest()
        verb = Verb.PREVIEW if request.dry_run else Verb.RUN
        digest = None if request.dry_run else request.plan_digest
        job = Job(verb, _names(request.tables), digest, items=request.items)
        return await answer(control, job, wait=wait)  # type: ignore[return-value]

    @changing.post(
        "/rollback",
        summary="Delete the tables that were created here, then suspend",
        responses={
            **errors(*CHANGING),
            200: example("Done: 0 created, 0 updated, 0 replaced, 2 deleted, 0 seeded. Suspended: …", _DATA),
            202: ACCEPTED,
        },
    )
    async def rollback(body: RollbackRequest | None = None, wait: Wait = True) -> Answer[RunData]:
        job = Job(Verb.ROLLBACK, _names(body.tables if body else []))
        return await answer(control, job, wait=wait)  # type: ignore[return-value]

    @reading.get(
        "/status",
        summary="Per table: declared, status, owned, identity, last change; last and next pass",
        responses={**errors(500, 503), 200: example("In sync: 1 table as declared", _STATUS)},
    )
    def status() -> Answer[MigrationsData]:
        try:
            snapshot = control.snapshot()
        except ReconcilerError as error:
            raise refusal(error) from error
        files, unread = _files(control)
        loop_status = control.loop_status
        data = MigrationsData(
            suspended=loop_status.suspended or snapshot.suspension is not None,
            suspended_by=snapshot.suspension.by if snapshot.suspension else None,
            in_progress=loop_status.in_progress,
            last_pass=loop_status.report.finished if loop_status.report else None,
            last_success=loop_status.last_success,
            next_pass=loop_status.next_pass,
            tables=[_entry(table, snapshot.inventory.get(table.name)) for table in visible_tables(loop_status.report)],
            item_migrations=entries(files, snapshot.migrations, _live(loop_status.report)),
        )
        return Answer(success=True, message=" ".join([sentence(loop_status), *unread]), data=data)

    return changing, reading


def _files(control: Control) -> tuple[Mapping[str, MigrationChecksums], list[str]]:
    """The checksums of the migrations of items, and a sentence if their files cannot be read."""
    try:
        return control.migration_files(), []
    except DeclarationError as error:
        return {}, [f"The migrations of items cannot be read: {error.problems[0]}"]


def _live(report: PassReport | None) -> dict[str, Identity]:
    """The tables that the last pass saw."""
    return {table.name: table.identity for table in report.tables if table.identity} if report else {}


def _names(given: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(given))


def _entry(table: TableReport, entry: InventoryEntry | None) -> MigratedTable:
    return MigratedTable(
        name=table.name,
        declared=table.declaration is not None,
        declaration=table.declaration,
        status=table.status.value,
        owned=table.ownership == "created",
        ownership=table.ownership,
        identity=plain(table.identity) if table.identity else None,
        last_change=entry.changed_at if entry else None,
        drifted=list(table.drifted),
    )


_REPORT = {"format_version": "1.0", "verdict": "in_sync", "tables": []}
_DATA: Json = {"run_id": RUN_ID, "report": _REPORT, "plan_digest": None, "blocked": []}
_STATUS = {
    "suspended": False,
    "suspended_by": None,
    "in_progress": None,
    "last_pass": "2026-11-22T12:00:00Z",
    "last_success": "2026-11-22T12:00:00Z",
    "next_pass": "2026-11-22T12:01:00Z",
    "tables": [
        {
            "name": "users",
            "declared": True,
            "declaration": "table_configs/users_table.py:5",
            "status": "in_sync",
            "owned": True,
            "ownership": "created",
            "identity": {"table_id": None, "arn": "arn:aws:dynamodb:…:table/users", "created": "2026-11-22T11:00:00Z"},
            "last_change": "2026-11-22T11:00:00Z",
            "drifted": [],
        }
    ],
}
