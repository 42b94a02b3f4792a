"""The work of the benchmark through PynamoDB.

``pynamodb_peer.py VERB TABLES [ITEMS]``: ``read`` describes each table over one connection,
``check`` calls ``Model.exists`` of one model per table, ``create`` calls
``Model.create_table``, which creates what is missing, ``seed`` writes with ``batch_write``. Prints the seconds.
"""

from __future__ import annotations

import os
import sys
import time
from typing import Any

from pynamodb.attributes import UnicodeAttribute
from pynamodb.connection import Connection
from pynamodb.models import Model


def model(number: int) -> Any:
    meta = {
        "table_name": f"table-{number:05}",
        "host": os.environ["AWS_ENDPOINT_URL_DYNAMODB"],
        "region": "us-east-1",
        "billing_mode": "PAY_PER_REQUEST",
    }
    members = {
        "Meta": type("Meta", (), meta),
        "pk": UnicodeAttribute(hash_key=True),
        "name": UnicodeAttribute(),
        "text": UnicodeAttribute(),
    }
    return type(f"Table{number}", (Model,), members)


def read(tables: int) -> None:
    connection = Connection(region="us-east-1", host=os.environ["AWS_ENDPOINT_URL_DYNAMODB"])
    began = time.perf_counter()
    for number in range(tables):
        connection.describe_table(f"table-{number:05}")
    print(time.perf_counter() - began)


def seed(table: Any, items: int) -> None:
    with table.batch_write() as batch:
        for number in range(items):
            batch.save(table(f"item-{number:08}", name=f"name {number:08}", text="x" * 114))


def main(verb: str, tables: int, items: int = 0) -> None:
    if verb == "read":
        read(tables)
        return
    models = [model(tables)] if verb == "seed" else [model(number) for number in range(tables)]
    began = time.perf_counter()
    for one in models:
        if verb == "check":
            assert one.exists()
        elif verb == "create":
            one.create_table(wait=True)
        else:
            seed(one, items)
    print(time.perf_counter() - began)


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
