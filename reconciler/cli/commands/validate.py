"""Check declarations and seeds offline; every problem with file, line and field."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Annotated

from reconciler.cli import codes
from reconciler.cli.command import command
from reconciler.cli.invocation import Invocation
from reconciler.cli.options import Output
from reconciler.cli.parameters import Argument
from reconciler.model.desired import DesiredState
from reconciler.model.errors import DeclarationError, Problem
from reconciler.planning.text import printable, several
from reconciler.presentation.document import FORMAT_VERSION, problem_entry
from reconciler.presentation.paths import seen_from_here, warning_from_here

_RARE = (".ndjson", ".tsv", ".ion", ".zst")
Path = Annotated[str | None, Argument(metavar="PATH", help="Folder, package:NAME or bundled; else --desired-state.")]


@command()
def validate(invocation: Invocation, path: Path = None) -> int:
    """Load everything, connect to nothing."""
    invocation.allow(Output.HUMAN, Output.JSON, Output.GITHUB, Output.SARIF)
    settings = invocation.settings(overrides={} if path is None else {"desired_state": path})
    from reconciler import wiring

    try:
        desired = wiring.desired_state(settings)
    except DeclarationError as error:
        _result(invocation, error.problems, error.warnings, settings.desired_state)
        for warning in error.warnings:
            invocation.console.note("warning", warning_from_here(warning, settings.desired_state))
        for problem in error.problems:
            invocation.console.note("error", str(seen_from_here(problem, settings.desired_state)))
        return codes.ERROR
    warnings = (*desired.warnings, *wiring.seed_orphans(desired))
    for warning in warnings:
        invocation.console.note("warning", warning_from_here(warning, settings.desired_state))
    for note in (*desired.notes, *_rare_seeds(desired)):
        invocation.console.note("note", warning_from_here(note, settings.desired_state))
    _result(invocation, (), warnings, settings.desired_state, desired.notes)
    if invocation.output is Output.HUMAN:
        invocation.console.result([("in_sync", _counted(desired, settings.desired_state))])
    return codes.OK


def _result(
    invocation: Invocation,
    problems: tuple[Problem, ...],
    warnings: tuple[str, ...],
    base: str,
    notes: tuple[str, ...] = (),
) -> None:
    if invocation.output is Output.JSON:
        answer = {
            "format_version": FORMAT_VERSION,
            "valid": not problems,
            "errors": [problem_entry(problem) for problem in problems],
            "warnings": list(warnings),
            "notes": list(notes),
        }
        invocation.console.result([("plain", json.dumps(answer, indent=2))])
    elif invocation.output is Output.GITHUB:
        from reconciler.presentation.formats import View, github

        view = View(base=base)
        marks = [*github.problems(problems, view), *github.warnings(warnings, view)]
        invocation.console.result(("plain", line) for line in marks)
    elif invocation.output is Output.SARIF:
        from reconciler.presentation.formats import View, lines

        report = invocation.without_pass(problems=problems, warnings=warnings)
        invocation.console.result(lines(Output.SARIF, report, View(base=base)))


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
    return f"Valid: {tables} and {several(len(seeds), 'seed')} with {items} in {printable(base)}."
