"""Show recent passes, tables, blocked steps with their reasons, suspension and lease. Never writes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from reconciler.cli import codes
from reconciler.cli.command import command
from reconciler.cli.invocation import Invocation
from reconciler.cli.options import Output
from reconciler.model.json_values import plain, timestamp
from reconciler.model.plan import StepStatus
from reconciler.model.report import PassReport, TableStatus, Verdict
from reconciler.planning.text import printable, several
from reconciler.presentation.document import document
from reconciler.presentation.render import (
    counts,
    heading,
    in_sync,
    left_sentence,
    losses,
    rebuild_sentence,
    status_message,
    step_title,
)

Line = tuple[str, str]


@command(reports=True)
def status(invocation: Invocation) -> int:
    """Observe, read the records, show both."""
    invocation.allow(Output.HUMAN, Output.JSON)
    with invocation.opened(invocation.settings(), read_only=True) as app:
        view = app.status()
    report: PassReport = view["report"]
    if invocation.output is Output.JSON:
        records = {name: plain(view[name]) for name in ("suspension", "lease", "runs", "problem")}
        invocation.console.result([("plain", json.dumps({**document(report), **records}, indent=2))])
    else:
        invocation.console.result(_lines(view, report))
        for sentence in report.warnings:
            invocation.console.note("note", sentence)
        for sentence in dict.fromkeys([*map(str, report.problems), *filter(None, [report.error, view["problem"]])]):
            invocation.console.note("error", sentence)
    invocation.write_reports(report)
    return codes.ERROR if report.verdict is Verdict.ERROR or view["problem"] else codes.OK


def _lines(view: Mapping[str, Any], report: PassReport) -> Iterator[Line]:
    if report.endpoint:
        yield "title", heading(report)
    if view["suspension"]:
        suspension = plain(view["suspension"])
        by, since = printable(suspension["by"]), _to_the_second(suspension["at"])
        yield "blocked", f"suspended by {by} since {since}; `reconciler resume` lifts it"
    if view["lease"]:
        lease = plain(view["lease"])
        until = _to_the_second(lease["expires"])
        yield "plain", f"lease: {printable(lease['name'] or lease['holder'])} until {until}, by its own clock"
    yield from _tables(report)
    for run in view["runs"]:
        entry = {key: printable(_to_the_second(value)) for key, value in run.items()}
        words = [entry.get(key, "-") for key in ("started", "trigger", "verdict", "pass_id")]
        yield "dim", f"run {'  '.join(words)}"
    good = report.verdict is Verdict.IN_SYNC and not view["problem"]
    if good:
        yield "in_sync", in_sync(report)
    elif report.tables or not (report.problems or report.error):
        # Without tables there is no plan: standard error says why.
        yield "title", counts(report, applied=False)


def _to_the_second(value: Any) -> str:
    """A moment as ``2026-11-22T12:00:00Z``, anything else as its text."""
    text = str(plain(value))
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    return str(timestamp(moment.replace(microsecond=0))) if moment.tzinfo else text


def _tables(report: PassReport) -> Iterator[Line]:
    if unmanaged := len(report.tables) - len(report.managed):
        yield (
            "dim",
            f"{several(unmanaged, 'table')} at the endpoint {'is' if unmanaged == 1 else 'are'} not managed here",
        )
    for table in sorted(report.managed, key=lambda table: table.name):
        items = "no count of items" if table.item_count is None else f"about {several(table.item_count, 'item')}"
        seed = f", seed {table.seed_state}" if table.seed_state else ""
        live = table.live_status or ("not read" if table.error else "absent")
        facts = f"{live}, {table.ownership or 'not ours'}, {items}{seed}"
        style = {"in_sync": "in_sync", "error": "error", "blocked": "blocked", "unmanaged": "dim", "released": "dim"}
        yield (
            style.get(table.status.value, "update"),
            f"{printable(table.name)}: {table.status.value} ({printable(facts)})",
        )
        if table.status is TableStatus.RELEASED:
            yield "dim", f"  not managed; `reconciler import {printable(table.name)}` manages it again"
        if table.error:
            yield "error", f"  {printable(table.error)}"
        if table.rebuild:
            yield "deferred", f"  {rebuild_sentence(table.rebuild)}"
        for left in table.left_in_place:
            yield "dim", f"  {left_sentence(left)}"
        for sentence in losses(table):
            yield "delete", f"  {sentence}"
        for step in table.steps:
            if step.status in (StepStatus.BLOCKED, StepStatus.DEFERRED, StepStatus.UNSUPPORTED, StepStatus.FAILED):
                yield step.status.value, f"  {step_title(step)}: {status_message(step)}"
                if step.allow_with:
                    yield "blocked", f"    allow with: {printable(step.allow_with)}"
