"""Exceptions of the user's code as Problems at the line in the user's file. Called by ``reading``."""

from __future__ import annotations

import os
import re
import traceback
from pathlib import Path

from reconciler.model.errors import Problem
from reconciler.sources.python.private_import import PrivateImports
from reconciler.sources.snapshot import SourceFile

_PLACE = re.compile(r" \((?:/|[A-Za-z]:\\|unknown location).*\)$")
"""Where an imported module stands on this machine, as ImportError adds it."""


def fault(
    error: BaseException, imports: PrivateImports, file: SourceFile, field: str | None, line: int | None
) -> Problem:
    """Where in the user's code the error arose, and what it was; ``line`` where none of the user's code was running."""
    path = file.absolute
    if isinstance(error, SyntaxError) and error.filename and imports.own_file(error.filename):
        path, line = Path(error.filename), error.lineno or None
    else:
        for frame in traceback.extract_tb(error.__traceback__):
            own = imports.own_file(frame.filename)
            if own:
                path, line = own, frame.lineno
    shown = Path(os.path.relpath(path, imports.folder)).as_posix()
    return Problem(shown, line, field, imports.public(_reason(error, field)), _remedy(error, field))


def _reason(error: BaseException, field: str | None) -> str:
    kind = type(error).__name__
    if isinstance(error, SyntaxError):
        return f"is not Python: {error.msg}"
    if isinstance(error, SystemExit):
        return "ends the program instead of declaring a table"
    if isinstance(error, RecursionError):
        return "calls itself without end"
    text = [_PLACE.sub("", line) for line in _text(error).strip().splitlines()]
    said = f"{kind}: {text[0].rstrip('.')}" if text else kind
    return f"raises {said}" if field else f"cannot be loaded: {said}"


def _text(error: BaseException) -> str:
    """What an exception says; one of the user's own may fail to say it."""
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - the user's code may raise anything
        return ""


def _remedy(error: BaseException, field: str | None) -> str:
    if isinstance(error, SyntaxError):
        return "Correct the syntax."
    if isinstance(error, ImportError):
        return "Install what it imports, or correct the import."
    if isinstance(error, SystemExit) and not field:
        return "Move what calls exit under `if __name__ == '__main__':`."
    return "Correct the code, or move it out of the folder."
