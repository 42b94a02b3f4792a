"""The time that signatures carry: this machine's, corrected by the endpoint's where that refused one for its date.

The service refuses signatures that are more than five minutes off. Used by ``client``; only signatures follow it, and
leases and reports keep the clock of the machine.
"""

from __future__ import annotations

import threading
import time
from datetime import UTC

REFUSED_FOR_DATE = frozenset(
    {
        *("InvalidSignatureException", "SignatureDoesNotMatch", "RequestExpired", "RequestTimeTooSkewed"),
        *("RequestInTheFuture", "AuthFailure", "RequestExpiredException"),
    }
)
"""Codes under which a wrong date is refused; some stand for a wrong key too, so that the two clocks have to differ."""
SKEW_SECONDS = 240.0
"""A difference that explains a refusal. AWS's SDKs take the same."""


class ServerClock:
    """One for all clients of a connection; ``learn`` gets each error, in the thread that made the call."""

    def __init__(self) -> None:
        self.offset = 0.0
        """Seconds to add to this machine's clock."""
        self._thread = _Thread()

    def stamp(self) -> str:
        """The time of a signature, as ``20260102T030405Z``."""
        self._thread.corrected, self._thread.offset = False, self.offset
        return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(time.time() + self._thread.offset))

    def learn(self, code: str, date: str | None) -> None:
        """Take the server's time where it refused a signature that was made with a time far from it."""
        if code not in REFUSED_FOR_DATE or not date:
            return
        from email.utils import parsedate_to_datetime

        try:
            told = parsedate_to_datetime(date)
        except (ValueError, TypeError):
            return
        server = (told if told.tzinfo else told.replace(tzinfo=UTC)).timestamp()
        ahead = server - time.time()
        if abs(ahead - self._thread.offset) > SKEW_SECONDS:
            self.offset = ahead
            self._thread.corrected = True

    def corrected(self) -> bool:
        """Whether the last error of this thread moved the clock, so that the request is worth signing anew."""
        return self._thread.corrected


class _Thread(threading.local):
    """What the last signature of a thread was made with."""

    offset = 0.0
    corrected = False
