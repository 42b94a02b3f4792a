"""Sends the calls of long work: checks table and lease before each, keeps to the governor, and retries.

Called from the threads of ``scan`` and from the work itself, for example ``migrate``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from reconciler.engine.ports import Clock, Random
from reconciler.model.errors import (
    ApiError,
    Denied,
    EndpointChanged,
    Interrupted,
    LeaseLost,
    NotFound,
    Outcome,
    TableChanged,
    Throttled,
    Unreachable,
)
from reconciler.mover.governor import Capacity, Governor

TRIES = 8
"""Attempts at one call that fails for another reason than throttling, each with the retries of the SDK."""
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 5.0
SLICE = 5.0
"""Longest sleep in one go. The lease is renewed between two of them, so that a long pause does not lose it."""
GIVES_UP = (Denied, Unreachable, LeaseLost, EndpointChanged, TableChanged, NotFound)
"""Errors that a further attempt would meet too. An index or a table that is gone does not come back as the same one."""
STOPPED = "the process is to stop"

T = TypeVar("T")


class LeaseKeeper(Protocol):
    """The part of ``StateStore`` that is used here."""

    def keep_lease(self) -> bool: ...


class TableWatch(Protocol):
    """``engine.seed_batches.IdentityWatch``: raises ``TableChanged`` if the table is no longer the same one."""

    def confirm(self) -> None: ...


class GuardedCalls:
    """The calls to one table. Threads may share it."""

    def __init__(self, clock: Clock, random: Random, store: LeaseKeeper, watch: TableWatch, governor: Governor) -> None:
        self._clock = clock
        self._random = random
        self._store = store
        self._watch = watch
        self.governor = governor

    def read(self, call: Callable[[], T], units: Callable[[T], float]) -> T:
        """Send a call that reads. ``units`` tells from the answer what it consumed. Raises as ``write``."""
        return self._send(Capacity.READ, call, units)

    def write(self, call: Callable[[], T], units: Callable[[T], float]) -> T:
        """Send a call that writes. Throttled calls are repeated without an end, other failures a few times.

        Raises ``TableChanged``, ``LeaseLost``, ``Interrupted`` if the process is to stop, and the last ``ApiError``.
        An error whose outcome is ``NEVER``, such as ``ConditionFailed``, is raised at once.
        """
        return self._send(Capacity.WRITE, call, units)

    def check(self) -> None:
        """Raise ``TableChanged``, ``LeaseLost`` or ``Interrupted`` if nothing more may be sent."""
        self._watch.confirm()
        if not self._store.keep_lease():
            raise LeaseLost("lease", "LeaseLost", "another reconciler now holds the lease and continues from here")
        if not self._clock.sleep(0):
            raise Interrupted(STOPPED)

    def _send(self, kind: Capacity, call: Callable[[], T], units: Callable[[T], float]) -> T:
        pause, tries = FIRST_PAUSE, 0
        while True:
            self._wait(kind)
            try:
                # The table first: a lease says nothing about which table has the name now.
                self.check()
                answer = call()
            except Throttled:
                self.governor.throttled(kind)
                continue
            except ApiError as error:
                tries += 1
                if isinstance(error, GIVES_UP) or error.outcome is Outcome.NEVER or tries >= TRIES:
                    raise
                if not self._clock.sleep(self._random.uniform(0, pause)):
                    raise Interrupted(STOPPED) from None
                pause = min(pause * 2, LONGEST_PAUSE)
                continue
            self.governor.consumed(kind, units(answer))
            return answer

    def _wait(self, kind: Capacity) -> None:
        while (seconds := self.governor.delay(kind)) > 0:
            if seconds > SLICE:
                self.check()
            if not self._clock.sleep(min(seconds, SLICE)):
                raise Interrupted(STOPPED)
