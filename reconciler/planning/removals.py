"""Which removed declarations are real removals (G3). Pure; called by the engine in every pass.

The inventory has the file that last declared each table. A table counts as removed if that file is gone, or if it was
understood and declares other tables, and if no other file still defines it (``DeclarationSource.remains``). Everything
else may be a file that was not understood, and its tables must not be deleted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime

from reconciler.model.desired import Declaration, DesiredState, Undeclared
from reconciler.model.errors import Problem
from reconciler.model.records import InventoryEntry
from reconciler.model.table import KeyElement
from reconciler.planning.ownership import is_open, is_released, may_be_ours, ours_since

Inventory = Mapping[str, InventoryEntry]
StandsIn = Callable[[str, str], bool]
"""``DeclarationSource.stands_in`` for the present declarations."""


def unclear_removals(desired: DesiredState, inventory: Inventory) -> tuple[Problem, ...]:
    """A problem for each file that declared an undeclared table and does not show that it was removed."""
    problems = (_problem(desired, entry, file) for entry, file in _removed(desired, inventory))
    return tuple(problem for problem in problems if problem is not None)


def undeclared(desired: DesiredState, inventory: Inventory) -> tuple[Undeclared, ...]:
    """The recorded tables that are no longer declared, for ``DeclarationSource.remains`` to search for."""
    # A base name that another declaration uses now says nothing about the former table.
    taken = {name for each in desired.declarations for name in each.names}
    return tuple(
        Undeclared(
            entry.name,
            frozenset((entry.name, entry.base_name)) - taken,
            entry.declared_in if entry.declared_in not in desired.files else None,
            entry.declared_in,
        )
        for entry in _not_declared(desired, inventory)
    )


def missing_folders(desired: DesiredState, inventory: Inventory) -> dict[str, str]:
    """By table, the folder of its declaration, if no file in that folder declares anything any more (G9).

    The top folder does not count: without any declaration the pass ends with an error anyway.
    """
    declaring = {folder for path, file in desired.files.items() if file.tables for folder in _folders(path)}
    folders = {entry.name: file.rpartition("/")[0] for entry, file in _removed(desired, inventory)}
    return {name: folder for name, folder in folders.items() if folder and folder not in declaring}


def renamed(desired: DesiredState, inventory: Inventory) -> dict[str, str]:
    """By table of ours, the tables that its file declares instead: somebody may want to rename it (G18).

    A recorded answer stays. A table counts as declared instead if it is new: it has no record of ours, or is ours only
    since the other one is no longer declared. Where the file computes its names, every table of it counts, as long as
    the removed one has such a name: with other parameters the file declares it.
    """
    found = {}
    for entry, file in _removed(desired, inventory):
        if not may_be_ours(entry):
            continue
        declaring = desired.files.get(file)
        computed = any(re.fullmatch(each, entry.name) for each in (declaring.name_patterns if declaring else ()))
        instead = entry.renamed_to or ", ".join(
            sorted(
                each.spec.name
                for each in desired.declarations
                if each.origin.file == file and (computed or _is_newer(inventory.get(each.spec.name), entry))
            )
        )
        if instead:
            found[entry.name] = instead
    return found


def in_new_files(desired: DesiredState, inventory: Inventory) -> dict[str, tuple[Declaration, ...]]:
    """By table of ours whose file is gone, the new tables in new files: one may be that table under another name (G18).

    A file and its ``table_name`` are often renamed together. The table is held if one of these has its key, which only
    the live table tells (``equal_keys``). A file is new if no table from before the removal is recorded in it. Tables
    with a recorded answer are in ``renamed``.
    """
    found, by_time = {}, dict[datetime | None, tuple[Declaration, ...]]()
    for entry, file in _removed(desired, inventory):
        if entry.renamed_to is not None or not may_be_ours(entry) or not is_gone(desired, file):
            continue
        if entry.forgotten_since not in by_time:
            by_time[entry.forgotten_since] = tuple(_in_new_files(desired, inventory, entry))
        if by_time[entry.forgotten_since]:
            found[entry.name] = by_time[entry.forgotten_since]
    return found


def equal_keys(declarations: Iterable[Declaration], keys: tuple[KeyElement, ...]) -> str | None:
    """The names of the declared tables with this key, as ``InventoryEntry.renamed_to`` has them; ``None`` for none."""
    return ", ".join(sorted(each.spec.name for each in declarations if each.spec.keys == keys)) or None


def is_gone(desired: DesiredState, file: str) -> bool:
    """Whether a file that declared a table is no longer there."""
    return file not in desired.files and all(each.origin.file != file for each in desired.declarations)


def declared_elsewhere(
    desired: DesiredState, inventory: Inventory, project: str | None, stands_in: StandsIn | None = None
) -> dict[str, str]:
    """By undeclared table, the other folder that declared it last, if that is recorded (G16).

    ``stands_in`` is given where the stack has a name of its own, which the copies of one project share: then a folder
    counts only if it is no copy, and the file that declared the table is still in it.
    """
    if project is None:
        return {}
    declared, found = {declaration.spec.name for declaration in desired.declarations}, {}
    for name in inventory.keys() - declared:
        folder, file = inventory[name].project, inventory[name].declared_in
        if folder is None or folder == project:
            continue
        if stands_in is None or (file is not None and stands_in(folder, file)):
            found[name] = folder
    return found


def _is_newer(declared: InventoryEntry | None, removed: InventoryEntry) -> bool:
    if declared is None:
        return True
    if not may_be_ours(declared):
        return False
    since = ours_since(declared)
    if since is None:
        return is_open(declared)
    return removed.forgotten_since is not None and since >= removed.forgotten_since


def _in_new_files(desired: DesiredState, inventory: Inventory, removed: InventoryEntry) -> Iterator[Declaration]:
    known = {entry.declared_in for entry in inventory.values() if not _is_newer(entry, removed)}
    for each in desired.declarations:
        if each.origin.file not in known and _is_newer(inventory.get(each.spec.name), removed):
            yield each


def _folders(path: str) -> Iterator[str]:
    """The folders of a path: ``a/b`` and ``a`` for ``a/b/users.yaml``."""
    while path := path.rpartition("/")[0]:
        yield path


def _not_declared(desired: DesiredState, inventory: Inventory) -> Iterator[InventoryEntry]:
    declared = {declaration.spec.name for declaration in desired.declarations}
    return (inventory[name] for name in sorted(inventory.keys() - declared) if not is_released(inventory[name]))


def _removed(desired: DesiredState, inventory: Inventory) -> Iterator[tuple[InventoryEntry, str]]:
    """The undeclared tables with the file that declared them, if it is recorded."""
    for entry in _not_declared(desired, inventory):
        if entry.declared_in is not None:
            yield entry, entry.declared_in


def _problem(desired: DesiredState, entry: InventoryEntry, path: str) -> Problem | None:
    name = entry.name
    ways = f"if the table is to be deleted; `reconciler release {name}` keeps the table unmanaged."
    file = desired.files.get(path)
    if file is None:
        return None
    if not file.tables:
        reason = f"declared the table {name} and now declares nothing"
        return Problem(path, None, None, reason, f"Restore the declaration, or remove the file {ways}")
    if file.empty_document is not None:
        reason = f"declared the table {name} and now has an empty document"
        return Problem(
            path, file.empty_document, None, reason, f"Restore the declaration, or remove the empty document {ways}"
        )
    return None
