"""Writes the items of a seed whose keys are free. Called by ``seed.write_seed``.

Two batches are under way at any time: while the items of one are sent, the ledger is written ahead for the next one, so
that no thread waits between two batches. Where a transaction costs nothing, 100 items go in each request; else each
item is a PutItem of its own, because AWS charges two write units per KB for an item of a transaction, and one for a
single item (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import field

from reconciler.engine import seed_batches
from reconciler.engine.ports import SeedProgress
from reconciler.engine.seed_batches import GIVES_UP, NumberedItem, SeedWork, lease_lost
from reconciler.model.desired import Put, PutTogether
from reconciler.model.errors import (
    Ambiguous,
    ApiError,
    Interrupted,
    Malformed,
    Outcome,
    TableChanged,
    Unsupported,
)
from reconciler.model.identity import Flavor
from reconciler.model.lazy_dataclass import dataclass
from reconciler.seeding.digest import canonical

IN_TRANSACTIONS = frozenset((Flavor.DYNAMODB_LOCAL, Flavor.LOCALSTACK))
"""Where a seed is written in transactions.

Not on AWS and what may be AWS, for their price. Not on moto: it copies the whole table for each transaction, and puts
the copy back if it refuses the transaction, which undoes what others wrote in the meantime (I5).
"""
ACTIONS = 100
"""Most actions of one transaction."""
TRANSACTION_BYTES = 3_500_000
"""Most bytes of the items of one transaction. The limit is 4 MB; the estimate of a size is never too small."""
LANES = 2
"""Transactions per batch, and so at most four at a time. More only wait for one another in DynamoDB Local."""
REPORT_SECONDS = 1.0

End = Put | ApiError
Chunk = Sequence[NumberedItem]
"""Items of one request."""


@dataclass
class SeedWriting:
    """The writing of one seed. ``run`` returns why it stopped early, or ``None``; errors are in ``work``."""

    work: SeedWork
    written: int = 0
    present: int = 0
    _together: bool = field(init=False)
    _halted: bool = False
    """Nothing more is sent: the work stops, or an error concerns the items that follow too. Threads share it."""
    _began: float = field(init=False)
    _reported: float = field(init=False)

    def __post_init__(self) -> None:
        self._together = self.work.ports.endpoint.flavor in IN_TRANSACTIONS
        self._began = self._reported = self.work.ports.clock.monotonic()

    def run(self, items: Sequence[NumberedItem]) -> str | None:
        """Put each item whose key is free. Each batch is recorded as uncertain before its first item is sent."""
        work, under_way = self.work, deque[tuple[Sequence[Chunk], Iterator[Sequence[End]]]]()
        try:
            for chunks in self._batches(items):
                if self._halted or work.stop() is not None:
                    break
                batch = [each for chunk in chunks for each in chunk]
                work.ledger.save("started", work.seed, (digest for _, _, digest in batch))
                under_way.append((chunks, iter(work.ports.parallel.map(self._send, chunks))))
                if len(under_way) > 1:
                    self._settle(*under_way.popleft())
            while under_way:
                self._settle(*under_way.popleft())
        finally:
            # Whatever ended it: threads that still have items of the second batch send none of them.
            self._halted = True
            self._report(ended=True)
        if work.fatal or work.done == len(items):
            return None
        work.interrupted = True
        return work.stop()

    def _batches(self, items: Sequence[NumberedItem]) -> Iterator[Sequence[Chunk]]:
        """The chunks of each batch: single items, or transactions as long as the endpoint takes them."""
        start = 0
        while start < len(items):
            if not self._together:
                batch = items[start : start + max(1, seed_batches.BATCH // 2)]
                start += len(batch)
                yield [(each,) for each in batch]
                continue
            chunks: list[Chunk] = []
            while len(chunks) < LANES and start < len(items):
                chunks.append(self._chunk(items, start))
                start += len(chunks[-1])
            yield chunks

    def _chunk(self, items: Sequence[NumberedItem], start: int) -> Chunk:
        """The items of one transaction: no two of one key, and few enough bytes."""
        chunk, size, keys = list[NumberedItem](), 0, set[str]()
        for numbered in items[start : start + min(ACTIONS, seed_batches.BATCH)]:
            item = numbered[1]
            key = canonical({name: item[name] for name in self.work.keys if name in item})
            # The canonical text of an item is never shorter than what DynamoDB counts.
            size += len(canonical(item))
            if chunk and (key in keys or size > TRANSACTION_BYTES):
                break
            keys.add(key)
            chunk.append(numbered)
        return chunk

    def _send(self, chunk: Chunk) -> Sequence[End]:
        """The ends of the items of one request, in order. Runs in a thread, several at a time."""
        if self._halted or self.work.stop() is not None:
            self._halted = True
            return [Put.UNSENT] * len(chunk)
        try:
            ends = self._send_together(chunk) if len(chunk) > 1 else [self._put(each) for each in chunk]
        except BaseException:
            self._halted = True
            raise
        if any(_concerns_others(end) for end in ends):
            self._halted = True
        return ends

    def _put(self, numbered: NumberedItem, *, lost: bool = False) -> End:
        """Put one item. ``lost`` means that an earlier attempt, whose response was lost, may have written it."""
        work = self.work
        put = work.one(numbered, lambda item: work.ports.items.put_if_absent(work.table, item, work.keys))
        if isinstance(put, ApiError):
            return put
        if put:
            return Put.WRITTEN
        return self._after_lost_response(numbered) if lost else Put.PRESENT

    def _after_lost_response(self, numbered: NumberedItem) -> End:
        """Whether an item that is present may be ours, after a lost response: only if it equals the seed's."""
        work = self.work
        found = work.one(numbered, lambda item: work.ports.items.find_item(work.table, item, work.keys))
        if isinstance(found, ApiError):
            return found
        if found is None:
            return Put.UNPROVEN
        return Put.UNPROVEN if canonical(found) == canonical(numbered[1]) else Put.PRESENT

    def _send_together(self, chunk: Chunk) -> list[End]:
        """Put the items in one transaction, then those that it was not refused for in smaller ones.

        An attempt without a usable response is repeated with its token: the endpoint then answers what it answered, or
        applies it now. So the response to the last attempt is that of the whole, and the counts are exact.
        """
        ends: dict[int, End] = {}
        left, token, pause = list(chunk), "", seed_batches.FIRST_PAUSE
        failure: ApiError | None = None
        lost: ApiError | None = None  # the error of an attempt that may have been applied
        for _ in range(seed_batches.TRIES):
            token = token or self.work.ports.random.token()
            put = self._attempt(left, token)
            if isinstance(put, PutTogether):
                left = self._to_send_again(left, put, ends, after_lost_response=lost is not None)
                token, failure, lost = "", None, None
                if not left:
                    break
                if Put.BUSY not in put.ends:
                    continue
            else:
                failure = put
                if isinstance(put, GIVES_UP) or put.outcome is Outcome.NEVER:
                    break
                if isinstance(put, Ambiguous | Malformed):
                    lost = put
            if self._halted or not self._pause(pause):
                return _filled(chunk, ends, lost or failure or Put.UNSENT)
            pause = min(pause * 2, seed_batches.LONGEST_PAUSE)
        if isinstance(failure, (TableChanged, *GIVES_UP)):
            return _filled(chunk, ends, failure)
        if isinstance(failure, Unsupported | Malformed):
            # Malformed is how an endpoint that is known to have transactions says that it has none.
            self._together = False
        elif failure is not None and failure.outcome is not Outcome.NEVER:
            return _filled(chunk, ends, lost or failure)
        self._put_singly(left, ends, lost=lost is not None)
        return _filled(chunk, ends, lost or Put.UNSENT)

    def _attempt(self, items: Sequence[NumberedItem], token: str) -> PutTogether | ApiError:
        work = self.work
        try:
            work.watch.confirm()
            if not work.ports.store.keep_lease():
                return lease_lost()
            return work.ports.items.put_together(work.table, [item for _, item, _ in items], work.keys, token)
        except ApiError as error:
            return error

    def _put_singly(self, items: Sequence[NumberedItem], ends: dict[int, End], *, lost: bool) -> None:
        """Put the items that no transaction took, for example because one of them breaks a rule."""
        for numbered in items:
            if self._halted:
                return
            ends[numbered[0]] = end = self._put(numbered, lost=lost)
            if _concerns_others(end):
                self._halted = True

    def _to_send_again(
        self, sent: Sequence[NumberedItem], put: PutTogether, ends: dict[int, End], *, after_lost_response: bool
    ) -> list[NumberedItem]:
        """The items of a transaction that are to be sent again; ``ends`` gets the ends of the others.

        ``after_lost_response`` means that a present item may stem from an attempt whose response was lost.
        """
        again: list[NumberedItem] = []
        for numbered, end in zip(sent, put.ends, strict=True):
            if end in (Put.UNSENT, Put.BUSY):
                again.append(numbered)
            elif end is Put.REFUSED:
                self._put_singly([numbered], ends, lost=False)
            elif end is Put.PRESENT and (after_lost_response or put.repeated):
                ends[numbered[0]] = self._after_lost_response(numbered)
            else:
                ends[numbered[0]] = end
        return again

    def _pause(self, longest: float) -> bool:
        """Wait with jitter; ``False`` if the work is to end."""
        ports = self.work.ports
        return self.work.stop() is None and ports.clock.sleep(ports.random.uniform(0, longest))

    def _settle(self, chunks: Sequence[Chunk], sent: Iterator[Sequence[End]]) -> None:
        """Take over the ends of a batch. Without an end an item stays uncertain: the process is stopping."""
        work = self.work
        try:
            for chunk in chunks:
                ends = next(sent)
                self.written += ends.count(Put.WRITTEN)
                self.present += ends.count(Put.PRESENT) + ends.count(Put.UNPROVEN)
                work.done += len(ends) - ends.count(Put.UNSENT)
                work.errors += [end for end in ends if isinstance(end, ApiError)]
                written = [digest for (_, _, digest), end in zip(chunk, ends, strict=True) if end is Put.WRITTEN]
                others = [digest for (_, _, digest), end in zip(chunk, ends, strict=True) if _not_written(end)]
                work.ledger.settle(written, others)
        except Interrupted:
            work.interrupted = self._halted = True
        self._report()

    def _report(self, *, ended: bool = False) -> None:
        now = self.work.ports.clock.monotonic()
        if not ended and now - self._reported < REPORT_SECONDS:
            return
        self._reported = now
        self.work.ports.telemetry.seeding(
            SeedProgress(self.work.table, self.work.total, self.written, self.present, now - self._began, ended=ended)
        )


def _filled(chunk: Chunk, ends: dict[int, End], rest: End) -> list[End]:
    return [ends.get(position, rest) for position, _, _ in chunk]


def _not_written(end: End) -> bool:
    """Whether it is certain that the seeder did not write the item. After any other error nobody knows."""
    if isinstance(end, ApiError):
        return end.outcome is Outcome.NEVER
    return end in (Put.PRESENT, Put.UNSENT)


def _concerns_others(end: End) -> bool:
    return isinstance(end, TableChanged) or (isinstance(end, ApiError) and end.outcome is not Outcome.NEVER)
