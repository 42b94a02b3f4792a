"""The meaning of answers that came before, by the digest of their bytes. Used by ``reading``.

Most passes get the same bytes from each describe operation as the pass before. The same bytes mean the same, so they
are parsed once, and the caller gets the same objects again, which it can compare by identity. Nobody may change them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from hashlib import blake2b
from typing import Any

KEPT_SECONDS = 900.0
"""An answer that did not come again for this long is dropped, after twice this time at the latest."""
DATA = ("Get", "Query", "Scan", "BatchGet", "Transact", "ExecuteStatement")
"""How operations begin whose answers hold items: they may be large and rarely come twice."""


class KnownAnswers:
    """Answers of the last minutes, in two generations, so that memory does not grow with tables that come and go.

    Threads may share it. Two of them may read the same bytes at once; either result may be kept.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._young: dict[tuple[str, bytes], dict[str, Any]] = {}
        self._old: dict[tuple[str, bytes], dict[str, Any]] = {}
        self._since = clock()

    def of(self, operation: str, body: bytes, read: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """The result of ``read``, or the one of equal bytes of this operation. What ``read`` raises is not kept."""
        if operation.startswith(DATA):
            return read()
        key = (operation, blake2b(body, digest_size=16).digest())
        known = self._young.get(key)
        if known is None:
            known = self._old.get(key) or read()
            now = self._clock()
            if now - self._since > KEPT_SECONDS:
                self._old, self._young, self._since = self._young, {}, now
            self._young[key] = known
        return known
