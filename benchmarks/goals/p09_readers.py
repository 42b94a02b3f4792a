"""P9: how long readers of the daemon wait while passes run without a pause."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from benchmarks.context import Bench, Goal
from benchmarks.daemon import Daemon
from benchmarks.figures import Row, percentile
from benchmarks.harness import BenchmarkError

PATHS = ("/metrics", "/livez", "/api/v1/status", "/", "/?sort=status&page=7", "/tables/table-00001", "/api/v1/runs")
PAUSE_SECONDS = 0.02
"""Between two requests: a reader, not an attack."""


class Response(NamedTuple):
    """Milliseconds until it was whole, its bytes, and its Content-Encoding."""

    milliseconds: float
    size: int
    encoding: str


def measured(bench: Bench) -> Iterator[Row]:
    """The waits of each path; ``/metrics`` with and without gzip."""
    fleet = bench.fleet(bench.sizes.fleet)
    with passes(fleet.daemon):
        for path in PATHS:
            for accepted in ("gzip", "identity") if path == "/metrics" else ("identity",):
                yield _row(fleet.daemon, path, accepted, bench.sizes.requests, fleet.tables)


@contextmanager
def passes(daemon: Daemon) -> Iterator[None]:
    """Passes follow one another until the end of the block."""
    over = threading.Event()
    failed: list[BenchmarkError] = []

    def run() -> None:
        try:
            while not over.is_set():
                daemon.start_pass()
                daemon.wait_for_pass()
        except BenchmarkError as error:
            failed.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
    if failed:
        raise failed[0]


def _row(daemon: Daemon, path: str, accepted: str, requests: int, tables: int) -> Row:
    responses = list(responses_of(daemon, path, accepted, requests))
    waits = [response.milliseconds for response in responses]
    last = responses[-1]
    asked = f", {last.encoding or 'gzip not served'}" if accepted == "gzip" else ""
    contender = f"GET {path} ({last.size / 1000:,.0f} kB{asked})"
    scenario = f"{tables:,} tables, passes without a pause"
    figures = (percentile(waits, 0.5), min(waits), percentile(waits, 0.99), len(waits))
    return Row("P9", scenario, contender, "ms", *figures)


def responses_of(daemon: Daemon, path: str, accepted: str, requests: int) -> Iterator[Response]:
    """Ask for one path over one kept connection."""
    connection = daemon.connection()
    try:
        for _ in range(requests):
            time.sleep(PAUSE_SECONDS)
            began = time.perf_counter()
            connection.request("GET", path, headers={"Accept-Encoding": accepted})
            response = connection.getresponse()
            size = len(response.read())
            milliseconds = (time.perf_counter() - began) * 1000
            if response.status != 200:
                raise BenchmarkError(f"{path}: {response.status}")
            yield Response(milliseconds, size, response.headers.get("Content-Encoding", ""))
    finally:
        connection.close()


GOAL = Goal("P9", "Readers beside a pass", "25 ms for /metrics of 2,500 tables, gzip when requested", measured)
