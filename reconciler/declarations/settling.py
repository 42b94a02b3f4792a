"""Since when the declarations are as they are: nothing is deleted because of files that changed a moment ago.

An editor, a checkout or a slow copy leaves a folder for seconds in which some declarations are missing and all that is
there is valid. Called by ``folder`` at the end of every load.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from reconciler.engine.ports import Clock

SETTLE_SECONDS = 3.0
"""How long the declarations must be unchanged before something is deleted because of them. A checkout writes its files
within it; a run in CI, where every file is fresh, waits no longer than this and only if it deletes something."""


class SettlingTime:
    """Remembers since when it has seen the same declarations, on a clock that never jumps."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock
        self._digest: str | None = None
        self._since = 0.0

    def settled_at(self, digest: str, changed: float) -> datetime | None:
        """When the declarations will be settled; None where they are.

        They are when they were read before with the same ``digest`` long enough ago, or when the file system says that
        nothing ``changed`` (seconds since the epoch) for as long. A change in the future is one of just now: the clock
        of a file server may be ahead.
        """
        now, steady = self._now(), self._steady()
        if digest != self._digest:
            self._digest, self._since = digest, steady
        still = max(steady - self._since, now.timestamp() - changed)
        left = SETTLE_SECONDS - still
        return now + timedelta(seconds=left) if left > 0 else None

    def _now(self) -> datetime:
        return self._clock.now() if self._clock is not None else datetime.now(UTC)

    def _steady(self) -> float:
        return self._clock.monotonic() if self._clock is not None else time.monotonic()
