"""P6: seed items written per second into one empty table, against raw requests, ``batch_writer`` and the peers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import declared
from benchmarks.context import Bench, Goal
from benchmarks.endpoint import Endpoint, create, drop
from benchmarks.figures import Row, compared
from benchmarks.harness import BenchmarkError, Contender
from benchmarks.peers.installed import bare_boto3, call
from benchmarks.processes import environment, run, tool

TABLE = declared.names(1)[0]
SEED = "reconciler seed"
BATCH, TRANSACTION = 25, 100
PEER_ROUNDS = 2
ABSENT = "attribute_not_exists(pk)"


def measured(bench: Bench) -> Iterator[Row]:
    """The limit writes 25 items a request and overwrites; the two raw clients below it never overwrite."""
    endpoint, items = bench.endpoint("seeds"), bench.sizes.items
    folder = declared.seed_file(declared.yaml_files(bench.folder(), [TABLE]), TABLE, items)
    empty = partial(_emptied, endpoint)
    prepare = partial(_created_by_the_tool, endpoint, folder)
    contenders = [
        *_raw(endpoint, items, empty),
        Contender(SEED, partial(_seed, endpoint, folder, items), prepare),
        Contender("boto3 batch_writer, overwrites", partial(_boto3, bench, endpoint, items), empty),
    ]
    for peer in bench.peers_that("seed"):
        assert peer.seed is not None
        write = partial(_peer, partial(call, peer, peer.seed(0, items), endpoint.url, bench.folder()))
        contenders.append(Contender(f"{peer.name}, overwrites", write, empty, optional=True, rounds=PEER_ROUNDS))
    for contender in _raw(endpoint, items, empty):
        contender.before()
        contender.run()
    samples = bench.samples(contenders, 100, warm=False)
    rates = {name: sample.rate(items) for name, sample in samples.items()}
    yield from compared("P6", f"{items:,} items of 150 B", "items/s", rates)


def _raw(endpoint: Endpoint, items: int, empty: partial[None]) -> list[Contender]:
    puts = [{"Item": declared.marshalled(number)} for number in range(items)]
    conditional: list[dict[str, Any]] = [{**put, "TableName": TABLE, "ConditionExpression": ABSENT} for put in puts]
    bodies: dict[str, tuple[str, list[dict[str, Any]]]] = {
        "limit": (
            "BatchWriteItem",
            [{"RequestItems": {TABLE: [{"PutRequest": put} for put in part]}} for part in _parts(puts, BATCH)],
        ),
        "raw transactions of 100 conditional puts": (
            "TransactWriteItems",
            [{"TransactItems": [{"Put": put} for put in part]} for part in _parts(conditional, TRANSACTION)],
        ),
        "raw conditional puts": ("PutItem", conditional),
    }
    raw = endpoint.raw
    return [
        Contender(name, partial(raw.send, raw.prepared(operation, requests)), empty)
        for name, (operation, requests) in bodies.items()
    ]


def _parts(things: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    for start in range(0, len(things), size):
        yield things[start : start + size]


def _emptied(endpoint: Endpoint) -> None:
    drop(endpoint.raw, [TABLE])
    create(endpoint.raw, [declared.request(TABLE)])


def _created_by_the_tool(endpoint: Endpoint, folder: Path) -> None:
    drop(endpoint.raw, [TABLE])
    run([*tool(), "--once"], folder, environment(folder, endpoint.url, RECONCILER_SEED="never"))


def _seed(endpoint: Endpoint, folder: Path, items: int) -> float:
    seconds = run([*tool(), "seed"], folder, environment(folder, endpoint.url)).seconds
    last = endpoint.raw.prepared("GetItem", [{"TableName": TABLE, "Key": {"pk": declared.marshalled(items - 1)["pk"]}}])
    if b'"Item"' not in endpoint.raw.response(last[0]):
        raise BenchmarkError(f"the last of {items} seed items is not there")
    return seconds


def _boto3(bench: Bench, endpoint: Endpoint, items: int) -> float:
    folder = bench.folder()
    return run(bare_boto3("seed", 1, 0, items), folder, environment(folder, endpoint.url)).seconds


def _peer(called: partial[tuple[float, float]]) -> float:
    return called()[0]


GOAL = Goal("P6", "Seeding", "0.4 × the limit without overwriting", measured)
