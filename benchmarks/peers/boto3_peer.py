"""The work of the benchmark through bare boto3, as a script that somebody would write. A process of its own.

``boto3_peer.py VERB THREADS TABLES [ITEMS]``: ``describe`` lists and describes, ``create`` creates and waits, ``seed``
writes items with ``batch_writer``. The endpoint comes from the environment. Prints the seconds of the work itself.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
from botocore.config import Config


def name(number: int) -> str:
    return f"table-{number:05}"


def describe(client: Any, work: Callable[..., Iterable[Any]], tables: int) -> None:
    pages = client.get_paginator("list_tables").paginate()
    listed = [table for page in pages for table in page["TableNames"]]
    found = list(work(lambda table: client.describe_table(TableName=table), listed[:tables]))
    assert len(found) == tables, f"{len(found)} tables"


def create(client: Any, work: Callable[..., Iterable[Any]], tables: int) -> None:
    waiter = client.get_waiter("table_exists")

    def one(number: int) -> None:
        client.create_table(
            TableName=name(number),
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        waiter.wait(TableName=name(number))

    list(work(one, range(tables)))


def seed(tables: int, items: int) -> None:
    table = boto3.resource("dynamodb").Table(name(tables))
    with table.batch_writer() as batch:
        for number in range(items):
            batch.put_item(Item={"pk": f"item-{number:08}", "name": f"name {number:08}", "text": "x" * 114})


def main(verb: str, threads: int, tables: int, items: int = 0) -> None:
    client = boto3.client("dynamodb", config=Config(max_pool_connections=max(10, threads)))
    began = time.perf_counter()
    if verb == "seed":
        seed(tables, items)
    else:
        job = describe if verb == "describe" else create
        if threads == 1:
            job(client, map, tables)
        else:
            with ThreadPoolExecutor(threads) as pool:
                job(client, pool.map, tables)
    print(time.perf_counter() - began)


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
