"""The real clock, randomness and threads, as ports of the engine. Built by the wiring; tests use simulated ones."""

from __future__ import annotations

import os
import random
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextvars import copy_context
from datetime import UTC, datetime
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

from reconciler.model.errors import Interrupted

STEADY = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""On Linux CLOCK_MONOTONIC stands still while the machine sleeps (clock_gettime(2)); CLOCK_BOOTTIME does not."""
T = TypeVar("T")
R = TypeVar("R")

LINGER_SECONDS = 5.0
"""How long calls that were sent may take once the process is to stop."""
POLL_SECONDS = 0.2
"""How often a waiting thread checks whether the process is to stop."""
STOPPED = "the process is to stop; no further call was started"


def run_with_timeout(seconds: float, work: Callable[[], R]) -> R | None:
    """The result of ``work``, or ``None`` if it takes longer and is abandoned. Raises what ``work`` raises."""
    ended: SimpleQueue[tuple[R | None, BaseException | None]] = SimpleQueue()

    def body() -> None:
        try:
            ended.put((work(), None))
        except BaseException as error:  # noqa: BLE001 - it is raised in the thread that waits
            ended.put((None, error))

    threading.Thread(target=copy_context().run, args=(body,), name="run", daemon=True).start()
    try:
        result, error = ended.get(timeout=seconds)
    except Empty:
        return None
    if error is not None:
        raise error
    return result


class SystemClock:
    """The ``Clock`` port on the machine's time; ``stop`` cuts every wait short."""

    def __init__(self, stop: threading.Event | None = None) -> None:
        self._stop = stop or threading.Event()

    def now(self) -> datetime:
        """The current time in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that never jump and also pass while the machine is suspended, because a lease must expire then."""
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
    """The ``Parallel`` port on a pool of ``workers`` threads, started at the first use.

    The threads are daemons, so that one which waits for an answer that never comes cannot keep the process alive.
    """

    def __init__(self, workers: int, stop: threading.Event | None = None, linger: float = LINGER_SECONDS) -> None:
        self._workers = workers
        self._stop = stop or threading.Event()
        self._linger = linger
        self._waiting: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()

    def map(self, function: Callable[[T], R], items: Iterable[T], *, eager: bool = False) -> Iterator[R]:
        """Results in the order of the items; an exception is raised where its result would be.

        A single item needs no thread: it is begun where its result is asked for, unless it is to be ``eager``.

        Each call runs in a copy of the caller's context, so that log lines keep their pass id. Once the process is to
        stop, no further item is begun: calls under way get ``linger`` seconds, and ``Interrupted`` is raised in the
        place of the first result that is missing.
        """
        listed = list(items)
        if self._workers == 1 or len(listed) < (1 if eager else 2):
            return self._one_by_one(function, listed)
        job = _Job(function, listed, self._stop)
        for _ in range(min(self._workers, len(listed))):
            self._waiting.put(job.work)
        self._start_threads(min(self._workers, len(listed)))
        return job.results(self._linger)

    def close(self, seconds: float = LINGER_SECONDS) -> bool:
        """Start no more calls; wait up to ``seconds`` for the running ones. Returns whether all of them ended."""
        self._stop.set()
        with self._lock:
            threads, self._threads = self._threads, []
        for _ in threads:
            self._waiting.put(None)
        deadline = time.monotonic() + seconds
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in threads)

    def _one_by_one(self, function: Callable[[T], R], items: list[T]) -> Iterator[R]:
        for item in items:
            if self._stop.is_set():
                raise Interrupted(STOPPED)
            yield function(item)

    def _start_threads(self, wanted: int) -> None:
        with self._lock:
            while len(self._threads) < wanted:
                name = f"reconciler_{len(self._threads)}"
                thread = threading.Thread(target=self._serve, name=name, daemon=True)
                self._threads.append(thread)
                thread.start()

    def _serve(self) -> None:
        while (work := self._waiting.get()) is not None:
            work()


class _Job(Generic[T, R]):
    """One ``map``: each thread takes the next item until there is none, so no queue of items has to be undone."""

    def __init__(self, function: Callable[[T], R], items: list[T], stop: threading.Event) -> None:
        self._function = function
        self._items = items
        self._stop = stop
        self._context = copy_context()
        self._next = 0
        self._results: dict[int, tuple[R | None, BaseException | None]] = {}
        self._changed = threading.Condition()

    def work(self) -> None:
        """Calls, one after the other, until the items are used up or the process is to stop."""
        while (position := self._taken()) is not None:
            result: R | None = None
            error: BaseException | None = None
            try:
                result = self._context.copy().run(self._function, self._items[position])
            except BaseException as raised:  # noqa: BLE001 - it is raised where the result is asked for
                error = raised
            with self._changed:
                self._results[position] = (result, error)
                self._changed.notify_all()

    def results(self, linger: float) -> Iterator[R]:
        """Each result as soon as it and all before it are there."""
        for position in range(len(self._items)):
            result, error = self._awaited(position, linger)
            if error is not None:
                raise error
            yield result  # type: ignore[misc]

    def _taken(self) -> int | None:
        with self._changed:
            if self._stop.is_set() or self._next >= len(self._items):
                self._changed.notify_all()
                return None
            self._next += 1
            return self._next - 1

    def _awaited(self, position: int, linger: float) -> tuple[R | None, BaseException | None]:
        until: float | None = None
        with self._changed:
            while position not in self._results:
                if self._stop.is_set():
                    until = until or time.monotonic() + linger
                    under_way = self._next > len(self._results)
                    if not under_way or time.monotonic() >= until:
                        raise Interrupted(STOPPED)
                self._changed.wait(POLL_SECONDS)
            return self._results[position]


def process_name() -> str:
    """This process as people find it: HOST:PID. Named by the lease and by the runs of the history."""
    import socket

    return f"{socket.gethostname()}:{os.getpid()}"
