"""When declarations count as settled: by what was seen before, and by the change times of the file system."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from support.fakes import FakeClock

from reconciler.declarations.settling import SETTLE_SECONDS, Settling

NOW = datetime(2026, 3, 1, tzinfo=UTC)
AT = NOW.timestamp()

CASES: dict[str, tuple[float, float, float | None]] = {
    "changed long ago": (AT - 3600, 0.0, None),
    "changed exactly long enough ago": (AT - SETTLE_SECONDS, 0.0, None),
    "changed just now": (AT, 0.0, SETTLE_SECONDS),
    "changed a second ago": (AT - 1, 0.0, SETTLE_SECONDS - 1),
    "changed just now, and seen for a second": (AT + 1, 1.0, SETTLE_SECONDS - 1),
    "touched just now, the same for long": (AT + 60, 60.0, None),
    "the file server is an hour ahead": (AT + 3600, 0.0, SETTLE_SECONDS),
    "the file server is an hour ahead, seen for a moment": (AT + 3600, 1.0, SETTLE_SECONDS - 1),
    "the file server is an hour ahead, seen for long": (AT + 3600, 10.0, None),
    "the file server knows no times": (0.0, 0.0, None),
}


@pytest.mark.parametrize("case", CASES)
def test_when_declarations_are_settled(case: str) -> None:
    changed, later, left = CASES[case]
    clock = FakeClock(NOW)
    settling = Settling(clock)
    settling.settled_at("digest", changed)
    clock.advance(later)
    expected = None if left is None else clock.now() + timedelta(seconds=left)
    assert settling.settled_at("digest", changed) == expected


def test_other_declarations_start_a_new_grace_period() -> None:
    clock = FakeClock(NOW)
    settling = Settling(clock)
    settling.settled_at("one", AT + 3600)
    clock.advance(60)
    assert settling.settled_at("two", AT + 3600) == clock.now() + timedelta(seconds=SETTLE_SECONDS)
    clock.advance(1)
    assert settling.settled_at("one", AT + 3600) == clock.now() + timedelta(seconds=SETTLE_SECONDS)
