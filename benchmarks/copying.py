"""Copies one table into another as ``reconciler replace`` does, in a process of its own. Measured by P12.

``python -m benchmarks.copying URL OLD NEW ITEMS`` prints seconds, resident megabytes after a tenth of the items and at
the end, and the number of items that were copied, as JSON.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from simulation.simulated_engine import AllValid, ListSource, Silent
from support.connected import connected
from support.specs import keys

from reconciler.engine.context import EngineContext
from reconciler.model.identity import Endpoint, Flavor
from reconciler.model.table import TableSpec
from reconciler.mover.conflicts import ConflictRule
from reconciler.mover.follower import Follower
from reconciler.mover.follower_types import Pair, Side
from reconciler.planning.observe import identity_of
from reconciler.state.state_table import StateTable
from reconciler.system import SystemClock, SystemRandom, Threads

KEYS = (("pk S",), ("customer S", "pk S"))
WORKERS = 8


def main(words: list[str]) -> None:
    """See the module."""
    url, *names, items = words
    follower = _follower(url, names)
    follower.capture(items=int(items), workers=WORKERS)
    done, early = 0, 0.0

    def on_page(counts: Mapping[str, int]) -> None:
        nonlocal done, early
        done += sum(counts.values())
        if not early and done * 10 >= int(items):
            early = _megabytes()

    began = time.perf_counter()
    ran = follower.copy(on_page)
    seconds = time.perf_counter() - began
    if not ran.finished:
        raise SystemExit(f"the copy did not end: {ran.error or ran.problems.sentence()}")
    print(json.dumps({"seconds": seconds, "early": early, "late": _megabytes(), "copied": ran.counts["copied"]}))


def _follower(url: str, names: list[str]) -> Follower:
    connection = connected(url)
    sides = [
        Side(name, identity_of(connection.mover_items.describe(name)), TableSpec(name, keys(*key)))
        for name, key in zip(names, KEYS, strict=True)
    ]
    store = StateTable(
        connection.state_client(), "reconciler_state", "benchmark/default", holder="one", clock=SystemClock()
    )
    store.ensure()
    if store.acquire_lease() is None:
        raise SystemExit("another process holds the lease")
    ports = EngineContext(
        connection.tables,
        connection.items,
        store,
        ListSource(()),
        SystemClock(),
        # The service knows a token for ten minutes: one that a former round used too is refused, item by item.
        SystemRandom(),
        Silent(),
        Threads(WORKERS),
        AllValid(),
        Endpoint(url, "us-east-1", "000000000000", "aws", Flavor.DYNAMODB_LOCAL),
    )
    pair = Pair(sides[0], sides[1], ConflictRule("fail", sides[0].keys))
    return Follower(
        ports, connection.mover_items, connection.mover_streams, pair, recorded={}, started_as=f"{time.time_ns()}"
    )


def _megabytes() -> float:
    """Resident memory, in units of 10⁶ bytes."""
    status = Path("/proc/self/status")
    found = re.search(r"VmRSS:\s+(\d+) kB", status.read_text(encoding="utf-8")) if status.exists() else None
    return int(found[1]) * 1024 / 1e6 if found else 0.0


if __name__ == "__main__":
    main(sys.argv[1:])
