"""``-o github``: workflow commands that mark the declarations, and the Markdown summary of the job."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

from reconciler.model.errors import Problem
from reconciler.model.plan import StepStatus
from reconciler.model.position import Position, column_of
from reconciler.model.report import PassReport, TableReport, TableStatus
from reconciler.presentation.formats import markdown
from reconciler.presentation.formats.view import View
from reconciler.presentation.render import losses

# GitHub shows ten annotations a step and cuts a job summary at 1 MiB.
MAX_ANNOTATIONS = 9
MAX_SUMMARY_BYTES = 900_000


def lines(report: PassReport, view: View) -> Iterable[tuple[str, str]]:
    """Annotations on standard output; the summary goes to the file that GITHUB_STEP_SUMMARY names."""
    annotations = [*problems(report.problems, view), *_tables(report, view)]
    if report.error:
        annotations.insert(0, command("error", report.error))
    kept = annotations[:MAX_ANNOTATIONS]
    if len(annotations) > len(kept):
        kept.append(command("notice", f"{len(annotations) - len(kept)} more; the job summary lists all."))
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if summary:
        try:
            _append(Path(summary), [text for _, text in markdown.lines(report, view)])
        except OSError as error:
            kept.append(command("warning", f"the job summary {summary} was not written: {error.strerror or error}"))
    return [("plain", annotation) for annotation in kept]


def problems(found: Iterable[Problem], view: View) -> Iterable[str]:
    """One error annotation a problem of a declaration."""
    for problem in found:
        subject = f"{problem.field}: " if problem.field else ""
        message = f"{subject}{problem.reason}. {problem.remedy}"
        yield command("error", message, view.annotated(problem.file), problem.line)


def warnings(found: Iterable[str], view: View) -> Iterable[str]:
    """One warning annotation a sentence, at the line that it begins with."""
    for sentence in found:
        place = re.match(r"(?P<file>[^\s:]+):(?:(?P<line>\d+):(?:(?P<column>\d+):)?)? ", sentence)
        if place is None or not Path(view.path(place["file"])).exists():
            yield command("warning", sentence)
        else:
            line = int(place["line"]) if place["line"] else None
            line = Position(line, int(place["column"])) if line is not None and place["column"] else line
            yield command("warning", sentence[place.end() :], view.annotated(place["file"]), line)


def command(level: str, message: str, file: str | None = None, line: int | None = None) -> str:
    """One workflow command with its data escaped; ``line`` may be a ``Position``."""
    properties = [f"file={_property(file)}"] if file else []
    properties += [f"line={line}"] if file and line else []
    properties += [f"col={column}"] if file and (column := column_of(line)) else []
    return f"::{level}{' ' if properties else ''}{','.join(properties)}::{_data(message)}"


def _tables(report: PassReport, view: View) -> Iterable[str]:
    for table in sorted(report.tables, key=lambda table: table.name):
        file, line = _place(table)
        path = view.annotated(file) if file else None
        if table.status is TableStatus.ERROR:
            yield command("error", f"{table.name}: {table.error or 'failed'}", path, line)
        for step in table.steps:
            if step.status is StepStatus.FAILED and table.status is not TableStatus.ERROR:
                yield command("error", f"{table.name}: {step.action.value} failed: {step.message}", path, line)
            if step.status is StepStatus.BLOCKED:
                remedy = f". Allow with: {step.allow_with}" if step.allow_with else ""
                yield command(
                    "warning",
                    f"{table.name}: {step.action.value} blocked: {(step.message or '').rstrip('.')}{remedy}",
                    path,
                    line,
                )
        ends = losses(table)
        for sentence in ends:
            yield command("warning", sentence, path, line)
        if not ends and table.status in (TableStatus.DRIFTED, TableStatus.MISSING, TableStatus.PENDING):
            yield command("warning", f"{table.name}: {table.status.value}", path, line)


def _place(table: TableReport) -> tuple[str | None, int | None]:
    file, _, line = (table.declaration or "").rpartition(":")
    if file and line.isdigit():
        return file, int(line)
    return table.declaration, None


def _append(path: Path, texts: list[str]) -> None:
    whole = ("\n".join(texts) + "\n").encode()
    if len(whole) > MAX_SUMMARY_BYTES:
        whole = whole[:MAX_SUMMARY_BYTES].decode(errors="ignore").encode() + "\n\n… cut\n".encode()
    with path.open("ab") as file:
        file.write(whole)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
