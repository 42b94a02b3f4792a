"""Evidence for the deletion gate: what a table holds, since when it is unwanted, and the last look before the call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from reconciler.engine.observing import observe_table, with_owner
from reconciler.engine.world import World
from reconciler.model.observed import ObservedTable
from reconciler.model.plan import Fate, Reason, Step
from reconciler.model.records import InventoryEntry, SeedRecord
from reconciler.planning.ownership import untagged
from reconciler.planning.policy import Contents, Facts, gate
from reconciler.planning.scopes import other_owner
from reconciler.seeding.digest import items_digest

LOST = "the lease was lost"
ANOTHER = "the table changed hands between the plan and the call"
DECLARED_ANEW = "the declarations changed after planning; planning again"
TAKEN_OVER = "another stack took the table over between the plan and the call"
CHANGED = "what it would take away was changed by somebody between the plan and the call; it is planned anew"
LARGEST_COMPARED_SEED = 10_000
"""Items; a larger seed is not read back to see whether a table holds only it, and counts as other items."""


def judge(world: World, step: Step, facts: Facts, seed: SeedRecord | None) -> tuple[Step, InventoryEntry | None]:
    """The fate of a destructive step, and the entry with the times that the wish and the emptiness stand since."""
    if step.fate is not Fate.READY:
        return step, facts.entry
    first = gate(step, facts, None) or _not_ours_by_tag(world, step, facts)
    if first is not None:
        return first, facts.entry
    contents = look_inside(world, facts.observed.spec.name, facts, seed)
    entry = _wish_noted(facts, contents)
    judged = gate(step, replace(facts, entry=entry), contents)
    return judged or step.blocked(Reason.DATA_LOSS, "what the table holds could not be told"), entry


def _not_ours_by_tag(world: World, step: Step, facts: Facts) -> Step | None:
    if not world.endpoint.flavor.has_tags:
        return None
    return untagged(step, facts.entry, with_owner(world, facts.observed), facts.options.scope)


def look_inside(world: World, name: str, facts: Facts, seed: SeedRecord | None) -> Contents:
    """A consistent Scan; ItemCount is hours old and decides nothing."""
    known = seed if seed is not None and seed.state == "done" and facts.observed.identity.same(seed.identity) else None
    if known is None or not 0 < known.count <= LARGEST_COMPARED_SEED:
        return Contents(bool(world.items.first_items(name, 1)))
    items = world.items.first_items(name, known.count + 1)
    return Contents(bool(items), only_seed=len(items) == known.count and items_digest(items) == known.digest)


def still_allowed(
    world: World,
    step: Step,
    facts: Facts,
    seed: SeedRecord | None,
    planned: Callable[[ObservedTable], bool],
) -> Step | None:
    """Everything once more, right before the call; ``None`` when identity, owner, status, contents and lease hold.

    ``planned`` says of a table that stays whether it still leads to this step.
    """
    name = facts.observed.spec.name
    fresh = observe_table(world, name, None, ask_owner=lambda _: True)
    if fresh is None or not fresh.identity.same(facts.observed.identity):
        return step.blocked(Reason.IDENTITY, ANOTHER)
    if other_owner(facts.entry, fresh, (), facts.options.scope) is not None:
        return step.blocked(Reason.OTHER_STACK, TAKEN_OVER)
    if not step.ends_table and not planned(fresh):
        return step.deferred(Reason.BUSY, CHANGED)
    again, _ = judge(world, step, replace(facts, observed=fresh, now=world.clock.now()), seed)
    if again.fate is not Fate.READY:
        return again
    if not world.store.keep_lease():
        return step.deferred(Reason.LEASE, LOST)
    return None


def _wish_noted(facts: Facts, contents: Contents) -> InventoryEntry | None:
    if facts.entry is None:
        return None
    empty = None if contents.holds_items else (facts.entry.empty_since or facts.now)
    return replace(facts.entry, unwanted_since=facts.entry.unwanted_since or facts.now, empty_since=empty)
