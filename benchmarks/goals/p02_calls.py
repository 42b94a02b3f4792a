"""P2: the calls of a pass that finds no drift, counted by the canned server, not by the tool."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

from benchmarks import declared
from benchmarks.canned import PAGE, Counts
from benchmarks.context import Bench, CannedServer, Goal
from benchmarks.daemon import Daemon
from benchmarks.figures import Row
from benchmarks.goals.p01_pass import PASS
from benchmarks.processes import environment, run, tool

PASSES = 3
WITH_FACETS = 10


def measured(bench: Bench) -> Iterator[Row]:
    """Calls per pass by operation, without and with facets that take reads of their own."""
    fleet = bench.canned_fleet(bench.sizes.fleet)
    yield from _counted(fleet.daemon, fleet.url, fleet.tables, f"{fleet.tables:,} tables")
    tables = min(WITH_FACETS, bench.sizes.tables)
    with ExitStack() as stack:
        folder = declared.yaml_files(bench.folder(), declared.names(tables), facets=True)
        endpoint = bench.endpoint("facets")
        # Without this the daemon would come back for what the first pass could not finish, beside the passes counted.
        run([*tool(), "--once"], folder, environment(folder, endpoint.url))
        url = stack.enter_context(CannedServer(endpoint.url, 0))
        daemon = stack.enter_context(Daemon(folder, url, tables))
        yield from _counted(daemon, url, tables, f"{tables} tables with a TTL and a tag")


def _counted(daemon: Daemon, url: str, tables: int, scenario: str) -> Iterator[Row]:
    daemon.one_pass()
    Counts.read(url)
    for _ in range(PASSES):
        daemon.one_pass()
    calls = {name: count / PASSES for name, count in Counts.read(url).calls.items()}
    for name in sorted(calls, key=lambda name: (name != "DescribeTable", name != "ListTables", name)):
        ratios = {}
        if name == "ListTables":
            ratios["page"] = calls[name] / -(-tables // PAGE)
        elif calls[name] >= tables:
            ratios["table"] = calls[name] / tables
        yield Row.single(("P2", f"{name} per pass, {scenario}", PASS), "calls", calls[name], ratios)


GOAL = Goal(
    "P2", "Calls of a pass", "one DescribeTable per table, one ListTables per page, reads of declared facets", measured
)
