"""P7: the resident memory of the daemon after its first pass and after many."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.context import Bench, Fleet, Goal
from benchmarks.figures import Row

CONTENDER = "reconciler, the daemon"
MANY_PASSES = 5


def measured(bench: Bench) -> Iterator[Row]:
    """The daemons may have run passes for other goals before; the table says so by the growth from here."""
    yield from _watched(bench.fleet(bench.sizes.fleet), bench.sizes.passes)
    if bench.sizes.many:
        yield from _watched(bench.canned_fleet(bench.sizes.many), min(MANY_PASSES, bench.sizes.passes))


def _watched(fleet: Fleet, passes: int) -> Iterator[Row]:
    fleet.daemon.one_pass()
    first = fleet.daemon.resident_megabytes()
    for _ in range(passes):
        fleet.daemon.one_pass()
    last = fleet.daemon.resident_megabytes()
    scenario = f"resident memory, {fleet.tables:,} tables, after {passes:,} more passes"
    yield Row("P7", scenario, CONTENDER, "MB", last, first, last, 1, {"memory before them": last / first})


GOAL = Goal("P7", "Memory", "120 MB for 2,500 tables and flat over 1,000 passes; 300 MB for 10,000", measured)
