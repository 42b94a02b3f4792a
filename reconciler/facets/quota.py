"""Quotas per time on a kind of change. A facet declares its quotas, and ``planning.quotas`` waits for them.

DynamoDB has no call that returns the remaining quota. What DescribeTable does not count must be recorded here, because
a refused call would otherwise be repeated in each pass.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from reconciler.model.change import Call
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.observed import Counters, ObservedTable
from reconciler.model.records import CountedChange

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Quota:
    """At most ``number`` changes of a ``kind`` in any ``window``; ``rule`` is the sentence for people."""

    kind: CountedChange
    number: int
    window: timedelta
    rule: str
    retry: timedelta = HOUR
    """The wait after a refusal that our records do not explain: others used up the quota."""
    ambiguous_refusal: bool = False
    """Whether the error of the service does not distinguish this quota from other limits."""
    second_call: str | None = None
    """When a second call for the same change is possible, as a phrase."""

    def last_change(self, counters: Counters) -> datetime | None:
        """The time of the last change in DescribeTable; ``None`` if it has none."""
        return None

    def free_from(
        self, call: Call, observed: ObservedTable, times: Sequence[datetime], now: datetime
    ) -> datetime | None:
        """When the call is possible, given the sorted ``times`` of earlier ones. ``None`` means now."""
        # A sliding window: the call is possible once the oldest of the last ``number`` changes is out of the window.
        free = len(times) < self.number or times[-self.number] + self.window <= now
        return None if free else times[-self.number] + self.window
