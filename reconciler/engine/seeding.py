"""Write the seed of one table, or remove it again; resumable, never over an item of others and never their items.

Called by a pass (``acting``) and by the verbs ``seed`` and ``clear`` (``seed_verbs``). Items are sent in batches.
Between two batches the record says how far it got, and a stop or the deadline ends the work. Before every call the
lease is checked, and at least every two seconds the identity of the table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

from reconciler.engine.identity_watch import IdentityWatch
from reconciler.engine.seed_ledger import SeedLedger
from reconciler.engine.world import World
from reconciler.model.desired import Declaration, Item, Seed
from reconciler.model.errors import ApiError, Denied, LeaseLost, Outcome, TableChanged, Unreachable
from reconciler.model.identity import Identity
from reconciler.model.records import SeedRecord, StateSnapshot
from reconciler.model.removal import Removal
from reconciler.seeding.provenance import item_digest

BATCH = 100
"""Items; a process that is killed leaves at most so many of which nobody can say who wrote them."""
TRIES = 8
LONGEST_PAUSE = 5.0

T = TypeVar("T")
Numbered = tuple[int, Item, bytes]
"""Position in the seed, item, digest."""


@dataclass(frozen=True, slots=True)
class SeedOutcome:
    """What seeding or clearing did to one table, in items.

    ``present`` items had their key taken already. ``changed`` were written by the seeder and changed since; ``others``
    are in the table and not recorded as written by the seeder.
    ``gone`` were there no more. ``earlier`` are of an earlier version of the seed: kept in the table by ``write_seed``,
    not found unchanged by ``clear_seed``. ``failed`` were refused, or not reached because of an error.
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
    recorded_earlier: int = 0
    """Items that the record of the seeder names beside the present seed; nobody looked whether they are still there."""
    error: ApiError | None = None
    stopped: str | None = None
    """Why it ended before all was done although nothing failed."""

    @property
    def kept(self) -> int:
        """Items that ``clear`` left in the table."""
        return self.changed + self.others

    @property
    def changed_anything(self) -> bool:
        """Whether any item of the table was written or removed."""
        return self.written > 0 or self.removed > 0


@dataclass
class _Work:
    """What both directions share: one table, its ledger, and the counts so far."""

    world: World
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

    def __post_init__(self) -> None:
        self.ledger = SeedLedger.opened(self.world, self.snapshot, self.table, self.seed, self.identity)
        self.watch = IdentityWatch(self.world, self.declaration.spec.name, self.identity)

    @property
    def table(self) -> str:
        return self.declaration.spec.name

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(element.attribute for element in self.declaration.spec.keys)

    def stop(self) -> str | None:
        """Why no further batch is sent: the process is to end, or the time is over."""
        if not self.world.clock.sleep(0):
            return f"stopped after {self.done} of {self.total} items; the next run goes on from there"
        if self._late():
            return f"the deadline passed after {self.done} of {self.total} items; the next run goes on from there"
        return None

    def _late(self) -> bool:
        return self.deadline is not None and self.world.clock.now() >= self.deadline

    def batch(self, items: Sequence[Numbered], action: Callable[[Item], T]) -> list[T | ApiError]:
        """The end of each item of a batch, in order."""
        results = list(self.world.parallel.map(lambda numbered: self._one(numbered, action), items))
        self.done += len(items)
        self.errors += [result for result in results if isinstance(result, ApiError)]
        return results

    @property
    def fatal(self) -> bool:
        """Whether what failed concerns more than one item, so that the next one would fail too."""
        return any(isinstance(error, TableChanged) or error.outcome is not Outcome.NEVER for error in self.errors)

    def _one(self, numbered: Numbered, action: Callable[[Item], T]) -> T | ApiError:
        pause = 0.05
        failure: ApiError = _lease_lost()
        for _ in range(TRIES):
            try:
                self.watch.confirm()
                if not self.world.store.keep_lease():
                    return _lease_lost()
                return action(numbered[1])
            except TableChanged as error:
                return error
            except ApiError as error:
                if error.outcome is Outcome.NEVER:
                    return self._placed(error, numbered)
                if isinstance(error, Denied | Unreachable | LeaseLost):
                    return error
                failure = error
            if self._late() or not self.world.clock.sleep(self.world.random.uniform(0, pause)):
                break
            pause = min(pause * 2, LONGEST_PAUSE)
        return failure

    def _placed(self, error: ApiError, numbered: Numbered) -> ApiError:
        """The refusal of one item, with the place where the item is written."""
        position, item, _ = numbered
        line = self.seed.lines[position] if position < len(self.seed.lines) else None
        place = f"{self.seed.source}:{line}" if line is not None else f"{self.seed.source}, item [{position}]"
        key = ", ".join(f"{name} {next(iter(item[name].values()))!r}" for name in self.keys if name in item)
        return type(error)(error.operation, error.code, f"{place}: the item with {key} was refused: {error.message}")

    def error(self) -> ApiError | None:
        """The failure that says most: another table under the name, the lease, then the first one."""
        for kind in (TableChanged, LeaseLost, ApiError):
            for error in self.errors:
                if isinstance(error, kind):
                    return error
        return None


