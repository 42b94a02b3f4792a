"""The events that our own loggers write, whatever the level."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from reconciler.logs import Logger


@contextmanager
def capture_logs() -> Iterator[list[dict[str, Any]]]:
    """Each event as its key-value pairs, ``event`` and ``log_level``; nothing is written meanwhile."""
    captured: list[dict[str, Any]] = []

    def note(_logger: Logger, level: int, event: str, fields: dict[str, Any], *, exc_info: bool = False) -> None:
        entry = {**fields, "event": event, "log_level": logging.getLevelName(level).lower()}
        captured.append({**entry, "exc_info": True} if exc_info else entry)

    with mock.patch.object(Logger, "_log", note):
        yield captured
