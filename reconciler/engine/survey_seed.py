"""Whether a declared table is to be seeded, once it is known what is there."""

from __future__ import annotations

from dataclasses import replace

from reconciler.engine.survey import Scene, Survey
from reconciler.model.desired import Declaration
from reconciler.model.observed import ObservedTable
from reconciler.model.plan import Fate, Reason
from reconciler.planning.fates import until_strong
from reconciler.planning.planner import seed_step
from reconciler.seeding.decide import Need, need


def with_seed(scene: Scene, base: Survey, declaration: Declaration, observed: ObservedTable) -> Survey:
    """The survey with the seeding of the table, where it is wanted. A table that nobody seeded yet is probed first."""
    wrong_keys = any(change.facet == "keys" for change in base.changes)
    replacing = any(step.ends_table and step.fate is Fate.READY for step in base.steps)
    if not wants_seed(scene, declaration, base) or wrong_keys or replacing or declaration.seed is None:
        return base
    wanted = need(base.seed_record, observed.identity)
    if wanted is Need.PROBE and observed.status == "ACTIVE" and scene.world.items.first_items(base.name, 1):
        wanted = Need.NOTHING
    if wanted is Need.NOTHING:
        return base
    step = seed_step(declaration.seed.source, len(declaration.seed.items))
    if observed.status != "ACTIVE":
        step = step.deferred(Reason.BUSY, f"the table is {observed.status}")
    step = until_strong(step, base.steps)
    return replace(base, seed_need=wanted, steps=(*base.steps, step))


def wants_seed(scene: Scene, declaration: Declaration, base: Survey) -> bool:
    """Whether the declaration asks for a seed and may: never of a table that is only observed or let go."""
    if declaration.seed is None or scene.options.seed == "never" or declaration.lifecycle.on_existing == "observe":
        return False
    return base.entry is None or base.entry.ownership not in ("state_lost", "released")
