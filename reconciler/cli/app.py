"""The command line: ``main`` finds the verb, runs its command and returns its exit code (README.md).

Nothing heavier than typer is imported before a command's body runs, so that ``--help`` answers at once.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Sequence
from functools import partial

import typer

from reconciler import interruption
from reconciler.cli import codes
from reconciler.cli.options import verb_first
from reconciler.cli.verbs import application


def main(argv: Sequence[str]) -> int:
    """Run one command line; never raises, never exits by itself. A signal ends it as ``interruption`` describes."""
    return interruption.supervised(partial(_run, tuple(argv)))


def _run(argv: Sequence[str]) -> int:
    _lenient_streams()
    try:
        return int(application()(verb_first(argv), prog_name="reconciler", standalone_mode=False) or codes.OK)
    except typer.TyperException as error:
        _usage(error)
    except (typer.Abort, KeyboardInterrupt):
        return codes.INTERRUPTED
    except SystemExit as error:
        return error.code if isinstance(error.code, int) else codes.ERROR
    except BrokenPipeError:
        _discard_output()
    return codes.ERROR


def _usage(error: typer.TyperException) -> None:
    message = getattr(error, "message", None)
    if isinstance(message, str):
        # The words of the library that checks the value, which say nothing to the user.
        error.message = message.removeprefix("Value error, ")
    show = getattr(error, "show", None)
    if show is None:
        sys.stderr.write(f"Error: {error.format_message()}\n")
    else:
        show()


def _lenient_streams() -> None:
    """A terminal without UTF-8 gets escapes instead of a crash."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError):
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]


def _discard_output() -> None:
    """The reader went away: what is still buffered must not fail again when the interpreter ends."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
