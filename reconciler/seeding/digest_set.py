"""A set of item digests in 12 to 24 bytes each, where Python's own takes about 100. Used for provenance."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, MutableSet

BYTES = 8
"""Bytes of the SHA-256 of an item. A record of 1,000 items takes 11 KB; an item of DynamoDB may have 400 KB."""
_FREE, _REMOVED = 0, 1
_SMALLEST = 64


class DigestSet(MutableSet[bytes]):
    """Digests of ``BYTES`` bytes, in a table of numbers with open addressing."""

    def __init__(self, digests: Iterable[bytes] = ()) -> None:
        self._slots = array("Q", [_FREE]) * _SMALLEST
        self._used = self._size = 0
        self._marks: set[bytes] = set()
        """The two digests that are numbers with a meaning in ``_slots``."""
        self.update(digests)

    def update(self, digests: Iterable[bytes]) -> None:
        """Add all of them."""
        for digest in digests:
            self.add(digest)

    def add(self, value: bytes) -> None:
        """Add a digest."""
        number = int.from_bytes(value, "big")
        if number <= _REMOVED:
            self._marks.add(value)
        elif self._insert(number):
            self._size += 1
            if self._used * 3 > len(self._slots) * 2:
                self._grow()

    def discard(self, value: bytes) -> None:
        """Remove a digest if it is there."""
        self._marks.discard(value)
        at = self._find(int.from_bytes(value, "big"))
        if at is not None:
            self._slots[at] = _REMOVED
            self._size -= 1

    def __contains__(self, value: object) -> bool:
        if not isinstance(value, bytes) or len(value) != BYTES:
            return False
        number = int.from_bytes(value, "big")
        return value in self._marks if number <= _REMOVED else self._find(number) is not None

    def __iter__(self) -> Iterator[bytes]:
        yield from self._marks
        for number in self._slots:
            if number > _REMOVED:
                yield number.to_bytes(BYTES, "big")

    def __len__(self) -> int:
        return self._size + len(self._marks)

    def __repr__(self) -> str:
        return f"DigestSet({sorted(self)!r})"

    def _find(self, number: int) -> int | None:
        slots, mask = self._slots, len(self._slots) - 1
        at = number & mask
        while (found := slots[at]) != number:
            if found == _FREE:
                return None
            at = (at + 1) & mask
        return None if number <= _REMOVED else at

    def _insert(self, number: int) -> bool:
        if self._find(number) is not None:
            return False
        slots, mask = self._slots, len(self._slots) - 1
        at = number & mask
        while slots[at] > _REMOVED:
            at = (at + 1) & mask
        self._used += slots[at] == _FREE
        slots[at] = number
        return True

    def _grow(self) -> None:
        old = self._slots
        length = _SMALLEST
        while length * 2 < self._size * 5:
            length *= 2
        self._slots, self._used = array("Q", [_FREE]) * length, 0
        for number in old:
            if number > _REMOVED:
                self._insert(number)