def write_seed(
    world: World,
    declaration: Declaration,
    identity: Identity,
    snapshot: StateSnapshot,
    *,
    asked: bool = False,
    earlier: int = 0,
    deadline: datetime | None = None,
) -> SeedOutcome:
    """Put each seed item whose key is free. The record goes ``started`` before them and ``done`` after.

    ``asked`` is true for the verb ``seed``. A pass gives with ``earlier`` how many items of an earlier version of the
    seed the table holds: then it holds neither version exactly, and the record stays ``started``.
    """
    seed = declaration.seed
    if seed is None:
        return SeedOutcome()
    work = _Work(world, declaration, seed, identity, snapshot, deadline)
    ledger, counts, stopped = work.ledger, [0, 0], None
    ledger.record = replace(ledger.record, earlier=earlier)
    numbered = _numbered(seed)
    work.total = len(numbered)
    try:
        if not numbered:
            ledger.save("started", seed)
        for batch in _batches(numbered):
            stopped = work.stop()
            if stopped or work.fatal:
                break
            ledger.save("started", seed, (digest for _, _, digest in batch))
            results = work.batch(batch, lambda item: world.items.put_if_absent(work.table, item, work.keys))
            _settle(ledger, batch, results)
            counts = [counts[0] + results.count(True), counts[1] + results.count(False)]
        if not (work.fatal or stopped):
            work.watch.check()
        whole = not (work.errors or stopped)
        if whole and (asked or not earlier):
            ledger.record = replace(ledger.record, earlier=0)
            ledger.save("done", seed, count=len(seed.items))
        elif not isinstance(work.error(), LeaseLost):
            ledger.save("started", seed)
    except ApiError as error:
        work.errors.append(error)
    left = len(seed.items) - sum(counts)
    return SeedOutcome(
        ledger.record,
        counts[0],
        counts[1],
        earlier=earlier,
        recorded_earlier=len(ledger.written().difference(digest for _, _, digest in numbered)) if asked else 0,
        failed=left if work.errors else 0,
        error=work.error(),
        stopped=stopped,
    )


def clear_seed(
    world: World,
    declaration: Declaration,
    identity: Identity,
    snapshot: StateSnapshot,
    *,
    deadline: datetime | None = None,
) -> SeedOutcome:
    """Remove each item that the record says the seeder wrote and that is unchanged, and nothing else.

    The record goes ``cleared`` first, so that no pass seeds again what is being removed. Items of an earlier version of
    the seed are found by a Scan, which is made only where the record names any.
    """
    seed = declaration.seed
    if seed is None:
        return SeedOutcome()
    work = _Work(world, declaration, seed, identity, snapshot, deadline)
    clearing = _Clearing(work)
    try:
        clearing.run()
    except ApiError as error:
        work.errors.append(error)
    return clearing.outcome()


