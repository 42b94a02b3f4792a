"""Who reads comes first: the threads of a pass wait a moment between two tables while a request is being answered.

All of them share one interpreter, which runs one thread at a time; with ten that have work to do, an answer would wait
for its turn again and again. The HTTP app says when it begins to answer and when it ends; the daemon hangs
``AfterReaders`` between the engine and its threads.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from reconciler.daemon.concurrency_limit import ConcurrencyLimit
from reconciler.engine.ports import Parallel

T = TypeVar("T")
R = TypeVar("R")

LONGEST_WAIT = 0.02
"""Seconds that a thread waits before a table, so that no flood of requests keeps a pass from its end."""
PATIENCE = 0.1
"""Seconds after which a request is one that waits itself, for a pass or for news, and nobody waits for it."""


class ReaderPriority:
    """How many requests are being answered. ``answering`` is for the one thread of the HTTP server."""

    def __init__(self) -> None:
        self._free = threading.Event()
        self._free.set()
        self._answering = 0
        self._until = 0.0

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Around one request."""
        self._answering += 1
        self._until = time.monotonic() + PATIENCE
        self._free.clear()
        try:
            yield
        finally:
            self._answering -= 1
            if not self._answering:
                self._free.set()

    @property
    def has_waiting_reader(self) -> bool:
        """Whether somebody waits for an answer, and has not for so long that it must be something else."""
        return self._answering > 0 and time.monotonic() < self._until

    def yield_to_readers(self) -> None:
        """Wait until nothing is being answered, 20 ms at most."""
        if self.has_waiting_reader:
            self._free.wait(LONGEST_WAIT)


class YieldingParallel:
    """The ``Parallel`` port over ``workers`` threads; each item gives way to readers first, and no crowd is drawn."""

    def __init__(self, threads: Parallel, readers: ReaderPriority, workers: int) -> None:
        self._threads = threads
        self._readers = readers
        self._limit = ConcurrencyLimit(workers)

    def map(self, function: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
        """As the threads behind do."""

        def after_readers(item: T) -> R:
            self._readers.yield_to_readers()
            with self._limit:
                return function(item)

        return self._threads.map(after_readers, items)
