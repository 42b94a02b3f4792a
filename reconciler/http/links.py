"""OpenAPI links: which response contains the parameter of which other route. Used by ``openapi``.

A run ID links to the run, a table name to the table, the digest of a dry run to the run of exactly that plan.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

API = "/api/v1"
RUN, ROLLBACK, SEED, CLEAR = (
    f"POST {API}/{route}" for route in ("migrations/run", "migrations/rollback", "seeders/run", "seeders/clear")
)
ONE_RUN, ONE_TABLE, TABLE_PAGE = f"GET {API}/runs/{{run_id}}", f"GET {API}/tables/{{name}}", "GET /tables/{name}"
DONE, ACCEPTED = "200", "202"


@dataclass(frozen=True, slots=True)
class Link:
    """From an answer of ``source`` to ``target``, both as method and path. Values are runtime expressions."""

    name: str
    source: str
    target: str
    description: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    status: str = DONE


def _in_answer(pointer: str) -> str:
    return f"$response.body#/data/{pointer}"


def _to_run(source: str, status: str) -> Link:
    return Link(
        "TheRun", source, ONE_RUN, "Progress and result of the run.", {"run_id": _in_answer("run_id")}, status=status
    )


def _to_table(source: str, target: str, pointer: str) -> Link:
    name = "TheTable" if target == ONE_TABLE else "ThePage"
    return Link(name, source, target, "The first of the tables.", {"name": _in_answer(pointer)})


MIGRATIONS, SEEDERS = f"GET {API}/migrations/status", f"GET {API}/seeders/status"
LINKS = (
    *(_to_run(source, status) for source in (RUN, ROLLBACK, SEED, CLEAR) for status in (DONE, ACCEPTED)),
    Link(
        "JustThisPlan",
        RUN,
        RUN,
        "After a dry run over all tables: runs exactly that plan; 409 if the plan has changed.",
        body={"plan_digest": _in_answer("plan_digest")},
    ),
    Link("TheLatest", f"GET {API}/runs", ONE_RUN, "The newest run.", {"run_id": _in_answer("runs/0/id")}),
    *(_to_table(f"GET {API}/status", target, "report/tables/0/name") for target in (ONE_TABLE, TABLE_PAGE)),
    *(_to_table(MIGRATIONS, target, "tables/0/name") for target in (ONE_TABLE, TABLE_PAGE)),
    Link("SeedIt", SEEDERS, SEED, "Seed the first.", {"seeder_names": _in_answer("seeders/0/seeder")}),
    Link("ClearIt", SEEDERS, CLEAR, "Clear the first seed.", {"seeder_names": _in_answer("seeders/0/seeder")}),
    Link("RunIt", ONE_TABLE, RUN, "A pass over this table.", body={"tables": [_in_answer("name")]}),
    Link("PlanIt", ONE_TABLE, RUN, "A dry run over it.", body={"tables": [_in_answer("name")], "dry_run": True}),
)


def install(document: Mapping[str, Any]) -> None:
    """Put them into the generated document, by the ids that the operations have there."""
    operations = {
        f"{method.upper()} {path}": operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }
    for link in LINKS:
        made: dict[str, Any] = {"operationId": operations[link.target]["operationId"], "description": link.description}
        if link.parameters:
            made["parameters"] = dict(link.parameters)
        if link.body is not None:
            made["requestBody"] = dict(link.body)
        operations[link.source]["responses"][link.status].setdefault("links", {})[link.name] = made
