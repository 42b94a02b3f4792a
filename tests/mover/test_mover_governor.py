"""The governor: shares of capacity, waits, throttling and recovery."""

from __future__ import annotations

import pytest
from simulation.clock import CountingRandom, VirtualClock

from reconciler.mover.governor import (
    BURST_SECONDS,
    LONGEST_PAUSE,
    Capacity,
    Governor,
    RateLimits,
    limits_of,
)

ON_DEMAND = {"BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"}}


def provisioned(read: int, write: int) -> dict[str, object]:
    return {"ProvisionedThroughput": {"ReadCapacityUnits": read, "WriteCapacityUnits": write}}


def governor(**limits: float) -> tuple[Governor, VirtualClock]:
    clock = VirtualClock()
    return Governor(clock, CountingRandom(), RateLimits(**limits)), clock


@pytest.mark.parametrize(
    ("table", "options", "limits"),
    [
        (provisioned(100, 40), {}, RateLimits(25.0, 10.0)),
        (provisioned(1, 1), {}, RateLimits(1.0, 1.0)),
        (provisioned(100, 40), {"max_wcu": 33}, RateLimits(25.0, 33)),
        (provisioned(100, 40), {"max_rcu": 7, "max_wcu": 8}, RateLimits(7, 8)),
        (provisioned(100, 40), {"emulator": True}, RateLimits(None, None)),
        (provisioned(100, 40), {"emulator": True, "max_wcu": 5}, RateLimits(None, 5)),
        (provisioned(100, 40), {"share": 0.5}, RateLimits(50.0, 20.0)),
        ({**provisioned(100, 40), "GlobalSecondaryIndexes": [provisioned(4, 8)]}, {}, RateLimits(25.0, 2.0)),
        (ON_DEMAND, {}, RateLimits(3000.0, 1000.0)),
        ({**ON_DEMAND, **provisioned(0, 0)}, {}, RateLimits(3000.0, 1000.0)),
        (
            {**ON_DEMAND, "WarmThroughput": {"ReadUnitsPerSecond": 20000, "WriteUnitsPerSecond": 8000}},
            {},
            RateLimits(5000.0, 2000.0),
        ),
        (
            {**ON_DEMAND, "OnDemandThroughput": {"MaxReadRequestUnits": -1, "MaxWriteRequestUnits": 40}},
            {},
            RateLimits(3000.0, 10.0),
        ),
    ],
)
def test_the_default_is_a_quarter_of_what_the_table_has(table, options, limits):
    assert limits_of(table, **{"emulator": False, **options}) == limits


def test_without_a_limit_nothing_waits():
    paced, _ = governor()
    paced.consumed(Capacity.WRITE, 10_000)
    assert paced.delay(Capacity.WRITE) == 0


def test_a_call_is_paid_for_after_its_answer():
    paced, clock = governor(write=10.0)
    assert paced.delay(Capacity.WRITE) == 0
    paced.consumed(Capacity.WRITE, 50)
    assert paced.delay(Capacity.WRITE) == pytest.approx(5.0 - BURST_SECONDS)
    assert paced.delay(Capacity.READ) == 0
    clock.seconds += 4.0
    assert paced.delay(Capacity.WRITE) == 0


def test_over_a_long_time_the_rate_is_kept():
    paced, clock = governor(write=10.0)
    while clock.seconds < 600:
        clock.seconds += paced.delay(Capacity.WRITE)
        paced.consumed(Capacity.WRITE, 3)
    assert paced.pace().write_units == pytest.approx(6000, rel=0.01)


def test_throttling_pauses_and_halves_the_rate_and_the_pauses_grow():
    paced, clock = governor(write=100.0)
    pauses = []
    for _ in range(10):
        paced.throttled(Capacity.WRITE)
        pauses.append(paced.delay(Capacity.WRITE))
        clock.seconds += pauses[-1]
    assert pauses == [1, 2, 4, 8, 16, 32, LONGEST_PAUSE, LONGEST_PAUSE, LONGEST_PAUSE, LONGEST_PAUSE]
    assert paced.pace().write_rate == 1.0
    assert paced.pace().throttled == 10


def test_throttling_of_several_threads_at_once_counts_once():
    paced, _ = governor(write=100.0)
    for _ in range(8):
        paced.throttled(Capacity.WRITE)
    assert paced.pace().write_rate == 50.0
    assert paced.delay(Capacity.WRITE) == 1.0


def test_the_rate_recovers_to_its_limit_and_not_beyond():
    paced, clock = governor(write=100.0)
    paced.throttled(Capacity.WRITE)
    rates = []
    for _ in range(12):
        clock.seconds += 5
        paced.consumed(Capacity.WRITE, 1)
        rates.append(paced.pace().write_rate)
    assert rates[:3] == [62.5, 78.125, 97.65625]
    assert rates[-1] == 100.0


def test_after_a_calm_time_the_pause_is_short_again():
    paced, clock = governor(write=100.0)
    for _ in range(4):
        paced.throttled(Capacity.WRITE)
        clock.seconds += paced.delay(Capacity.WRITE)
    clock.seconds += 60
    paced.throttled(Capacity.WRITE)
    assert paced.delay(Capacity.WRITE) == 1.0


def test_without_a_limit_throttling_sets_half_of_the_measured_rate():
    paced, clock = governor()
    for _ in range(4):
        clock.seconds += 1
        paced.consumed(Capacity.WRITE, 500)
    paced.throttled(Capacity.WRITE)
    assert paced.pace().write_rate == 250.0
    assert paced.pace().read_rate is None
