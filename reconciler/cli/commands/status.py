"""Show recent passes, tables, blocked steps with their reasons, suspension and lease. Never writes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

from reconciler.cli import codes
from reconciler.cli.command import command
from reconciler.cli.invocation import Invocation
from reconciler.cli.options import Output
from reconciler.cli.parameters import Option
from reconciler.model.json_values import plain, to_the_second
from reconciler.model.plan import Step, StepStatus
from reconciler.model.report import PassReport, TableReport, TableStatus, Verdict
from reconciler.planning.text import printable, several
from reconciler.presentation.document import document
from reconciler.presentation.paths import seen_from_here, warning_from_here
from reconciler.presentation.render import (
    MANY,
    UNFINISHED,
    counts,
    heading,
    hold_sentence,
    in_sync,
    job_sentence,
    left_sentence,
    losses,
    rebuild_sentence,
    status_message,
    step_title,
)

Line = tuple[str, str]
_RANK = {
    TableStatus.ERROR: 0,
    TableStatus.BLOCKED: 1,
    TableStatus.MISSING: 2,
    TableStatus.DRIFTED: 3,
    TableStatus.PENDING: 4,
    TableStatus.RELEASED: 6,
    TableStatus.IN_SYNC: 5,
    TableStatus.UNMANAGED: 7,
}
"""The order in which tables are shown."""
_OPEN = (StepStatus.BLOCKED, StepStatus.DEFERRED, StepStatus.UNSUPPORTED, StepStatus.FAILED)
"""The statuses of steps that a person may have to do something about."""
NAMED = 6
"""The names that are shown of many tables with the same problem; --all lists each by itself."""


All = Annotated[bool, Option(("--all",), help="List the tables that are in sync, too.")]


@command(reports=True)
def status(invocation: Invocation, every: All = False) -> int:
    """Observe, read the records, show both: what needs attention first."""
    invocation.allow(Output.HUMAN, Output.JSON)
    with invocation.opened(invocation.settings(), read_only=True) as app:
        view = app.status()
    report: PassReport = view["report"]
    if invocation.output is Output.JSON:
        members = ("suspension", "lease", "runs", "next_run", "problem", "pending_migrations")
        records = {name: plain(view[name]) for name in members}
        invocation.console.result([("plain", json.dumps({**document(report), **records}, indent=2))])
    else:
        base = invocation.desired_state
        for sentence in report.warnings:
            invocation.console.note("warning", warning_from_here(sentence, base))
        invocation.print(_lines(view, report, every=every))
        problems = [str(seen_from_here(problem, base)) for problem in report.problems]
        for sentence in dict.fromkeys([*problems, *filter(None, [report.error, view["problem"]])]):
            invocation.console.note("error", sentence)
    invocation.write_reports(report)
    return codes.ERROR if report.verdict is Verdict.ERROR or view["problem"] else codes.OK


def _lines(view: Mapping[str, Any], report: PassReport, *, every: bool) -> Iterator[Line]:
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
    if report.endpoint:
        yield "plain", f"next run: {printable(_next_run(view['next_run'], report))}"
    if view["pending_migrations"]:
        from reconciler.engine.unfinished_migrations import pending_sentence

        yield "deferred", printable(pending_sentence(view["pending_migrations"]))
    yield from _tables(report, every=every)
    yield from _runs(view["runs"])
    good = report.verdict is Verdict.IN_SYNC and not view["problem"]
    if good:
        yield in_sync(report)
    elif report.tables or not (report.problems or report.error):
        # Without tables there is no plan: standard error says why.
        yield "title", counts(report, applied=False)


def _runs(runs: Sequence[Mapping[str, Any]]) -> Iterator[Line]:
    """The newest runs: when, by what, what each came to and changed, in the words of the page."""
    from reconciler.runs.record import from_history
    from reconciler.runs.run_titles import run_title, run_verdict

    for run in runs:
        entry = {key: printable(_to_the_second(value)) for key, value in run.items()}
        words = [entry.get(key, "-") for key in ("started", "trigger", "verdict", "pass_id")]
        if (record := from_history(run)) is not None:
            words[2] = run_verdict(record)
            words.insert(3, printable(run_title(record)))
        by = f"  by {entry['process']}" if run.get("process") else ""
        yield "dim", f"run {'  '.join(words)}{by}"
        if run.get("error"):
            yield "dim", f"  {entry['error']}"


def _to_the_second(value: Any) -> str:
    """A moment as ``2026-11-22T12:00:00Z``, anything else as its text."""
    text = str(plain(value))
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    return to_the_second(moment) if moment.tzinfo else text


def _next_run(view: Mapping[str, Any] | None, report: PassReport) -> str:
    """When the daemon on this machine runs next, or why that is unknown, and until when steps wait."""
    waits = f"; a step waits until {to_the_second(report.next_not_before)}" if report.next_not_before else ""
    if not view or not view.get("url"):
        return f"unknown, {(view or {}).get('why') or 'no daemon was asked'}{waits}"
    when = "now" if view.get("in_progress") else _to_the_second(view["next_pass"]) if view.get("next_pass") else "soon"
    return f"{when}, by the daemon at {view['url']}{waits}"


def _tables(report: PassReport, *, every: bool) -> Iterator[Line]:
    """Those that need attention first, equal ones together; those in sync are counted, or listed with ``every``."""
    if unmanaged := len(report.tables) - len(report.managed):
        yield (
            "dim",
            f"{several(unmanaged, 'table')} at the endpoint {'is' if unmanaged == 1 else 'are'} not managed here",
        )
    quiet = [table for table in report.managed if _is_quiet(table)]
    found: dict[tuple[Line, ...], list[str]] = {}
    for table in sorted(report.managed, key=lambda table: (_RANK.get(table.status, 0), table.name)):
        if every or not _is_quiet(table):
            style, facts = _facts(table)
            key = ((style, facts), *_details(table))
            found.setdefault(key if not every else (*key, ("", table.name)), []).append(printable(table.name))
    for (first, *rest), names in found.items():
        # One endpoint that is down is one error, however few tables it has.
        folded = len(names) >= MANY or (len(names) > 1 and first[0] == "error")
        subjects = [_first_of(names)] if folded else names
        for subject in subjects:
            yield first[0], f"{subject}: {first[1]}"
            yield from (line for line in rest if line[0])
    if quiet and not every:
        yield "in_sync", f"{several(len(quiet), 'table')} in sync; --all lists {'it' if len(quiet) == 1 else 'them'}"


def _is_quiet(table: TableReport) -> bool:
    told = table.error or table.rebuild or table.held or table.left_in_place or table.seed_pending or table.migrations
    return table.status is TableStatus.IN_SYNC and not told and not table.steps


def _first_of(names: Sequence[str]) -> str:
    shown, left = ", ".join(names[:NAMED]), len(names) - NAMED
    return f"{len(names)} tables ({shown}{f' and {left} more' if left > 0 else ''})"


def _facts(table: TableReport) -> Line:
    """Status, live status, ownership, items and seed of a table."""
    items = "no count of items" if table.item_count is None else f"about {several(table.item_count, 'item')}"
    seed = f", seed {table.seed_state}" if table.seed_state else ""
    if table.status is TableStatus.MISSING and table.ownership is None:
        # A table that is not there has no owner and no items.
        return "update", f"{table.status.value} (does not exist)"
    live = table.live_status or ("not read" if table.error else "absent")
    facts = f"{live}, {table.ownership or 'not ours'}, {items}{seed}"
    style = {"in_sync": "in_sync", "error": "error", "blocked": "blocked", "unmanaged": "dim", "released": "dim"}
    if table.status is TableStatus.IN_SYNC and table.migrations:
        return "blocked", f"{UNFINISHED} ({printable(facts)})"
    return style.get(table.status.value, "update"), f"{table.status.value} ({printable(facts)})"


def _style(step: Step) -> str:
    return step.status.value if step.status in _OPEN else step.action.value


def _details(table: TableReport) -> Iterator[Line]:
    if table.status is TableStatus.RELEASED:
        yield "dim", f"  not managed; `reconciler import {printable(table.name)}` manages it again"
    if table.error:
        yield "error", f"  {printable(table.error)}"
    if table.rebuild:
        yield "deferred", f"  {rebuild_sentence(table.rebuild)}"
    for job in table.generation.jobs if table.generation else ():
        yield "deferred" if job.state == "running" else "dim", f"  {job_sentence(job)}"
    if table.held:
        yield "deferred", f"  {hold_sentence(table.held)}"
    yield from (("blocked", f"  {printable(sentence)}") for sentence in table.migrations)
    for left in table.left_in_place:
        yield "dim", f"  {left_sentence(left)}"
    for sentence in losses(table):
        yield "delete", f"  {sentence}"
    for step in table.steps:
        if step.status in _OPEN or table.carries_on(step):
            yield _style(step), f"  {step_title(step)}: {status_message(step)}"
            if step.allow_with:
                yield "blocked", f"    allow with: {printable(step.allow_with)}"
