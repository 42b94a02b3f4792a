"""Sends the items of a seed in batches, with the ledger of what was written and the checks before each call.

Used by ``seed`` for writing and for removing. The record of the table is updated between two batches, where a stop
request or the deadline ends the work. The lease is checked before each call, and the identity of the table at least
every two seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import field, replace
from datetime import datetime
from itertools import islice
from typing import TypeVar, overload

from reconciler.engine.context import EngineContext
from reconciler.model.desired import Declaration, Item, Seed
from reconciler.model.errors import (
    ApiError,
    Denied,
    EndpointChanged,
    Interrupted,
    LeaseLost,
    NotFound,
    Outcome,
    OutcomeUnknown,
    TableChanged,
    Unreachable,
)
from reconciler.model.identity import Identity
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.position import located
from reconciler.model.records import SeedPart, SeedRecord, SeedState, StateSnapshot
from reconciler.planning.observe import identity_of
from reconciler.seeding.digest_set import BYTES, DigestSet
from reconciler.seeding.provenance import item_digest, pack, part_name, parts_of, unpack

BATCH = 100
"""Items that are under way together. If the process is killed, nobody can tell of them who wrote them.

``clear`` sends so many at once, ``seed_writing`` two batches of half of them. Four transactions, on emulators, hold
400. The record lists them.
"""
TRIES = 8
FIRST_PAUSE = 0.05
LONGEST_PAUSE = 5.0
GIVES_UP = (Denied, Unreachable, LeaseLost, EndpointChanged)
"""Errors that a further attempt would meet too."""

T = TypeVar("T")
NumberedItem = tuple[int, Item, bytes]
"""Position in the seed, item, digest."""
RENEW_SECONDS = 1.0
"""After this time one thread checks the identity again, while the others continue."""
LIMIT_SECONDS = 2.0
"""After this time no thread continues without a response."""
PART = 1000
"""Digests per record. A full part is stored separately, so that the record that changes with each batch stays small."""
MOST_UNCERTAIN = 10_000
"""Maximum number of digests of uncertain items. Items beyond it count as items of others and are never removed."""


@dataclass(frozen=True, slots=True)
class SeedOutcome:
    """What seeding or clearing did to one table, in numbers of items.

    The keys of ``present`` items were already in the table. ``changed`` items were written by the seed and changed
    since; ``others`` are not recorded as written by the seed; ``gone`` ones were already removed. ``earlier`` items
    belong to an earlier version of the seed: ``write_seed`` left them in the table, ``clear_seed`` did not find them
    unchanged. ``failed`` items were refused, or not reached because of an error.
    """

    record: SeedRecord | None = None
    written: int = 0
    present: int = 0
    removed: int = 0
    changed: int = 0
    others: int = 0
    gone: int = 0
    earlier: int = 0
    failed: int = 0
    updated: int = 0
    """Items that equalled a former version of the seed and now equal the present one."""
    recorded_earlier: int = 0
    """Items of earlier versions that the record lists. It was not checked whether they still exist."""
    error: ApiError | None = None
    unknown: tuple[OutcomeUnknown, ...] = ()
    """Items that ``clear`` may have removed after others changed them. Each message names the item and what to do."""
    stopped: str | None = None
    """Why the work ended early although nothing failed."""

    @property
    def kept(self) -> int:
        """Number of items that ``clear`` left in the table."""
        return self.changed + self.others

    @property
    def changed_anything(self) -> bool:
        """Whether any item was written or removed."""
        return self.written > 0 or self.removed > 0 or self.updated > 0


@dataclass
class SeedWork:
    """The seeding or clearing of one table: its ledger, its checks and its errors."""

    ports: EngineContext
    declaration: Declaration
    seed: Seed
    identity: Identity
    snapshot: StateSnapshot
    deadline: datetime | None
    ledger: SeedLedger = field(init=False)
    watch: IdentityWatch = field(init=False)
    total: int = 0
    done: int = 0
    errors: list[ApiError] = field(default_factory=list)
    interrupted: bool = False
    """Whether a batch was cut short because the process is stopping."""

    def __post_init__(self) -> None:
        self.ledger = SeedLedger.opened(self.ports, self.snapshot, self.table, self.seed, self.identity)
        self.watch = IdentityWatch(self.ports, self.declaration.spec.name, self.identity)

    @property
    def table(self) -> str:
        return self.declaration.spec.name

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(element.attribute for element in self.declaration.spec.keys)

    def stop(self) -> str | None:
        """Why no further batch is sent, or ``None``: the process is stopping, or the deadline has passed."""
        if self.interrupted or not self.ports.clock.sleep(0):
            return f"stopped after {self.done:,} of {self.total:,} items; the next run continues from there"
        if self._late():
            return f"the deadline passed after {self.done:,} of {self.total:,} items; the next run continues from there"
        return None

    def _late(self) -> bool:
        return self.deadline is not None and self.ports.clock.now() >= self.deadline

    def batch(self, items: Sequence[NumberedItem], action: Callable[[Item], T]) -> list[T | ApiError]:
        """Run ``action`` for each item; the results in order. The list is shorter if the process is stopping."""
        results: list[T | ApiError] = []
        try:
            for result in self.ports.parallel.map(lambda numbered: self.one(numbered, action), items):
                results.append(result)
        except Interrupted:
            self.interrupted = True
        self.done += len(results)
        self.errors += [result for result in results if isinstance(result, ApiError)]
        return results

    @property
    def fatal(self) -> bool:
        """Whether an error concerns more than one item, so that the next ones would fail too."""
        return any(isinstance(error, TableChanged) or error.outcome is not Outcome.NEVER for error in self.errors)

    def one(self, numbered: NumberedItem, action: Callable[[Item], T]) -> T | ApiError:
        """Run ``action`` for one item, again after passing failures; its result, or the last error."""
        pause = FIRST_PAUSE
        failure: ApiError = lease_lost()
        for _ in range(TRIES):
            try:
                # The table first: a lease says nothing about which table has the name now.
                self.watch.confirm()
                if not self.ports.store.keep_lease():
                    return lease_lost()
                return action(numbered[1])
            except TableChanged as error:
                return error
            except ApiError as error:
                if error.outcome is Outcome.NEVER:
                    return self._placed(error, numbered)
                if isinstance(error, GIVES_UP):
                    return error
                failure = error
            if self._late() or not self.ports.clock.sleep(self.ports.random.uniform(0, pause)):
                break
            pause = min(pause * 2, LONGEST_PAUSE)
        return failure

    def _placed(self, error: ApiError, numbered: NumberedItem) -> ApiError:
        """The error of one item, with the file and line of the item."""
        position, item, _ = numbered
        line = self.seed.lines[position] if position < len(self.seed.lines) else None
        place = located(self.seed.source, line) if line is not None else f"{self.seed.source}, item [{position}]"
        key = ", ".join(f"{name} {next(iter(item[name].values()))!r}" for name in self.keys if name in item)
        failed = "may have been removed" if isinstance(error, OutcomeUnknown) else "was refused"
        return type(error)(error.operation, error.code, f"{place}: the item with {key} {failed}: {error.message}")

    def error(self) -> ApiError | None:
        """The most important error: the table was replaced, then the lease was lost, then the first other one."""
        for kind in (TableChanged, LeaseLost, ApiError):
            for error in self.errors:
                if isinstance(error, kind):
                    return error
        return None


class NumberedItems(Sequence[NumberedItem]):
    """The items of a seed with their positions and digests. They are made when they are asked for."""

    def __init__(self, seed: Seed) -> None:
        self._seed = seed

    def __len__(self) -> int:
        return len(self._seed.items)

    @overload
    def __getitem__(self, index: int) -> NumberedItem: ...
    @overload
    def __getitem__(self, index: slice) -> list[NumberedItem]: ...
    def __getitem__(self, index: int | slice) -> NumberedItem | list[NumberedItem]:
        if isinstance(index, slice):
            return [self[each] for each in range(*index.indices(len(self)))]
        item, known = self._seed.items[index], self._seed.item_digests
        return index, item, known[index * BYTES : (index + 1) * BYTES] if known else item_digest(item)


def batches(items: Iterable[NumberedItem]) -> Iterator[Sequence[NumberedItem]]:
    """The items in batches of ``BATCH``."""
    left = iter(items)
    while batch := list(islice(left, BATCH)):
        yield batch


def lease_lost() -> LeaseLost:
    return LeaseLost("PutItem", "LeaseLost", "another reconciler now holds the lease and continues from here")


@dataclass
class IdentityWatch:
    """Checks during long work on a table that it is still the same table. Threads may share it.

    DynamoDB addresses tables by name, so PutItem reaches whatever table has the name by now. Call ``confirm`` before
    each request and ``check`` at the end.
    """

    ports: EngineContext
    table: str
    identity: Identity
    failure: TableChanged | None = None
    _confirmed: float | None = None
    _asking: bool = False

    def confirm(self) -> None:
        """Return if the identity was confirmed recently, else check it. Raises ``TableChanged`` and ``ApiError``."""
        if self.failure is not None:
            raise self.failure
        if self._confirmed is not None:
            age = self.ports.clock.monotonic() - self._confirmed
            if age < RENEW_SECONDS or (self._asking and age < LIMIT_SECONDS):
                return
        self.check()

    def check(self) -> None:
        """Compare the identity now, with DescribeTable.

        Raises ``TableChanged``, now and in every later call, for another table or none, and ``ApiError``.
        """
        if self.failure is not None:
            raise self.failure
        began, self._asking = self.ports.clock.monotonic(), True
        try:
            described = self.ports.api.read("DescribeTable", {"TableName": self.table})
        except NotFound:
            raise self._failed("it was deleted") from None
        finally:
            self._asking = False
        found = identity_of(described["Table"])
        if not found.same(self.identity):
            raise self._failed(f"somebody deleted it and created it again (created {found.created})")
        self._confirmed = began

    def _failed(self, what: str) -> TableChanged:
        self.failure = TableChanged(
            "DescribeTable", "TableChanged", f"table {self.table} is no longer the same table: {what}"
        )
        return self.failure


UNPACKED = 8
"""Parts whose digests are in memory one by one. Items are removed in about the order in which they were written."""


@dataclass
class SeedLedger:
    """The record of which items the seeder wrote to one table with one identity.

    The digests of a batch are recorded as *uncertain* before its first item is sent, and as *written* only after the
    conditional write of an item succeeded. If the process is killed in between, they stay uncertain. Such items are
    never removed, because somebody else may have written them.
    """

    ports: EngineContext
    record: SeedRecord
    recent: set[bytes] = field(default_factory=set)
    """Digests of written items that ``record`` has itself; the others are in ``parts``."""
    parts: dict[str, str] = field(default_factory=dict)
    """Packed digests by the name of their part."""
    uncertain: set[bytes] = field(default_factory=set)
    stale_parts: tuple[str, ...] = ()
    """Parts of an earlier table with this name. The first write of the record deletes them."""
    _written: DigestSet = field(init=False)
    """The digests of all written items: those of ``recent`` and of ``parts``."""
    _unsettled: set[bytes] = field(default_factory=set)
    """Digests that a batch of this run made uncertain and whose end is not known yet."""
    _unpacked: dict[str, frozenset[bytes]] = field(default_factory=dict)
    """The digests of the parts that were looked into last."""

    def __post_init__(self) -> None:
        self._written = DigestSet(self.recent)
        for packed in self.parts.values():
            self._written.update(unpack(packed))

    @classmethod
    def opened(
        cls, ports: EngineContext, snapshot: StateSnapshot, name: str, seed: Seed, identity: Identity
    ) -> SeedLedger:
        """The ledger that is recorded for this identity, or an empty one."""
        found, parts = snapshot.seeds.get(name), parts_of(snapshot.seed_parts, name)
        if found is None or not identity.same(found.identity):
            record = SeedRecord(name, "started", seed.digest, seed.source, identity)
            return cls(ports, record, stale_parts=tuple(part.name for part in parts))
        ours = [part for part in parts if identity.same(part.identity)]
        return cls(
            ports,
            found,
            set(unpack(found.written)),
            {part.name: part.written for part in ours},
            set(unpack(found.uncertain)),
            tuple(part.name for part in parts if part not in ours),
        )

    def written(self) -> DigestSet:
        """The digests of all written items, as they are now."""
        return DigestSet(self._written)

    def save(self, state: SeedState, seed: Seed, batch: Iterable[bytes] = (), *, count: int | None = None) -> None:
        """Store the record, with the digests of the ``batch`` that is sent next as uncertain."""
        if len(self.uncertain) > MOST_UNCERTAIN:
            self.uncertain = set(sorted(self.uncertain)[:MOST_UNCERTAIN])
        added = {digest for digest in batch if digest not in self.uncertain and digest not in self._written}
        self._unsettled |= added
        self.uncertain |= added
        for name in self.stale_parts:
            self.ports.store.drop_seed_part(name)
        self.stale_parts = ()
        if len(self.recent) >= PART:
            last = max((int(name.rpartition("#")[2]) for name in self.parts), default=0)
            self._put_part(part_name(self.record.name, last + 1), self.recent)
            self.recent = set()
        self.record = replace(
            self.record,
            state=state,
            digest=seed.digest,
            source=seed.source,
            count=self.record.count if count is None else count,
            at=self.ports.clock.now(),
            written=pack(self.recent),
            uncertain=pack(self.uncertain),
        )
        self.ports.store.put_seed(self.record)

    def settle(self, written: Iterable[bytes], not_written: Iterable[bytes]) -> None:
        """Take over the ends of some items of a batch; the next ``save`` stores them.

        Items of ``not_written`` stay uncertain if an earlier run made them so, because it may have written them.
        """
        written = set(written)
        added = {digest for digest in written if digest not in self._written}
        self.recent |= added
        self._written.update(added)
        settled = written | self._unsettled.intersection(not_written)
        self.uncertain -= settled
        self._unsettled -= settled

    def forget(self, digests: Iterable[bytes]) -> None:
        """Remove the digests of items that are gone. Parts are stored at once, ``record`` by the next ``save``."""
        gone = set(digests)
        for digest in gone:
            self._written.discard(digest)
        left = gone - self.recent
        self.recent -= gone
        for name in [*self._unpacked, *(name for name in self.parts if name not in self._unpacked)]:
            if not left:
                break
            part = self._part(name)
            found = left & part
            left -= found
            if found == part:
                del self.parts[name], self._unpacked[name]
                self.ports.store.drop_seed_part(name)
            elif found:
                self._put_part(name, part - found)

    def _part(self, name: str) -> frozenset[bytes]:
        part = self._unpacked.pop(name, None) or unpack(self.parts[name])
        # The part that was looked into last comes first the next time.
        self._unpacked = dict([(name, part), *list(self._unpacked.items())[: UNPACKED - 1]])
        return part

    def _put_part(self, name: str, digests: Set[bytes]) -> None:
        self.parts[name] = pack(digests)
        if name in self._unpacked:
            self._unpacked[name] = frozenset(digests)
        self.ports.store.put_seed_part(SeedPart(name, self.record.identity, self.parts[name]))
