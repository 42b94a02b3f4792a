"""P3: tables created from nothing by a whole process, in a DynamoDB Local that just started and in one that is warm."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from benchmarks import declared
from benchmarks.context import Bench, Goal
from benchmarks.endpoint import Endpoint, create, drop
from benchmarks.figures import Row, compared
from benchmarks.goals.p01_pass import EIGHT, THREADS
from benchmarks.harness import Contender
from benchmarks.peers.installed import bare_boto3, call
from benchmarks.processes import environment, run, tool

ONCE = "reconciler --once"
PEER_ROUNDS = 2
QUICK_ROUNDS = 2
"""The peers take most of the time, and little depends on their third digit."""


class Fresh:
    """A DynamoDB Local that starts anew before each run; it was asked to create nothing yet."""

    def __init__(self) -> None:
        self._endpoint: Endpoint | None = None

    def __call__(self) -> Endpoint:
        assert self._endpoint is not None
        return self._endpoint

    def prepare(self) -> None:
        """End the last one and start another."""
        self.close()
        self._endpoint = Endpoint().__enter__()

    def close(self) -> None:
        """End it."""
        if self._endpoint is not None:
            self._endpoint.__exit__()
            self._endpoint = None


def measured(bench: Bench) -> Iterator[Row]:
    """The fresh server first: it is what somebody who starts to work has."""
    tables = bench.sizes.created
    fresh = Fresh()
    try:
        contenders = _contenders(bench, fresh, fresh.prepare, peers=True)
        samples = bench.samples(contenders, 200, warm=False, rounds=None if bench.sizes.whole else QUICK_ROUNDS)
    finally:
        fresh.close()
    yield from compared("P3", f"create {tables:,} tables, server just started", "s", samples)
    if not bench.sizes.whole:
        return
    warm = bench.endpoint("created")
    empty = partial(_emptied, warm, tables)
    samples = bench.samples(_contenders(bench, lambda: warm, empty, peers=False), 60)
    yield from compared("P3", f"create {tables:,} tables, warm server", "s", samples)


def _contenders(
    bench: Bench, endpoint: Callable[[], Endpoint], before: Callable[[], None], *, peers: bool
) -> list[Contender]:
    names = declared.names(bench.sizes.created)
    requests = [declared.request(name) for name in names]
    declarations = declared.yaml_files(bench.folder(), names)
    found = [
        Contender("limit", lambda: create(endpoint().raw, requests), before),
        Contender(ONCE, lambda: _once(declarations, endpoint().url), before),
        Contender(EIGHT, lambda: _boto3(bench, THREADS, endpoint().url), before),
    ]
    if not peers or not bench.sizes.whole:
        return found
    found.append(Contender("boto3, sequential", lambda: _boto3(bench, 1, endpoint().url), before))
    template = declared.template(bench.folder() / "template.yaml", names).parent
    for peer in bench.peers_that("create"):
        assert peer.create is not None
        command = peer.create(len(names))
        run_peer = partial(lambda peer, command: call(peer, command, endpoint().url, template)[0], peer, command)
        found.append(Contender(peer.name, run_peer, before, optional=True, rounds=PEER_ROUNDS))
    return found


def _once(folder: Path, url: str) -> float:
    return run([*tool(), "--once"], folder, environment(folder, url)).seconds


def _boto3(bench: Bench, threads: int, url: str) -> float:
    folder = bench.folder()
    return run(bare_boto3("create", threads, bench.sizes.created), folder, environment(folder, url)).seconds


def _emptied(endpoint: Endpoint, tables: int) -> None:
    drop(endpoint.raw, declared.names(tables))


GOAL = Goal("P3", "Tables created from nothing", "2 × the limit, whole process", measured)
