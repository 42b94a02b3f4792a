"""The log on standard error: set up once by the commands, written by every part through ``get_logger``.

One line an event, constant messages with key-value pairs; ``pass_id`` and other context come from ``bind``. The logs of
boto3, uvicorn and apscheduler take the same form. structlog draws the console and logfmt lines; it takes longer to
import than a command takes to run, so it is imported with the first such line.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import cache
from typing import Any, Literal, TextIO

from reconciler.planning.text import printable

LogFormat = Literal["auto", "console", "json", "logfmt"]
REDACTED = "[redacted]"
# At debug level botocore logs request headers, which carry the signature and the session token.
_QUIET = (
    "boto3",
    "botocore",
    "s3transfer",
    "urllib3",
    "apscheduler",
    "watchfiles",
    "asyncio",
    "uvicorn.access",
    "werkzeug",
)
_TRACEBACK = "exception"
_FIELDS = "reconciler_fields"
"""The attribute of a ``LogRecord`` that holds the key-value pairs of ``Logger``."""
_CONTEXT: ContextVar[Mapping[str, Any]] = ContextVar("log_context", default={})  # noqa: B039 - never changed in place

Event = dict[str, Any]


def configure(format: LogFormat = "auto", level: str = "info", stream: TextIO | None = None) -> None:
    """Send all logs to ``stream`` (standard error); ``auto`` is console on a terminal, JSON lines otherwise."""
    target = stream or sys.stderr
    terminal = target.isatty()
    chosen = ("console" if terminal else "json") if format == "auto" else format
    handler = _Handler(stream)
    handler.setFormatter(_Formatter(chosen, colors=terminal))
    root = logging.getLogger()
    root.handlers[:] = [*(other for other in root.handlers if not isinstance(other, _Handler)), handler]
    root.setLevel(level.upper())
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    # It warns with a traceback of each renewal that fails; the error of the call says the same in a sentence.
    logging.getLogger("botocore.credentials").setLevel(logging.CRITICAL)


class Logger:
    """Writes events with key-value pairs. A level that is not logged costs one comparison."""

    def __init__(self, name: str) -> None:
        self._logger = logging.getLogger(name)

    def debug(self, event: str, **fields: Any) -> None:
        """An event that only -v shows."""
        self._log(logging.DEBUG, event, fields)

    def info(self, event: str, **fields: Any) -> None:
        """An event of normal work."""
        self._log(logging.INFO, event, fields)

    def warning(self, event: str, **fields: Any) -> None:
        """An event that somebody should look at."""
        self._log(logging.WARNING, event, fields)

    def error(self, event: str, **fields: Any) -> None:
        """A failure."""
        self._log(logging.ERROR, event, fields)

    def exception(self, event: str, **fields: Any) -> None:
        """A failure with the traceback of the exception that is being handled."""
        self._log(logging.ERROR, event, fields, exc_info=True)

    def _log(self, level: int, event: str, fields: Event, *, exc_info: bool = False) -> None:
        if self._logger.isEnabledFor(level):
            self._logger.log(level, event, exc_info=exc_info, extra={_FIELDS: fields})


def get_logger(name: str) -> Logger:
    """A logger named after its module."""
    return Logger(name)


def bind(**fields: Any) -> None:
    """Add pairs to every event of this context: a thread, a task, or a call of ``Threads.map``."""
    _CONTEXT.set({**_CONTEXT.get(), **fields})


def unbind(*keys: str) -> None:
    """Remove pairs that ``bind`` added."""
    _CONTEXT.set({key: value for key, value in _CONTEXT.get().items() if key not in keys})


def bound() -> Mapping[str, Any]:
    """The pairs of this context."""
    return _CONTEXT.get()


def redact(event: Event) -> Event:
    """Values under secret-sounding keys, at any depth, and secrets inside texts are replaced."""
    return {key: _without_secrets(key, value) for key, value in event.items()}


def escape(event: Event) -> Event:
    """Control characters in every text are written as escapes; a traceback keeps its lines."""
    for key, value in event.items():
        if isinstance(value, str):
            lines = value.split("\n") if key == _TRACEBACK else [value]
            event[key] = "\n".join(printable(line) for line in lines)
    return event


class _Formatter(logging.Formatter):
    """One line for each record, ours or of a library."""

    def __init__(self, format: str, *, colors: bool) -> None:
        super().__init__()
        self._format = format
        self._colors = colors

    def format(self, record: logging.LogRecord) -> str:
        """The pairs of the event, its message, its context, and where and when it was logged."""
        event: Event = dict(getattr(record, _FIELDS, {}))
        event["event"] = record.getMessage()
        for key, value in _CONTEXT.get().items():
            event.setdefault(key, value)
        event["logger"] = record.name
        event["level"] = record.levelname.lower()
        event["timestamp"] = datetime.fromtimestamp(record.created, UTC).isoformat().replace("+00:00", "Z")
        if record.stack_info:
            event["stack"] = record.stack_info
        if record.exc_info and record.exc_info[0] is not None:
            event[_TRACEBACK] = self.formatException(record.exc_info)
        event = redact(event)
        if self._format == "json":
            return json.dumps(event, default=str, ensure_ascii=True)
        return str(_renderer(self._format, colors=self._colors)(None, event["level"], escape(event)))


class _Handler(logging.StreamHandler[TextIO]):
    """Writes to the stream given, else to what standard error is at the time."""

    def __init__(self, stream: TextIO | None) -> None:
        logging.Handler.__init__(self)
        self._given = stream

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        return self._given or sys.stderr


def _without_secrets(key: str, value: Any) -> Any:
    if isinstance(key, str) and _secret_key().search(key) and value is not None:
        return REDACTED
    if isinstance(value, dict):
        return {inner: _without_secrets(str(inner), member) for inner, member in value.items()}
    if isinstance(value, list | tuple):
        return [_without_secrets("", member) for member in value]
    return _secret_text().sub(rf"\1{REDACTED}", value) if isinstance(value, str) else value


@cache
def _secret_key() -> re.Pattern[str]:
    words = r"token|secret|password|passwd|authorization|credential|(access|api|private)_?key"
    return re.compile(words, re.IGNORECASE)


@cache
def _secret_text() -> re.Pattern[str]:
    names = r"bearer\s+|(?:x-amz-security-token|aws_secret_access_key|password|signature)\s*[=:]\s*"
    return re.compile(rf"(?i)\b({names})[^\s,;'\"]+")


@cache
def _renderer(format: str, *, colors: bool) -> Callable[[Any, str, Event], Any]:
    import structlog

    if format == "logfmt":
        return structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"], bool_as_flag=False)
    return structlog.dev.ConsoleRenderer(colors=colors, exception_formatter=structlog.dev.plain_traceback)
