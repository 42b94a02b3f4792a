"""The clock, the randomness and the threads of the real world; a simulation brings its own. Built by the wiring."""

from __future__ import annotations

import random
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import UTC, datetime
from typing import TypeVar

STEADY = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""On Linux CLOCK_MONOTONIC stands still while the machine sleeps (clock_gettime(2)); CLOCK_BOOTTIME does not."""
T = TypeVar("T")
R = TypeVar("R")


class SystemClock:
    """The ``Clock`` port on the machine's time; ``stop`` cuts every wait short."""

    def __init__(self, stop: threading.Event | None = None) -> None:
        self._stop = stop or threading.Event()

    def now(self) -> datetime:
        """The current time in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that never jump, and that go on while the machine is suspended: a lease must end meanwhile."""
        return time.clock_gettime(STEADY)

    def sleep(self, seconds: float) -> bool:
        """Wait ``seconds``; False when the process is to stop."""
        return not self._stop.wait(seconds)


class SystemRandom:
    """The ``Random`` port; jitter needs no secrecy, nonces and pass ids do."""

    def __init__(self) -> None:
        self._jitter = random.Random()

    def uniform(self, low: float, high: float) -> float:
        """Seconds between ``low`` and ``high``."""
        return self._jitter.uniform(low, high)

    def token(self) -> str:
        """16 hexadecimal digits."""
        return secrets.token_hex(8)


class Threads:
    """The ``Parallel`` port on a pool of ``workers`` threads, started at the first use."""

    def __init__(self, workers: int) -> None:
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="reconciler")
        self._workers = workers

    def map(self, function: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
        """Results in the order of the items; an exception is raised where its result would be.

        Each call runs in a copy of the caller's context, so that log lines keep their pass id.
        """
        listed = list(items)
        if len(listed) < 2 or self._workers == 1:
            return map(function, listed)
        jobs = [self._pool.submit(copy_context().run, function, item) for item in listed]
        return (job.result() for job in jobs)

    def close(self) -> None:
        """Let running calls end and start no new ones."""
        self._pool.shutdown(wait=True, cancel_futures=True)
