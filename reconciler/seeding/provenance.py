"""Which items of a table the seeder wrote, according to the seed records. Pure; called by the engine and by ``state``.

An item is identified by a digest of its whole content, so it counts as written by the seeder only while no attribute
has changed. 64 bits are enough: among 100,000 written items and ten million others, the probability that any other item
is mistaken for a written one is about 1 in 20 million.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Set

from reconciler.model.desired import Item, Seed
from reconciler.model.identity import Identity
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.records import SeedPart, SeedRecord
from reconciler.seeding.digest import canonical
from reconciler.seeding.digest_set import BYTES, DigestSet


@dataclass(frozen=True, slots=True)
class Provenance:
    """Digests of items in the table with one identity.

    The conditional write of ``written`` items succeeded. The outcome of ``uncertain`` items was never recorded, because
    the process was killed or a response was lost: they may be ours, and are never removed.
    """

    written: Set[bytes] = frozenset()
    uncertain: Set[bytes] = frozenset()

    @property
    def possible(self) -> Set[bytes]:
        """Everything that the seeder wrote or may have written."""
        return self.written | self.uncertain


def item_digest(item: Item) -> bytes:
    """The digest of one item. Equal numbers are equal in every notation."""
    return hashlib.sha256(canonical(item).encode()).digest()[:BYTES]


def seed_digests(seed: Seed) -> Iterator[bytes]:
    """The digest of each item of a seed, in its order."""
    if not seed.item_digests:
        yield from map(item_digest, seed.items)
    for start in range(0, len(seed.item_digests), BYTES):
        yield seed.item_digests[start : start + BYTES]


def pack(digests: Iterable[bytes]) -> str:
    """The digests as base64, sorted, so that equal sets give equal records."""
    return base64.b64encode(b"".join(sorted(digests))).decode()


def unpack(packed: str) -> frozenset[bytes]:
    """The digests of a packed text. Raises ``ValueError`` if it is not base64 of whole digests."""
    try:
        content = base64.b64decode(packed, validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from None
    if len(content) % BYTES:
        raise ValueError("a digest is cut short")
    return frozenset(content[start : start + BYTES] for start in range(0, len(content), BYTES))


def part_name(table: str, number: int) -> str:
    """The name of an overflow record; ``#`` cannot occur in the name of a table."""
    return f"{table}#{number:05d}"


def parts_of(parts: Mapping[str, SeedPart], table: str) -> list[SeedPart]:
    """The overflow records of one table, in order."""
    return [parts[name] for name in sorted(parts) if name.rpartition("#")[0] == table]


def provenance(record: SeedRecord | None, parts: Mapping[str, SeedPart], identity: Identity | None) -> Provenance:
    """The digests that the records have for this identity. Empty for a table that was deleted and created again."""
    if record is None or identity is None or not identity.same(record.identity):
        return Provenance()
    ours = [part.written for part in parts_of(parts, record.name) if identity.same(part.identity)]
    written = DigestSet(unpack(record.written))
    for packed in ours:
        written.update(unpack(packed))
    return Provenance(written, unpack(record.uncertain) - written)
