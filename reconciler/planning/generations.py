"""Which table a declared name means, where another generation has taken its place. Pure.

Called at the start of each pass and by commands that read the declarations. From then on the engine knows only the
names of tables: it creates no second ``orders`` and prunes no table of a replacement that is under way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from reconciler.model.desired import Declaration, DeclarationFile, DesiredState
from reconciler.model.identity import Identity
from reconciler.model.records import Generation, GenerationPhase, StateSnapshot
from reconciler.planning import ownership

Generations = Mapping[str, Generation]


def resolved(
    desired: DesiredState,
    generations: Generations,
    renames: Mapping[str, str] = MappingProxyType({}),
    former: Mapping[str, str] = MappingProxyType({}),
) -> DesiredState:
    """The declarations with the names of the tables that they mean now; the same object if that changes nothing.

    ``renames`` are those of ``awaiting_moves``, ``former`` those of ``former_names``.
    """
    read = desired.as_read
    named = {declaration.spec.name for declaration in read.declarations}
    known = {name: generation for name, generation in generations.items() if name in named}
    moved = {name: each.current for name, each in known.items() if each.current != name} | dict(renames)
    # In the hold the stream of the new table is what its changes are read from.
    held = {name for name, each in known.items() if each.under_way}
    if not moved and not held and not former:
        return read
    declarations = sorted(
        (_resolved(_with_former_name(each, former), moved, held, renames) for each in read.declarations),
        key=lambda each: each.spec.name,
    )
    files = {path: _file(file, moved) for path, file in read.files.items()}
    return replace(read, declarations=tuple(declarations), files=files, unresolved=read)


def former_names(desired: DesiredState, snapshot: StateSnapshot) -> dict[str, str]:
    """By declared name, the former name that is recorded, where ``renamed_from`` most likely means another one.

    The environment may have been in another place of the former name; see ``Declaration.other_readings``.
    """
    found: dict[str, str] = {}
    renamed = [each for each in desired.as_read.declarations if each.renamed_from is not None]
    if not renamed:
        return found
    declared = {each.spec.name for each in desired.as_read.declarations}
    free = {
        name: entry
        for name, entry in snapshot.inventory.items()
        if name not in declared and not ownership.is_released(entry)
    }
    for declaration in renamed:
        readings = (declaration.renamed_from or "", *declaration.other_readings)
        known = [each for each in readings if each in free or (each in snapshot.generations and each not in declared)]
        if not known:
            # The environment may have been within the former name, where only its record tells what was around it.
            within = [name for name, entry in free.items() if entry.base_name in readings]
            known = within if len(within) == 1 else []
        if known and known[0] != declaration.renamed_from:
            found[declaration.spec.name] = known[0]
    return found


def awaiting_moves(desired: DesiredState, snapshot: StateSnapshot) -> dict[str, str]:
    """By declared name, the table of this stack that is declared as renamed and whose items have not moved yet.

    Until they have, the declared name means that table, so that it never looks like one that is no longer declared, and
    no empty table gets the new name.
    """
    found: dict[str, str] = {}
    recorded = former_names(desired, snapshot)
    for declaration in desired.as_read.declarations:
        name = declaration.spec.name
        former = recorded.get(name, declaration.renamed_from)
        if former is None:
            continue
        table, moving = former_table(snapshot.generations, former)
        entry = snapshot.inventory.get(table)
        replacement = snapshot.replacements.get(table)
        # A copy may have the items of a table of which nothing else is known any more.
        has_copy = replacement is not None and replacement.under_way
        if moving or (not has_copy and (entry is None or ownership.is_released(entry))):
            continue
        if not _has_items(name, table, snapshot):
            found[name] = table
    return found


def former_table(generations: Generations, former: str) -> tuple[str, bool]:
    """The table that a former name means, and whether that one is being replaced itself."""
    earlier = generations.get(former)
    return (former, False) if earlier is None else (earlier.current, earlier.under_way)


def _has_items(name: str, former: str, snapshot: StateSnapshot) -> bool:
    """Whether a table with the new name is ours, or another generation of it is, so that no items move any more.

    The record of work that has ended counts only as long as its table is ours: that table may be gone since.
    """
    earlier = snapshot.generations.get(name)
    if earlier is not None and earlier.under_way:
        return True
    if earlier is not None and earlier.current != former:
        entry = snapshot.inventory.get(earlier.current)
        if entry is not None and not ownership.is_released(entry):
            return True
    return ownership.may_be_ours(snapshot.inventory.get(name))


def taken_names(desired: DesiredState, generations: Generations) -> tuple[str, ...]:
    """A sentence for each declaration whose table is a generation of another declared one."""
    declared = {each.spec.name: each for each in desired.as_read.declarations}
    return tuple(
        f"{declared[name].origin} declares {name}, which is a table of the replacement of {each.name}."
        " Give it another table_name"
        for each in generations.values()
        if each.name in declared
        for name in sorted({each.current, each.other or each.current} - {each.name})
        if name in declared
    )


def _with_former_name(declaration: Declaration, former: Mapping[str, str]) -> Declaration:
    name = former.get(declaration.spec.name)
    if name is None:
        return declaration
    readings = (declaration.renamed_from or "", *declaration.other_readings)
    return replace(declaration, renamed_from=name, other_readings=tuple(each for each in readings if each != name))


def _resolved(
    declaration: Declaration, moved: Mapping[str, str], held: set[str], renames: Mapping[str, str]
) -> Declaration:
    declared = declaration.spec.name
    spec = declaration.spec
    if declared in held:
        spec = replace(spec, stream=None)
    if declared in moved:
        awaits = declared in renames
        return replace(
            declaration, spec=replace(spec, name=moved[declared]), declared_name=declared, awaits_move=awaits
        )
    return replace(declaration, spec=spec) if declared in held else declaration


def _file(file: DeclarationFile, moved: Mapping[str, str]) -> DeclarationFile:
    return replace(file, tables=tuple(moved.get(name, name) for name in file.tables))


def without_others(snapshot: StateSnapshot) -> StateSnapshot:
    """The snapshot whose inventory lacks the tables of generations under way that no declared name means.

    Without this, the next generation would look like a table that is no longer declared, and so would the former one.
    """
    others = {each.other for each in snapshot.generations.values()} & snapshot.inventory.keys()
    if not others:
        return snapshot
    kept = {name: entry for name, entry in snapshot.inventory.items() if name not in others}
    aside = {name: entry for name, entry in snapshot.inventory.items() if name in others}
    return replace(snapshot, inventory=kept, set_aside=aside)


def with_both(
    names: frozenset[str] | None, generations: Generations, renames: Mapping[str, str] = MappingProxyType({})
) -> frozenset[str] | None:
    """The names of a focus, with both tables of each generation, and of each rename, that one of them names."""
    if names is None:
        return None
    found = set(names)
    for name, table in renames.items():
        if {name, table} & names:
            found |= {name, table}
    for each in generations.values():
        known = {each.name, each.old, each.new} if each.under_way else {each.name, each.current}
        if known & names:
            found |= known
            if not each.under_way and each.current != each.name:
                found.discard(each.name)
    return frozenset(found)


def items_elsewhere(name: str, live: Identity | None, snapshot: StateSnapshot) -> str | None:
    """Why no command may write or remove items of a table now: a part of them is in a copy aside; ``None`` otherwise.

    What is written meanwhile counts as newer than what is returned, and what is removed comes back.
    """
    replacement = snapshot.replacements.get(name)
    if replacement is None or not replacement.under_way or not replacement.interrupts(live):
        return None
    stopped = replacement.paused or replacement.problem is not None
    command = f"`reconciler replace {name}{' --resume' if stopped else ''}`"
    return (
        f"table {name} is being replaced, and a part of its items is in {replacement.aside}."
        f" Finish that first: {command}"
    )


def is_finishing(generation: Generation | None) -> bool:
    """Whether the former table is to be deleted now."""
    return generation is not None and generation.phase is GenerationPhase.FINISH and not generation.keep
