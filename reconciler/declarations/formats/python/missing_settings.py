"""Settings of the user's application that are missing where its class files are loaded. Called by ``faults``.

A class file often imports the application's settings, which want environment variables that nobody gave to this tool.
The exception that results names them at best indirectly.
"""

from __future__ import annotations

import os
import re
from traceback import FrameSummary
from types import FrameType
from typing import Any

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
