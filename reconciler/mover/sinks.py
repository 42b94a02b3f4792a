"""Writes items into a table, each on the condition that its key is free. Used by ``replacement``.

An item that is there already is compared: after a lost answer or a kill it is our own. Where a transaction costs
nothing, 100 items go in each request; see ``engine.seed_writing``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import field
from functools import partial
from itertools import islice
from typing import TypeVar

from reconciler.engine.context import EngineContext
from reconciler.engine.seed_batches import (
    FIRST_PAUSE,
    GIVES_UP,
    LONGEST_PAUSE,
    TRIES,
    IdentityWatch,
    lease_lost,
)
from reconciler.engine.seed_writing import ACTIONS, IN_TRANSACTIONS, TRANSACTION_BYTES
from reconciler.model.desired import Item, Put, Removal
from reconciler.model.errors import ApiError, Malformed, Outcome, TableChanged, Unsupported
from reconciler.model.identity import Identity
from reconciler.model.lazy_dataclass import dataclass
from reconciler.mover.digest import key_text
from reconciler.seeding.digest import canonical

LANES = 4
"""Requests at a time."""

T = TypeVar("T")


class Paused(Exception):
    """The deadline has passed, or the process is to stop. Everything that was written stays written."""


def in_requests(items: Iterable[Item], keys: Sequence[str], size_of: Callable[[Item], int]) -> Iterator[Sequence[Item]]:
    """Items of one transaction each: few enough of them, few enough bytes, and no two with one key.

    ``size_of`` is never less than the bytes that DynamoDB counts.
    """
    chunk, size, taken = list[Item](), 0, set[str]()
    for item in items:
        length, key = size_of(item), key_text(item, keys)
        if chunk and (len(chunk) >= ACTIONS or size + length > TRANSACTION_BYTES or key in taken):
            yield chunk
            chunk, size, taken = [], 0, set()
        chunk.append(item)
        taken.add(key)
        size += length
    if chunk:
        yield chunk


@dataclass(frozen=True, slots=True)
class Conflict:
    """An item that was not written, and the different item that has its key."""

    ours: Item
    theirs: Item


@dataclass(slots=True)
class TableSink:
    """The table ``table``, as long as it has this identity. ``keys`` are the attributes of its key.

    ``stop`` tells whether to stop before the next request; ``watch`` checks the identity at least every two seconds.
    """

    ports: EngineContext
    table: str
    identity: Identity
    keys: tuple[str, ...]
    stop: Callable[[], bool]
    watch: IdentityWatch = field(init=False)
    _together: bool = field(init=False)

    def __post_init__(self) -> None:
        self.watch = IdentityWatch(self.ports, self.table, self.identity)
        self._together = self.ports.endpoint.flavor in IN_TRANSACTIONS

    def put(self, items: Iterable[Item], on_items: Callable[[int], None]) -> Iterator[Conflict]:
        """Put all items; yields each one whose key a different item has. ``on_items`` gets numbers of items as they go.

        Raises ``Paused``, ``TableChanged``, ``LeaseLost`` and other ``ApiError``; what was written then stays.
        """
        chunks = in_requests(items, self.keys, lambda item: len(canonical(item)))
        while batch := list(islice(chunks, LANES)):
            if self.stop():
                raise Paused
            for chunk, conflicts in zip(batch, self.ports.parallel.map(self._send, batch), strict=True):
                on_items(len(chunk))
                yield from conflicts

    def replace(self, former: Item, item: Item) -> None:
        """Put ``item`` in the place of ``former``, which has its key. Raises as ``put``.

        Between the two calls the key is free. Only for a table that nobody else writes to.
        """
        self.remove(former)
        self._singly(item)

    def remove(self, item: Item) -> None:
        """Remove an item that is still equal. Raises as ``put``."""
        self._retried(partial(self._remove, item))

    def check(self) -> None:
        """Raise ``TableChanged`` if the table is no longer the same one."""
        self.watch.check()

    def _send(self, chunk: Sequence[Item]) -> list[Conflict]:
        """The conflicts of one request. Runs in a thread, several at a time."""
        left, present = self._put_together(chunk) if self._together and len(chunk) > 1 else (chunk, [])
        found = [self._singly(item) for item in left] + [self._compared(item) for item in present]
        return [conflict for conflict in found if conflict is not None]

    def _put_together(self, chunk: Sequence[Item]) -> tuple[Sequence[Item], list[Item]]:
        """Put the items in transactions. Returns those that must be put singly, and those whose keys were taken."""
        left, present, pause = list(chunk), list[Item](), FIRST_PAUSE
        for _ in range(TRIES):
            try:
                self._confirm()
                token = self.ports.random.token()
                ends = self.ports.items.put_together(self.table, left, self.keys, token).ends
            except (Unsupported, Malformed):
                # Malformed is how an endpoint that is known to have transactions says that it has none.
                self._together = False
                break
            except ApiError as error:
                if isinstance(error, (TableChanged, *GIVES_UP)):
                    raise
                if error.outcome is Outcome.NEVER:
                    break
                ends = (Put.BUSY,) * len(left)
            present += [item for item, end in zip(left, ends, strict=True) if end is Put.PRESENT]
            left = [item for item, end in zip(left, ends, strict=True) if end not in (Put.WRITTEN, Put.PRESENT)]
            if not left or Put.REFUSED in ends:
                break
            if Put.BUSY in ends and not self.ports.clock.sleep(self.ports.random.uniform(0, pause)):
                raise Paused
            pause = min(pause * 2, LONGEST_PAUSE)
        return left, present

    def _singly(self, item: Item) -> Conflict | None:
        written = self._retried(lambda: self.ports.items.put_if_absent(self.table, item, self.keys))
        return None if written else self._compared(item)

    def _compared(self, item: Item) -> Conflict | None:
        found = self._retried(lambda: self.ports.items.find_item(self.table, item, self.keys))
        if found is None:
            # It was removed between the two requests, so its key is free again.
            return self._singly(item)
        return None if canonical(found) == canonical(item) else Conflict(item, found)

    def _remove(self, item: Item) -> None:
        if self.ports.items.remove_if_equal(self.table, item, self.keys) is Removal.CHANGED:
            raise TableChanged("DeleteItem", "TableChanged", f"somebody else writes to {self.table}")

    def _confirm(self) -> None:
        self.watch.confirm()
        if not self.ports.store.keep_lease():
            raise lease_lost()

    def _retried(self, call: Callable[[], T]) -> T:
        pause = FIRST_PAUSE
        for left in reversed(range(TRIES)):
            try:
                self._confirm()
                return call()
            except ApiError as error:
                if error.outcome is Outcome.NEVER or isinstance(error, GIVES_UP) or not left:
                    raise
            if not self.ports.clock.sleep(self.ports.random.uniform(0, pause)):
                raise Paused
            pause = min(pause * 2, LONGEST_PAUSE)
        raise Paused
