"""``/api/v1/seeders``: writes and removes seed items, and shows the state of each seed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Query

from reconciler.http.answers import CHANGING, Answer, RunData, SeederEntry, SeedersData, errors, example
from reconciler.http.control import Control
from reconciler.http.guard import GuardedRoute
from reconciler.http.jobs import answer, refusal
from reconciler.http.migrations import ACCEPTED, RUN_ID, TableName, Wait
from reconciler.model.errors import ReconcilerError
from reconciler.model.records import SeedRecord
from reconciler.planning.text import several
from reconciler.runs import Job, Verb

Names = Annotated[
    list[TableName],
    Query(
        max_length=100,
        description="Base names of tables, with or without `_seeder`; repeated or separated by commas; all if absent.",
    ),
]


def routes(control: Control) -> tuple[APIRouter, APIRouter]:
    """The changing routes and the reading one."""
    changing = APIRouter(prefix="/api/v1/seeders", route_class=GuardedRoute, tags=["seeders"])
    reading = APIRouter(prefix="/api/v1/seeders", tags=["seeders"])
    written = "2 tables: 6 items written, 0 present."
    removed = "2 tables: 6 items removed, 0 kept."

    @changing.post(
        "/run",
        summary="Write the missing seed items, never over an existing one; lifts `cleared`",
        responses={**errors(*CHANGING), 200: example(written, _DATA), 202: ACCEPTED},
    )
    async def run(seeder_names: Names = [], wait: Wait = True) -> Answer[RunData]:  # noqa: B006
        return await answer(control, Job(Verb.SEED, _names(seeder_names)), wait=wait)  # type: ignore[return-value]

    @changing.post(
        "/clear",
        summary="Remove unchanged seed items; the loop does not seed these tables again until `run`",
        responses={**errors(*CHANGING), 200: example(removed, _DATA), 202: ACCEPTED},
    )
    async def clear(seeder_names: Names = [], wait: Wait = True) -> Answer[RunData]:  # noqa: B006
        return await answer(control, Job(Verb.CLEAR, _names(seeder_names)), wait=wait)  # type: ignore[return-value]

    @reading.get(
        "/status",
        summary="Per table: source, items declared and written, when, content hash, state",
        responses={**errors(500, 503), 200: example("1 seed: 1 done", {"seeders": [_ENTRY]})},
    )
    def status() -> Answer[SeedersData]:
        try:
            entries = list(_entries(control))
        except ReconcilerError as error:
            raise refusal(error) from error
        counts = {state: sum(e.state == state for e in entries) for state in ("done", "pending", "started", "cleared")}
        counted = ", ".join(f"{count} {state}" for state, count in counts.items() if count)
        return Answer(
            success=True,
            message=f"{several(len(entries), 'seed')}{f': {counted}' if counted else ''}",
            data=SeedersData(seeders=entries),
        )

    return changing, reading


def _names(given: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.strip() for text in given for name in text.split(",") if name.strip()))


def _entries(control: Control) -> Iterator[SeederEntry]:
    records = control.snapshot().seeds
    report = control.loop_status.report
    seen = {table.name: table for table in report.tables} if report else {}
    for declaration in control.desired().declarations:
        if declaration.seed is None:
            continue
        name = declaration.spec.name
        record, table = records.get(name), seen.get(name)
        lapsed = record is not None and record.state != "cleared" and table is not None and table.seed_pending
        valid: SeedRecord | None = None if lapsed else record
        yield SeederEntry(
            table=name,
            seeder=declaration.base_name,
            source=declaration.seed.source,
            declared=len(declaration.seed.items),
            written=valid.count if valid else 0,
            at=valid.at if valid else None,
            digest=declaration.seed.digest,
            state=valid.state if valid else "pending",
        )


_DATA = {"run_id": RUN_ID, "report": {"format_version": "1.0", "verdict": "in_sync", "tables": []}, "blocked": []}
_ENTRY = {
    "table": "users",
    "seeder": "users",
    "source": "seeds/users.json",
    "declared": 3,
    "written": 3,
    "at": "2026-11-22T12:00:00Z",
    "digest": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "state": "done",
}
