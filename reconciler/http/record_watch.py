"""Shows at once what other processes did: a suspension, the lease, replacements and migrations of items.

``Control`` has one for the suspension, which metrics ask, and one for all of it, which pages and events ask. Records
are read while somebody looks, at most every two seconds, so that a daemon without readers sends nothing. A pass reads
them anyway.
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


class RecordWatch:
    """``look`` lets ``refresh`` ask the state table and bring the status of the loop up to date."""

    def __init__(
        self, loop_status: LoopStatus, refresh: Callable[[], None], now: Callable[[], float] = time.monotonic
    ) -> None:
        self._loop_status = loop_status
        self._refresh = refresh
        self._now = now
        self._lock = threading.Lock()
        self._looked: float | None = None
        self._asking: threading.Thread | None = None

    def look(self) -> None:
        """Read the records unless they were read a moment ago; an error leaves what the last pass saw."""
        with self._lock:
            now = self._now()
            recent = self._looked is not None and now - self._looked < EVERY_SECONDS
            if recent or not self._loop_status.endpoint_up or (self._asking and self._asking.is_alive()):
                return
            self._looked = now
            self._asking = thread = threading.Thread(target=self._ask, name="records", daemon=True)
            thread.start()
        thread.join(PATIENCE_SECONDS)

    def _ask(self) -> None:
        try:
            self._refresh()
        except ReconcilerError:
            # The next pass reports what is wrong with the endpoint or the state table.
            return
