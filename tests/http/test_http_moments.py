"""Times and durations in words."""

from __future__ import annotations

from datetime import timedelta

import pytest
from support.sample_reports import T0

from reconciler.http.templates import duration, exact, relative

DURATIONS = {0: "0 s", 59: "59 s", 119: "119 s", 120: "2 min", 7199: "119 min", 7200: "2 h", 172_799: "47 h"} | {
    172_800: "2 d",
    86_400 * 400: "400 d",
}


@pytest.mark.parametrize(("seconds", "words"), DURATIONS.items())
def test_a_duration_has_one_unit(seconds, words):
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "now"), (0.4, "now"), (5, "in 5 s"), (-5, "5 s ago"), (-3600 * 5, "5 h ago")]
)
def test_a_moment_is_told_from_now(seconds, words):
    assert relative(T0 + timedelta(seconds=seconds), T0) == words


def test_the_exact_time_is_in_utc():
    assert exact(T0) == "2026-11-22 12:00:00 UTC"
    assert exact(None) == ""
