"""The first half of a pass: look at one table and plan for it, writing nothing.

A survey is what the second half decides on, once every table has been looked at: caps and foreign declarations need the
whole picture.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from reconciler.engine.doubt import Doubt, forbids
from reconciler.engine.gatekeeper import judge
from reconciler.engine.observing import observe_table, observe_twice, with_owner
from reconciler.engine.recall import Recall
from reconciler.engine.visibility import UNSEEN, visible_from
from reconciler.engine.wishes import Wishes
from reconciler.engine.world import World
from reconciler.model.change import Change
from reconciler.model.desired import Declaration, Lifecycle
from reconciler.model.errors import ApiError, Outcome
from reconciler.model.observed import ObservedTable
from reconciler.model.options import Options
from reconciler.model.plan import Action, Fate, Reason, Step
from reconciler.model.records import Attempts, InventoryEntry, Marks, SeedRecord, StateSnapshot
from reconciler.model.report import RebuildProgress
from reconciler.planning import ownership, quotas
from reconciler.planning.breaker import hold_back
from reconciler.planning.create import equals_request, held
from reconciler.planning.diff import all_changes
from reconciler.planning.fates import unprotected_until_replaced, until_strong, without_prospect
from reconciler.planning.planner import plan, prune_step, seed_step
from reconciler.planning.policy import Facts, permit_in_place
from reconciler.planning.rebuilding import left_to_it, progress, standing
from reconciler.planning.scopes import Other, is_state_table, other_owner, refusal, state_table_refusal
from reconciler.planning.taking import take_over
from reconciler.seeding.decide import Need, need


@dataclass(frozen=True, slots=True)
class Survey:
    """One table before anything is written. ``entry`` is the inventory entry as it should be."""

    name: str
    declaration: Declaration | None = None
    observed: ObservedTable | None = None
    recorded: InventoryEntry | None = None
    entry: InventoryEntry | None = None
    attempts: Attempts | None = None
    marks: Marks | None = None
    seed_record: SeedRecord | None = None
    changes: tuple[Change, ...] = ()
    steps: tuple[Step, ...] = ()
    seed_need: Need = Need.NOTHING
    error: ApiError | None = None
    rebuild: RebuildProgress | None = None
    noted_only: bool = False
    """Whether a pass that is not about this table only writes down that it is declared no more."""
    refusal: str | None = None
    """Why the table is an error without any failed call: it exists and may not (``on_existing: fail``)."""

    @property
    def doubtful(self) -> bool:
        """Whether an invalid answer or refused credentials forbid destructive steps in the whole pass (I3)."""
        return forbids(self.error)

    @property
    def entry_changed(self) -> bool:
        """Whether the inventory must be written even if no step is."""
        return self.entry != self.recorded


@dataclass(frozen=True, slots=True)
class Scene:
    """What all surveys of a pass share."""

    world: World
    options: Options
    snapshot: StateSnapshot
    attempts: dict[str, Attempts]
    foreign: frozenset[str]
    doubt: Doubt = field(default_factory=Doubt)
    recall: Recall = field(default_factory=Recall)
    wishes: Wishes = field(default_factory=Wishes)

    def forgotten(self, recorded: InventoryEntry) -> InventoryEntry:
        """The record of a table that is not declared, but for wishes that are over."""
        standing = self.wishes.standing(recorded) or recorded
        return ownership.forgotten(standing, self.world.clock.now(), foreign=recorded.name in self.foreign)

    def ownership_world(self) -> ownership.World:
        """What ownership depends on at this endpoint."""
        flavor, now = self.world.endpoint.flavor, self.world.clock.now()
        return ownership.World(self.options.scope, flavor.has_tags, flavor.emulator and self.snapshot.fresh, now)


def survey_declared(scene: Scene, declaration: Declaration) -> Survey:
    """Look at a declared table and plan for it."""
    name = declaration.spec.name
    recorded = scene.snapshot.inventory.get(name)
    entry = ownership.wanted_again(scene.wishes.standing(recorded))
    base = Survey(name, declaration, recorded=recorded, entry=entry, seed_record=scene.snapshot.seeds.get(name))
    lifecycle = declaration.lifecycle
    if recorded is not None and recorded.ownership == "released" and recorded.unwanted_since is None:
        return base
    try:
        observed = observe_table(
            scene.world,
            name,
            declaration.spec,
            ask_owner=lambda identity: ownership.asks_for_tag(recorded, identity, lifecycle),
            recall=scene.recall,
        )
        if is_state_table(name, observed, scene.options.state_table):
            return Survey(name, declaration, observed, recorded, steps=(state_table_refusal(name),))
        other = _other(scene, base, observed)
        if other is not None:
            return _theirs(base, observed, other)
        base = base if entry is None else replace(base, entry=ownership.taken_back(entry))
        if observed is None:
            return _missing(scene, base, declaration)
        if ownership.cannot_be_told_yet(recorded, observed):
            return replace(base, observed=observed, steps=(ownership.wait(observed),))
        return _owner_read(scene, _present(scene, base, declaration, observed))
    except ApiError as error:
        return _failed(base, error)


def survey_undeclared(scene: Scene, recorded: InventoryEntry) -> Survey:
    """Look at a table of the inventory that is not declared: ours are wished away, all others are forgotten."""
    before, recorded = recorded, scene.forgotten(recorded)
    base = Survey(recorded.name, recorded=before, entry=recorded)
    has_tags = scene.world.endpoint.flavor.has_tags
    open_intent = recorded.ownership == "intent" and has_tags
    if recorded.ownership == "released":
        return replace(base, entry=replace(recorded, unwanted_since=recorded.unwanted_since or scene.world.clock.now()))
    if recorded.ownership != "created" and not open_intent:
        return replace(base, entry=None)
    try:
        observed = observe_twice(scene.world, recorded.name)
        if observed is None:
            return _unseen(scene, base, recorded)
        if _other(scene, base, observed) is not None:
            return replace(base, entry=None)
        if open_intent and observed.owner_tag == ownership.owner_tag(scene.options.scope, recorded.nonce):
            recorded = replace(recorded, ownership="created", identity=observed.identity)
        if not observed.identity.same(recorded.identity):
            return replace(base, entry=None, observed=observed)
        base = replace(base, observed=observed, entry=recorded, seed_record=scene.snapshot.seeds.get(recorded.name))
        return _judged(scene, base, prune_step(recorded.name), recorded.lifecycle)
    except ApiError as error:
        return _failed(base, error)


def _other(scene: Scene, base: Survey, observed: ObservedTable | None) -> Other | None:
    claims = scene.snapshot.elsewhere.get(base.name, ())
    lifecycle = base.declaration.lifecycle if base.declaration else None
    return other_owner(base.entry, observed, claims, scene.options.scope, lifecycle)


def _theirs(base: Survey, observed: ObservedTable | None, other: Other) -> Survey:
    """A declared table of another stack or environment: nothing of it is ours, and nothing is done to it."""
    step = refusal(base.name, other, missing=observed is None)
    return Survey(base.name, base.declaration, observed, base.recorded, entry=None, steps=(step,))


def _owner_read(scene: Scene, survey: Survey) -> Survey:
    """Before anything is written to a table that we created, its owner tag is read: somebody may have taken it over."""
    observed = survey.observed
    if observed is None or not any(step.fate is Fate.READY for step in survey.steps):
        return survey
    observed = with_owner(scene.world, observed)
    other = _other(scene, survey, observed)
    return survey if other is None else _theirs(survey, observed, other)


def _unseen(scene: Scene, base: Survey, recorded: InventoryEntry) -> Survey:
    """A table that is wished away and not there is forgotten, but for one whose create may not be visible yet."""
    not_before = visible_from(scene.world, recorded)
    if not_before is None:
        return replace(base, entry=None)
    step = prune_step(recorded.name).deferred(Reason.NOT_BEFORE, UNSEEN, not_before)
    return replace(base, steps=(step,))


def _missing(scene: Scene, base: Survey, declaration: Declaration) -> Survey:
    world, recorded = scene.world, base.recorded
    flavor = world.endpoint.flavor
    steps = plan(declaration, None, with_tags=flavor.has_tags, lacks=flavor.lacks)
    steps = tuple(permit_in_place(s, scene.options, declaration.lifecycle, emulator=world.emulator) for s in steps)
    not_before = visible_from(world, recorded)
    if not_before is not None:
        steps = tuple(s.deferred(Reason.NOT_BEFORE, UNSEEN, not_before) for s in steps)
    seeded = _wants_seed(scene, declaration, base) and need(base.seed_record, None) is not Need.NOTHING
    if seeded and declaration.seed is not None:
        steps += (seed_step(declaration.seed.source, len(declaration.seed.items)),)
    return replace(base, changes=all_changes(steps), steps=_valid(world, steps))


def _present(scene: Scene, base: Survey, declaration: Declaration, observed: ObservedTable) -> Survey:
    world, lifecycle = scene.world, declaration.lifecycle
    if base.entry is None and lifecycle.on_existing == "fail":
        return replace(base, observed=observed, refusal="the table exists already and lifecycle.on_existing is `fail`")
    rebuild = standing(scene.snapshot.rebuilds.get(base.name), observed.identity)
    wanted = left_to_it(declaration, rebuild)
    flavor = world.endpoint.flavor
    changes, planned = scene.recall.planned(wanted, observed, flavor)
    intended = base.recorded is not None and base.recorded.ownership == "intent"
    ours = intended and equals_request(held(declaration.spec, flavor.lacks), observed)
    entry = ownership.resolve(base.entry, declaration, observed, scene.ownership_world(), equals_request=ours)
    visible = visible_from(world, base.entry)
    entry, taking = take_over(base.entry, entry, observed, scene.options.scope, visible)
    if taking:
        base = replace(base, observed=observed, entry=entry, attempts=_attempts(scene, observed))
        steps_now = hold_back(taking, base.attempts, world.clock.now(), emulator=world.emulator)
        return replace(base, changes=changes + all_changes(taking), steps=_valid(world, steps_now))
    marks = scene.snapshot.marks.get(base.name)
    base = replace(
        base, observed=observed, entry=entry, changes=changes, attempts=_attempts(scene, observed), marks=marks
    )
    if rebuild is not None:
        base = replace(base, rebuild=progress(rebuild, observed, declaration.spec, world.clock.now()))
    steps: list[Step] = []
    if not world.emulator:
        planned = quotas.hold(planned, observed, marks, world.clock.now())
    for step in hold_back(planned, base.attempts, world.clock.now(), emulator=world.emulator):
        if step.destructive:
            judged = _judged(scene, base, step, lifecycle)
            base = replace(base, entry=judged.entry)
            steps += judged.steps
        else:
            steps.append(_permitted(step, scene, lifecycle))
    wished_away = entry.unwanted_since is not None or entry.empty_since is not None
    if wished_away and not any(step.destructive for step in steps):
        base = replace(base, entry=replace(entry, unwanted_since=None, empty_since=None))
    if entry.ownership == "state_lost":
        steps.append(ownership.state_lost())
    if steps:
        base = replace(base, steps=_valid(world, without_prospect(unprotected_until_replaced(tuple(steps)))))
    return _with_seed(scene, base, declaration, observed)


def _permitted(step: Step, scene: Scene, lifecycle: Lifecycle) -> Step:
    if step.fate is not Fate.READY:
        return step
    return permit_in_place(step, scene.options, lifecycle, emulator=scene.world.emulator)


def _judged(scene: Scene, base: Survey, step: Step, lifecycle: Lifecycle) -> Survey:
    if base.observed is None:
        return base
    now = scene.world.clock.now()
    facts = Facts(
        scene.options, scene.world.emulator, now, base.observed, base.entry, lifecycle, base.name in scene.foreign
    )
    judged, entry = judge(scene.world, step, facts, base.seed_record)
    return replace(base, entry=entry, steps=(judged,))


def _with_seed(scene: Scene, base: Survey, declaration: Declaration, observed: ObservedTable) -> Survey:
    wrong_keys = any(change.facet == "keys" for change in base.changes)
    replacing = any(step.ends_table and step.fate is Fate.READY for step in base.steps)
    if not _wants_seed(scene, declaration, base) or wrong_keys or replacing or declaration.seed is None:
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


def _wants_seed(scene: Scene, declaration: Declaration, base: Survey) -> bool:
    if declaration.seed is None or scene.options.seed == "never" or declaration.lifecycle.on_existing == "observe":
        return False
    return base.entry is None or base.entry.ownership not in ("state_lost", "released")


def _attempts(scene: Scene, observed: ObservedTable) -> Attempts | None:
    attempts = scene.attempts.get(observed.spec.name)
    return attempts if attempts is not None and observed.identity.same(attempts.identity) else None


def _valid(world: World, steps: tuple[Step, ...]) -> tuple[Step, ...]:
    return tuple(_validated(world, step) if step.fate is Fate.READY else step for step in steps)


def _validated(world: World, step: Step) -> Step:
    problem = world.validator.problem(step.call) if step.call is not None else None
    return step if problem is None else step.blocked(Reason.REJECTED, problem)


def _failed(base: Survey, error: ApiError) -> Survey:
    if error.outcome is Outcome.AGAIN:
        wait = Step(Action.UPDATE, "table").deferred(Reason.BUSY, str(error))
        return replace(base, steps=(wait,))
    return replace(base, error=error)
