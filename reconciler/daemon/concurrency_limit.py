"""Limits the concurrent threads of a pass to the useful number. Used by ``YieldingParallel`` around each table.

Python runs one thread at a time, so threads help only while most of them wait for the endpoint. If the endpoint
answers faster than we process the answer, two threads keep the interpreter busy, and each further one only delays the
others and the HTTP server. The upper bound is RECONCILER_WORKERS. Measured with 2,500 unchanged tables: 2 connections
where a call takes 0.2 ms and 10 where it takes 10 ms. Passes and the medians of readers take as long without the limit;
the p99 of a compressed /metrics is 29 ms without it and 12 ms with it.
"""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import Self

MINIMUM = 2
WINDOW = 100
"""Pieces of work that are judged together, with those of the window before."""


class ConcurrencyLimit:
    """``with limit:`` around one piece of work blocks while the limit is reached.

    It starts at ``most``, shrinks to two where the work is our own, and grows again as far as the work consists of
    waiting. The fastest recent piece decides: pieces that wait for each other, or in the queue of a busy endpoint, do
    not justify more threads. Starting at two would keep the first hundred pieces behind two connections, however far
    away the endpoint is.
    """

    def __init__(self, most: int) -> None:
        self._maximum = most
        self._limit = most
        self._running = 0
        self._free = threading.Condition()
        self._began = threading.local()
        self._window: list[tuple[float, float]] = []
        self._quickest_before = float("inf")

    def __enter__(self) -> Self:
        with self._free:
            while self._running >= self._limit:
                self._free.wait()
            self._running += 1
        self._began.at = (time.perf_counter(), time.thread_time())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        began, began_busy = self._began.at
        with self._free:
            self.record(time.perf_counter() - began, time.thread_time() - began_busy)
            self._running -= 1
            self._free.notify(max(0, self._limit - self._running))

    def record(self, seconds: float, busy: float) -> None:
        """Record a piece of work that took ``seconds``, of which it used the CPU for ``busy``."""
        with self._free:
            self._window.append((seconds, busy))
            if len(self._window) < WINDOW:
                return
            quickest = min(taken for taken, _ in self._window)
            mean = sum(worked for _, worked in self._window) / WINDOW
            known, self._quickest_before, self._window = min(quickest, self._quickest_before), quickest, []
            wanted = int(known / mean) if mean > 0 else self._maximum
            self._limit = max(min(MINIMUM, self._maximum), min(self._maximum, wanted))
            self._free.notify(max(0, self._limit - self._running))

    @property
    def limit(self) -> int:
        """How many pieces may run at the same time now."""
        return self._limit
