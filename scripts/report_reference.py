"""The members of the JSON document of a pass as Markdown. Called by ``reference``.

The members and their types are those of a document made from one report with everything in it; the meanings stand
here. A member without a meaning, or a meaning without a member, is an error.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from reconciler.model.change import Call, Change
from reconciler.model.errors import Problem
from reconciler.model.identity import Endpoint, Flavor, Identity
from reconciler.model.plan import Action, Reason, Step
from reconciler.model.records import CopyJob, Generation, GenerationPhase, Phase, Replacement
from reconciler.model.report import LeftInPlace, RebuildProgress, RunReport, TableReport, TableStatus
from reconciler.presentation.document import document

NOW = datetime(2026, 1, 1, tzinfo=UTC)
MEANINGS = {
    "format_version": "A higher minor version adds members, a higher major version changes them.",
    "pass_id": "ID of the pass, as in log, history and traces.",
    "run_id": "ID of the run; only in documents of commands that may write.",
    "pass_ids[]": "The passes of the run, in order. Each logged step carries one of them.",
    "trigger": "What started the pass.",
    "started": "Start, ISO 8601 in UTC.",
    "finished": "End, ISO 8601 in UTC.",
    "stack": "Stack that owns the tables.",
    "environment": "Environment; `default` where none is set.",
    "endpoint": "Where the tables are; null if the endpoint was not reached.",
    "endpoint.url": "URL.",
    "endpoint.region": "Region.",
    "endpoint.account": "Account ID; null if unknown.",
    "endpoint.flavor": "Kind of endpoint: aws, dynamodb-local, moto, localstack or other.",
    "verdict": "in_sync, drifted or error.",
    "suspended": "Whether writes are suspended.",
    "summary": "Tables by what is planned or was done.",
    "summary.*": "Number of tables, for example `summary.create`.",
    "tables[]": "One entry per table, sorted by name.",
    "tables[].name": "Name of the table.",
    "tables[].declaration": "File, from the folder of the declarations, and line; null if the table is not declared.",
    "tables[].status": "Status of the table.",
    "tables[].error": "Sentence of a table whose status is error.",
    "tables[].changes[]": "Differences between declaration and table.",
    "tables[].changes[].facet": "Facet.",
    "tables[].changes[].path": "Field, for example `ttl.attribute`.",
    "tables[].changes[].before": "Live value.",
    "tables[].changes[].after": "Declared value.",
    "tables[].changes[].unsafe": "Why the change is unsafe; null if it is safe.",
    "tables[].steps[]": "Steps that close the differences, in the order in which they are applied.",
    "tables[].steps[].action": "create, update, replace, delete, seed or clear.",
    "tables[].steps[].facet": "Facet; empty for a step of the whole table.",
    "tables[].steps[].operation": "API operation; null for a wait and for seeding.",
    "tables[].steps[].request": "The real request of the operation.",
    "tables[].steps[].status": "Status of the step.",
    "tables[].steps[].reason": "Reason code; null for ready and done.",
    "tables[].steps[].message": "The reason in a sentence.",
    "tables[].steps[].allow_with": "Command or setting that allows a blocked step.",
    "tables[].steps[].not_before": "Earliest time of a deferred step.",
    "tables[].replacement": "Only while the table is replaced with its items.",
    "tables[].replacement.phase": "Phase, for example copying, comparing, deleting, creating, returning or verifying.",
    "tables[].replacement.since": "Start of the replacement.",
    "tables[].replacement.items": "Items of the table when it began.",
    "tables[].replacement.moved": "Items that went through in this phase.",
    "tables[].replacement.bytes": "Bytes of the items when it began.",
    "tables[].replacement.copy": "Table that has the items meanwhile.",
    "tables[].replacement.paused": "Whether a person paused it.",
    "tables[].replacement.problem": "Why it waits for a person, as a sentence; null if it does not.",
    "tables[].generation": "Only while its next generation is built beside it, until the former table is gone.",
    "tables[].generation.name": "Declared name of the table.",
    "tables[].generation.phase": "Phase: create, capture, copy, replay, verify, ready, fence, switch, hold, revert, "
    "return, finish or cancel.",
    "tables[].generation.since": "Start of the replacement.",
    "tables[].generation.old": "Table that is replaced.",
    "tables[].generation.new": "Table that takes its place.",
    "tables[].generation.current": "Table that the declared name means now.",
    "tables[].generation.engine": "How its items are copied: scan, or by jobs of the service: bulk or import.",
    "tables[].generation.jobs[]": "Jobs of the service that copy the items, as they were last seen.",
    "tables[].generation.jobs[].kind": "export, bulk or import.",
    "tables[].generation.jobs[].state": "running, done or failed.",
    "tables[].generation.jobs[].items": "Items that the service says it has exported or read so far.",
    "tables[].generation.jobs[].bytes": "Bytes that the service says it has exported or read so far.",
    "tables[].generation.jobs[].refused": "Items that were not written.",
    "tables[].generation.jobs[].started": "When the service started it; null if it does not tell.",
    "tables[].generation.jobs[].ended": "When it ended; null if it does not tell, or before.",
    "tables[].generation.items": "Items of the table when it began, or when both tables were last equal.",
    "tables[].generation.bytes": "Bytes of the items when it began.",
    "tables[].generation.copied": "Items that were copied.",
    "tables[].generation.repeated": "Changes that were repeated on the other table, in the present direction.",
    "tables[].generation.lag_seconds": "How old the last change was when it was repeated; null if none was.",
    "tables[].generation.changes_per_second": "Changes a second that are made, as last measured; null before.",
    "tables[].generation.repeated_per_second": "Changes a second that are repeated, as last measured; null before.",
    "tables[].generation.behind_since": "Since when changes are made faster than they are repeated; null if not.",
    "tables[].generation.yielded": "Items of the old table that the new one lacks, because of --on-conflict.",
    "tables[].generation.hold_until": "Until when the old table follows the new one; null before the switch.",
    "tables[].generation.paused": "Whether a person paused it.",
    "tables[].generation.problem": "Why it waits for a person, as a sentence; null if it does not.",
    "tables[].rebuild": "Only while an index is being rebuilt.",
    "tables[].rebuild.index": "Index that is replaced.",
    "tables[].rebuild.new_index": "Index that replaces it.",
    "tables[].rebuild.phase": "starting, building, backfilling, holding, ready or dropping.",
    "tables[].rebuild.since": "Start of the rebuild.",
    "tables[].rebuild.ready_at": "When the new index became ready.",
    "tables[].rebuild.until": "Until when the old index is kept.",
    "tables[].rebuild.then": "Next step in a sentence.",
    "tables[].migrations[]": "Sentences on migrations that were begun on its items and are not finished; only if any.",
    "tables[].left_in_place[]": "Features and tags that are no longer declared and stay; only if there are any.",
    "tables[].left_in_place[].path": "Facet, or `tags.KEY`.",
    "tables[].left_in_place[].why": "Why it stays.",
    "tables[].left_in_place[].remove_with": "Line of a declaration that removes it.",
    "tables[].left_in_place[].cost": "What else that line does.",
    "errors[]": "Problems of declarations and seeds.",
    "errors[].file": "File.",
    "errors[].line": "Line.",
    "errors[].column": "The column in that line, from 1; `null` if it is not known.",
    "errors[].field": "Field.",
    "errors[].reason": "What is wrong.",
    "errors[].remedy": "What to do.",
    "warnings[]": "Warnings, one sentence each.",
    "error": "Error of the whole pass in a sentence; null if there is none.",
}
TYPES = {str: "text", bool: "boolean", int: "number", dict: "object", list: "list"}


def whole() -> dict[str, Any]:
    """The document of a report in which nothing is missing."""
    change = Change("ttl", "ttl.attribute", "old", "new", unsafe="the items expire by another attribute")
    step = Step(Action.UPDATE, "ttl", (change,), Call("UpdateTimeToLive", {"TableName": "users"}))
    table = TableReport(
        "users",
        TableStatus.BLOCKED,
        declaration="users.yaml:1",
        changes=(change,),
        steps=(step.blocked(Reason.DENIED, "a sentence", "a setting"),),
        error="a sentence",
        rebuild=RebuildProgress("by_mail", "by_mail-v2", "holding", NOW, NOW, NOW, "a sentence"),
        replacement=Replacement("users", Phase.COPYING, Identity(None, "arn", ""), "users.replacing.0a", (), NOW),
        generation=replace(
            Generation("users", GenerationPhase.COPY, 2, "users", "users-g2", Identity(None, "arn", ""), (), NOW),
            jobs=(CopyJob("export", "running"),),
        ),
        migrations=("a sentence",),
        left_in_place=(LeftInPlace("ttl", "a sentence", "a line", "a sentence"),),
    )
    return document(
        RunReport(
            pass_id="1",
            trigger="up",
            environment="default",
            started=NOW,
            finished=NOW,
            endpoint=Endpoint("http://localhost:8000", "us-east-1", "000000000000", "aws", Flavor.DYNAMODB_LOCAL),
            tables=(table,),
            problems=(Problem("users.yaml", 1, "ttl", "a reason", "a remedy"),),
            warnings=("a warning",),
            error="a sentence",
            stack="shop",
            run_id="1",
            pass_ids=("1",),
        )
    )


def members(value: dict[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """Each member with its path, in the order of the document. The request of a step is not entered."""
    for name, each in value.items():
        here = f"{path}{name}{'[]' if isinstance(each, list) else ''}"
        yield here, each
        inner = each[0] if isinstance(each, list) and each else each
        if here == "summary":
            yield "summary.*", 0
        elif isinstance(inner, dict) and name != "request":
            yield from members(inner, f"{here}.")


def report() -> str:
    """A row for each member.

    Raises:
        ValueError: a member has no meaning here, or a meaning is that of no member.
    """
    found = list(members(whole()))
    without = {path for path, _ in found} ^ set(MEANINGS)
    if without:
        raise ValueError(f"scripts/report_reference.py: a member without a meaning, or the reverse: {sorted(without)}")
    rows = (f"| `{path}` | {TYPES.get(type(value), 'text')} | {MEANINGS[path]} |\n" for path, value in found)
    return "| member | type | meaning |\n|---|---|---|\n" + "".join(rows)
