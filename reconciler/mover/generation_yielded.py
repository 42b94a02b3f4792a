"""Remembers which items of the old table gave way to others at the switch, by digest. Used by ``generation``.

The new table lacks them for good. They must not hold back the end of the work, and nothing else may be taken for one of
them: neither a write that reached the old table after the switch, nor one of them that was changed since. So 128 bits
of each are kept in the state table until the work ends, and no attribute is added to an item.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Set
from dataclasses import replace

from reconciler.model.errors import StateError
from reconciler.model.records import Checkpoint, Generation
from reconciler.mover.checkpoints import Checkpoints, CheckpointStore
from reconciler.mover.digest import BYTES
from reconciler.planning.text import several

WORK = "yielded"
OF_A_PART = 10_000
"""Digests of one record, which take 220 KB."""
MOST = 200_000
"""Items that may yield. Every pass reads their digests until the work ends, 22 bytes each."""
DIGESTS = "digests"


def remember(store: CheckpointStore, recorded: Mapping[str, Checkpoint], record: Generation, found: Set[int]) -> None:
    """Record these digests instead of any others. Called before the switch, as long as nothing depends on them."""
    kept = _checkpoints(store, recorded, record)
    kept.drop()
    for number, packed in enumerate(_packed(found)):
        kept.save(replace(kept.part(number), finished=True, data={DIGESTS: packed}))


def too_many(table: str, count: int) -> str | None:
    """Why ``count`` items of the table may not yield, as a sentence; ``None`` if each of them can be remembered."""
    if count <= MOST:
        return None
    return (
        f"{several(count, 'item')} of {table} would yield to another one of the same key, and at most {MOST:,} may:"
        f" delete those from {table} that nobody needs"
    )


def recall(store: CheckpointStore, recorded: Mapping[str, Checkpoint], record: Generation) -> frozenset[int]:
    """The digests that were recorded for this work. Raises ``StateError`` if some are missing or damaged."""
    if not record.yielded:
        return frozenset()
    kept = _checkpoints(store, recorded, record)
    found = frozenset(digest for name in kept.names() for digest in _unpacked(kept.named(name).data.get(DIGESTS, "")))
    if len(found) != record.yielded:
        raise StateError(
            f"the state table has {len(found):,} of {record.yielded:,} digests of the items that yielded, so it"
            f" cannot be told which items of {record.old} nobody misses:"
            f" `reconciler replace {record.name} --keep` keeps it"
        )
    return found


def _checkpoints(store: CheckpointStore, recorded: Mapping[str, Checkpoint], record: Generation) -> Checkpoints:
    started_as = f"{record.new}@{record.started.isoformat()}"
    return Checkpoints(
        store, recorded, table=record.old, work=WORK, identity=record.old_identity, started_as=started_as
    )


def _packed(found: Set[int]) -> Iterator[str]:
    ordered = sorted(found)
    for start in range(0, len(ordered), OF_A_PART):
        part = b"".join(digest.to_bytes(BYTES, "big") for digest in ordered[start : start + OF_A_PART])
        yield base64.b64encode(part).decode("ascii")


def _unpacked(packed: str) -> Iterator[int]:
    """The digests of one record; none of a damaged one, whose number is then missed."""
    try:
        content = base64.b64decode(packed, validate=True)
    except ValueError:
        return iter(())
    return (int.from_bytes(content[start : start + BYTES], "big") for start in range(0, len(content), BYTES))
