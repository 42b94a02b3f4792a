"""How many threads of a pass are worth running at once. Held by ``Courteous``, used around each table.

Python runs one thread at a time. Threads help as long as most of them wait for an endpoint; where it answers in less
time than we need to deal with an answer, two keep the interpreter busy, and every further one only makes all others,
and everybody who asks the daemon something, wait longer for their turn.
"""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import Self

LEAST = 2
SHARE = 0.9
"""Of the interpreter's time that the threads may fill. Below one, because a crowd makes each of them look slow, and
what looks slow would call for a larger crowd."""
WEIGHT = 0.05
"""Of the newest table in the averages."""


class Width:
    """``with width:`` around one piece of work; it waits while enough others are at theirs.

    Begins with two and grows, to ``most``, as far as work turns out to be waiting.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._enough = min(LEAST, most)
        self._running = 0
        self._free = threading.Condition()
        self._began = threading.local()
        self._seconds = self._busy = 0.0

    def __enter__(self) -> Self:
        with self._free:
            while self._running >= self._enough:
                self._free.wait()
            self._running += 1
        self._began.at = (time.perf_counter(), time.thread_time())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        began, began_busy = self._began.at
        with self._free:
            self.note(time.perf_counter() - began, time.thread_time() - began_busy)
            self._running -= 1
            self._free.notify(max(0, self._enough - self._running))

    def note(self, seconds: float, busy: float) -> None:
        """A piece of work took ``seconds``, and was not waiting for ``busy`` of them."""
        with self._free:
            first = self._seconds == 0.0
            self._seconds = seconds if first else self._seconds + WEIGHT * (seconds - self._seconds)
            self._busy = busy if first else self._busy + WEIGHT * (busy - self._busy)
            wanted = self._most if self._busy <= 0 else int(SHARE * self._seconds / self._busy)
            self._enough = max(min(LEAST, self._most), min(self._most, wanted))
            self._free.notify(max(0, self._enough - self._running))

    @property
    def enough(self) -> int:
        """How many may run right now."""
        return self._enough
