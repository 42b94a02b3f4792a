"""Shows at once that somebody suspended or resumed the stack. ``Control`` has one; pages, metrics and events ask it.

The record is read while somebody looks, at most every two seconds, so that a daemon without readers sends nothing. A
pass reads it anyway.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from reconciler.engine.loop_status import LoopStatus
from reconciler.model.errors import ReconcilerError

EVERY_SECONDS = 2.0
PATIENCE_SECONDS = 0.5
"""How long a page waits for the record. An endpoint that hangs delays no page longer, and one thread alone asks it."""


class SuspensionWatch:
    """``look`` brings ``suspended`` of the loop's status up to date. ``read`` asks the state table."""

    def __init__(
        self, loop_status: LoopStatus, read: Callable[[], bool], now: Callable[[], float] = time.monotonic
    ) -> None:
        self._loop_status = loop_status
        self._read = read
        self._now = now
        self._lock = threading.Lock()
        self._looked: float | None = None
        self._asking: threading.Thread | None = None

    def look(self) -> None:
        """Read the record unless it was read a moment ago; an error leaves what the last pass saw."""
        with self._lock:
            now = self._now()
            recent = self._looked is not None and now - self._looked < EVERY_SECONDS
            if recent or not self._loop_status.endpoint_up or (self._asking and self._asking.is_alive()):
                return
            self._looked = now
            self._asking = thread = threading.Thread(target=self._ask, name="suspension", daemon=True)
            thread.start()
        thread.join(PATIENCE_SECONDS)

    def _ask(self) -> None:
        try:
            self._loop_status.suspended = self._read()
        except ReconcilerError:
            # The next pass reports what is wrong with the endpoint or the state table.
            return
