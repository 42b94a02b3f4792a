"""How far this machine's clock is from the endpoint's, by the Date header of an unsigned GET. Called by ``doctor``."""

from __future__ import annotations

import urllib.error
import urllib.request
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

SECONDS = 2.0


def clock_skew(url: str) -> float | None:
    """Seconds by which our clock is ahead; ``None`` where the endpoint tells no time."""
    try:
        with urllib.request.urlopen(url, timeout=SECONDS) as answer:
            date = answer.headers.get("Date")
    except urllib.error.HTTPError as error:
        date = error.headers.get("Date")
    except (OSError, ValueError):
        return None
    if date is None:
        return None
    try:
        return (datetime.now(UTC) - parsedate_to_datetime(date)).total_seconds()
    except ValueError:
        return None
