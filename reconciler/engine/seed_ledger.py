"""Keeps the record of which items the seeder wrote, batch by batch. Used by ``seeding`` alone.

The digests of a batch are recorded as *uncertain* before the first item of it is sent, and as *written* only after the
conditional write of an item succeeded. A process that is killed in between leaves them uncertain: such items are never
removed, because somebody else may have written them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from reconciler.engine.context import EngineContext
from reconciler.model.desired import Seed
from reconciler.model.identity import Identity
from reconciler.model.records import SeedPart, SeedRecord, SeedState, StateSnapshot
from reconciler.seeding.provenance import pack, part_name, parts_of, unpack

PART = 1000
"""Digests of one record; a full one is set aside, so that the record which changes with each batch stays small."""
MOST_UNCERTAIN = 10_000
"""Digests; further ones are forgotten, and such items then count as items of others."""


@dataclass
class SeedLedger:
    """The seed record of one table under one identity, and what it says of items."""

    ports: EngineContext
    record: SeedRecord
    recent: set[bytes] = field(default_factory=set)
    """Written items that stand in ``record`` itself; the others stand in parts."""
    parts: dict[str, set[bytes]] = field(default_factory=dict)
    uncertain: set[bytes] = field(default_factory=set)
    stale_parts: tuple[str, ...] = ()
    """Of an earlier table of this name; dropped when the record is written first."""
    _batch: set[bytes] = field(default_factory=set)
    """What the batch under way made uncertain."""

    @classmethod
    def opened(
        cls, world: EngineContext, snapshot: StateSnapshot, name: str, seed: Seed, identity: Identity
    ) -> SeedLedger:
        """The ledger as recorded for this identity; empty where nothing is recorded for it."""
        found, parts = snapshot.seeds.get(name), parts_of(snapshot.seed_parts, name)
        if found is None or not identity.same(found.identity):
            record = SeedRecord(name, "started", seed.digest, seed.source, identity)
            return cls(world, record, stale_parts=tuple(part.name for part in parts))
        ours = [part for part in parts if identity.same(part.identity)]
        return cls(
            world,
            found,
            set(unpack(found.written)),
            {part.name: set(unpack(part.written)) for part in ours},
            set(unpack(found.uncertain)),
            tuple(part.name for part in parts if part not in ours),
        )

    def wrote(self, digest: bytes) -> bool:
        """Whether the record says that the seeder wrote an item of this content."""
        return digest in self.recent or any(digest in part for part in self.parts.values())

    def written(self) -> set[bytes]:
        """All that the record says was written by the seeder."""
        return self.recent.union(*self.parts.values())

    def save(self, state: SeedState, seed: Seed, batch: Iterable[bytes] = (), *, count: int | None = None) -> None:
        """Write the record down, with the batch that is to be sent next as uncertain."""
        if len(self.uncertain) > MOST_UNCERTAIN:
            self.uncertain = set(sorted(self.uncertain)[:MOST_UNCERTAIN])
        self._batch = {digest for digest in batch if digest not in self.uncertain and not self.wrote(digest)}
        self.uncertain |= self._batch
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
        """Note how a batch ended; it is recorded by the next ``save``.

        ``not_written`` says nothing of an earlier batch of the same items: what that left uncertain remains so.
        """
        written = set(written)
        self.recent |= {digest for digest in written if not self.wrote(digest)}
        self.uncertain -= written | self._batch.intersection(not_written)

    def forget(self, digests: Iterable[bytes]) -> None:
        """Strike out items that are gone; parts are written at once, ``record`` by the next ``save``."""
        gone = set(digests)
        self.recent -= gone
        for name, part in list(self.parts.items()):
            left = part - gone
            if not left:
                del self.parts[name]
                self.ports.store.drop_seed_part(name)
            elif left != part:
                self._put_part(name, left)

    def _put_part(self, name: str, digests: set[bytes]) -> None:
        self.parts[name] = digests
        self.ports.store.put_seed_part(SeedPart(name, self.record.identity, pack(digests)))
