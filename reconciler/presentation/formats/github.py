"""``-o github``: workflow commands that mark the declarations, and the Markdown summary of the job."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

from reconciler.model.errors import Problem
from reconciler.model.position import Position, column_of
from reconciler.model.report import PassReport
from reconciler.presentation.annotations import Annotation, of_problems, of_tables
from reconciler.presentation.formats import markdown
from reconciler.presentation.formats.view import View

# GitHub shows ten annotations a step and cuts a job summary at 1 MiB.
MAX_ANNOTATIONS = 9
MAX_SUMMARY_BYTES = 900_000


def lines(report: PassReport, view: View) -> Iterable[tuple[str, str]]:
    """Annotations on standard output; the summary goes to the file that GITHUB_STEP_SUMMARY names."""
    annotations = [*problems(report.problems, view), *(_annotation(each, view) for each in of_tables(report))]
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
    return (_annotation(annotation, view) for annotation in of_problems(found))


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


def _annotation(annotation: Annotation, view: View) -> str:
    path = view.annotated(annotation.file) if annotation.file else None
    return command("error" if annotation.is_error else "warning", annotation.message, path, annotation.line)


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
