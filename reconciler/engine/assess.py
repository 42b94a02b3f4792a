"""Assess the tables of a pass: observe each one and plan its steps, without writing anything.

``assess_tables`` selects the tables: the declared ones, and those of the inventory that are no longer declared. Policy,
quotas and the deletion gate then give each step its status.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from reconciler.engine.assess_many import Job, assess_all
from reconciler.engine.assessment import (
    PassContext,
    TableAssessment,
    basis_of,
    deadline_passed_step,
    declared_base,
    failed_assessment,
    foreign_owner_of,
)
from reconciler.engine.context import EngineContext
from reconciler.engine.deletion_gate import assess_deletion
from reconciler.engine.observe import NOT_YET_VISIBLE, not_visible_before, observe_table, observe_twice, with_owner
from reconciler.engine.state import closes_latch
from reconciler.model.desired import Declaration, DesiredState, Item, Lifecycle, Seed
from reconciler.model.errors import ApiError
from reconciler.model.observed import ObservedTable
from reconciler.model.plan import Action, Reason, Step, StepStatus
from reconciler.model.records import Attempts, Generation, GenerationPhase, InventoryEntry, Replacement
from reconciler.planning import ownership, quotas
from reconciler.planning.availability import (
    allows_replacement,
    defer_seed,
    harmless_under_another_key,
    propagate_blocked,
)
from reconciler.planning.breaker import hold_back
from reconciler.planning.diff import all_changes
from reconciler.planning.handed_back import hand_back, spec_to_read
from reconciler.planning.index_backfill import backfill_steps
from reconciler.planning.index_rebuild import active_rebuild, progress, without_rebuilt_index
from reconciler.planning.ownership import is_ours, is_released, is_state_lost
from reconciler.planning.ownership_transfer import plan_transfer
from reconciler.planning.planner import order, plan, prune_step, seed_step, with_seed_step
from reconciler.planning.policy import permit_in_place, replace_after_unprotecting
from reconciler.planning.scopes import ForeignOwner, is_state_table, refusal, state_table_refusal
from reconciler.planning.text import several
from reconciler.seeding.decide import Need, is_updating, need
from reconciler.seeding.digest import canonical
from reconciler.seeding.digest_set import DigestSet
from reconciler.seeding.provenance import item_digest, provenance, seed_digests

LARGEST_COMPARED = 10_000
"""Number of items. A larger table is not scanned to compare it with a seed that changed after an interruption."""


def assess_tables(
    context: PassContext,
    desired: DesiredState,
    focus: frozenset[str] | None,
    *,
    destroy: bool,
    ends_work: bool = False,
    beside: Callable[[], None] | None = None,
) -> list[TableAssessment]:
    """One assessment for each table in ``focus``, or for all tables if it is ``None``.

    ``destroy`` assesses the tables that this stack created, as if nothing were declared. Otherwise removed declarations
    are recorded for tables outside the focus too. If they were recorded later, a table created now would count as older
    than the removal and would vouch for these declarations (see ``foreign_declarations``). ``ends_work`` assesses
    nothing but undeclared tables that are being replaced, and records nothing of others.
    ``beside`` is done at the same time. If it raises ``ApiError``, no further table is read, and the error is raised.
    """
    declared = {declaration.spec.name for declaration in desired.declarations}
    jobs: list[Job] = []
    if not (destroy or ends_work):
        jobs += [
            Job(_not_observed(context, d.spec.name, d), partial(assess_declared, context, d), takes_description=True)
            for d in desired.declarations
        ]
    for entry in context.snapshot.inventory.values():
        if ends_work and context.snapshot.generation_of(entry.name) is None:
            continue
        replaced = context.replacement(entry.name) is not None
        if (is_ours(entry) or replaced) if destroy else entry.name not in declared:
            jobs.append(Job(_not_observed(context, entry.name), partial(assess_undeclared, context, entry)))
    if context.snapshot.replacements and not ends_work:
        jobs += _replaced_without_a_record(context, set() if destroy else declared)
    if not destroy and context.snapshot.generations:
        jobs += _left_tables(context, desired)
    if focus is None:
        return assess_all(context, jobs, beside)
    chosen = [job for job in jobs if job.unread.name in focus]
    forgotten = () if destroy or ends_work else context.snapshot.inventory.keys() - declared - focus
    return assess_all(context, chosen, beside) + _undeclared_records(context, sorted(forgotten))


def _replaced_without_a_record(context: PassContext, declared: set[str]) -> Iterator[Job]:
    """The tables that are being replaced and are neither declared nor in the inventory: a copy may have their items."""
    for name in sorted(context.snapshot.replacements.keys() - context.snapshot.inventory.keys() - declared):
        replacement = context.replacement(name)
        if replacement is not None:
            unread = _not_observed(context, name)
            yield Job(unread, partial(_assess_replaced, context, unread, replacement))


def _left_tables(context: PassContext, desired: DesiredState) -> Iterator[Job]:
    """The tables that another generation has replaced and that are to be deleted now."""
    from reconciler.engine.assess_generation import assess_left_table, left_tables

    for generation, name in left_tables(context):
        named = (each for each in desired.declarations if (each.declared_name or each.spec.name) == generation.name)
        declaration = next(named, None)
        unread = replace(_not_observed(context, name), recorded=context.snapshot.set_aside.get(name))
        yield Job(unread, partial(assess_left_table, context, generation, name, declaration))


def _undeclared_records(context: PassContext, names: Iterable[str]) -> list[TableAssessment]:
    entries = [context.snapshot.inventory[name] for name in names]
    assessments = [
        TableAssessment(each.name, recorded=each, entry=_undeclared_entry(context, each), record_only=True)
        for each in entries
    ]
    return [assessment for assessment in assessments if assessment.entry_changed]


def _undeclared_entry(context: PassContext, recorded: InventoryEntry) -> InventoryEntry:
    """The entry of an undeclared table outside the focus. It is read if it may have got another name (G18)."""
    entry = context.undeclared_entry(recorded)
    if recorded.name not in context.in_new_files:
        return entry
    try:
        observed = observe_table(context.ports, recorded.name, None, ask_owner=lambda _: False)
    except ApiError:
        return entry
    return entry if observed is None else context.with_equal_keys(entry, observed)


def _not_observed(context: PassContext, name: str, declaration: Declaration | None = None) -> TableAssessment:
    """The assessment of a table that is not reached before the deadline: its record does not change."""
    recorded = context.snapshot.inventory.get(name)
    wait = deadline_passed_step(Step(Action.UPDATE, "table"))
    return TableAssessment(name, declaration, recorded=recorded, entry=recorded, steps=(wait,), not_observed=True)


def assess_declared(
    context: PassContext, declaration: Declaration, described: Mapping[str, Any] | None = None
) -> TableAssessment:
    """Observe a declared table and plan its steps. ``described`` is the response of DescribeTable, if it was read."""
    name = declaration.spec.name
    base = declared_base(context, declaration)
    recorded, entry, lifecycle = base.recorded, base.entry, declaration.lifecycle
    if recorded is not None and ownership.is_released(recorded) and recorded.unwanted_since is None:
        return _assess_released(context, base)
    try:
        observed = None
        if name not in context.unlisted:
            observed = observe_table(
                context.ports,
                name,
                spec_to_read(declaration.spec, recorded),
                ask_owner=lambda identity: ownership.asks_for_tag(recorded, identity, lifecycle),
                plan_cache=context.plan_cache,
                described=described,
            )
        if is_state_table(name, observed, context.options.state_table):
            return TableAssessment(name, declaration, observed, recorded, steps=(state_table_refusal(name),))
        held = _held_by_replacement(context, name)
        if held is not None:
            return TableAssessment(name, declaration, observed, recorded, steps=(held,))
        basis = basis_of(context, declaration, observed)
        concluded = None if basis is None else context.conclusions.of(name, basis)
        if concluded is not None:
            return concluded
        other = foreign_owner_of(context, base, observed)
        if other is not None:
            return _assess_foreign(base, observed, other)
        moving = _moving(context, base, observed) or _renaming(context, base, declaration, observed)
        if moving is not None:
            return moving
        base = base if entry is None else replace(base, entry=ownership.reclaimed(entry))
        generation = context.snapshot.generation_of(name)
        if observed is None:
            missing = _assess_missing(context, base, declaration)
            return missing if generation is None else _in_hold(missing, generation)
        undecided = _undecided(context, declaration, recorded, observed)
        if undecided is not None:
            return replace(base, observed=observed, steps=(undecided,))
        assessment = _with_owner_check(context, assess_present(context, base, declaration, observed))
        if generation is not None:
            return _in_hold(assessment, generation)
        if basis is not None and _needs_nothing(context, assessment):
            context.conclusions.keep(name, basis, assessment)
        return assessment
    except ApiError as error:
        return failed_assessment(base, error)


def _renaming(
    context: PassContext, base: TableAssessment, declaration: Declaration, observed: ObservedTable | None
) -> TableAssessment | None:
    """The move of a renamed table to its new name, if its items have not moved yet."""
    if not declaration.awaits_move:
        return None
    from reconciler.engine.assess_rename import assess_rename

    return assess_rename(context, base, declaration, observed)


def _undecided(
    context: PassContext, declaration: Declaration, recorded: InventoryEntry | None, observed: ObservedTable
) -> Step | None:
    """The one step of a table of which it is not known yet whose it is, or whether it has all of its items."""
    if ownership.is_undecided(recorded, observed):
        return ownership.wait_until_decided(observed)
    if recorded is not None or declaration.renamed_from is None:
        return None
    from reconciler.engine.assess_rename import adopts_nothing

    return adopts_nothing(context, declaration)


def _interrupted(base: TableAssessment, replacement: Replacement, observed: ObservedTable | None) -> TableAssessment:
    # Imported for the rare table that is being replaced; see the start-up budget.
    from reconciler.engine.assess_replacement import assess_interrupted

    return assess_interrupted(base, replacement, observed)


def _held_by_replacement(context: PassContext, name: str) -> Step | None:
    """The one step of a declared table that is part of the replacement of another one."""
    generation = context.snapshot.generation_with(name)
    if generation is not None:
        from reconciler.engine.assess_generation import taken_step

        return taken_step(generation, name)
    if context.snapshot.copy_of(name) is None:
        return None
    from reconciler.engine.assess_replacement import copy_refusal

    return copy_refusal(context, name)


def _moving(context: PassContext, base: TableAssessment, observed: ObservedTable | None) -> TableAssessment | None:
    """The assessment of a table whose items are moved now, so that nothing else may happen to it."""
    # Imported for the rare table that is being replaced; see the start-up budget.
    replacement = context.replacement(base.name)
    if replacement is not None and replacement.interrupts(observed.identity if observed else None):
        return _interrupted(base, replacement, observed)
    generation = context.snapshot.generation_of(base.name)
    if generation is None or generation.phase is GenerationPhase.HOLD:
        return None
    from reconciler.engine.assess_generation import assess_before_switch

    return assess_before_switch(base, generation, observed, suspended=context.snapshot.suspension is not None)


def _in_hold(assessment: TableAssessment, generation: Generation) -> TableAssessment:
    from reconciler.engine.assess_generation import in_hold

    return in_hold(assessment, generation)


def _cancelling(replacement: Replacement, why: str) -> Step:
    from reconciler.engine.assess_replacement import cancelling

    return cancelling(replacement, why)


def _needs_nothing(context: PassContext, assessment: TableAssessment) -> bool:
    """Whether only a change of its basis can change this assessment.

    A table that waits for something has a step, and a time that began has changed the entry. A seed without a record
    is decided by a Scan in each pass.
    """
    declaration, observed = assessment.declaration, assessment.observed
    if declaration is None or observed is None or observed.status != "ACTIVE" or observed.ongoing:
        return False
    settled = not (assessment.steps or assessment.changes or assessment.error or assessment.refusal)
    seeded = need(assessment.seed_record, observed.identity) is Need.NOTHING
    return settled and not assessment.entry_changed and (seeded or not seed_applies(context, declaration, assessment))


def _assess_released(context: PassContext, base: TableAssessment) -> TableAssessment:
    """A released table is observed for the report only, so a failed read is not an error of the pass."""
    try:
        observed = observe_table(context.ports, base.name, None, ask_owner=lambda _: False)
    except ApiError as error:
        if closes_latch(error):
            return failed_assessment(base, error)
        return replace(base, not_observed=True)
    return replace(base, observed=observed)


def _assess_foreign(base: TableAssessment, observed: ObservedTable | None, other: ForeignOwner) -> TableAssessment:
    """A declared table of another stack or environment gets one blocked step, and our record of it is dropped."""
    step = refusal(base.name, other, missing=observed is None)
    entry = ownership.dropped(base.entry, ownership.Event.OTHER_STACK)
    return TableAssessment(base.name, base.declaration, observed, base.recorded, entry=entry, steps=(step,))


def _with_owner_check(context: PassContext, assessment: TableAssessment) -> TableAssessment:
    """Read the owner tag before anything is written: another stack may have taken the table over since its creation."""
    observed = assessment.observed
    if observed is None or not any(step.status is StepStatus.READY for step in assessment.steps):
        return assessment
    observed = with_owner(context.ports, observed)
    other = foreign_owner_of(context, assessment, observed)
    return assessment if other is None else _assess_foreign(assessment, observed, other)


def _assess_missing(context: PassContext, base: TableAssessment, declaration: Declaration) -> TableAssessment:
    ports, recorded = context.ports, base.recorded
    flavor = ports.endpoint.flavor
    steps = plan(declaration, None, lacks=flavor.lacks)
    steps = tuple(permit_in_place(s, context.options, declaration.lifecycle, emulator=ports.emulator) for s in steps)
    # DescribeTable may not show a table yet that we have just created; a second create would fail as name taken.
    not_before = not_visible_before(ports, recorded)
    if not_before is not None:
        steps = tuple(s.deferred(Reason.NOT_BEFORE, NOT_YET_VISIBLE, not_before) for s in steps)
    seeded = seed_applies(context, declaration, base) and need(base.seed_record, None) is not Need.NOTHING
    if seeded and declaration.seed is not None:
        # The table is created in the first pass, and its seed comes with the second one.
        step = seed_step(declaration.seed.source, len(declaration.seed.items))
        steps = with_seed_step(steps, step, passes=2)
    if declaration.renamed_from is not None:
        from reconciler.engine.assess_rename import creates_nothing

        base, steps = creates_nothing(context, base, declaration, steps)
    return replace(base, changes=all_changes(steps), steps=validate_steps(ports, steps))


def assess_present(
    context: PassContext, base: TableAssessment, declaration: Declaration, observed: ObservedTable
) -> TableAssessment:
    """Plan the steps of a declared table that exists and does not belong to another stack.

    ``base`` has what is recorded of it. Filters narrow the plan in this order: ownership transfer, quotas, the
    convergence breaker, deletion gate or policy, and the steps that others depend on.
    """
    ports, lifecycle = context.ports, declaration.lifecycle
    if lifecycle.on_existing == "fail" and ownership.was_there_before(base.entry, observed):
        return replace(base, observed=observed, refusal="the table exists already and lifecycle.on_existing is `fail`")
    rebuild = active_rebuild(context.snapshot.rebuilds.get(base.name), observed.identity)
    wanted = without_rebuilt_index(declaration, rebuild)
    flavor = ports.endpoint.flavor
    changes, planned = context.plan_cache.planned(wanted, observed, flavor)
    entry = ownership.resolve(base.entry, declaration, observed, context.ownership_context())
    # Copies of a project whose stack has a name of its own would record their folder in turns.
    project = None if context.options.stack_is_named else context.options.project
    entry = ownership.declared_by(entry, declaration, project)
    visible = not_visible_before(ports, base.entry)
    entry, transfer = plan_transfer(base.entry, entry, observed, context.options.scope, visible)
    if transfer:
        base = replace(base, observed=observed, entry=entry, attempts=_attempts(context, observed))
        steps_now = hold_back(transfer, base.attempts, ports.clock.now(), emulator=ports.emulator)
        return replace(base, changes=changes + all_changes(transfer), steps=validate_steps(ports, steps_now))
    quota_usage = context.snapshot.quota_usage.get(base.name)
    handed = hand_back(entry, declaration, observed, changes)
    entry = replace(entry, managed=handed.managed)
    if handed.steps:
        changes += all_changes(handed.steps)
        planned = tuple(sorted((*planned, *handed.steps), key=order))
    base = replace(
        base,
        observed=observed,
        entry=entry,
        changes=changes,
        left_in_place=() if any(step.action is Action.REPLACE for step in planned) else handed.left_in_place,
        attempts=_attempts(context, observed),
        quota_usage=quota_usage,
    )
    if rebuild is not None:
        base = replace(base, rebuild=progress(rebuild, observed, declaration.spec, ports.clock.now()))
    steps: list[Step] = []
    unprotects = any(allows_replacement(step) for step in planned)
    # Emulators have no quotas over time, and their counters would only be noise.
    if not ports.emulator:
        planned = quotas.defer_over_quota(planned, observed, quota_usage, ports.clock.now())
    for step in hold_back(planned, base.attempts, ports.clock.now(), emulator=ports.emulator):
        if step.destructive:
            judged = assess_deletion(context, base, step, lifecycle, unprotects=unprotects)
            base = replace(base, entry=judged.entry, observed=judged.observed, unfit=judged.unfit)
            steps += judged.steps
        else:
            steps.append(_permitted(step, context, lifecycle))
    deletion_was_pending = entry.unwanted_since is not None or entry.empty_since is not None
    if deletion_was_pending and not any(step.destructive for step in steps):
        base = replace(base, entry=replace(entry, unwanted_since=None, empty_since=None))
    if ownership.is_state_lost(entry):
        steps.append(ownership.state_lost())
    replacement = context.replacement(base.name)
    if replacement is not None and not any(step.action is Action.REPLACE for step in steps):
        steps.insert(0, _cancelling(replacement, "its declaration fits the table again"))
    if steps:
        steps = replace_after_unprotecting(steps) if unprotects else steps
        harmless = harmless_under_another_key(tuple(steps))
        base = replace(base, steps=validate_steps(ports, propagate_blocked(harmless)))
    base = with_seed(context, base, declaration, observed)
    waiting = tuple(backfill_steps(declaration, observed, context.snapshot.migrations))
    return replace(base, steps=(*base.steps, *waiting)) if waiting else base


def _permitted(step: Step, context: PassContext, lifecycle: Lifecycle) -> Step:
    if step.status is not StepStatus.READY:
        return step
    return permit_in_place(step, context.options, lifecycle, emulator=context.ports.emulator)


def _attempts(context: PassContext, observed: ObservedTable) -> Attempts | None:
    attempts = context.attempts.get(observed.spec.name)
    return attempts if attempts is not None and observed.identity.same(attempts.identity) else None


def with_seed(
    context: PassContext, base: TableAssessment, declaration: Declaration, observed: ObservedTable
) -> TableAssessment:
    """The assessment with a seed step if one is needed. A table without a seed record is scanned first.

    ItemCount is up to six hours old, so only a consistent Scan proves that a table is empty.
    """
    wrong_keys = any(change.facet == "keys" for change in base.changes)
    replacing = next((step for step in base.steps if step.ends_table and step.status is StepStatus.READY), None)
    if not seed_applies(context, declaration, base) or declaration.seed is None:
        return base
    if replacing is not None and replacing.keeps_items and need(base.seed_record, observed.identity) is Need.RESUME:
        # The record of an interrupted seed goes to the new table with the items, and seeding continues there.
        later = seed_step(declaration.seed.source, len(declaration.seed.items))
        later = later.deferred(Reason.REPLACING, f"{later.message}; continues the interrupted seeding after that")
        return replace(base, steps=(*base.steps, later))
    if wrong_keys or replacing is not None:
        return base
    wanted = need(base.seed_record, observed.identity)
    if wanted is Need.PROBE and observed.status == "ACTIVE" and context.ports.items.first_items(base.name, 1):
        wanted = Need.NOTHING
    if wanted is Need.NOTHING:
        return base
    step, earlier = seed_step(declaration.seed.source, len(declaration.seed.items)), 0
    if observed.status != "ACTIVE":
        step = step.deferred(Reason.BUSY, f"the table is {observed.status}")
    elif wanted is Need.RESUME:
        step, earlier = _resume_seed(context, base, declaration.seed, observed, step)
    step = step if step.status is StepStatus.BLOCKED else defer_seed(step, base.steps)
    return replace(
        base, seed_need=wanted, seed_items_of_earlier_version=earlier, steps=with_seed_step(base.steps, step)
    )


def seed_applies(context: PassContext, declaration: Declaration, base: TableAssessment) -> bool:
    """Whether the table may be seeded: it declares a seed, and is neither observed only, released nor lost."""
    if declaration.seed is None or context.options.seed == "never" or declaration.lifecycle.on_existing == "observe":
        return False
    return not (is_state_lost(base.entry) or is_released(base.entry))


def _resume_seed(
    context: PassContext, base: TableAssessment, seed: Seed, observed: ObservedTable, step: Step
) -> tuple[Step, int]:
    """The step that resumes seeding, and the number of items of an earlier version of the seed in the table.

    If all items that were or may have been written are still part of the seed, seeding continues. Otherwise the seed
    changed in between. The new seed is then written only if the table holds no items other than those of the seeder,
    and the table stays reported as partly seeded, because it holds neither version exactly.
    """
    record = base.seed_record
    if record is not None and is_updating(record, seed.digest):
        return step.with_message(f"{step.message}; continues the interrupted `seed --update`"), 0
    recorded = provenance(record, context.snapshot.seed_parts, observed.identity)
    possible, wanted = recorded.possible, DigestSet(seed_digests(seed))
    there = len(recorded.written & wanted)
    if there:
        verb = "is" if there == 1 else "are"
        step = step.with_message(f"{step.message}, of which {there:,} {verb} written already")
    changed = record is not None and record.digest != seed.digest
    if record is None or (possible <= wanted and (possible or not changed)):
        return step, 0
    together = len(possible | wanted)
    if together > LARGEST_COMPARED:
        why = f"its two versions have {together:,} items together, of which at most {LARGEST_COMPARED:,} are compared"
        return _seed_blocked(base.name, step, why), 0
    limit = together + 1
    found = context.ports.items.first_items(base.name, limit)
    digests = frozenset(item_digest(item) for item in found)
    earlier = len((digests & possible) - wanted)
    if possible and not earlier and len(found) < limit:
        return step, 0
    if not digests <= possible | wanted:
        return _seed_blocked(base.name, step, "the table also holds items that the seed did not write"), 0
    missing = _any_free_key(seed.items, found, tuple(element.attribute for element in observed.spec.keys))
    if missing and not (changed and record.earlier):
        return step.with_message(f"{step.message}; {_items(earlier)} of an earlier version of the seed stay"), earlier
    return _seed_blocked(base.name, step, f"the table holds {_items(earlier)} of an earlier version of the seed"), 0


def _any_free_key(wanted: Iterable[Item], found: Sequence[Item], keys: tuple[str, ...]) -> bool:
    """Whether the key of any item of the seed is not in the table."""
    taken = {_key(item, keys) for item in found}
    return any(_key(item, keys) not in taken for item in wanted)


def _key(item: Item, keys: tuple[str, ...]) -> str:
    return canonical({name: item[name] for name in keys if name in item})


def _items(count: int) -> str:
    return several(count, "item")


def _seed_blocked(name: str, step: Step, why: str) -> Step:
    message = f"the seed changed after seeding was interrupted, and {why}; `reconciler clear {name}` removes unchanged "
    message += "items of the seed"
    return step.blocked(Reason.SEED_CHANGED, message, f"reconciler seed {name}")


def assess_undeclared(context: PassContext, recorded: InventoryEntry) -> TableAssessment:
    """Assess a table of the inventory that is not declared: plan to delete ours, drop the record of any other."""
    before, recorded = recorded, context.undeclared_entry(recorded)
    base = TableAssessment(recorded.name, recorded=before, entry=recorded)
    has_tags = context.ports.endpoint.flavor.has_tags
    open_intent = ownership.is_open(recorded) and has_tags
    replacement = context.replacement(recorded.name)
    if replacement is not None and context.snapshot.generation_of(recorded.name) is None:
        # Whatever the record says: while a copy may have the items, the table is not forgotten.
        return _assess_replaced(context, base, replacement)
    if ownership.is_released(recorded):
        return replace(
            base, entry=replace(recorded, unwanted_since=recorded.unwanted_since or context.ports.clock.now())
        )
    if not ownership.is_ours(recorded) and not open_intent:
        return replace(base, entry=ownership.dropped(base.entry, ownership.Event.NOT_DECLARED))
    try:
        observed = observe_twice(context.ports, recorded.name)
        generation = context.snapshot.generation_of(recorded.name)
        if generation is not None:
            from reconciler.engine.assess_generation import undeclared_step

            steps = (undeclared_step(generation),)
            return replace(base, observed=observed, entry=before, generation=generation, steps=steps)
        if observed is None:
            return _assess_missing_undeclared(context, base, recorded)
        if foreign_owner_of(context, base, observed) is not None:
            return replace(base, entry=ownership.dropped(base.entry, ownership.Event.OTHER_STACK))
        if open_intent and ownership.has_our_tag(recorded, observed.owner_tag, context.options.scope):
            recorded = ownership.advance(recorded, ownership.Event.CREATE_PROVEN, identity=observed.identity)
        # Somebody deleted our table and created another one under its name: that one is not ours to delete.
        if not observed.identity.same(recorded.identity):
            return replace(base, entry=ownership.dropped(base.entry, ownership.Event.GONE), observed=observed)
        recorded = context.with_equal_keys(recorded, observed)
        kept = _kept_for_rename(context, recorded.name)
        if kept is not None:
            return replace(base, observed=observed, entry=recorded, steps=(kept,))
        if recorded.ending_at is not None and observed.status == "ACTIVE":
            recorded = replace(recorded, ending_at=None)
        base = replace(base, observed=observed, entry=recorded, seed_record=context.snapshot.seeds.get(recorded.name))
        return assess_deletion(context, base, prune_step(recorded.name), recorded.lifecycle)
    except ApiError as error:
        return failed_assessment(base, error)


def _assess_replaced(context: PassContext, base: TableAssessment, replacement: Replacement) -> TableAssessment:
    """The assessment of an undeclared table whose replacement is not finished."""
    try:
        observed = observe_twice(context.ports, base.name)
        if observed is None:
            return _interrupted(base, replacement, observed)
        if replacement.interrupts(observed.identity):
            return _deleted_after(context, _interrupted(base, replacement, observed), observed)
        steps = (_cancelling(replacement, "the table is no longer declared"),)
        return _deleted_after(context, replace(base, observed=observed, steps=steps), observed)
    except ApiError as error:
        return failed_assessment(base, error)


def _deleted_after(context: PassContext, assessment: TableAssessment, observed: ObservedTable) -> TableAssessment:
    """The assessment with the deletion that a later round plans, so that a preview shows it. Raises ``ApiError``."""
    entry = assessment.recorded
    if entry is None or not ownership.is_ours(entry) or not observed.identity.same(entry.identity):
        return assessment
    waits = any(step.status is not StepStatus.READY for step in assessment.steps)
    if waits or foreign_owner_of(context, assessment, observed) or _kept_for_rename(context, entry.name) is not None:
        return assessment
    base = replace(assessment, entry=entry, seed_record=context.snapshot.seeds.get(entry.name))
    judged = assess_deletion(context, base, prune_step(entry.name), entry.lifecycle)
    later = (
        step.deferred(Reason.REPLACING, "its replacement ends first") if step.status is StepStatus.READY else step
        for step in judged.steps
    )
    return replace(assessment, steps=(*assessment.steps, *later))


def _kept_for_rename(context: PassContext, name: str) -> Step | None:
    """The blocked deletion of a table whose items a declared one is to get, or ``None``."""
    if context.desired is None or not any(each.renamed_from for each in context.desired.declarations):
        return None
    from reconciler.engine.assess_rename import former_is_kept

    return former_is_kept(context.desired.declarations, context.snapshot, name)


def _assess_missing_undeclared(
    context: PassContext, base: TableAssessment, recorded: InventoryEntry
) -> TableAssessment:
    """The record of a missing table is dropped, unless its create may not be visible yet."""
    not_before = not_visible_before(context.ports, recorded)
    if not_before is None:
        return replace(base, entry=ownership.dropped(base.entry, ownership.Event.GONE))
    step = prune_step(recorded.name).deferred(Reason.NOT_BEFORE, NOT_YET_VISIBLE, not_before)
    return replace(base, steps=(step,))


def validate_steps(ports: EngineContext, steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """The steps, with each ready one blocked whose call the service model of botocore would refuse."""
    return tuple(_validated(ports, step) if step.status is StepStatus.READY else step for step in steps)


def _validated(ports: EngineContext, step: Step) -> Step:
    problem = ports.validator.problem(step.call) if step.call is not None else None
    return step if problem is None else step.blocked(Reason.REJECTED, problem)
