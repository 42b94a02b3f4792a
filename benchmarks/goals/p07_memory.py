"""P7: the resident memory of the daemon after its first pass and after many."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.context import Bench, Fleet, Goal
from benchmarks.figures import Row

CONTENDER = "reconciler, the daemon"
MANY_PASSES = 4
"""The daemon of 10,000 tables ran about as many for P1; a series of them would take most of the run."""


def measured(bench: Bench) -> Iterator[Row]:
    """Passes that the daemons ran for other goals count; only the missing ones are run here."""
    yield from _watched(bench.fleet(bench.sizes.fleet), bench.sizes.passes)
    if bench.sizes.many:
        yield from _watched(bench.canned_fleet(bench.sizes.many), min(MANY_PASSES, bench.sizes.passes))


def _watched(fleet: Fleet, passes: int) -> Iterator[Row]:
    daemon = fleet.daemon
    while daemon.passes < passes:
        daemon.one_pass()
    megabytes = daemon.resident_megabytes()
    place = ("P7", f"resident memory, {fleet.tables:,} tables, after {daemon.passes:,} passes", CONTENDER)
    yield Row.single(place, "MB", megabytes, {"after the first": megabytes / daemon.first_megabytes})


GOAL = Goal("P7", "Memory", "120 MB for 2,500 tables and flat over 1,000 passes; 300 MB for 10,000", measured)
