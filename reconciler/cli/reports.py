"""The reports of ``--report``: other formats of the same result, in files beside the output. Called by ``Invocation``.

``--report junit=FILE`` writes a file. ``--report github`` alone writes annotations to standard error, where GitHub
reads them too, so that standard output stays one document.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from reconciler.cli.options import Output
from reconciler.model.errors import UsageError
from reconciler.model.lazy_dataclass import dataclass
from reconciler.output_files import is_stream

Lines = Iterable[tuple[str, str]]
FORMS = tuple(Output)


@dataclass(frozen=True, slots=True)
class ReportTarget:
    """One report: its format and the file that it is written to, ``None`` for standard error."""

    form: Output
    path: Path | None


def targets(words: Sequence[str]) -> tuple[ReportTarget, ...]:
    """The values of ``--report``. Raises ``UsageError`` for an unknown format and for a missing or repeated file."""
    found: list[ReportTarget] = []
    for word in words:
        name, equals, file = word.partition("=")
        if name.lower() not in FORMS:
            raise UsageError(f"--report: invalid value '{word}'; expected FORM=FILE with one of {', '.join(FORMS)}.")
        form = Output(name.lower())
        if not file and (equals or form is not Output.GITHUB):
            raise UsageError(f"--report: '{word}' names no file. Write --report {form}=FILE.")
        target = ReportTarget(form, Path(file) if file else None)
        if any(target.path == other.path for other in found):
            raise UsageError(
                f"--report: two reports for {file or 'standard error'}. Name another file for one of them."
            )
        found.append(target)
    return tuple(found)


def write(
    wanted: Iterable[ReportTarget], rendered: Callable[[Output], Lines], to_stderr: Callable[[Lines], None]
) -> tuple[str, ...]:
    """Write each report; returns a warning for each file that cannot be written. The work itself is done by now."""
    warnings = []
    for target in wanted:
        lines = rendered(target.form)
        if target.path is None:
            to_stderr(lines)
            continue
        try:
            target.path.parent.mkdir(parents=True, exist_ok=True)
            text = "".join(f"{text}\n" for _, text in lines)
            # A descriptor may be the file to which the result was printed just now.
            with target.path.open("a" if is_stream(target.path) else "w", encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            why = error.strerror or error
            warnings.append(f"--report: {target.path} was not written: {why}. The run itself is not affected.")
    return tuple(warnings)
