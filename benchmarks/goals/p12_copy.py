"""P12: items of 1 KB copied per second from one table into another with a new key, and the memory that it takes."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import ROOT, declared
from benchmarks.context import Bench, Goal
from benchmarks.endpoint import Endpoint, create, drop
from benchmarks.figures import Row, compared
from benchmarks.harness import BenchmarkError, Contender
from benchmarks.processes import environment, run

OLD, NEW = "orders", "orders-g2"
COPY = "reconciler replace, its copy"
CONDITIONAL = "raw conditional puts"
TRANSACTIONS = "raw transactions of 100 conditional puts"
ABSENT = "attribute_not_exists(pk)"
BATCH, TRANSACTION, CHUNK = 25, 100, 10_000
"""Items of a request, and of the requests that are prepared at a time."""
ROUNDS = 2


def measured(bench: Bench) -> Iterator[Row]:
    """The limit writes the same items, 25 a request, and overwrites; the copy reads them too and never overwrites.

    Beside it stand raw clients that write them under the condition that their key is free, one by one and in
    transactions, read nothing and parse nothing: what the endpoint allows to whoever never overwrites.
    """
    endpoint, items = bench.endpoint("copies"), bench.sizes.copied
    create(endpoint.raw, [declared.request(OLD)])
    _written(endpoint, OLD, items)
    memory: list[tuple[float, float]] = []
    empty = partial(_emptied, endpoint)
    contenders = [
        Contender("limit", partial(_written, endpoint, NEW, items), empty),
        Contender(CONDITIONAL, partial(_put_if_free, endpoint, items), empty),
        Contender(TRANSACTIONS, partial(_put_together, endpoint, items), empty),
        Contender(COPY, partial(_copied, endpoint, bench.folder(), items, memory), empty),
    ]
    samples = bench.samples(contenders, 300, warm=False, rounds=min(ROUNDS, bench.sizes.rounds))
    place = f"{items:,} items of 1 KB"
    yield from compared("P12", place, "items/s", {name: sample.rate(items) for name, sample in samples.items()})
    early, late = memory[-1]
    ratios = {"after a tenth": late / early} if early else {}
    yield Row.single(("P12", f"resident memory after {place}", COPY), "MB", late, ratios)


def _item(number: int) -> dict[str, Any]:
    """An item of 1 KB with both keys."""
    return {
        "pk": {"S": f"item-{number:08}"},
        "customer": {"S": f"customer-{number % 997:05}"},
        "text": {"S": "x" * 980},
    }


def _written(endpoint: Endpoint, table: str, items: int) -> float:
    """Seconds that the requests take; they are prepared outside that time."""
    seconds = 0.0
    for start in range(0, items, CHUNK):
        puts = [{"PutRequest": {"Item": _item(number)}} for number in range(start, min(items, start + CHUNK))]
        requests = [{"RequestItems": {table: puts[at : at + BATCH]}} for at in range(0, len(puts), BATCH)]
        seconds += endpoint.raw.send(endpoint.raw.prepared("BatchWriteItem", requests))
    return seconds


def _put_if_free(endpoint: Endpoint, items: int) -> float:
    seconds = 0.0
    for start in range(0, items, CHUNK):
        numbers = range(start, min(items, start + CHUNK))
        puts = [{"TableName": NEW, "Item": _item(number), "ConditionExpression": ABSENT} for number in numbers]
        seconds += endpoint.raw.send(endpoint.raw.prepared("PutItem", puts))
    return seconds


def _put_together(endpoint: Endpoint, items: int) -> float:
    seconds = 0.0
    for start in range(0, items, CHUNK):
        numbers = range(start, min(items, start + CHUNK))
        puts = [{"Put": {"TableName": NEW, "Item": _item(n), "ConditionExpression": ABSENT}} for n in numbers]
        requests = [{"TransactItems": puts[at : at + TRANSACTION]} for at in range(0, len(puts), TRANSACTION)]
        seconds += endpoint.raw.send(endpoint.raw.prepared("TransactWriteItems", requests))
    return seconds


def _emptied(endpoint: Endpoint) -> None:
    drop(endpoint.raw, [NEW])
    names = ("customer", "pk")
    request = declared.request(NEW) | {
        "KeySchema": [
            {"AttributeName": name, "KeyType": kind} for name, kind in zip(names, ("HASH", "RANGE"), strict=True)
        ],
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in names],
    }
    create(endpoint.raw, [request])


def _copied(endpoint: Endpoint, folder: Path, items: int, memory: list[tuple[float, float]]) -> float:
    command = [sys.executable, "-m", "benchmarks.copying", endpoint.url, OLD, NEW, str(items)]
    variables = environment(folder, endpoint.url, PYTHONPATH=f"{ROOT}:{ROOT / 'tests'}")
    found = json.loads(run(command, folder, variables).stdout)
    if found["copied"] != items:
        raise BenchmarkError(f"{found['copied']} of {items} items were copied")
    memory.append((found["early"], found["late"]))
    return float(found["seconds"])


GOAL = Goal("P12", "Copying", "0.5 × the limit without overwriting; flat memory", measured)
