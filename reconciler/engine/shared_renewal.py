"""Lets the threads of a group renew the lease together before each of them sends its call. Used by ``create_together``.

The lease itself already shares a renewal among threads that ask while another one is under way. Where calls are as
fast as renewals, few do, and nearly every create paid for a renewal of its own.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

LONGEST_WAIT = 0.02
"""Seconds that a thread waits for others to ask."""


class _Wave:
    """Threads that rely on one renewal, which begins once nobody can join any more."""

    def __init__(self) -> None:
        self.asking = 0
        self.closed = False
        self.done = threading.Event()
        self.held = False


class SharedRenewal:
    """``holds`` asks ``renew`` once for all threads that ask at about the same time.

    Each renewal begins after every thread that relies on it has asked, so it proves as much as one renewal for each of
    them. One that failed, or raised an error, proves nothing: then each thread asks by itself.
    """

    def __init__(self, renew: Callable[[], bool]) -> None:
        self._renew = renew
        self._changed = threading.Condition()
        self._working = 0
        self._wave = _Wave()

    @contextmanager
    def working(self) -> Iterator[None]:
        """Around the work of a thread that may ask. The others wait for it to ask or to end."""
        with self._changed:
            self._working += 1
        try:
            yield
        finally:
            with self._changed:
                self._working -= 1
                self._changed.notify_all()

    def holds(self) -> bool:
        """Whether the lease is held, by a renewal that begins after this question."""
        with self._changed:
            wave = self._wave
            wave.asking += 1
            self._changed.notify_all()
            self._changed.wait_for(lambda: wave.closed or wave.asking >= self._working, LONGEST_WAIT)
            leads = not wave.closed
            if leads:
                wave.closed, self._wave = True, _Wave()
                self._changed.notify_all()
        if not leads:
            wave.done.wait()
            return wave.held or self._renew()
        try:
            wave.held = self._renew()
        finally:
            wave.done.set()
        return wave.held
