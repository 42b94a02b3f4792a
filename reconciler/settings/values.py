"""How single values are read: durations, jitter, lists, names. Called by the fields of ``Settings``."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import durationpy

DURATION_REMEDY = "Write a duration such as 5m, 1h30m or 0s; a plain number is seconds."
_NUMBER = re.compile(r"\d+(\.\d+)?")
_LONGEST = timedelta(days=3650)


class InvalidValue(ValueError):
    """A value that does not fit; ``reason`` and ``remedy`` are for the user."""

    def __init__(self, reason: str, remedy: str) -> None:
        self.reason = reason
        self.remedy = remedy
        super().__init__(reason)


def duration(value: Any) -> timedelta:
    """``5m``, ``1h30m``, ``0s`` or seconds as a plain number; never negative, at most ten years."""
    if isinstance(value, timedelta):
        return value
    text = str(value).strip()
    try:
        if isinstance(value, bool):
            raise InvalidValue("is not a duration", DURATION_REMEDY)
        parsed = timedelta(seconds=float(text)) if _NUMBER.fullmatch(text) else durationpy.from_str(text)
    except (durationpy.DurationError, OverflowError) as error:
        raise InvalidValue("is not a duration", DURATION_REMEDY) from error
    if parsed < timedelta(0) or text.startswith("-"):
        raise InvalidValue("is negative", DURATION_REMEDY)
    if parsed > _LONGEST:
        raise InvalidValue("is longer than ten years", DURATION_REMEDY)
    return timedelta(seconds=parsed.total_seconds())


def positive_duration(value: Any) -> timedelta:
    """A duration above zero."""
    parsed = duration(value)
    if not parsed:
        raise InvalidValue("must be longer than nothing", DURATION_REMEDY)
    return parsed


def jitter(value: Any) -> str:
    """A share of the interval such as ``10%`` (0 to 100), or a duration; kept as written."""
    text = str(value).strip()
    if text.endswith("%"):
        number = text[:-1].strip()
        if not _NUMBER.fullmatch(number) or float(number) > 100:
            raise InvalidValue(
                "is not a share between 0% and 100%", "Write a share such as 10% or a duration such as 5s."
            )
        return text
    duration(value)
    return text


def listed(value: Any) -> Any:
    """A list in a file, or words parted by commas in a flag or variable."""
    if isinstance(value, str):
        return tuple(part for part in (word.strip() for word in value.split(",")) if part)
    return value


def matching(pattern: str, reason: str, remedy: str) -> Callable[[str], str]:
    """A check that the whole text fits ``pattern``."""
    compiled = re.compile(pattern)

    def check(value: str) -> str:
        if not compiled.fullmatch(value):
            raise InvalidValue(reason, remedy)
        return value

    return check


def endpoint_url(value: str) -> str:
    """An http or https URL with a host and nothing that would leak: no user, password, query or fragment."""
    remedy = "Write it like http://localhost:8000."
    try:
        parts = urlsplit(value)
        port_fits = parts.port is None or parts.port > 0
    except ValueError as error:
        raise InvalidValue("is not a URL", remedy) from error
    if parts.scheme not in ("http", "https") or not parts.hostname or not port_fits:
        raise InvalidValue("is not an http:// or https:// URL with a host", remedy)
    if parts.username or parts.password or parts.query or parts.fragment:
        raise InvalidValue(
            "carries credentials, a query or a fragment", f"Credentials are the SDK's own (AWS_*). {remedy}"
        )
    return value
