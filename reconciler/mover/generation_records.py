"""The records of a table that go with its items: those of its seed and of migrations. Used by all replacements.

Without them, the new table would be seeded again, migrated items would be migrated again, and a migration that is not
finished would be forgotten.
"""

from __future__ import annotations

from dataclasses import replace

from reconciler.engine.context import EngineContext
from reconciler.model.identity import Identity
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.records import Generation, StateSnapshot

WORK = ("capture", "copy", "stream", "sweep", "export", "bulkput", "import", "yielded")


@dataclass(frozen=True, slots=True)
class Place:
    """A table by name, as long as it has this identity."""

    name: str
    identity: Identity | None


def places(generation: Generation) -> tuple[Place, Place]:
    """The old table and the new one."""
    return Place(generation.old, generation.old_identity), Place(generation.new, generation.new_identity)


def move_records(ports: EngineContext, source: Place, target: Place) -> None:
    """Write for ``target`` what is recorded of ``source``. Only the holder of the lease may call it.

    A migration has one record, which goes to ``target``; those of the seed stay for the way back.
    """
    # Read anew: this pass itself may have moved them since it began.
    snapshot = ports.store.load()
    seed = snapshot.seeds.get(source.name)
    of_source = seed is not None and seed.identity is not None and seed.identity.same(source.identity)
    # A seed record without an identity goes by the name alone, and so does one that a person cleared: it outlives a
    # table that was created again with another key.
    by_name = seed is not None and (seed.identity is None or seed.state == "cleared") and source.name != target.name
    if seed is not None and (by_name or of_source):
        for part in snapshot.seed_parts.values():
            table, mark, number = part.name.partition("#")
            if table == source.name and (part.identity is None or part.identity.same(source.identity)):
                ports.store.put_seed_part(replace(part, name=f"{target.name}{mark}{number}", identity=target.identity))
        known = seed if of_source or seed.identity is None else replace(seed, written="", uncertain="")
        ports.store.put_seed(replace(known, name=target.name, identity=target.identity))
    for migration in snapshot.migrations.values():
        here = migration.table == source.name and migration.identity.same(source.identity)
        if target.identity is None or not here:
            continue
        if not migration.applied:
            # How far a Scan of the other table came says nothing about this one. The checkpoints go first: one of an
            # earlier stay in this table would be valid again with the record, and items before it would be passed over.
            _forget_scan(ports, snapshot, target.name, migration.name)
        moved = not migration.applied
        ports.store.put_migration(replace(migration, table=target.name, identity=target.identity, moved=moved))


def _forget_scan(ports: EngineContext, snapshot: StateSnapshot, table: str, migration: str) -> None:
    for name in sorted(snapshot.checkpoints):
        if name.startswith(f"{table}#{migration}#"):
            ports.store.drop_checkpoint(name)


def forget_checkpoints(ports: EngineContext, table: str) -> None:
    """Delete the checkpoints of the work on the items and the stream of ``table`` that belong to a replacement."""
    for name in sorted(ports.store.load().checkpoints):
        if name.startswith(tuple(f"{table}#{work}" for work in WORK)):
            ports.store.drop_checkpoint(name)
