"""Evidence for the deletion gate: what a table holds, since when it is unwanted, and the last look before the call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from reconciler.engine.context import EngineContext
from reconciler.engine.observe import observe_table, with_owner
from reconciler.model.observed import ObservedTable
from reconciler.model.plan import Reason, Step, StepStatus
from reconciler.model.records import InventoryEntry, SeedRecord
from reconciler.planning.ownership import untagged
from reconciler.planning.policy import GateInput, TableContents, deletion_gate
from reconciler.planning.scopes import find_foreign_owner
from reconciler.seeding.digest import items_digest

LEASE_LOST = "the lease was lost"
TABLE_REPLACED = "the table changed hands between the plan and the call"
DECLARATIONS_CHANGED = "the declarations changed after planning; planning again"
TAKEN_OVER = "another stack took the table over between the plan and the call"
RESOURCE_CHANGED = "what it would take away was changed by somebody between the plan and the call; it is planned anew"
LARGEST_COMPARED_SEED = 10_000
"""Items; a larger seed is not read back to see whether a table holds only it, and counts as other items."""


def judge_deletion(
    world: EngineContext, step: Step, facts: GateInput, seed: SeedRecord | None
) -> tuple[Step, InventoryEntry | None]:
    """The fate of a destructive step, and the entry with the times that the wish and the emptiness stand since."""
    if step.status is not StepStatus.READY:
        return step, facts.entry
    first = deletion_gate(step, facts, None) or _not_ours_by_tag(world, step, facts)
    if first is not None:
        return first, facts.entry
    contents = read_contents(world, facts.observed.spec.name, facts, seed)
    entry = _with_pending_deletion(facts, contents)
    judged = deletion_gate(step, replace(facts, entry=entry), contents)
    return judged or step.blocked(Reason.DATA_LOSS, "what the table holds could not be told"), entry


def _not_ours_by_tag(world: EngineContext, step: Step, facts: GateInput) -> Step | None:
    if not world.endpoint.flavor.has_tags:
        return None
    return untagged(step, facts.entry, with_owner(world, facts.observed), facts.options.scope)


def read_contents(world: EngineContext, name: str, facts: GateInput, seed: SeedRecord | None) -> TableContents:
    """A consistent Scan; ItemCount is hours old and decides nothing."""
    known = seed if seed is not None and seed.state == "done" and facts.observed.identity.same(seed.identity) else None
    if known is None or not 0 < known.count <= LARGEST_COMPARED_SEED:
        return TableContents(bool(world.items.first_items(name, 1)))
    items = world.items.first_items(name, known.count + 1)
    return TableContents(bool(items), only_seed=len(items) == known.count and items_digest(items) == known.digest)


def preflight_delete(
    world: EngineContext,
    step: Step,
    facts: GateInput,
    seed: SeedRecord | None,
    planned: Callable[[ObservedTable], bool],
) -> Step | None:
    """Everything once more, right before the call; ``None`` when identity, owner, status, contents and lease hold.

    ``planned`` says of a table that stays whether it still leads to this step.
    """
    name = facts.observed.spec.name
    fresh = observe_table(world, name, None, ask_owner=lambda _: True)
    if fresh is None or not fresh.identity.same(facts.observed.identity):
        return step.blocked(Reason.IDENTITY, TABLE_REPLACED)
    if find_foreign_owner(facts.entry, fresh, (), facts.options.scope) is not None:
        return step.blocked(Reason.OTHER_STACK, TAKEN_OVER)
    if not step.ends_table and not planned(fresh):
        return step.deferred(Reason.BUSY, RESOURCE_CHANGED)
    again, _ = judge_deletion(world, step, replace(facts, observed=fresh, now=world.clock.now()), seed)
    if again.status is not StepStatus.READY:
        return again
    if not world.store.keep_lease():
        return step.deferred(Reason.LEASE, LEASE_LOST)
    return None


def _with_pending_deletion(facts: GateInput, contents: TableContents) -> InventoryEntry | None:
    if facts.entry is None:
        return None
    empty = None if contents.holds_items else (facts.entry.empty_since or facts.now)
    return replace(facts.entry, unwanted_since=facts.entry.unwanted_since or facts.now, empty_since=empty)
