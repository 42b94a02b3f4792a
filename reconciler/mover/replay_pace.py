"""Measures how fast changes are made and how fast they are repeated, meanwhile. Pure. Used by ``generation``.

The time at which each change was made is in the stream. So the time that the replay takes for changes of one second
tells both rates, and no counter of the application is needed.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.records import Generation

WINDOW = 5.0
"""Seconds over which both rates are measured."""
BEHIND = 10
"""Seconds between a change and its repetition that need no explanation: records come late, and passes have pauses."""


@dataclass(slots=True)
class ReplayPace:
    """One replay. ``began`` is the reading of a monotonic clock, in seconds."""

    began: float
    _from: datetime | None = None
    _repeated: int = 0

    def repeated(
        self, record: Generation, changes: int, read_until: datetime | None, now: datetime, monotonic: float
    ) -> Generation:
        """The record after some more changes. ``read_until`` is when the last of them was made."""
        if read_until is None:
            return record
        lag = max(0, round((now - read_until).total_seconds()))
        record = replace(record, lag=lag)
        if self._from is None:
            self.began, self._from = monotonic, read_until
            return caught_up(record)
        self._repeated += changes
        took, made_in = monotonic - self.began, (read_until - self._from).total_seconds()
        if took < WINDOW or (made_in < 1 and lag <= BEHIND):
            return caught_up(record)
        # Times in a stream may be whole seconds.
        rates = round(self._repeated / max(made_in, 1.0)), round(self._repeated / took)
        self.began, self._from, self._repeated = monotonic, read_until, 0
        record = replace(record, change_rate=rates[0], replay_rate=rates[1])
        if lag > BEHIND and rates[0] > rates[1]:
            return replace(record, behind_since=record.behind_since or now)
        return replace(record, behind_since=None)


def caught_up(record: Generation) -> Generation:
    """The record, which is not behind any more if its last change was repeated within seconds."""
    if record.behind_since is None or record.lag is None or record.lag > BEHIND:
        return record
    return replace(record, behind_since=None)
