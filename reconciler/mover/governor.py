"""The rate at which long work may consume the capacity of a table. Pure: it says how long to wait, and never waits.

A call is sent first and paid for afterwards, because only its answer tells what it consumed. After a throttled call the
rate is halved and everything pauses, so that the application gets the capacity first. The rate recovers slowly.
Used for each call by ``calls.GuardedCalls``.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from reconciler.engine.ports import Clock, Random
from reconciler.model.lazy_dataclass import dataclass

SHARE = 0.25
"""Of the capacity of a table, unless a limit is given. The application keeps the rest."""
ON_DEMAND_READ, ON_DEMAND_WRITE = 12_000, 4_000
"""Units per second that a new on-demand table serves
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html)."""
BURST_SECONDS = 1.0
"""Capacity of this time may be consumed ahead. A page of a Scan can consume 128 units at once."""
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
"""Seconds after throttling. The pause doubles while throttling goes on."""
CALM_SECONDS = 30.0
"""Without throttling for this time, the next pause is the first one again."""
RECOVERY_SECONDS, RECOVERY = 5.0, 1.25
"""The rate rises by this factor after each such time without throttling."""
UNMEASURED = 200.0
"""The rate that is halved where there is no limit and nothing was consumed yet."""
SLOWEST = 1.0
"""Units per second. A lower rate would never finish."""


class Capacity(StrEnum):
    """The two kinds of capacity of a table, which are limited independently."""

    READ = "read"
    WRITE = "write"


@dataclass(frozen=True, slots=True)
class RateLimits:
    """Units per second; ``None`` means no limit."""

    read: float | None = None
    write: float | None = None

    def of(self, kind: Capacity) -> float | None:
        """The limit of one kind."""
        return self.read if kind is Capacity.READ else self.write


def limits_of(
    table: Mapping[str, Any],
    *,
    emulator: bool,
    max_rcu: float | None = None,
    max_wcu: float | None = None,
    share: float = SHARE,
) -> RateLimits:
    """The limits for a table as DescribeTable shows it (its ``Table`` member).

    ``max_rcu`` and ``max_wcu`` are what a person allowed; they take the place of the ``share``. An emulator has no
    limit of its own. On AWS the share is taken of the provisioned capacity, or, on demand, of the maximum, the warm
    throughput, or what every new table serves. Each write also writes to the global indexes, so the smallest write
    capacity among the table and its indexes decides.
    """
    if emulator:
        return RateLimits(max_rcu, max_wcu)
    read, write = _capacity(table, table)
    for index in table.get("GlobalSecondaryIndexes") or ():
        write = min(write, _capacity(index, table)[1])
    return RateLimits(
        max_rcu if max_rcu is not None else max(SLOWEST, read * share),
        max_wcu if max_wcu is not None else max(SLOWEST, write * share),
    )


def _capacity(part: Mapping[str, Any], table: Mapping[str, Any]) -> tuple[float, float]:
    """The read and write capacity of a table or one of its global indexes, in units per second."""
    provisioned = part.get("ProvisionedThroughput") or {}
    billing = (table.get("BillingModeSummary") or {}).get("BillingMode")
    if billing != "PAY_PER_REQUEST" and provisioned.get("WriteCapacityUnits"):
        return float(provisioned["ReadCapacityUnits"]), float(provisioned["WriteCapacityUnits"])
    warm, most = part.get("WarmThroughput") or {}, part.get("OnDemandThroughput") or {}
    found = []
    for warm_name, most_name, usual in (
        ("ReadUnitsPerSecond", "MaxReadRequestUnits", ON_DEMAND_READ),
        ("WriteUnitsPerSecond", "MaxWriteRequestUnits", ON_DEMAND_WRITE),
    ):
        limit = most.get(most_name) or 0
        # -1 stands for no maximum.
        found.append(float(limit if limit > 0 else warm.get(warm_name) or usual))
    return found[0], found[1]


@dataclass(slots=True)
class _Flow:
    """One kind of capacity. ``paid_at`` is when everything consumed so far is paid for at the current rate."""

    ceiling: float | None
    rate: float | None = None
    paid_at: float = 0.0
    resumes_at: float = 0.0
    pause: float = FIRST_PAUSE
    throttled_at: float | None = None
    changed_at: float = 0.0
    window_began: float = 0.0
    window_units: float = 0.0
    consumed: float = 0.0


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast the work goes, for progress lines. Rates are units per second, ``None`` without a limit."""

    read_rate: float | None
    write_rate: float | None
    read_units: float
    write_units: float
    throttled: int


class Governor:
    """Shared by all threads of one piece of work on one table."""

    def __init__(self, clock: Clock, random: Random, limits: RateLimits) -> None:
        self._clock = clock
        self._random = random
        self._lock = threading.Lock()
        self._throttled = 0
        now = clock.monotonic()
        self._flows = {
            kind: _Flow(limits.of(kind), limits.of(kind), now, now, changed_at=now, window_began=now)
            for kind in Capacity
        }

    def delay(self, kind: Capacity) -> float:
        """Seconds until a call of this kind may be sent; 0 if it may be sent now."""
        with self._lock:
            flow, now = self._flows[kind], self._clock.monotonic()
            return max(0.0, flow.resumes_at - now, flow.paid_at - BURST_SECONDS - now)

    def consumed(self, kind: Capacity, units: float) -> None:
        """A call succeeded and consumed ``units``."""
        with self._lock:
            flow, now = self._flows[kind], self._clock.monotonic()
            flow.consumed += units
            if now - flow.window_began > RECOVERY_SECONDS:
                flow.window_began, flow.window_units = now, 0.0
            flow.window_units += units
            self._recover(flow, now)
            if flow.rate is not None:
                flow.paid_at = max(flow.paid_at, now) + units / flow.rate

    def throttled(self, kind: Capacity) -> None:
        """A call was throttled, after the retries of the SDK: halve the rate and pause.

        Several threads meet the same throttling; what arrives during the pause counts once.
        """
        with self._lock:
            flow, now = self._flows[kind], self._clock.monotonic()
            self._throttled += 1
            if now < flow.resumes_at:
                return
            if flow.throttled_at is not None and now - flow.throttled_at > CALM_SECONDS + flow.pause:
                flow.pause = FIRST_PAUSE
            measured = flow.window_units / max(1.0, now - flow.window_began)
            rates = [rate for rate in (flow.rate, measured) if rate]
            flow.rate = max(SLOWEST, min(rates, default=UNMEASURED) / 2)
            flow.resumes_at = now + self._random.uniform(flow.pause / 2, flow.pause)
            flow.throttled_at = flow.changed_at = now
            flow.pause = min(flow.pause * 2, LONGEST_PAUSE)

    def pace(self) -> Pace:
        """The present rates and what was consumed so far."""
        with self._lock:
            read, write = self._flows[Capacity.READ], self._flows[Capacity.WRITE]
            return Pace(read.rate, write.rate, read.consumed, write.consumed, self._throttled)

    @staticmethod
    def _recover(flow: _Flow, now: float) -> None:
        if flow.rate is None or flow.rate == flow.ceiling or now - flow.changed_at < RECOVERY_SECONDS:
            return
        flow.changed_at = now
        raised = flow.rate * RECOVERY
        flow.rate = raised if flow.ceiling is None else min(raised, flow.ceiling)
