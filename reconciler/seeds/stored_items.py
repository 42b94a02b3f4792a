"""The items of a large seed in a temporary file, so that a million of them fit into little memory.

Called by ``read_seed``. The file has no name in the file system where that is possible, and is gone with the process.
"""

from __future__ import annotations

import hashlib
import marshal
import os
from array import array
from collections.abc import Iterator, Sequence
from typing import Any, overload

from reconciler.model.desired import Item
from reconciler.model.position import Position, column_of

IN_MEMORY = 2 * 1024 * 1024
"""Bytes of items, as stored, that a seed keeps in memory. They take about ten times as much as Python objects."""
_BUFFER = 1024 * 1024


class StoredItems(Sequence[Item]):
    """Items in a file, in their order. Threads may read at the same time."""

    def __init__(self) -> None:
        import tempfile

        self._file = tempfile.TemporaryFile(prefix="reconciler-seed-", buffering=_BUFFER)  # noqa: SIM115
        self._ends = array("Q", [0])

    def append(self, packed: bytes) -> None:
        """Add one item, packed by ``pack``. Raises ``OSError`` if the disk is full."""
        self._file.write(packed)
        self._ends.append(self._ends[-1] + len(packed))

    def close(self) -> None:
        """Write the buffer out; after that the items may be read. Raises ``OSError`` if the disk is full."""
        self._file.flush()

    def __len__(self) -> int:
        return len(self._ends) - 1

    @overload
    def __getitem__(self, index: int) -> Item: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Item, ...]: ...
    def __getitem__(self, index: int | slice) -> Item | tuple[Item, ...]:
        if isinstance(index, slice):
            return tuple(self[each] for each in range(*index.indices(len(self))))
        at = index + len(self) if index < 0 else index
        if not 0 <= at < len(self):
            raise IndexError(index)
        start, end = self._ends[at], self._ends[at + 1]
        item: Item = marshal.loads(os.pread(self._file.fileno(), end - start, start))
        return item

    def __iter__(self) -> Iterator[Item]:
        return (self[index] for index in range(len(self)))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence) or len(other) != len(self):
            return NotImplemented if not isinstance(other, Sequence) else False
        return all(one == another for one, another in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]


def pack(item: Item) -> bytes:
    """The item as bytes; ``marshal`` takes a third of the time of JSON, and nothing but this process reads them."""
    return marshal.dumps(item)  # type: ignore[arg-type]


class ItemCollector:
    """Collects the items of a seed: in memory, or in a file once they are many."""

    def __init__(self) -> None:
        self._items: list[Item] = []
        self._size = 0
        self._stored: StoredItems | None = None

    def append(self, item: Item) -> None:
        """Add one item. Raises ``OSError`` if the disk is full."""
        packed = pack(item)
        if self._stored is not None:
            self._stored.append(packed)
            return
        self._items.append(item)
        self._size += len(packed)
        if self._size > IN_MEMORY:
            self._stored = StoredItems()
            for each in self._items:
                self._stored.append(pack(each))
            self._items = []

    def items(self) -> Sequence[Item]:
        """All items in their order."""
        if self._stored is None:
            return tuple(self._items)
        self._stored.close()
        return self._stored


class StoredLines(Sequence["int | None"]):
    """A line for each item, None where the format has none, in 8 bytes each with its column."""

    def __init__(self) -> None:
        self._lines = array("I")
        self._columns = array("I")

    def append(self, line: int | None) -> None:
        """Add the line of the next item."""
        self._lines.append(line or 0)
        self._columns.append(column_of(line) or 0)

    def __len__(self) -> int:
        return len(self._lines)

    @overload
    def __getitem__(self, index: int) -> int | None: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[int | None, ...]: ...
    def __getitem__(self, index: int | slice) -> int | tuple[int | None, ...] | None:
        if isinstance(index, slice):
            return tuple(self[each] for each in range(*index.indices(len(self))))
        line, column = self._lines[index], self._columns[index]
        return Position(line, column) if column else line or None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __repr__(self) -> str:
        return repr(tuple(self))

    __hash__ = None  # type: ignore[assignment]


_BUCKETS = 256
_KEY = 16
"""Bytes of the digest of a key."""
_ENTRY = _KEY + 4


class KeyIndex:
    """Finds duplicate keys among a million items: 20 bytes for each, instead of a tuple and its texts."""

    def __init__(self) -> None:
        self._buckets = [bytearray() for _ in range(_BUCKETS)]

    def add(self, index: int, key: tuple[Any, ...]) -> None:
        """Note the key of the item at ``index``."""
        digest = hashlib.blake2b(repr(key).encode(errors="surrogatepass"), digest_size=_KEY).digest()
        self._buckets[digest[0]] += digest + index.to_bytes(4, "big")

    def duplicates(self) -> Iterator[tuple[int, int]]:
        """Index of each item whose key an earlier item has, and the index of the first such item."""
        for bucket in self._buckets:
            entries = sorted(bytes(bucket[at : at + _ENTRY]) for at in range(0, len(bucket), _ENTRY))
            first = b""
            for entry in entries:
                if first[:_KEY] == entry[:_KEY]:
                    yield int.from_bytes(entry[_KEY:], "big"), int.from_bytes(first[_KEY:], "big")
                else:
                    first = entry
