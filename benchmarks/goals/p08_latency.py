"""P8: a pass at a latency as in AWS, where each call takes 10 ms and the server costs nothing."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from benchmarks import declared
from benchmarks.canned import Counts
from benchmarks.context import Bench, Goal
from benchmarks.figures import Row, compared
from benchmarks.goals.p01_pass import PASS
from benchmarks.harness import Contender
from benchmarks.raw import CONNECTIONS, RawClient

LATENCY_MS = 10.0
IDEAL = "calls ÷ connections × latency"


def measured(bench: Bench) -> Iterator[Row]:
    """The ideal is that of the calls and connections that the server counted in one pass."""
    fleet = bench.canned_fleet(bench.sizes.fleet)
    Counts.read(fleet.url, latency_ms=LATENCY_MS)
    try:
        with RawClient(fleet.url) as raw:
            requests = raw.prepared("DescribeTable", ({"TableName": name} for name in declared.names(fleet.tables)))
            contenders = [Contender("limit", partial(raw.send, requests)), Contender(PASS, fleet.daemon.one_pass)]
            samples = bench.samples(contenders, 45, warm=False)
        Counts.read(fleet.url)
        fleet.daemon.one_pass()
        counts = Counts.read(fleet.url)
    finally:
        Counts.read(fleet.url, latency_ms=0)
    scenario = f"read {fleet.tables:,} tables, {LATENCY_MS:.0f} ms a call"
    calls = sum(counts.calls.values())
    ideal = {
        "limit": fleet.tables / CONNECTIONS * LATENCY_MS / 1000,
        PASS: calls / max(1, counts.connections) * LATENCY_MS / 1000,
    }
    for row in compared("P8", scenario, "s", samples):
        row.ratios[IDEAL] = row.median / ideal[row.contender]
        yield row
    yield Row.single(("P8", "connections of a pass", PASS), "connections", counts.connections)


GOAL = Goal("P8", "A pass at 10 ms a call", f"1.2 × ({IDEAL})", measured)
