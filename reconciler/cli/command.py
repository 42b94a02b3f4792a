"""The common parts of all commands: options, error handling and registration by verb."""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Callable
from dataclasses import replace
from functools import partial, wraps
from typing import TYPE_CHECKING, Annotated, Any

from reconciler import interruption
from reconciler.cli import codes, options
from reconciler.cli.console import Console
from reconciler.cli.invocation import Invocation
from reconciler.cli.options import Output
from reconciler.cli.parameters import Argument, Option
from reconciler.model.errors import DeclarationError, Interrupted, OutputError, ReconcilerError, UsageError
from reconciler.presentation.paths import seen_from_here, warning_from_here
from reconciler.seeds.reading_watch import Watcher, watched_by

if TYPE_CHECKING:
    from reconciler.cli.reports import ReportTarget

Body = Callable[..., int]
Tables = Annotated[
    list[str] | None, Argument(metavar="TABLE", help="Tables by name or base name; all if none is given.")
]
Yes = Annotated[bool, Option(("--yes", "-y"), help="Do not ask.")]


def command(*, reports: bool = False, forms: tuple[Output, ...] = ()) -> Callable[[Body], Body]:
    """Give a command the common options and error handling.

    The body takes an ``Invocation`` and its own parameters and returns the exit code. With ``reports`` its output is a
    pass report, so that an error is printed as such a document too. A command with another result that ``--report``
    can write names the ``forms`` of it, and writes them itself.
    """
    written = tuple(Output) if reports else forms

    def decorate(body: Body) -> Body:
        verb = body.__name__.rstrip("_").replace("_", "-")
        own = list(inspect.signature(body, eval_str=True).parameters.values())[1:]

        @wraps(body)
        def run(**given: Any) -> int:
            mine = {parameter.name: given.pop(parameter.name) for parameter in own}
            wanted = given.pop("report")
            return _guarded(body, _invocation(verb, given), mine, wanted, written, reports=reports)

        keyword = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in own]
        signature = inspect.Signature([*keyword, *options.parameters(verb)])
        run.__signature__ = signature  # type: ignore[attr-defined]
        run.__annotations__ = {name: parameter.annotation for name, parameter in signature.parameters.items()}
        return run

    return decorate


def _invocation(verb: str, given: dict[str, Any]) -> Invocation:
    display = {name: given.pop(name) for name in options.DISPLAY if name in given}
    flags = {name: value for name, value in given.items() if value is not None}
    verbosity = display["verbose"] - display["quiet"]
    return Invocation(verb, flags, display["output"], Console(display["color"]), verbosity)


def _guarded(
    body: Body,
    invocation: Invocation,
    mine: dict[str, Any],
    wanted: list[str] | None,
    forms: tuple[Output, ...],
    *,
    reports: bool,
) -> int:
    try:
        if wanted:
            invocation = replace(invocation, reports=_targets(invocation.verb, wanted, forms))
        with watched_by(partial(_seed_reading, invocation)):
            return body(invocation, **mine)
    except Interrupted:
        return codes.ERROR
    except OutputError as error:
        invocation.console.note("error", str(error))
    except ReconcilerError as error:
        if interruption.received() is not None:
            return codes.ERROR
        try:
            _explain(invocation, error, reports=reports)
        except OutputError as unwritten:
            invocation.console.note("error", str(unwritten))
    except BrokenPipeError:
        raise
    except Exception as error:  # noqa: BLE001 - last handler: a sentence and exit code 1; a traceback only with -v
        if invocation.verbosity > 0:
            traceback.print_exception(error)
        hint = "" if invocation.verbosity > 0 else " Run it again with -v for the traceback."
        invocation.console.note("error", f"Unexpected {type(error).__name__}: {_one_line(error)}.{hint}")
    return codes.ERROR


def _seed_reading(invocation: Invocation) -> Watcher:
    from reconciler.cli.seed_reading import SeedReading

    return SeedReading(invocation)


def _targets(verb: str, wanted: list[str], forms: tuple[Output, ...]) -> tuple[ReportTarget, ...]:
    from reconciler.cli.reports import targets

    if not forms:
        raise UsageError(f"--report: `{verb}` makes no report. Use --output for its result.")
    found = targets(wanted)
    for target in found:
        if target.form not in forms:
            raise UsageError(f"--report: invalid value '{target.form}' for {verb}; expected {' or '.join(forms)}.")
    return found


def _explain(invocation: Invocation, error: ReconcilerError, *, reports: bool) -> None:
    problems = error.problems if isinstance(error, DeclarationError) else ()
    warnings = error.warnings if isinstance(error, DeclarationError) else ()
    shown = reports and invocation.output is not Output.HUMAN
    if not shown:
        for warning in warnings:
            invocation.console.note("warning", warning_from_here(warning, invocation.desired_state))
        sentences = [str(seen_from_here(problem, invocation.desired_state)) for problem in problems]
        for sentence in sentences or [str(error)]:
            invocation.console.note("error", sentence)
        if not invocation.reports:
            return
    report = invocation.without_pass(problems=problems, warnings=warnings, error=None if problems else str(error))
    if shown:
        invocation.show(report, applied=False)
    else:
        invocation.write_reports(report)


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split()).rstrip(".") or "no message"
