"""The first half of a pass for a table of the inventory that is not declared: look at it, writing nothing."""

from __future__ import annotations

from dataclasses import replace

from reconciler.engine.assessment import (
    PassContext,
    TableAssessment,
    assess_deletion,
    failed_assessment,
    foreign_owner_of,
)
from reconciler.engine.eventual_consistency import NOT_YET_VISIBLE, not_visible_before
from reconciler.engine.observe import observe_twice
from reconciler.model.errors import ApiError
from reconciler.model.plan import Reason
from reconciler.model.records import InventoryEntry
from reconciler.planning import ownership
from reconciler.planning.planner import prune_step


def assess_undeclared(scene: PassContext, recorded: InventoryEntry) -> TableAssessment:
    """Look at a table of the inventory that is not declared: ours are wished away, all others are forgotten."""
    before, recorded = recorded, scene.undeclared_entry(recorded)
    base = TableAssessment(recorded.name, recorded=before, entry=recorded)
    has_tags = scene.ports.endpoint.flavor.has_tags
    open_intent = ownership.is_open(recorded) and has_tags
    if ownership.is_released(recorded):
        return replace(base, entry=replace(recorded, unwanted_since=recorded.unwanted_since or scene.ports.clock.now()))
    if not ownership.is_ours(recorded) and not open_intent:
        return replace(base, entry=ownership.dropped(base.entry, ownership.Event.NOT_DECLARED))
    try:
        observed = observe_twice(scene.ports, recorded.name)
        if observed is None:
            return _missing(scene, base, recorded)
        if foreign_owner_of(scene, base, observed) is not None:
            return replace(base, entry=ownership.dropped(base.entry, ownership.Event.OTHER_STACK))
        if open_intent and ownership.has_our_tag(recorded, observed.owner_tag, scene.options.scope):
            recorded = ownership.advance(recorded, ownership.Event.CREATE_PROVEN, identity=observed.identity)
        if not observed.identity.same(recorded.identity):
            return replace(base, entry=ownership.dropped(base.entry, ownership.Event.GONE), observed=observed)
        if recorded.ending_at is not None and observed.status == "ACTIVE":
            recorded = replace(recorded, ending_at=None)
        base = replace(base, observed=observed, entry=recorded, seed_record=scene.snapshot.seeds.get(recorded.name))
        return assess_deletion(scene, base, prune_step(recorded.name), recorded.lifecycle)
    except ApiError as error:
        return failed_assessment(base, error)


def _missing(scene: PassContext, base: TableAssessment, recorded: InventoryEntry) -> TableAssessment:
    """A table that is wished away and not there is forgotten, but for one whose create may not be visible yet."""
    not_before = not_visible_before(scene.ports, recorded)
    if not_before is None:
        return replace(base, entry=ownership.dropped(base.entry, ownership.Event.GONE))
    step = prune_step(recorded.name).deferred(Reason.NOT_BEFORE, NOT_YET_VISIBLE, not_before)
    return replace(base, steps=(step,))
