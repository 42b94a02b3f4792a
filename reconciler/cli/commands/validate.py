"""Check declarations, seeds and migrations of items offline; every problem with file, line and field."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from reconciler.cli import codes
from reconciler.cli.command import command
from reconciler.cli.invocation import Invocation
from reconciler.cli.options import Output
from reconciler.cli.parameters import Argument
from reconciler.model.desired import Declaration, DesiredState
from reconciler.model.errors import DeclarationError, Problem
from reconciler.model.report import TableReport, TableStatus
from reconciler.planning.text import printable, several
from reconciler.presentation.document import FORMAT_VERSION, problem_entry
from reconciler.presentation.paths import seen_from_here, warning_from_here

if TYPE_CHECKING:
    from reconciler.settings import Settings

_RARE = (".ndjson", ".tsv", ".ion", ".zst")
Place = Annotated[str | None, Argument(metavar="PATH", help="Folder, package:NAME or bundled; else --desired-state.")]

FORMS = (Output.HUMAN, Output.JSON, Output.GITHUB, Output.JUNIT, Output.SARIF)
Line = tuple[str, str]


@command(forms=FORMS)
def validate(invocation: Invocation, path: Place = None) -> int:
    """Load everything, connect to nothing."""
    invocation.allow(*FORMS)
    settings = invocation.settings(overrides={} if path is None else {"desired_state": path})
    from reconciler import wiring

    base = settings.desired_state
    try:
        desired = wiring.desired_state(settings)
    except DeclarationError as error:
        # A location that cannot be read is wrong once, not for its migrations too.
        known = {str(problem) for problem in error.problems}
        further = (problem for problem in wiring.migration_problems(settings, None) if str(problem) not in known)
        return _refused(invocation, base, (*error.problems, *further), (*error.warnings, *_unchosen(settings)))
    if problems := wiring.migration_problems(settings, desired):
        return _refused(invocation, base, problems, desired.warnings)
    warnings = (*desired.warnings, *wiring.seed_orphans(desired))
    for warning in warnings:
        invocation.console.note("warning", warning_from_here(warning, base))
    for note in (*desired.notes, *_rare_seeds(desired)):
        invocation.console.note("note", warning_from_here(note, base))
    _publish(invocation, _Result(base, (), warnings, desired.notes, desired))
    return codes.OK


def _unchosen(settings: Settings) -> Iterator[str]:
    """A warning where an environment might give what the declarations lack."""
    if settings.environment is None and settings.environments:
        known = ", ".join(sorted(settings.environments))
        yield (
            f"{settings.settings_file} has the environments {known}, and none is chosen, so none of their parameters "
            "and settings apply. Choose one with --environment NAME."
        )


def _refused(invocation: Invocation, base: str, problems: tuple[Problem, ...], warnings: tuple[str, ...]) -> int:
    for warning in warnings:
        invocation.console.note("warning", warning_from_here(warning, base))
    for problem in problems:
        invocation.console.note("error", str(seen_from_here(problem, base)))
    _publish(invocation, _Result(base, problems, warnings))
    return codes.ERROR


@dataclass(frozen=True, slots=True)
class _Result:
    """What was found; ``desired`` is there if everything is valid."""

    base: str
    problems: tuple[Problem, ...]
    warnings: tuple[str, ...]
    notes: tuple[str, ...] = ()
    desired: DesiredState | None = None


def _publish(invocation: Invocation, result: _Result) -> None:
    """Standard output, then the files of ``--report``."""
    invocation.console.result(_lines(invocation, result, invocation.output))
    if invocation.reports:
        from reconciler.cli import reports

        rendered = partial(_lines, invocation, result)
        invocation.warn(reports.write(invocation.reports, rendered, invocation.console.annotate))


def _lines(invocation: Invocation, result: _Result, form: Output) -> Iterable[Line]:
    """The result in one format."""
    if form is Output.HUMAN:
        # Problems are on standard error, one line each.
        return [] if result.desired is None else [("in_sync", _counted(result.desired, result.base))]
    if form is Output.JSON:
        answer = {
            "format_version": FORMAT_VERSION,
            "valid": not result.problems,
            "errors": [problem_entry(problem) for problem in result.problems],
            "warnings": list(result.warnings),
            "notes": list(result.notes),
        }
        return [("plain", json.dumps(answer, indent=2))]
    from reconciler.presentation.formats import View, github, lines

    view = View(base=result.base)
    if form is Output.GITHUB:
        marks = [*github.problems(result.problems, view), *github.warnings(result.warnings, view)]
        return [("plain", line) for line in marks]
    valid = tuple(_passed(each) for each in result.desired.declarations) if result.desired else ()
    report = invocation.without_pass(problems=result.problems, warnings=result.warnings)
    return lines(form, replace(report, tables=valid), view)


def _passed(declaration: Declaration) -> TableReport:
    """A valid declaration as a case that passes."""
    return TableReport(declaration.spec.name, TableStatus.IN_SYNC, declaration=str(declaration.origin))


def _rare_seeds(desired: DesiredState) -> Iterator[str]:
    """The seeds in formats that other tools do not take for seeds, and those without an item, by name."""
    for declaration in desired.declarations:
        seed = declaration.seed
        if seed is not None and (not len(seed.items) or seed.source.endswith(_RARE)):
            yield f"{seed.source}: is the seed of {declaration.spec.name}, {several(len(seed.items), 'item')}"


def _counted(desired: DesiredState, base: str) -> str:
    seeds = [declaration.seed for declaration in desired.declarations if declaration.seed]
    items = several(sum(len(seed.items) for seed in seeds), "item")
    tables = several(len(desired.declarations), "table")
    return f"Valid: {tables} and {several(len(seeds), 'seed')} with {items} in {printable(_named(base))}."


def _named(base: str) -> str:
    """The location, with its own name where it is written as ``.`` or ``..``."""
    return str(Path(base).resolve()) if Path(base).name in ("", "..") else base
