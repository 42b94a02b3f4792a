"""Lays out the statuses of a table over time as a strip of segments. Pure; drawn by the page of a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from reconciler.engine.status_history import StatusChange

WIDTH = 1000
"""Units across; the page stretches them to its own width."""
LONGEST = timedelta(hours=24)
NARROWEST = 4
"""Units of a short segment: a drift of some seconds stays visible on a strip of a day."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One status from ``start`` to ``end``; ``x`` and ``width`` are units of ``WIDTH``."""

    change: StatusChange
    start: datetime
    end: datetime
    x: int
    width: int


@dataclass(frozen=True, slots=True)
class StatusStrip:
    """The segments, oldest first, from ``start`` until now."""

    start: datetime
    segments: Sequence[Segment]


def status_strip(changes: Sequence[StatusChange], now: datetime) -> StatusStrip | None:
    """The last 24 hours at most; ``None`` for a table that no pass has seen."""
    if not changes:
        return None
    start = max(changes[0].at, now - LONGEST)
    span = max((now - start).total_seconds(), 1.0)
    ends = [*(later.at for _, later in pairwise(changes)), max(now, changes[-1].at)]
    segments: list[Segment] = []
    for change, end in zip(changes, ends, strict=True):
        if end <= start and change.at < start and change is not changes[-1]:
            continue
        begin = max(change.at, start)
        x = round((begin - start).total_seconds() / span * WIDTH)
        width = max(NARROWEST, round((end - begin).total_seconds() / span * WIDTH))
        # Later segments are drawn over earlier ones, so one after a narrow segment begins a little late.
        x = max(x, segments[-1].x + NARROWEST) if segments else x
        # A narrow segment at the right edge moves to the left, and covers the end of the one before it.
        segments.append(Segment(change, begin, end, min(x, WIDTH - NARROWEST), width))
    return StatusStrip(start, segments)
