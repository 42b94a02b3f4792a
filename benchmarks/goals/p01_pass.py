"""P1: a pass that finds no drift, against the limit, boto3 and the peers; and its cost per table as tables grow."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from benchmarks import declared
from benchmarks.context import Bench, Fleet, Goal
from benchmarks.figures import Row, compared
from benchmarks.harness import Contender
from benchmarks.peers.installed import Peer, bare_boto3, call, printed
from benchmarks.processes import environment, run

THREADS = 8
EIGHT = "boto3, 8 threads"
PASS = "reconciler, a pass"
WARM_UP = 3
"""Rounds of the limit that make the server compile what it runs."""
PEER_ROUNDS = 3


def measured(bench: Bench) -> Iterator[Row]:
    """Both sizes in DynamoDB Local, then the time per table before the canned server."""
    yield from _in_dynamodb_local(bench, bench.sizes.tables, seconds=100, references=True)
    if bench.sizes.fleet != bench.sizes.tables:
        yield from _in_dynamodb_local(bench, bench.sizes.fleet, seconds=40, references=False)
    yield from _per_table(bench)


def _in_dynamodb_local(bench: Bench, tables: int, seconds: float, *, references: bool) -> Iterator[Row]:
    fleet = bench.fleet(tables)
    raw = fleet.endpoint.raw
    requests = raw.prepared("DescribeTable", ({"TableName": name} for name in declared.names(tables)))
    contenders = [Contender("limit", partial(raw.send, requests)), Contender(PASS, fleet.daemon.one_pass)]
    if references:
        contenders.append(Contender(EIGHT, partial(_boto3, bench, fleet, THREADS)))
        contenders.append(Contender("boto3, sequential", partial(_boto3, bench, fleet, 1)))
        contenders += _peers(bench, fleet)
    for _ in range(WARM_UP):
        raw.send(requests)
    samples = bench.samples(contenders, seconds, warm=False)
    yield from compared("P1", f"read {tables:,} tables", "s", samples, ("limit", EIGHT))


def _boto3(bench: Bench, fleet: Fleet, threads: int) -> float:
    folder = bench.folder()
    done = run(bare_boto3("describe", threads, fleet.tables), folder, environment(folder, fleet.url))
    return printed(done.stdout)


def _peers(bench: Bench, fleet: Fleet) -> Iterator[Contender]:
    for peer in bench.peers_that("describe"):
        assert peer.describe is not None
        command = peer.describe(fleet.tables)
        yield Contender(peer.name, partial(_peer, bench, fleet, peer, command), optional=True, rounds=PEER_ROUNDS)


def _peer(bench: Bench, fleet: Fleet, peer: Peer, command: list[str]) -> float:
    return call(peer, command, fleet.url, bench.folder())[1]


def _per_table(bench: Bench) -> Iterator[Row]:
    sizes = sorted({size for size in (bench.sizes.tables, bench.sizes.fleet, bench.sizes.many) if size})
    fleets = {f"{size:,} tables": bench.canned_fleet(size) for size in sizes}
    samples = bench.samples([Contender(name, fleet.daemon.one_pass) for name, fleet in fleets.items()], 60, warm=False)
    first = samples[f"{sizes[0]:,} tables"].over(sizes[0] / 1000).median
    for name, fleet in fleets.items():
        sample = samples[name].over(fleet.tables / 1000)
        ratios = {} if fleet.tables == sizes[0] else {f"{sizes[0]:,} tables": sample.median / first}
        yield Row.of(("P1", f"a pass over {name}, per table, canned server", PASS), "ms", sample, ratios)


GOAL = Goal("P1", "A pass that finds no drift", "2 × the limit, 5 × faster than boto3 with 8 threads; linear", measured)
