"""How long something lasts by this process's own steady clock, beside the times that records hold.

Recorded times are of wall clocks, which jump: an hour forward would end a grace period of five minutes at once.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from reconciler.engine.ports import Clock

ZERO = timedelta(0)


@dataclass(slots=True)
class ElapsedTimes:
    """When this process first saw each thing, by its steady and by its wall clock. Threads may share it."""

    seen: dict[Hashable, tuple[float, datetime]] = field(default_factory=dict)

    def elapsed(self, key: Hashable, since: datetime, clock: Clock, *, trusted: bool) -> timedelta:
        """How long ``key``, recorded ``since`` then, has lasted: by neither clock less.

        What passed before this process first saw it counts only if ``trusted``. A recorded time in the future says
        nothing, and then the steady clock alone decides.
        """
        steady, wall = clock.monotonic(), clock.now()
        began, first = self.seen.setdefault((key, since), (steady, wall))
        here = timedelta(seconds=steady - began)
        if trusted:
            here += max(ZERO, first - since)
        return min(here, wall - since) if wall >= since else here

    def within(self, key: Hashable, at: datetime, span: timedelta, clock: Clock) -> bool:
        """Whether what was recorded ``at`` that time is no older than ``span`` by either clock."""
        began, _ = self.seen.setdefault((key, at), (clock.monotonic(), clock.now()))
        return clock.now() - at < span or timedelta(seconds=clock.monotonic() - began) < span
