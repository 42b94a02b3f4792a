"""Times and durations in words, relative to the moment at which a page is made. Pure; filters of the templates.

``live.js`` has the same rules and keeps the words current, so that a page without a script reads alike.
"""

from __future__ import annotations

from datetime import UTC, datetime

MINUTE, HOUR, DAY = 60, 3600, 86400
STEPS = ((DAY, 2 * DAY, "d"), (HOUR, 2 * HOUR, "h"), (MINUTE, 2 * MINUTE, "min"))
"""Seconds of a unit, from how many seconds on it is used, and its name."""


def exact(moment: datetime | None) -> str:
    """``2026-11-22 12:00:00 UTC``; empty for none."""
    return "" if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def machine(moment: datetime) -> str:
    """ISO 8601 in UTC, for the attribute of a ``time`` element."""
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def relative(moment: datetime, now: datetime) -> str:
    """``40 s ago``, ``in 5 min`` or ``now``."""
    # Whole seconds on both sides, as the script reads them.
    seconds = int(moment.timestamp()) - int(now.timestamp())
    if seconds == 0:
        return "now"
    return f"in {duration(seconds)}" if seconds > 0 else f"{duration(-seconds)} ago"


def duration(seconds: float) -> str:
    """The largest fitting unit: ``119 s``, ``2 min``, ``47 h``, ``2 d``."""
    for unit, least, name in STEPS:
        if seconds >= least:
            return f"{int(seconds // unit)} {name}"
    return f"{int(seconds)} s"
