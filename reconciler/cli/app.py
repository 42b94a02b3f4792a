"""The command line: ``main`` finds the verb, runs its command and returns its exit code (docs/reference/exit-codes.md).

Most lines are parsed by ``plain_line``, the others by typer: help, errors and rare forms.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Sequence
from functools import partial
from typing import Any

from reconciler import interruption
from reconciler.cli import codes
from reconciler.cli.catalog import VERSION_LINE, command_of
from reconciler.cli.options import verb_first
from reconciler.cli.plain_line import values_of


def main(argv: Sequence[str]) -> int:
    """Run one command line; never raises, never exits by itself. A signal ends it as ``interruption`` describes."""
    return interruption.supervised(partial(_run, tuple(argv)))


def _run(argv: Sequence[str]) -> int:
    _lenient_streams()
    try:
        code = _ended(argv)
        sys.stdout.flush()
    except OSError as error:
        from reconciler.cli.streams import discard, output_error

        discard(sys.stdout)
        if not isinstance(error, BrokenPipeError):
            from reconciler.cli.console import Console

            # Commands handle their own errors: this is the output of help, completion or --version.
            Console().note("error", str(output_error(error)))
    else:
        return code
    return codes.ERROR


def _ended(argv: Sequence[str]) -> int:
    line = verb_first(argv)
    try:
        if line == ["--version"]:
            sys.stdout.write(VERSION_LINE)
            return codes.OK
        plain = values_of(line)
        return _with_typer(line) if plain is None else command_of(plain[0])(**plain[1])
    except KeyboardInterrupt:
        return codes.INTERRUPTED
    except SystemExit as error:
        return error.code if isinstance(error.code, int) else codes.ERROR


def _with_typer(line: Sequence[str]) -> int:
    import typer

    from reconciler.cli.verbs import application

    try:
        return int(application()(list(line), prog_name="reconciler", standalone_mode=False) or codes.OK)
    except typer.TyperException as error:
        _usage(error)
    except typer.Abort:
        return codes.INTERRUPTED
    return codes.ERROR


def _usage(error: Any) -> None:
    message = getattr(error, "message", None)
    if isinstance(message, str):
        # pydantic puts this in front of our own message.
        error.message = message.removeprefix("Value error, ")
    show = getattr(error, "show", None)
    if show is None:
        sys.stderr.write(f"Error: {error.format_message()}\n")
    else:
        show()


def _lenient_streams() -> None:
    """Make a terminal without UTF-8 show escapes instead of raising."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError):
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
