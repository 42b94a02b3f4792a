"""Says how seeds changed since they were written, for ``preview``. It only reads."""

from __future__ import annotations

from collections.abc import Iterator, Set
from itertools import islice

from reconciler.engine.context import EngineContext
from reconciler.engine.seed_batches import NumberedItem, NumberedItems
from reconciler.model.desired import Declaration, Item
from reconciler.model.errors import ApiError, ReconcilerError
from reconciler.model.records import StateSnapshot
from reconciler.planning.observe import identity_of
from reconciler.planning.text import several
from reconciler.seeding.digest import canonical
from reconciler.seeding.provenance import item_digest, provenance, seed_digests

COMPARED = 100
"""New items of a seed that are looked up in the table. The record has digests and no keys, so that only the table tells
whether an item is new or changed."""


def seed_changes(ports: EngineContext, tables: tuple[str, ...]) -> tuple[str, ...]:
    """A sentence for each table that was seeded with another version of its seed; all tables if none is named.

    Nothing is said of what cannot be read: the plan reports it.
    """
    try:
        snapshot = ports.store.load()
        desired = ports.declared(snapshot.generations)
    except ReconcilerError:
        return ()
    chosen = [desired.named(name) for name in tables] if tables else desired.declarations
    return tuple(sentence for each in chosen if each is not None for sentence in _of_table(ports, snapshot, each))


def _of_table(ports: EngineContext, snapshot: StateSnapshot, declaration: Declaration) -> Iterator[str]:
    name, seed = declaration.spec.name, declaration.seed
    record = snapshot.seeds.get(name)
    if seed is None or record is None or record.state != "done" or record.digest == seed.digest:
        return
    try:
        identity = identity_of(ports.api.read("DescribeTable", {"TableName": name})["Table"])
        if not identity.same(record.identity):
            return
        written = provenance(record, snapshot.seed_parts, identity).written
        new = list(islice((each for each in NumberedItems(seed) if each[2] not in written), COMPARED + 1))
        gone = len(written) - sum(digest in written for digest in seed_digests(seed))
        counts = [f"more than {COMPARED:,} items added or changed"]
        if len(new) <= COMPARED:
            added, changed, kept = _compared(ports, declaration, new, written)
            counts = [f"{several(added, 'item')} added", f"{changed:,} changed"]
            counts += [f"{kept:,} different by others"] if kept else []
            gone -= changed
    except ApiError:
        return
    counts += [f"up to {gone:,} removed from it"] if gone > 0 else []
    remedy = f"`reconciler seed --update {name}` applies it, and keeps what others changed"
    if gone > 0:
        # An update deletes nothing.
        clear = f"`reconciler clear {name}` removes what the seed wrote and nobody changed"
        remedy = f"{remedy}; what was removed stays until {clear}" if new else f"an update keeps them; {clear}"
    yield f"{name}: the seed changed since it was written: {', '.join(counts)}; {remedy}"


def _compared(
    ports: EngineContext, declaration: Declaration, new: list[NumberedItem], written: Set[bytes]
) -> tuple[int, int, int]:
    """How many items are not in the table, are there as formerly written, and are there otherwise."""
    keys = tuple(element.attribute for element in declaration.spec.keys)

    def live(numbered: NumberedItem) -> Item | None:
        return ports.items.find_item(declaration.spec.name, numbered[1], keys)

    added = changed = kept = 0
    for (_, item, _), found in zip(new, ports.parallel.map(live, new), strict=True):
        if found is None:
            added += 1
        elif canonical(found) != canonical(item):
            ours = item_digest(found) in written
            changed, kept = changed + ours, kept + (not ours)
    return added, changed, kept
