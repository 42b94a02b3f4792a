"""``-o markdown``: a summary table and a list of steps, for pull requests and job summaries."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from reconciler.model.change import Change
from reconciler.model.plan import StepStatus
from reconciler.model.report import PassReport, TableReport, Verdict
from reconciler.planning.text import printable
from reconciler.presentation.changes import change_lines
from reconciler.presentation.formats.view import View
from reconciler.presentation.paths import seen_from_here, warning_from_here
from reconciler.presentation.render import (
    UNFINISHED,
    about_items,
    counts,
    heading,
    hold_sentence,
    left_of,
    left_sentence,
    losses,
    lost_items,
    rebuild_sentence,
    repeats,
    shown_status,
    status_message,
    step_title,
    symbol,
    uncovered,
    unsafe_of,
)

_MARKS = re.compile(r"([\\`*_{}\[\]<>#|~])")
HEADINGS = {Verdict.IN_SYNC: "in sync", Verdict.DRIFTED: "drift", Verdict.ERROR: "error"}


def lines(report: PassReport, view: View) -> Iterable[tuple[str, str]]:
    """Heading, counts, errors, one row a table, then each table's steps and fields."""
    return [("plain", text) for text in _text(report, view)]


def _text(report: PassReport, view: View) -> Iterable[str]:
    yield f"## DynamoDB: {_title(report)} ({escaped(report.environment)})"
    yield ""
    if report.stack:
        yield escaped(heading(report))
        yield ""
    yield counts(report, applied=view.applied)
    errors = [str(seen_from_here(problem, view.base)) for problem in report.problems] + (
        [report.error] if report.error else []
    )
    if errors or report.warnings:
        yield ""
        yield from (f"- **error** {escaped(error)}" for error in errors)
        yield from (f"- **warning** {escaped(warning_from_here(each, view.base))}" for each in report.warnings)
    if report.managed:
        yield ""
        yield "| table | status | declaration |"
        yield "|---|---|---|"
    tables = sorted(report.managed, key=lambda table: table.name)
    for table in tables:
        place = escaped(view.path(table.declaration)) if table.declaration else "-"
        yield f"| {escaped(table.name)} | {shown_status(table)} | {place} |"
    for table in tables:
        if not repeats(table, report):
            yield from _details(table)
        yield from _document(view.documents.get(table.name, ()))


def _title(report: PassReport) -> str:
    if not any(table.migrations for table in report.tables):
        return HEADINGS[report.verdict]
    return UNFINISHED if report.verdict is Verdict.IN_SYNC else f"{HEADINGS[report.verdict]}, {UNFINISHED}"


def _details(table: TableReport) -> Iterable[str]:
    work = table.rebuild or table.held or table.migrations
    if not (table.steps or table.changes or table.error or work or table.left_in_place):
        return
    yield ""
    yield f"### {escaped(table.name)}"
    yield ""
    if table.error:
        yield f"- **error** {escaped(table.error)}"
    for sentence in losses(table):
        yield f"- **{escaped(sentence)}**"
    if table.rebuild:
        yield f"- {escaped(rebuild_sentence(table.rebuild))}"
    if table.held:
        yield f"- {escaped(hold_sentence(table.held))}"
    yield from (f"- **{escaped(sentence)}**" for sentence in table.migrations)
    for left in table.left_in_place:
        yield f"- {escaped(left_sentence(left))}"
    for step in table.steps:
        sentence = status_message(step)
        operation = f" `{step.call.operation}`" if step.call else ""
        ending = f": {escaped(sentence)}" if sentence else ""
        yield f"- `{symbol(step)[1]}` {escaped(step_title(step))}{operation}{ending}"
        if step.status is StepStatus.BLOCKED and step.allow_with:
            yield f"  - allow with: {escaped(step.allow_with)}"
        for change in left_of(step, table).changes:
            yield from (f"  {line}" for line in _change(change, table, unsafe_of(change, step)))
    for change in uncovered(table):
        yield from _change(change, table, table.unsafe(change))


def _change(change: Change, table: TableReport, unsafe: str | None) -> Iterable[str]:
    """The item of a list for one field, below the step that closes the difference."""
    first, *rest = [text for _, text in change_lines(change)]
    yield f"- {escaped(first)}"
    if rest:
        yield from (f"  {line}" for line in fenced(rest, language_of(change)))
    if unsafe:
        yield f"  - **unsafe:** {escaped(unsafe)}{lost_items(change, unsafe, about_items(table))}"


def _document(lines: Sequence[str]) -> Iterable[str]:
    """The unified diff in a block of its own."""
    if lines:
        yield ""
        yield from fenced(lines)


def language_of(change: Change) -> str:
    """How the lines of a change are highlighted: a value that only one side has is no diff."""
    return "yaml" if change.before is None or change.after is None else "diff"


def fenced(lines: Sequence[str], language: str = "diff") -> Iterable[str]:
    """Lines in a block whose fence is longer than any in it; what indents all of them is left out."""
    margin = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    lines = [line[margin:] for line in lines]
    longest = max((len(run) for line in lines for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    yield from (f"{fence}{language}", *lines, fence)


def escaped(text: str) -> str:
    """Text without control characters and without the meaning of Markdown or HTML."""
    return _MARKS.sub(r"\\\1", printable(text)).replace("&", "&amp;")
