"""Digests of the items of a table that do not depend on their order, by bucket.

Two tables hold the same items if the digests of all buckets are equal; items of buckets that differ are compared one by
one. An item belongs to the bucket of its key, so both sides must be read with the same key. Nothing is added to items.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterable, Sequence

from reconciler.model.desired import Item
from reconciler.seeding.digest import canonical

BUCKETS = 1024
BYTES = 16
"""128 bits: with a billion items, two different tables look equal once in 10^20."""
_MODULUS = 1 << (8 * BYTES)


def item_digest(item: Item) -> int:
    """128 bits of the whole item. Equal numbers are equal in every notation, and sets have no order."""
    return int.from_bytes(hashlib.blake2b(canonical(item).encode(), digest_size=BYTES).digest(), "big")


def key_text(item: Item, keys: Sequence[str]) -> str:
    """The key of an item as canonical text. Raises ``KeyError`` if the item lacks an attribute of the key."""
    return canonical({name: item[name] for name in keys})


def bucket_of(key: str) -> int:
    """The bucket of a key, given as ``key_text``."""
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=4).digest(), "big") % BUCKETS


class TableDigest:
    """The digest of the items of one table. ``keys`` are the names of the attributes of the key."""

    def __init__(self, keys: Sequence[str], items: Iterable[Item] = ()) -> None:
        self.keys = tuple(keys)
        self._sums = [0] * BUCKETS
        self._counts = array("Q", [0]) * BUCKETS
        for item in items:
            self.add(item)

    @property
    def count(self) -> int:
        """Number of items."""
        return sum(self._counts)

    def add(self, item: Item) -> None:
        """Take one item in. Raises ``KeyError`` if it lacks an attribute of the key."""
        self._change(item, 1)

    def remove(self, item: Item) -> None:
        """Take one item out again, which must have been taken in."""
        self._change(item, -1)

    def _change(self, item: Item, by: int) -> None:
        bucket = bucket_of(key_text(item, self.keys))
        # A sum, because items of equal digests would cancel each other out in an exclusive or.
        self._sums[bucket] = (self._sums[bucket] + by * item_digest(item)) % _MODULUS
        self._counts[bucket] += by

    def differing(self, other: TableDigest) -> tuple[int, ...]:
        """The buckets that differ, in ascending order."""
        mine, theirs = zip(self._sums, self._counts, strict=True), zip(other._sums, other._counts, strict=True)
        return tuple(bucket for bucket, (one, two) in enumerate(zip(mine, theirs, strict=True)) if one != two)

    def hexdigest(self) -> str:
        """The digest of all items, with their number: 32 hexadecimal digits."""
        whole = hashlib.blake2b(digest_size=BYTES)
        for total, count in zip(self._sums, self._counts, strict=True):
            whole.update(total.to_bytes(BYTES, "big") + count.to_bytes(8, "big"))
        return whole.hexdigest()
