"""Write the seed of a table, and remove it again. Called by ``apply`` in a pass and by ``seed_commands``.

Both can be interrupted and resumed. Writing never overwrites an item; removing takes only items that the seed wrote and
nobody changed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field, replace
from datetime import datetime

from reconciler.engine import seed_batches
from reconciler.engine.context import EngineContext
from reconciler.engine.seed_batches import NumberedItem, NumberedItems, SeedOutcome, SeedWork, batches
from reconciler.engine.seed_update import SeedUpdate
from reconciler.engine.seed_writing import SeedWriting
from reconciler.engine.work_meter import WorkMeter
from reconciler.model.desired import Declaration, Item, Removal, Seed
from reconciler.model.errors import ApiError, Denied, LeaseLost, OutcomeUnknown
from reconciler.model.identity import Identity
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.observed import ObservedTable
from reconciler.model.records import StateSnapshot
from reconciler.model.table import KeyElement
from reconciler.seeding.decide import is_updating
from reconciler.seeding.digest_set import DigestSet
from reconciler.seeding.provenance import item_digest, seed_digests


def write_seed(
    ports: EngineContext,
    declaration: Declaration,
    identity: Identity,
    snapshot: StateSnapshot,
    *,
    by_command: bool = False,
    update: bool = False,
    earlier: int = 0,
    deadline: datetime | None = None,
) -> SeedOutcome:
    """Put each seed item whose key is not in the table yet.

    The record is ``started`` before the first item and ``done`` after the last. ``by_command`` is true for the command
    ``seed``; ``update`` also brings items of a former version of the seed to the present one (``seed --update``).
    A pass resumes an interrupted update of the same version by itself.
    ``earlier`` is the number of items of an earlier version of the seed in the table: a pass then leaves the record
    ``started``, because the table holds neither version exactly. Errors are in the outcome.
    """
    seed = declaration.seed
    if seed is None:
        return SeedOutcome()
    work = SeedWork(ports, declaration, seed, identity, snapshot, deadline)
    ledger, writing, updating, stopped = work.ledger, SeedWriting(work), SeedUpdate(work), None
    # A pass finishes what a person asked for, and only for the version of the seed that they asked it for.
    update = update or (not by_command and is_updating(ledger.record, seed.digest))
    ledger.record = replace(ledger.record, earlier=earlier, updating=update)
    numbered = NumberedItems(seed)
    work.total = len(numbered)
    try:
        if not numbered:
            ledger.save("started", seed)
        stopped = updating.run() if update else None
        work.done = 0
        stopped = stopped or (None if work.fatal else writing.run(numbered))
        if not (work.fatal or stopped):
            work.watch.check()
        whole = not (work.errors or stopped) and writing.written + writing.present == len(numbered)
        if whole and (by_command or not earlier):
            ledger.record = replace(ledger.record, earlier=0, updating=False)
            ledger.save("done", seed, count=len(seed.items))
        elif not isinstance(work.error(), LeaseLost):
            ledger.save("started", seed)
    except ApiError as error:
        work.errors.append(error)
    left = len(seed.items) - writing.written - writing.present
    return SeedOutcome(
        ledger.record,
        writing.written,
        max(0, writing.present - updating.updated - updating.kept),
        changed=updating.kept,
        updated=updating.updated,
        earlier=earlier,
        recorded_earlier=_earlier(seed, ledger.written()) if by_command else 0,
        failed=left if work.errors else 0,
        error=work.error(),
        unknown=tuple(error for error in work.errors if isinstance(error, OutcomeUnknown)),
        stopped=stopped,
    )


def other_key(declaration: Declaration, observed: ObservedTable) -> str | None:
    """Why no command may use the seed of a table that has another key than its declaration, or ``None``.

    The declared key would find none of the items, and a condition on it would let a write replace an item of others.
    """
    declared, live = declaration.spec.keys, observed.spec.keys
    if declared == live:
        return None
    name = declaration.declared_name or declaration.spec.name
    return (
        f"the key of the table is {_key_text(live)}, and {_key_text(declared)} is declared, which its seed is written"
        f" for; `reconciler replace {name}` gives it the declared key, or restore the former declaration"
    )


def _key_text(keys: Iterable[KeyElement]) -> str:
    return " and ".join(f"{each.attribute} ({each.type})" for each in keys)


def _earlier(seed: Seed, written: DigestSet) -> int:
    """How many of the written items are no items of the seed. Its items differ in their keys, so in their digests."""
    return len(written) - sum(digest in written for digest in seed_digests(seed))


def clear_seed(
    ports: EngineContext,
    declaration: Declaration,
    identity: Identity,
    snapshot: StateSnapshot,
    *,
    deadline: datetime | None = None,
) -> SeedOutcome:
    """Remove each item that the seed record lists as written and that is unchanged, and no others.

    The record becomes ``cleared`` first, so that no pass seeds again what is being removed. Items of an earlier version
    of the seed are found by a Scan, which is sent only if the record lists any. Errors are in the outcome.
    """
    seed = declaration.seed
    if seed is None:
        return SeedOutcome()
    work = SeedWork(ports, declaration, seed, identity, snapshot, deadline)
    removal = _SeedRemoval(work)
    try:
        removal.run()
    except ApiError as error:
        work.errors.append(error)
    return removal.outcome()


@dataclass
class _SeedRemoval:
    work: SeedWork
    removed: int = 0
    gone: int = 0
    changed: int = 0
    others: int = 0
    earlier: int = 0
    stopped: str | None = None
    failed_deletes: dict[bytes, ApiError] = field(default_factory=dict)
    """The last failure of a delete for the digest of its item."""
    meter: WorkMeter = field(init=False)

    def __post_init__(self) -> None:
        self.meter = WorkMeter(self.work.ports, self.work.table)

    def run(self) -> None:
        work, ledger, seed = self.work, self.work.ledger, self.work.seed
        ledger.save("cleared", seed, count=0)
        numbered, written = NumberedItems(seed), ledger.written()
        ours = (each for each in numbered if each[2] in written)
        rest = (each for each in numbered if each[2] not in written)
        earlier = DigestSet(written) if _earlier(seed, written) > 0 else DigestSet()
        if earlier:
            for digest in seed_digests(seed):
                earlier.discard(digest)
        work.total = len(numbered) + len(earlier)
        with self.meter.of("clearing", work.total):
            if self._remove(ours) and (not earlier or self._sweep(earlier)) and self._count(rest):
                work.watch.check()
        if not isinstance(work.error(), LeaseLost):
            ledger.save("cleared", seed)

    def _remove(self, items: Iterable[NumberedItem]) -> bool:
        """Remove the items in batches; ``False`` if it stopped before the last one."""
        work = self.work
        for batch in batches(items):
            if self._ends():
                return False
            results = work.batch(batch, self._removed)
            ends = list(zip(batch, results, strict=False))
            self.removed += results.count(Removal.REMOVED)
            self.gone += results.count(Removal.GONE)
            self.changed += results.count(Removal.CHANGED)
            work.ledger.forget(each[2] for each, end in ends if end in (Removal.REMOVED, Removal.GONE))
            work.ledger.save("cleared", work.seed)
            self.meter.advance(len(batch))
        return not (work.fatal or (work.interrupted and self._ends()))

    def _removed(self, item: Item) -> Removal:
        """Try once to remove an item. If an earlier attempt failed, a missing item does not prove who removed it."""
        work = self.work
        digest = item_digest(item)
        try:
            end = work.ports.items.remove_if_equal(work.table, item, work.keys)
        except ApiError as error:
            if error.operation == "DeleteItem" and not isinstance(error, LeaseLost | Denied):
                self.failed_deletes[digest] = error
            raise
        failed = self.failed_deletes.get(digest)
        if end is Removal.GONE and failed is not None:
            raise OutcomeUnknown(
                "DeleteItem",
                "OutcomeUnknown",
                f"it is unknown whether this removed the item: the delete failed ({failed}), and later the item was "
                "gone. An attribute that somebody added in between would be lost with it: check the item, and restore "
                "it from a backup if it is needed",
            )
        return end

    def _count(self, items: Iterable[NumberedItem]) -> bool:
        """Count seed items that exist and are not recorded as written by the seed. They are not changed."""
        work = self.work
        for batch in batches(items):
            if self._ends():
                return False
            found = work.batch(batch, lambda item: work.ports.items.find_item(work.table, item, work.keys) is not None)
            self.others += found.count(True)
            self.meter.advance(len(batch))
        return not (work.fatal or (work.interrupted and self._ends()))

    def _sweep(self, wanted: DigestSet) -> bool:
        """Scan the table for items of an earlier version of the seed, by their digest, and remove them."""
        work, left, batch = self.work, wanted, list[NumberedItem]()
        for number, item in enumerate(work.ports.items.all_items(work.table)):
            if number % (10 * seed_batches.BATCH) == 0 and self._ends():
                return False
            digest = item_digest(item)
            if digest in left:
                left.discard(digest)
                batch.append((len(work.seed.items), item, digest))
            if len(batch) == seed_batches.BATCH:
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
            unknown=tuple(error for error in work.errors if isinstance(error, OutcomeUnknown)),
            stopped=self.stopped,
        )
