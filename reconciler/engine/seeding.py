"""Write the seed of one table, or take it out again; resumable, and never over an item that is there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from reconciler.engine.world import World
from reconciler.model.desired import Declaration, Item
from reconciler.model.errors import ApiError, Busy, Denied, Outcome, Unreachable
from reconciler.model.identity import Identity
from reconciler.model.records import SeedRecord

TRIES = 8
LONGEST_PAUSE = 5.0


@dataclass(frozen=True, slots=True)
class SeedOutcome:
    """What one table's seeding did; ``skipped`` items were there already (or, on clear, were changed)."""

    record: SeedRecord | None
    written: int = 0
    skipped: int = 0
    failed: int = 0
    error: ApiError | None = None


def write_seed(world: World, declaration: Declaration, identity: Identity) -> SeedOutcome:
    """Put each seed item whose key is free. The record goes ``started`` before them and ``done`` after."""
    seed = declaration.seed
    if seed is None:
        return SeedOutcome(None)
    name, keys = declaration.spec.name, tuple(element.attribute for element in declaration.spec.keys)
    record = SeedRecord(name, "started", seed.digest, seed.source, identity)
    started = replace(record, at=world.clock.now())
    world.store.put_seed(started)
    results = list(
        world.parallel.map(lambda item: _one(world, item, world.items.put_if_absent, name, keys), seed.items)
    )
    written, skipped = results.count(True), results.count(False)
    error = next((result for result in results if isinstance(result, ApiError)), None)
    if error is not None:
        failed = len(results) - written - skipped
        return SeedOutcome(started, written, skipped, failed, error)
    done = replace(record, state="done", count=len(seed.items), at=world.clock.now())
    world.store.put_seed(done)
    return SeedOutcome(done, written, skipped)


def clear_seed(world: World, declaration: Declaration, identity: Identity) -> SeedOutcome:
    """Delete each seed item that still equals what was seeded, and remember it, so that the loop does not reseed."""
    seed = declaration.seed
    if seed is None:
        return SeedOutcome(None)
    name, keys = declaration.spec.name, tuple(element.attribute for element in declaration.spec.keys)
    cleared = SeedRecord(name, "cleared", seed.digest, seed.source, identity, at=world.clock.now())
    world.store.put_seed(cleared)
    remove = world.items.delete_if_equal
    results = list(world.parallel.map(lambda item: _one(world, item, remove, name, keys), seed.items))
    error = next((result for result in results if isinstance(result, ApiError)), None)
    removed, changed = results.count(True), results.count(False)
    return SeedOutcome(cleared, removed, changed, len(results) - removed - changed, error)


def _one(
    world: World,
    item: Item,
    action: Callable[[str, Item, tuple[str, ...]], bool],
    table: str,
    keys: tuple[str, ...],
) -> bool | ApiError:
    pause = 0.05
    for _ in range(TRIES):
        if not world.store.keep_lease():
            return Busy("PutItem", "LeaseLost", "another reconciler holds the lease by now; it goes on from here")
        try:
            return action(table, item, keys)
        except ApiError as error:
            if error.outcome is Outcome.NEVER or isinstance(error, Denied | Unreachable):
                return error
            failure = error
        if not world.clock.sleep(world.random.uniform(0, pause)):
            break
        pause = min(pause * 2, LONGEST_PAUSE)
    return failure
