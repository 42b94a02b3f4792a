"""The log on standard error: set up once by the commands, written by every part through ``get_logger``.

One line an event, constant messages with key-value pairs; ``pass_id`` and other context come from
``structlog.contextvars``. The logs of boto3, uvicorn and apscheduler go through the same processors.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Callable, MutableMapping
from typing import Any, Literal, TextIO

import structlog

from reconciler.planning.text import printable

LogFormat = Literal["auto", "console", "json", "logfmt"]
REDACTED = "[redacted]"
_SECRET_KEY = re.compile(
    r"token|secret|password|passwd|authorization|credential|(access|api|private)_?key", re.IGNORECASE
)
_SECRET_TEXT = re.compile(
    r"(?i)\b(bearer\s+|(?:x-amz-security-token|aws_secret_access_key|password|signature)\s*[=:]\s*)[^\s,;'\"]+"
)
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

Event = MutableMapping[str, Any]


def configure(format: LogFormat = "auto", level: str = "info", stream: TextIO | None = None) -> None:
    """Send all logs to ``stream`` (standard error); ``auto`` is console on a terminal, JSON lines otherwise."""
    target = stream or sys.stderr
    terminal = target.isatty()
    chosen = ("console" if terminal else "json") if format == "auto" else format
    shared: list[Callable[..., Any]] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="timestamp"),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        redact,
        *([] if chosen == "json" else [escape]),
    ]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = _Handler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _renderer(chosen, colors=terminal)],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [*(other for other in root.handlers if not isinstance(other, _Handler)), handler]
    root.setLevel(level.upper())
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    # It warns with a traceback of each renewal that fails; the error of the call says the same in a sentence.
    logging.getLogger("botocore.credentials").setLevel(logging.CRITICAL)


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """A logger named after its module."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger


def redact(_logger: Any, _method: str, event: Event) -> Event:
    """Values under secret-sounding keys, at any depth, and secrets inside texts are replaced."""
    for key, value in event.items():
        event[key] = _without_secrets(key, value)
    return event


def escape(_logger: Any, _method: str, event: Event) -> Event:
    """Control characters in every text are written as escapes; a traceback keeps its lines."""
    for key, value in event.items():
        if isinstance(value, str):
            lines = value.split("\n") if key == _TRACEBACK else [value]
            event[key] = "\n".join(printable(line) for line in lines)
    return event


class _Handler(logging.StreamHandler[TextIO]):
    """Writes to the stream given, else to what standard error is at the time."""

    def __init__(self, stream: TextIO | None) -> None:
        logging.Handler.__init__(self)
        self._given = stream

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        return self._given or sys.stderr


def _without_secrets(key: str, value: Any) -> Any:
    if isinstance(key, str) and _SECRET_KEY.search(key) and value is not None:
        return REDACTED
    if isinstance(value, dict):
        return {inner: _without_secrets(str(inner), member) for inner, member in value.items()}
    if isinstance(value, list | tuple):
        return [_without_secrets("", member) for member in value]
    return _SECRET_TEXT.sub(rf"\1{REDACTED}", value) if isinstance(value, str) else value


def _renderer(format: str, *, colors: bool) -> Any:
    if format == "json":
        return structlog.processors.JSONRenderer(default=str, ensure_ascii=True)
    if format == "logfmt":
        return structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"], bool_as_flag=False)
    return structlog.dev.ConsoleRenderer(colors=colors, exception_formatter=structlog.dev.plain_traceback)
