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
SHARED = 4096
"""Parts of answers that are remembered for sharing. The tables of a stack have few shapes of keys and capacity."""
SHARED_SIZE = 500
"""Characters of a part; what is longer is the answer of one table."""


class KnownAnswers:
    """Answers of the last minutes, in two generations, so that memory does not grow with tables that come and go.

    Threads may share it. Two of them may read the same bytes at once; either result may be kept.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._young: dict[tuple[str, bytes], dict[str, Any]] = {}
        self._old: dict[tuple[str, bytes], dict[str, Any]] = {}
        self._since = clock()
        self._parts = _Parts()

    def of(self, operation: str, body: bytes, read: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """The result of ``read``, or the one of equal bytes of this operation. What ``read`` raises is not kept."""
        if operation.startswith(DATA):
            return read()
        key = (operation, blake2b(body, digest_size=16).digest())
        known = self._young.get(key)
        if known is None:
            known = self._old.get(key) or self._parts.shared(read())
            now = self._clock()
            if now - self._since > KEPT_SECONDS:
                self._old, self._young, self._since = self._young, {}, now
                self._parts = _Parts()
            self._young[key] = known
        return known


class _Parts:
    """One object for equal parts of many answers: half of the memory of the answers about a fleet of equal tables."""

    def __init__(self) -> None:
        self._known: dict[str, Any] = {}

    def shared(self, answer: dict[str, Any]) -> dict[str, Any]:
        """The answer, with parts that earlier answers have too."""
        return {name: self._inside(value) for name, value in answer.items()}

    def _inside(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: self._part(each) for name, each in value.items()}
        if isinstance(value, list):
            return [self._part(each) for each in value]
        return value

    def _part(self, value: Any) -> Any:
        if not isinstance(value, dict | list):
            return value
        value = self._inside(value)
        # Equal representations mean equal values for all that a parser of JSON yields, and for times.
        written = repr(value)
        if written in self._known:
            return self._known[written]
        if len(written) <= SHARED_SIZE and len(self._known) < SHARED:
            self._known[written] = value
        return value
