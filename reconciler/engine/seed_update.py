"""Brings items of a former version of the seed to the present one. Called by ``seed.write_seed`` for ``seed --update``.

An item is changed only if it equals what the seeder wrote, in every attribute. It is removed under that condition and
written again under the condition that its key is free, so that no step can overwrite what others write in between (I5).
Such an item is missing for the time of one call. If the process dies in between, the next run writes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, auto

from reconciler.engine.seed_batches import NumberedItem, NumberedItems, SeedWork, batches
from reconciler.model.desired import Item, Removal
from reconciler.model.errors import ApiError
from reconciler.model.lazy_dataclass import dataclass
from reconciler.seeding.digest import canonical
from reconciler.seeding.digest_set import DigestSet
from reconciler.seeding.provenance import item_digest


class _End(Enum):
    FREE = auto()
    """No item has the key; ``SeedWriting`` writes it."""
    EQUAL = auto()
    UPDATED = auto()
    KEPT = auto()
    """An item of others, or one that they changed."""


@dataclass
class SeedUpdate:
    """The update of one table. ``run`` returns why it stopped early, or ``None``; errors are in ``work``."""

    work: SeedWork
    updated: int = 0
    kept: int = 0

    def run(self) -> str | None:
        """Change each item that equals its former version. The record has each as uncertain before it is sent."""
        work, ours = self.work, self.work.ledger.written()
        for batch in batches(each for each in NumberedItems(work.seed) if each[2] not in ours):
            stopped = work.stop()
            if stopped is not None or work.fatal:
                return stopped
            work.ledger.save("started", work.seed, (digest for _, _, digest in batch))
            former: dict[str, bytes] = {}
            results = work.batch(batch, lambda item, former=former: self._update(item, ours, former))  # type: ignore[misc]
            self._settle(batch, results, former)
        return work.stop() if work.interrupted else None

    def _update(self, item: Item, ours: DigestSet, former: dict[str, bytes]) -> _End:
        """Change one item. A further attempt after a lost response finds it equal, or its key free."""
        items, table, keys = self.work.ports.items, self.work.table, self.work.keys
        found = items.find_item(table, item, keys)
        if found is None:
            return _End.FREE
        if canonical(found) == canonical(item):
            return _End.EQUAL
        digest = item_digest(found)
        if digest not in ours or items.remove_if_equal(table, found, keys) is not Removal.REMOVED:
            return _End.KEPT
        former[canonical(item)] = digest
        return _End.UPDATED if items.put_if_absent(table, item, keys) else _End.KEPT

    def _settle(
        self, batch: Sequence[NumberedItem], results: Sequence[_End | ApiError], former: dict[str, bytes]
    ) -> None:
        ends = list(zip(batch, results, strict=False))
        self.updated += results.count(_End.UPDATED)
        self.kept += results.count(_End.KEPT)
        ledger = self.work.ledger
        # An equal item may be ours, from an attempt whose response was lost: it stays uncertain.
        ledger.settle(
            [each[2] for each, end in ends if end is _End.UPDATED],
            [each[2] for each, end in ends if end in (_End.FREE, _End.KEPT)],
        )
        ledger.forget(former.values())
