"""What a pass plans for a table that is declared as renamed, until its items have moved to the new name.

Called by ``assess``. The declared name means the former table until then, and nothing but the move is planned for it.
On an emulator the move goes through the deletion gate like any replacement; elsewhere a person begins it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from difflib import get_close_matches

from reconciler.engine.assessment import PassContext, TableAssessment
from reconciler.engine.deletion_gate import assess_deletion, read_contents
from reconciler.engine.observe import observe_table
from reconciler.model.change import Call, Change, Hazard
from reconciler.model.desired import Declaration
from reconciler.model.observed import ObservedTable
from reconciler.model.plan import FORMER_NAME, Action, Reason, Step, StepStatus
from reconciler.model.records import StateSnapshot
from reconciler.planning import ownership
from reconciler.planning.diff import diff, scaled_paths
from reconciler.planning.features import missing_after_replacement
from reconciler.planning.generations import former_table
from reconciler.planning.planner import plan
from reconciler.planning.policy import permit_in_place
from reconciler.planning.scopes import foreign_owner, release_by
from reconciler.planning.text import several

PROTECTION = "deletion_protection"
SHAPE = ("keys", "local_indexes", "global_indexes")
"""The facets that decide whether the items fit and which reads of an application go on."""


def assess_rename(
    context: PassContext, base: TableAssessment, declaration: Declaration, observed: ObservedTable | None
) -> TableAssessment:
    """Plan the move from the former table, which ``base`` is about. Raises ``ApiError``."""
    new, old = _new_name(declaration), base.name
    base = replace(base, observed=observed, entry=base.recorded)
    if observed is None:
        why = f"{old}, which {new} is declared to be renamed from, does not exist, and its items with it"
        step = _step(old, new).blocked(
            Reason.IDENTITY, why, f"no renamed_from in the declaration, which creates an empty {new}; or restore {old}"
        )
        return replace(base, steps=(step,))
    replacement = context.replacement(old)
    if replacement is not None:
        from reconciler.engine.assess_replacement import cancelled_for_rename

        return replace(base, steps=(cancelled_for_rename(replacement, new),))
    standing = observe_table(context.ports, new, None, ask_owner=lambda _: True)
    if standing is not None:
        return replace(base, steps=(_taken(context, old, new, standing),))
    shape = _shape_changes(declaration, observed)
    lost = missing_after_replacement(declaration.spec, observed.spec)
    base = replace(base, changes=shape)
    move = _step(old, new, *shape, *lost)
    if not context.ports.emulator:
        count = context.ports.api.read("DescribeTable", {"TableName": old})["Table"].get("ItemCount", 0)
        why = f"{old} becomes {new} and keeps its about {several(int(count), 'item')}; DynamoDB cannot rename a table"
        step = move.blocked(Reason.DATA_LOSS, why, f"`reconciler replace {new}` moves them beside {old}")
        return replace(base, steps=(*_unprotected(context, declaration, observed), step))
    judged = assess_deletion(context, base, move, declaration.lifecycle)
    steps = tuple(_said(step, judged, new) for step in judged.steps)
    if any(step.reason is Reason.PROTECTED for step in steps):
        turned_off = _unprotected(context, declaration, observed)
        if any(step.status is StepStatus.READY for step in turned_off):
            why = f"deletion protection of {old} is turned off first, as declared"
            steps = tuple(step.deferred(Reason.AFTER, why) for step in steps)
        steps = (*turned_off, *steps)
    return replace(judged, steps=steps)


def _unprotected(context: PassContext, declaration: Declaration, observed: ObservedTable) -> tuple[Step, ...]:
    """The step that turns deletion protection of the former table off where the declaration says so (I7).

    Nothing else of that table is changed before the move, but without this no declaration could permit it.
    """
    if declaration.spec.deletion_protection is not False or not observed.spec.deletion_protection:
        return ()
    steps = (step for step in plan(declaration, observed) if step.facet == PROTECTION)
    lifecycle, emulator = declaration.lifecycle, context.ports.emulator
    return tuple(
        permit_in_place(step, context.options, lifecycle, emulator=emulator).with_message("as declared")
        for step in steps
        if step.status is StepStatus.READY and step.action is Action.UPDATE
    )


def _new_name(declaration: Declaration) -> str:
    return declaration.declared_name or declaration.spec.name


def _taken(context: PassContext, old: str, new: str, standing: ObservedTable) -> Step:
    other = foreign_owner(context.snapshot, context.options, new, standing)
    if other is not None:
        why = f"{new} exists already and belongs to {other.scope}, so the items of {old} cannot move to it"
        return _step(old, new).blocked(Reason.OTHER_STACK, why, "another table_name; or no renamed_from")
    why = f"{new} exists already, so the items of {old} cannot move to it"
    return _step(old, new).blocked(
        Reason.IDENTITY, why, f"delete {new} if it is empty; or another table_name; or no renamed_from"
    )


def _shape_changes(declaration: Declaration, observed: ObservedTable) -> tuple[Change, ...]:
    """How the key and the indexes of the new table differ from those of the former one."""
    changes = diff(declaration.spec, observed.spec, scaled_paths(declaration, observed))
    return tuple(_as_created(change) for change in changes if change.facet in SHAPE)


def _as_created(change: Change) -> Change:
    """What the new table gets with its creation interrupts nobody; an index that it lacks does."""
    made = change.hazard is Hazard.DISRUPTION and change.after is not None
    return replace(change, hazard=Hazard.NONE, unsafe=None) if made else change


def _step(old: str, new: str, *others: Change) -> Step:
    unsafe = f"DynamoDB cannot rename a table: the items move to {new}, and {old} is deleted"
    change = Change("table", FORMER_NAME, old, new, Hazard.REPLACEMENT, unsafe)
    return Step(Action.REPLACE, "table", (change, *others), Call("DeleteTable", {"TableName": old}), keeps_items=True)


def _said(step: Step, judged: TableAssessment, new: str) -> Step:
    if step.status is StepStatus.READY and judged.unfit is not None:
        return step.blocked(Reason.DATA_LOSS, f"{new} cannot hold all items of {judged.name}: {judged.unfit}")
    if step.status is StepStatus.READY:
        kept = (step.message or "").partition(";")[0]
        return step.with_message(f"becomes {new}; {kept}")
    allowed = (step.allow_with or "").replace(f"`reconciler replace {judged.name}`", f"`reconciler replace {new}`")
    return replace(step, allow_with=allowed or step.allow_with)


def former_is_kept(declarations: Iterable[Declaration], snapshot: StateSnapshot, name: str) -> Step | None:
    """The blocked deletion of an undeclared table whose items a declared one is to get, or ``None``."""
    for declaration in declarations:
        former = declaration.renamed_from
        if former is None or declaration.awaits_move:
            continue
        if name not in (former, former_table(snapshot.generations, former)[0], *declaration.other_readings):
            continue
        new = _new_name(declaration)
        why = f"{new} is declared to be renamed from {former}, and exists already, so the items cannot move to it"
        return Step(Action.DELETE, "table").blocked(
            Reason.DATA_LOSS,
            why,
            f"delete {new} if it is empty, and the items move; no renamed_from in the declaration of {new}"
            f" gives up {name}",
        )
    return None


def creates_nothing(
    context: PassContext, base: TableAssessment, declaration: Declaration, steps: tuple[Step, ...]
) -> tuple[TableAssessment, tuple[Step, ...]]:
    """The steps of a missing table, without its create while a table with its former name exists.

    That table is not managed by this stack, or is part of another move; or both tables were ours, and only the new one
    was deleted: then its record is dropped, and the next pass plans the move. An empty table under the new name would
    look as if the items were lost. Raises ``ApiError``.
    """
    former, new = declaration.renamed_from, _new_name(declaration)
    done = context.snapshot.generations.get(new)
    moved = done is not None and not done.under_way and base.recorded is not None
    if former is None or moved:
        return base, steps
    table, moving = former_table(context.snapshot.generations, former)
    if moving:
        why = f"{former} is being replaced itself, so its items do not move to {new} now"
        ways = f"its former declaration again until that has ended, or {_way_out(context.snapshot, former)}"
        return base, _not_created(steps, why, ways)
    table, observed = _standing_former(context, declaration, table)
    if observed is None:
        meant = _may_be_meant(context, declaration)
        return base, _not_created_for(steps, declaration, meant) if meant else steps
    entry = context.snapshot.inventory.get(table)
    if entry is not None and not ownership.is_released(entry):
        if any(step.reason is Reason.NOT_BEFORE for step in steps):
            return base, steps
        why = f"{new} is gone, and {table} has its items, which move now"
        return replace(base, entry=None), tuple(step.deferred(Reason.REPLACING, why) for step in steps)
    other = foreign_owner(context.snapshot, context.options, table, observed)
    owner = f"it belongs to {other.scope}" if other is not None else "this stack does not manage it"
    why = f"{table} exists, and {owner}, so its items cannot move to {new}"
    # Until its owner releases it, a declaration of that table is blocked as well; a table that is adopted only stays.
    released = f"`{release_by(other.scope, table)}`, then " if other is not None and other.recorded else ""
    owned = f"a declaration of {table} with lifecycle.on_existing: own and `reconciler --once`, then this one again"
    return base, _not_created(steps, why, f"{released}{owned}; or no renamed_from")


def _way_out(snapshot: StateSnapshot, former: str) -> str:
    """The command that ends a replacement which stands in the way of the move."""
    work = snapshot.generation_of(former) or snapshot.generation_with(former) or snapshot.generations.get(former)
    return f"`reconciler replace {former} {'--keep' if work is not None and not work.may_go_back else '--cancel'}`"


def _standing_former(context: PassContext, declaration: Declaration, table: str) -> tuple[str, ObservedTable | None]:
    """The former table that exists: ``table``, or that of another reading of ``renamed_from``. Raises ``ApiError``.

    Without records, a reading without the environment may be the table of another environment, and says nothing.
    """
    observed = observe_table(context.ports, table, None, ask_owner=lambda _: True)
    if observed is not None:
        return table, observed
    environment = context.options.environment
    for other in declaration.other_readings:
        if environment is None or environment not in other:
            continue
        observed = observe_table(context.ports, other, None, ask_owner=lambda _: True)
        if observed is not None and foreign_owner(context.snapshot, context.options, other, observed) is None:
            return other, observed
    return table, None


def _may_be_meant(context: PassContext, declaration: Declaration) -> list[str]:
    """Tables of ours with items that ``renamed_from`` may mean although it names another one. Raises ``ApiError``.

    They are no longer declared, and this table is declared in their place, or their name is much like the one that is
    written. Created now, the empty table would be in the way of the right name.
    """
    new, snapshot = _new_name(declaration), context.snapshot
    desired = context.desired.declarations if context.desired is not None else ()
    declared = {each.spec.name for each in desired}
    ours = [
        name
        for name, entry in snapshot.inventory.items()
        if name not in declared and ownership.may_be_ours(entry) and not ownership.is_released(entry)
    ]
    close = get_close_matches(declaration.renamed_from or "", ours, n=1)
    likely = [name for name in ours if name in close or _in_place_of(context, name, new)]
    return [name for name in likely if _holds_items(context, name)]


def _in_place_of(context: PassContext, name: str, new: str) -> bool:
    """Whether a table is declared where ``name`` was, or as its file may have been renamed (G18)."""
    if new in context.renamed.get(name, "").split(", "):
        return True
    return any(each.spec.name == new for each in context.in_new_files.get(name, ()))


def _holds_items(context: PassContext, name: str) -> bool:
    observed = observe_table(context.ports, name, None)
    if observed is None:
        return False
    contents = read_contents(context.ports, observed, context.snapshot.seeds.get(name))
    return contents.holds_items and not contents.only_seed


def _not_created_for(steps: tuple[Step, ...], declaration: Declaration, meant: list[str]) -> tuple[Step, ...]:
    former, new = declaration.renamed_from, _new_name(declaration)
    have = "has items" if len(meant) == 1 else "have items"
    why = f"renamed_from: {former} does not exist here, and {', '.join(meant)}, no longer declared, {have}"
    named = " or ".join(f"renamed_from: {name}" for name in meant)
    ways = f"{named}, whose items move then; or no renamed_from, which creates an empty {new}"
    return _not_created(steps, why, ways, Reason.IDENTITY)


def _not_created(steps: tuple[Step, ...], why: str, ways: str, reason: Reason = Reason.NOT_OWNED) -> tuple[Step, ...]:
    return tuple(step.blocked(reason, why, ways) if step.status is not StepStatus.BLOCKED else step for step in steps)


def empty_warnings(assessments: Iterable[TableAssessment], snapshot: StateSnapshot) -> Iterator[str]:
    """A warning for each table that is created empty, because the one that it is to be renamed from is not there.

    So it is in a new environment; but a misspelled name reads the same, and the empty table would be in the way of the
    right one.
    """
    assessed = tuple(assessments)
    declared = {each.name for each in assessed if each.declaration is not None}
    for each in assessed:
        former = each.declaration.renamed_from if each.declaration is not None else None
        creates = any(s.action is Action.CREATE and s.status is not StepStatus.BLOCKED for s in each.steps)
        if each.declaration is None or former is None or not creates or each.declaration.awaits_move:
            continue
        ours = (name for name, entry in snapshot.inventory.items() if not ownership.is_released(entry))
        close = get_close_matches(former, [name for name in ours if name not in declared], n=1)
        hint = f". Did you mean {close[0]}?" if close else ""
        why = f"renamed_from: {former} does not exist here; {each.name} is created empty{hint}"
        yield f"{each.declaration.origin}: {why}"


def adopts_nothing(context: PassContext, declaration: Declaration) -> Step | None:
    """The blocked step of a table without a record while a table with its former name exists, or ``None``.

    If the records were lost during the move, the new table may have a part of the items only. Raises ``ApiError``.
    """
    former, new = declaration.renamed_from, _new_name(declaration)
    done = context.snapshot.generations.get(new)
    if former is None or (done is not None and done.under_way):
        return None
    table, _ = former_table(context.snapshot.generations, former)
    table, standing = _standing_former(context, declaration, table)
    if standing is None:
        return None
    why = f"{new} and {table}, which it is declared to be renamed from, exist both, and nothing is recorded of {new}"
    return Step(Action.UPDATE, "ownership").blocked(
        Reason.IDENTITY,
        f"{why}: it may have a part of the items only",
        f"no renamed_from in the declaration, if {new} has all items; or delete {new}, if {table} has them",
    )
