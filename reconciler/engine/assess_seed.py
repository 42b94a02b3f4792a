"""Whether a declared table is to be seeded, once it is known what is there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from reconciler.engine.assessment import PassContext, TableAssessment
from reconciler.model.desired import Declaration, Item, Seed
from reconciler.model.observed import ObservedTable
from reconciler.model.plan import Reason, Step, StepStatus
from reconciler.planning.availability import defer_seed
from reconciler.planning.ownership import is_released, is_state_lost
from reconciler.planning.planner import seed_step
from reconciler.planning.text import several
from reconciler.seeding.decide import Need, need
from reconciler.seeding.digest import canonical
from reconciler.seeding.provenance import item_digest, provenance

LARGEST_COMPARED = 10_000
"""Items; a larger table is not read to see what an interrupted seeding with another seed left in it."""


def with_seed(
    scene: PassContext, base: TableAssessment, declaration: Declaration, observed: ObservedTable
) -> TableAssessment:
    """The survey with the seeding of the table, where it is wanted. A table that nobody seeded yet is probed first."""
    wrong_keys = any(change.facet == "keys" for change in base.changes)
    replacing = any(step.ends_table and step.status is StepStatus.READY for step in base.steps)
    if not seed_applies(scene, declaration, base) or wrong_keys or replacing or declaration.seed is None:
        return base
    wanted = need(base.seed_record, observed.identity)
    if wanted is Need.PROBE and observed.status == "ACTIVE" and scene.ports.items.first_items(base.name, 1):
        wanted = Need.NOTHING
    if wanted is Need.NOTHING:
        return base
    step, earlier = seed_step(declaration.seed.source, len(declaration.seed.items)), 0
    if observed.status != "ACTIVE":
        step = step.deferred(Reason.BUSY, f"the table is {observed.status}")
    elif wanted is Need.RESUME:
        step, earlier = _resumed(scene, base, declaration.seed, observed, step)
    step = step if step.status is StepStatus.BLOCKED else defer_seed(step, base.steps)
    return replace(base, seed_need=wanted, seed_items_of_earlier_version=earlier, steps=(*base.steps, step))


def seed_applies(scene: PassContext, declaration: Declaration, base: TableAssessment) -> bool:
    """Whether the declaration asks for a seed and may: never of a table that is only observed or let go."""
    if declaration.seed is None or scene.options.seed == "never" or declaration.lifecycle.on_existing == "observe":
        return False
    return not (is_state_lost(base.entry) or is_released(base.entry))


def _resumed(
    scene: PassContext, base: TableAssessment, seed: Seed, observed: ObservedTable, step: Step
) -> tuple[Step, int]:
    """The step of an interrupted seeding, and how many items of an earlier version of the seed the table holds.

    While all that was or may have been written is still part of the seed, seeding just goes on. Otherwise the seed has
    changed in between: the present one is written only into a table that holds nothing but items of the seeder, and
    the table is then reported, because it holds neither version exactly.
    """
    record = base.seed_record
    possible = provenance(record, scene.snapshot.seed_parts, observed.identity).possible
    wanted = frozenset(item_digest(item) for item in seed.items)
    changed = record is not None and record.digest != seed.digest
    if record is None or (possible <= wanted and (possible or not changed)):
        return step, 0
    limit = len(possible | wanted) + 1
    if limit > LARGEST_COMPARED:
        return _refused(base.name, step, f"more than {LARGEST_COMPARED} items would have to be compared"), 0
    found = scene.ports.items.first_items(base.name, limit)
    digests = frozenset(item_digest(item) for item in found)
    earlier = len((digests & possible) - wanted)
    if possible and not earlier and len(found) < limit:
        return step, 0
    if not digests <= possible | wanted:
        return _refused(base.name, step, "the table also holds items that the seed did not write"), 0
    missing = _missing(seed.items, found, tuple(element.attribute for element in observed.spec.keys))
    if missing and not (changed and record.earlier):
        return step.with_message(f"{step.message}; {_items(earlier)} of an earlier version of the seed stay"), earlier
    return _refused(base.name, step, f"the table holds {_items(earlier)} of an earlier version of the seed"), 0


def _missing(wanted: Iterable[Item], found: Sequence[Item], keys: tuple[str, ...]) -> bool:
    """Whether any item of the seed has a key that is free."""
    taken = {_key(item, keys) for item in found}
    return any(_key(item, keys) not in taken for item in wanted)


def _key(item: Item, keys: tuple[str, ...]) -> str:
    return canonical({name: item[name] for name in keys if name in item})


def _items(count: int) -> str:
    return several(count, "item")


def _refused(name: str, step: Step, why: str) -> Step:
    message = f"the seed changed after seeding was interrupted, and {why}; `reconciler clear {name}` removes what the "
    message += "seed wrote and nobody changed"
    return step.blocked(Reason.SEED_CHANGED, message, f"reconciler seed {name}")
