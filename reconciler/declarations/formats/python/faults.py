"""Converts exceptions of user code to problems at the line in the user's file. Called by ``evaluating``."""

from __future__ import annotations

import os
import re
import traceback
from pathlib import Path
from traceback import FrameSummary
from types import FrameType
from typing import Any

from reconciler.declarations.formats.python.private_import import PrivateImports
from reconciler.model.position import Position

_PLACE = re.compile(r" \((?:/|[A-Za-z]:\\|unknown location).*\)$")
"""Where an imported module stands on this machine, as ImportError adds it."""


def problem_of_exception(
    error: BaseException, imports: PrivateImports, path: Path, field: str | None, line: int | None
) -> tuple[str, int | None, str | None, str, str]:
    """File, line, field, reason and remedy; ``path`` and ``line`` count where none of the user's code was running."""
    frames = list(traceback.extract_tb(error.__traceback__))
    if isinstance(error, SyntaxError) and error.filename and imports.own_file(error.filename):
        path, line = Path(error.filename), error.lineno or None
        line = Position(line, error.offset) if line and error.offset and error.offset > 0 else line
    else:
        for frame in frames:
            own = imports.own_file(frame.filename)
            if own:
                path, line = own, _statement(frame.lineno, imports.contents.get(own, b""))
    reason, remedy = _reason(error, field), _remedy(error, field)
    missing = _missing(error, frames)
    if missing:
        named, is_not = " and ".join(missing), "is not set" if len(missing) == 1 else "are not set"
        reason += f"; the environment variable{'s' if missing[1:] else ''} {named} {is_not}"
        remedy = f"Set {named} where the reconciler runs, or give the setting a default."
    return shown_path(path, imports.folder), line, field, imports.public(reason), remedy


def _statement(line: int | None, content: bytes) -> int | None:
    """A line of code with its column: where its text begins, whatever part of it Python blames."""
    texts = content.splitlines()
    if line is None or not 0 < line <= len(texts):
        return line
    return Position(line, len(texts[line - 1]) - len(texts[line - 1].lstrip()) + 1)


def shown_path(path: Path, folder: Path) -> str:
    """A path as problems show it: relative to the desired state's folder, with slashes."""
    return Path(os.path.relpath(path, folder)).as_posix()


def _reason(error: BaseException, field: str | None) -> str:
    kind = type(error).__name__
    if isinstance(error, SyntaxError):
        return f"is not Python: {error.msg}"
    if isinstance(error, SystemExit):
        return "calls exit"
    if isinstance(error, RecursionError):
        return "recurses without end"
    text = [_PLACE.sub("", line) for line in _text(error).strip().splitlines()]
    said = f"{kind}: {text[0].rstrip('.')}" if text else kind
    return f"raises {said}" if field else f"cannot be loaded: {said}"


def _missing(error: BaseException, frames: list[traceback.FrameSummary]) -> list[str]:
    if isinstance(error, SyntaxError | SystemExit | RecursionError):
        return []
    try:
        return missing_variables(error, frames, _text(error))
    except Exception:  # noqa: BLE001 - exceptions of the user's code may have any shape
        return []


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
        return "Move the call of exit under `if __name__ == '__main__':`."
    if isinstance(error, EOFError) and "when reading a line" in _text(error):
        return "Remove input(); class files cannot ask for input."
    return "Correct the code, or move it out of the folder."


_READ = re.compile(r"""(?:getenv\(|environ\.get\(|environ\[)\s*['"](\w+)['"]""")
_SAID = (
    re.compile(r"""[Ee]nvironment variable:? ['"]?([A-Z][A-Z0-9_]*)\b"""),
    re.compile(r"""[Ss]et the ['"]?([A-Z][A-Z0-9_]*)['"]? environment variable"""),
    re.compile(r"^(\w+) not found\. Declare it as envvar"),
    re.compile(r"^Config ['\"](\w+)['\"] is missing"),
)
"""How Django, django-environ, environs, decouple and Starlette say it."""


def missing_variables(error: BaseException, frames: list[FrameSummary], text: str) -> list[str]:
    """Names of environment variables that are not set and that the exception is about; empty where there are none."""
    if isinstance(error, KeyError) and frames and _in_os(frames[-1]) and error.args:
        return [str(error.args[0])]
    fields = _required_fields(error)
    if fields:
        return fields
    said = [match[1] for pattern in _SAID if (match := pattern.search(text))]
    line = next((frame.line for frame in reversed(frames) if frame.line and not _in_os(frame)), "")
    read = _READ.findall(line or "")
    return [name for name in dict.fromkeys([*said, *read]) if name not in os.environ]


def _in_os(frame: FrameSummary) -> bool:
    return frame.name == "__getitem__" and frame.filename in ("<frozen os>", os.__file__)


def _required_fields(error: BaseException) -> list[str]:
    """The variables of a pydantic BaseSettings whose fields have no value."""
    errors = getattr(error, "errors", None)
    settings = _settings_class(error)
    if type(error).__name__ != "ValidationError" or not callable(errors) or settings is None:
        return []
    config: Any = getattr(settings, "model_config", None) or vars(getattr(settings, "__config__", object))
    prefix = str(config.get("env_prefix", "") or "")
    missing = [each for each in errors() if str(each.get("type", "")).rpartition(".")[2] == "missing"]
    return [f"{prefix}{each['loc'][0]}".upper() for each in missing if each.get("loc")]


def _settings_class(error: BaseException) -> type | None:
    """The class whose instance was being made, from the frames that the exception went through."""
    trace = error.__traceback__
    while trace is not None:
        frame: FrameType = trace.tb_frame
        for name in ("self", "__pydantic_self__"):
            kind = type(frame.f_locals.get(name))
            if any(base.__name__ == "BaseSettings" for base in kind.__mro__):
                return kind
        trace = trace.tb_next
    return None
