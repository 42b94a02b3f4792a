"""How many threads of a pass are worth running at once. Held by ``AfterReaders``, used around each table.

Python runs one thread at a time. Threads help as long as most of them wait for an endpoint; where it answers in less
time than we need to deal with an answer, two keep the interpreter busy, and every further one only makes all others,
and everybody who asks the daemon something, wait longer for their turn.
"""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import Self

MINIMUM = 2
WINDOW = 100
"""Pieces of work that are judged together, with the window before them."""


class ConcurrencyLimit:
    """``with limit:`` around one piece of work; it waits while enough others are at theirs.

    Begins with two and grows, to ``most``, as far as work turns out to be waiting. The quickest of late tells: that
    others wait for one another, or in the queue of a busy endpoint, is no reason for a larger crowd.
    """

    def __init__(self, most: int) -> None:
        self._maximum = most
        self._limit = min(MINIMUM, most)
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
        """A piece of work took ``seconds``, and was not waiting for ``busy`` of them."""
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
        """How many may run right now."""
        return self._limit
