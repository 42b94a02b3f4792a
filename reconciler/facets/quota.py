"""Quotas in time: what the service counts of a kind of change. A facet states its quotas; ``planning.quotas`` waits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from reconciler.model.change import Call
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
    """How long a change is left alone after a refusal that our marks do not explain."""
    ambiguous_refusal: bool = False
    """Whether the service refuses in words that tell this quota from no other limit."""
    second_call: str | None = None
    """When a second call towards the same change is taken, as a phrase."""

    def last_change(self, counters: Counters) -> datetime | None:
        """The last change as DescribeTable tells it; ``None`` where it does not."""
        return None

    def free_from(
        self, call: Call, observed: ObservedTable, times: Sequence[datetime], now: datetime
    ) -> datetime | None:
        """When the service takes the call, given the ``times`` of earlier ones, sorted; ``None`` for now."""
        free = len(times) < self.number or times[-self.number] + self.window <= now
        return None if free else times[-self.number] + self.window
