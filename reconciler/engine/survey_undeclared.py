"""The first half of a pass for a table of the inventory that is not declared: look at it, writing nothing."""

from __future__ import annotations

from dataclasses import replace

from reconciler.engine.observing import observe_twice
from reconciler.engine.survey import Scene, Survey, failed, judged_by_gate, other_of
from reconciler.engine.visibility import UNSEEN, visible_from
from reconciler.model.errors import ApiError
from reconciler.model.plan import Reason
from reconciler.model.records import InventoryEntry
from reconciler.planning import ownership
from reconciler.planning.planner import prune_step


def survey_undeclared(scene: Scene, recorded: InventoryEntry) -> Survey:
    """Look at a table of the inventory that is not declared: ours are wished away, all others are forgotten."""
    before, recorded = recorded, scene.forgotten(recorded)
    base = Survey(recorded.name, recorded=before, entry=recorded)
    has_tags = scene.world.endpoint.flavor.has_tags
    open_intent = ownership.is_open(recorded) and has_tags
    if ownership.is_released(recorded):
        return replace(base, entry=replace(recorded, unwanted_since=recorded.unwanted_since or scene.world.clock.now()))
    if not ownership.is_ours(recorded) and not open_intent:
        return replace(base, entry=ownership.dropped(base.entry, ownership.Event.NOT_DECLARED))
    try:
        observed = observe_twice(scene.world, recorded.name)
        if observed is None:
            return _unseen(scene, base, recorded)
        if other_of(scene, base, observed) is not None:
            return replace(base, entry=ownership.dropped(base.entry, ownership.Event.OTHER_STACK))
        if open_intent and ownership.bears_tag(recorded, observed.owner_tag, scene.options.scope):
            recorded = ownership.advance(recorded, ownership.Event.CREATE_PROVEN, identity=observed.identity)
        if not observed.identity.same(recorded.identity):
            return replace(base, entry=ownership.dropped(base.entry, ownership.Event.GONE), observed=observed)
        if recorded.ending_at is not None and observed.status == "ACTIVE":
            recorded = replace(recorded, ending_at=None)
        base = replace(base, observed=observed, entry=recorded, seed_record=scene.snapshot.seeds.get(recorded.name))
        return judged_by_gate(scene, base, prune_step(recorded.name), recorded.lifecycle)
    except ApiError as error:
        return failed(base, error)


def _unseen(scene: Scene, base: Survey, recorded: InventoryEntry) -> Survey:
    """A table that is wished away and not there is forgotten, but for one whose create may not be visible yet."""
    not_before = visible_from(scene.world, recorded)
    if not_before is None:
        return replace(base, entry=ownership.dropped(base.entry, ownership.Event.GONE))
    step = prune_step(recorded.name).deferred(Reason.NOT_BEFORE, UNSEEN, not_before)
    return replace(base, steps=(step,))
