"""The reads of cfddb's planner alone: it lists all tables and describes each.

``cfddb_peer.py TABLES``. Prints the seconds of the work.
"""

from __future__ import annotations

import os
import sys
import time

from cfddb.dynamodb.client import DynamoClient


def main(tables: int) -> None:
    client = DynamoClient(os.environ["AWS_ENDPOINT_URL_DYNAMODB"], "us-east-1", "local", "local")
    began = time.perf_counter()
    found = client.list_tables()
    seconds = time.perf_counter() - began
    assert len(found) >= tables, f"{len(found)} tables"
    print(seconds)


if __name__ == "__main__":
    main(int(sys.argv[1]))
