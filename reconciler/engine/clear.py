"""Remove the items of a seed again: those that the record says the seeder wrote and nobody changed, and no others.

Called by the verb ``clear`` (``seed_verbs``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from reconciler.engine import seed_work
from reconciler.engine.context import EngineContext
from reconciler.engine.seed_work import Numbered, SeedOutcome, SeedWork, batches, numbered_items
from reconciler.model.desired import Declaration, Item, Removal
from reconciler.model.errors import ApiError, Denied, LeaseLost, OutcomeUnknown
from reconciler.model.identity import Identity
from reconciler.model.records import StateSnapshot
from reconciler.seeding.provenance import item_digest


def clear_seed(
    world: EngineContext,
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
    work = SeedWork(world, declaration, seed, identity, snapshot, deadline)
    clearing = _Clearing(work)
    try:
        clearing.run()
    except ApiError as error:
        work.errors.append(error)
    return clearing.outcome()


@dataclass
class _Clearing:
    work: SeedWork
    removed: int = 0
    gone: int = 0
    changed: int = 0
    others: int = 0
    earlier: int = 0
    stopped: str | None = None
    failed_deletes: dict[bytes, ApiError] = field(default_factory=dict)
    """The last failure of a delete for the digest of its item."""

    def run(self) -> None:
        work, ledger, seed = self.work, self.work.ledger, self.work.seed
        ledger.save("cleared", seed, count=0)
        numbered, written = numbered_items(seed), ledger.written()
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
        return not (work.fatal or (work.interrupted and self._ends()))

    def _removed(self, item: Item) -> Removal:
        """One attempt. After a delete of this item failed, that it is gone proves nothing about who removed it."""
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
                f"whether this removed the item is unknown: the delete failed ({failed}), and later the item was gone. "
                "An attribute that somebody added in between would be lost with it: check the item, and restore it "
                "from a backup if it is missed",
            )
        return end

    def _count(self, items: Sequence[Numbered]) -> bool:
        """Count what is there of the seed and not known to be ours; nothing is done to it."""
        work = self.work
        for batch in batches(items):
            if self._ends():
                return False
            found = work.batch(batch, lambda item: work.ports.items.find_item(work.table, item, work.keys) is not None)
            self.others += found.count(True)
        return not (work.fatal or (work.interrupted and self._ends()))

    def _sweep(self, wanted: set[bytes]) -> bool:
        """Find items of an earlier version of the seed by their content, and remove them."""
        work, left, batch = self.work, set(wanted), list[Numbered]()
        for number, item in enumerate(work.ports.items.all_items(work.table)):
            if number % (10 * seed_work.BATCH) == 0 and self._ends():
                return False
            digest = item_digest(item)
            if digest in left:
                left.discard(digest)
                batch.append((len(work.seed.items), item, digest))
            if len(batch) == seed_work.BATCH:
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
