"""How far this machine's clock is from the endpoint's, by the Date header of an unsigned GET. Called by ``doctor``.

The GET goes through the HTTP session of the client itself, as the probes of ``flavor`` do: its proxies and its CA
bundle apply, and loopback is never asked through a proxy.
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from reconciler.aws.flavor import ROOT, Get


def clock_skew(get: Get) -> float | None:
    """Seconds by which our clock is ahead; ``None`` where the endpoint tells no time."""
    date = get(ROOT).date
    try:
        return (datetime.now(UTC) - parsedate_to_datetime(date)).total_seconds() if date else None
    except (ValueError, TypeError):
        return None
