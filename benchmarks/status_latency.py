"""How long a reader of the daemon waits while a pass over thousands of tables runs.

The daemon runs as a process of its own over DynamoDB Local, passes follow one another without a pause, and one client
asks for each path in turn over one kept connection. Called by ``make bench``; prints one table and ends with 1 if
``/api/v1/status`` misses its goal.
"""

from __future__ import annotations

import argparse
import http.client
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from support.daemon import Daemon
from support.endpoints import DynamoDBLocal

GOAL_MS = 50.0
STATUS = "/api/v1/status"
PATHS = ("/livez", STATUS, "/", "/?sort=status&page=7", "/tables/table-0001", "/api/v1/runs", "/metrics")
PAUSE_SECONDS = 0.02
"""Between two requests: a reader, not an attack."""
TABLE = """
table_name: {name}
key_schema: [{{ AttributeName: pk, KeyType: HASH }}]
attribute_definitions: [{{ AttributeName: pk, AttributeType: S }}]
billing_mode: PAY_PER_REQUEST
"""


def main() -> int:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    arguments.add_argument("--tables", type=int, default=2500)
    arguments.add_argument("--requests", type=int, default=300, help="for each path")
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder, DynamoDBLocal() as server:
        declare(Path(folder), chosen.tables)
        began = time.monotonic()
        with Daemon(Path(folder), server.url, INTERVAL="1s", LOG_LEVEL="warning") as daemon:
            daemon.until(lambda: settled(daemon, chosen.tables), "all tables in sync", 1800)
            print(f"{chosen.tables} tables created and in sync after {time.monotonic() - began:.0f} s", flush=True)
            return measure(daemon, chosen.tables, chosen.requests)


def declare(folder: Path, tables: int) -> None:
    """One file a table."""
    (folder / "desired_state").mkdir()
    for number in range(tables):
        name = f"table-{number:04}"
        (folder / "desired_state" / f"{name}.yaml").write_text(TABLE.format(name=name), encoding="utf-8")


def measure(daemon: Daemon, tables: int, requests: int) -> int:
    """The waits of every path, in milliseconds."""
    print(f"{'path':24} {'p50 ms':>8} {'p99 ms':>8} {'longest':>8} {'bytes':>9}")
    slowest: dict[str, float] = {}
    before = number_of_passes(daemon)
    for path in PATHS:
        waits, size = zip(*asked(daemon, path, requests), strict=True)
        waited = sorted(waits)
        p50, p99 = waited[len(waited) // 2], waited[int(len(waited) * 0.99)]
        print(f"{path:24} {p50:8.1f} {p99:8.1f} {waited[-1]:8.1f} {size[-1]:9}", flush=True)
        slowest[path] = p99
    passes = number_of_passes(daemon) - before
    seconds = sample(daemon, "pass_duration_seconds_sum") / max(1.0, sample(daemon, "pass_duration_seconds_count"))
    print(f"{passes:.0f} passes ended meanwhile, {seconds:.1f} s each on average")
    print(f"/metrics has {series(daemon)} series of ours for {tables} tables")
    floor, status = slowest["/livez"], slowest[STATUS]
    print(f"{STATUS}: p99 {status:.1f} ms, {status / floor:.1f} times that of /livez, the least an answer takes here")
    print(f"goal {GOAL_MS:.0f} ms: {'met' if status < GOAL_MS else 'missed'}")
    return 0 if status < GOAL_MS else 1


def asked(daemon: Daemon, path: str, requests: int) -> Iterator[tuple[float, int]]:
    """Milliseconds and bytes of each answer."""
    connection = http.client.HTTPConnection(daemon.target, timeout=60)
    for _ in range(requests):
        time.sleep(PAUSE_SECONDS)
        began = time.perf_counter()
        connection.request("GET", path)
        answer = connection.getresponse()
        size = len(answer.read())
        yield (time.perf_counter() - began) * 1000, size
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status}")
    connection.close()


def settled(daemon: Daemon, tables: int) -> bool:
    """Whether a pass has seen every table as declared."""
    time.sleep(1)
    return f'status="in_sync"}} {float(tables)}' in daemon.get("/metrics")


def sample(daemon: Daemon, name: str) -> float:
    """The sum of one of our families."""
    lines = daemon.get("/metrics").splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(f"dynamodb_reconciler_{name}{{"))


def number_of_passes(daemon: Daemon) -> float:
    """How many have ended."""
    return sample(daemon, "passes_total")


def series(daemon: Daemon) -> int:
    """How many lines of ours a scrape has."""
    return sum(line.startswith("dynamodb_reconciler_") for line in daemon.get("/metrics").splitlines())


if __name__ == "__main__":
    sys.exit(main())