@dataclass
class _Clearing:
    work: _Work
    removed: int = 0
    gone: int = 0
    changed: int = 0
    others: int = 0
    earlier: int = 0
    stopped: str | None = None

    def run(self) -> None:
        work, ledger, seed = self.work, self.work.ledger, self.work.seed
        ledger.save("cleared", seed, count=0)
        numbered, written = _numbered(seed), ledger.written()
        ours = [each for each in numbered if each[2] in written]
        rest = [each for each in numbered if each[2] not in written]
        earlier = written.difference(digest for _, _, digest in numbered)
        work.total = len(numbered) + len(earlier)
        if self._remove(ours) and (not earlier or self._sweep(earlier)) and self._count(rest):
            work.watch.check()
        if not isinstance(work.error(), LeaseLost):
            ledger.save("cleared", seed)

    def _remove(self, items: Sequence[Numbered]) -> bool:
        """Whether all of them were tried."""
        work = self.work
        for batch in _batches(items):
            if self._ends():
                return False
            results = work.batch(batch, lambda item: work.world.items.remove_if_equal(work.table, item, work.keys))
            ends = list(zip(batch, results, strict=True))
            work.ledger.forget(each[2] for each, end in ends if end in (Removal.REMOVED, Removal.GONE))
            work.ledger.save("cleared", work.seed)
            self.removed += results.count(Removal.REMOVED)
            self.gone += results.count(Removal.GONE)
            self.changed += results.count(Removal.CHANGED)
        return not work.fatal

    def _count(self, items: Sequence[Numbered]) -> bool:
        """Count what is there of the seed and not known to be ours; nothing is done to it."""
        work = self.work
        for batch in _batches(items):
            if self._ends():
                return False
            found = work.batch(batch, lambda item: work.world.items.find_item(work.table, item, work.keys) is not None)
            self.others += found.count(True)
        return not work.fatal

    def _sweep(self, wanted: set[bytes]) -> bool:
        """Find items of an earlier version of the seed by their content, and remove them."""
        work, left, batch = self.work, set(wanted), list[Numbered]()
        for number, item in enumerate(work.world.items.all_items(work.table)):
            if number % (10 * BATCH) == 0 and self._ends():
                return False
            digest = item_digest(item)
            if digest in left:
                left.discard(digest)
                batch.append((len(work.seed.items), item, digest))
            if len(batch) == BATCH:
                if not self._remove(batch):
                    return False
                batch = []
            if not left:
                break
        if not self._remove(batch):
            return False
        self.earlier = len(left)
        return True

    def _ends(self) -> bool:
        self.stopped = self.stopped or self.work.stop()
        return self.stopped is not None or self.work.fatal

    def outcome(self) -> SeedOutcome:
        work = self.work
        return SeedOutcome(
            work.ledger.record,
            removed=self.removed,
            changed=self.changed,
            others=self.others,
            gone=self.gone,
            earlier=self.earlier,
            failed=max(1, len(work.errors)) if work.errors else 0,
            error=work.error(),
            stopped=self.stopped,
        )


def _numbered(seed: Seed) -> list[Numbered]:
    return [(position, item, item_digest(item)) for position, item in enumerate(seed.items)]


def _batches(items: Sequence[Numbered]) -> Iterator[Sequence[Numbered]]:
    for start in range(0, len(items), BATCH):
        yield items[start : start + BATCH]


def _settle(ledger: SeedLedger, batch: Sequence[Numbered], results: Sequence[bool | ApiError]) -> None:
    """Written, or not written by this batch; after any other failure it stays uncertain who wrote an item."""
    ends = [(digest, result) for (_, _, digest), result in zip(batch, results, strict=True)]
    written = [digest for digest, result in ends if result is True]
    ledger.settle(written, (digest for digest, result in ends if result is False or _refused(result)))


def _refused(result: object) -> bool:
    return isinstance(result, ApiError) and result.outcome is Outcome.NEVER


def _lease_lost() -> LeaseLost:
    return LeaseLost("PutItem", "LeaseLost", "another reconciler holds the lease by now; it goes on from here")
