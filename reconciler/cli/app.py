"""The command line: ``main`` finds the verb, runs its command and returns its exit code (README.md).

Nothing heavier than typer is imported before the body of a command runs, so that ``--help`` is fast.
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


def _discard_output() -> None:
    """Discard the buffer, because the reader of the pipe is gone and flushing it at exit would fail again."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
