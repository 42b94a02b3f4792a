"""Spaces operations that an account may call only a few times per second. Wraps the ``TableApi`` of the engine.

The wiring uses it for all endpoints except emulators, which have no such limits.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from typing import Any

from reconciler.engine.ports import Clock, TableApi
from reconciler.model.change import Call

RATES: Mapping[str, tuple[frozenset[str], int]] = {
    "tagging": (frozenset({"TagResource", "UntagResource"}), 5),
    "listing tags": (frozenset({"ListTagsOfResource"}), 10),
}
"""By name: the operations that count together, and how many of them an account may call a second."""
WINDOW = 1.05
"""Seconds, a little more than one, because the service has another clock."""


class RateLimited:
    """A ``TableApi`` that holds calls back until the account may make them; bursts within the limit do not wait."""

    def __init__(self, api: TableApi, clock: Clock) -> None:
        self._api = api
        self._clock = clock
        self._lock = threading.Lock()
        self._turns: dict[str, deque[float]] = {name: deque(maxlen=most) for name, (_, most) in RATES.items()}

    def list_tables(self) -> tuple[str, ...]:
        return self._api.list_tables()

    def read(self, operation: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        self._wait(operation)
        return self._api.read(operation, params)

    def write(self, call: Call) -> Mapping[str, Any]:
        self._wait(call.operation)
        return self._api.write(call)

    def _wait(self, operation: str) -> None:
        group = next((name for name, (operations, _) in RATES.items() if operation in operations), None)
        if group is None:
            return
        # No retry: the SDK has the only back-off of calls (session.py). This spaces them, so that few are throttled.
        with self._lock:
            turns, now = self._turns[group], self._clock.monotonic()
            full = len(turns) == turns.maxlen
            turn = max(now, turns[0] + WINDOW) if full else now
            turns.append(turn)
        if turn > now:
            self._clock.sleep(turn - now)
