"""Which removals of declarations can be believed: the inventory names the file that declared each table last.

A table is removed when its file is gone, or when the file is there, is understood and declares other tables, and when
nothing beside the declarations defines it still (``Source.remains``). Everything else may be a file that was not
understood, and its tables must not be deleted. Called by the engine in every pass.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reconciler.model.desired import DesiredState, Undeclared
from reconciler.model.errors import Problem
from reconciler.model.records import InventoryEntry
from reconciler.planning.ownership import is_open, is_released, may_be_ours, ours_since

Inventory = Mapping[str, InventoryEntry]


def unclear_removals(desired: DesiredState, inventory: Inventory) -> tuple[Problem, ...]:
    """Files that declared a table that is not declared any more, and that do not show that it was removed."""
    problems = (_problem(desired, entry, file) for entry, file in _removed(desired, inventory))
    return tuple(problem for problem in problems if problem is not None)


def undeclared(desired: DesiredState, inventory: Inventory) -> tuple[Undeclared, ...]:
    """The recorded tables that are not declared any more, for the ``Source`` to look for what is left of them."""
    # A base name that another declaration has by now says nothing about the former table.
    taken = {name for each in desired.declarations for name in (each.base_name, each.spec.name)}
    return tuple(
        Undeclared(
            entry.name,
            frozenset((entry.name, entry.base_name)) - taken,
            entry.declared_in if entry.declared_in not in desired.files else None,
        )
        for entry in _not_declared(desired, inventory)
    )


def missing_folders(desired: DesiredState, inventory: Inventory) -> dict[str, str]:
    """By table, the folder of its declaration, where no file of that folder declares anything any more.

    The folder that holds all declarations does not count: without any declaration it is an error anyway.
    """
    declaring = {folder for path, file in desired.files.items() if file.tables for folder in _folders(path)}
    folders = {entry.name: file.rpartition("/")[0] for entry, file in _removed(desired, inventory)}
    return {name: folder for name, folder in folders.items() if folder and folder not in declaring}


def renamed(desired: DesiredState, inventory: Inventory) -> dict[str, str]:
    """By table of ours, the tables that its file declares in its place: somebody may mean to rename it.

    One that was recorded stays. A table counts as declared in its place if it is new: without any record of ours, or
    ours only since the other one is not declared.
    """
    found = {}
    for entry, file in _removed(desired, inventory):
        if not may_be_ours(entry):
            continue
        instead = entry.renamed_to or ", ".join(
            sorted(
                each.spec.name
                for each in desired.declarations
                if each.origin.file == file and _is_newer(inventory.get(each.spec.name), entry)
            )
        )
        if instead:
            found[entry.name] = instead
    return found


def declared_elsewhere(desired: DesiredState, inventory: Inventory, project: str | None) -> dict[str, str]:
    """By table that is not declared, the folder of the other project that declared it last, as far as is recorded."""
    declared = {declaration.spec.name for declaration in desired.declarations}
    undeclared = [inventory[name] for name in inventory.keys() - declared]
    return {e.name: e.project for e in undeclared if project is not None and e.project not in (None, project)}


def _is_newer(declared: InventoryEntry | None, removed: InventoryEntry) -> bool:
    if declared is None:
        return True
    if not may_be_ours(declared):
        return False
    since = ours_since(declared)
    if since is None:
        return is_open(declared)
    return removed.forgotten_since is not None and since >= removed.forgotten_since


def _folders(path: str) -> Iterator[str]:
    """``a/b`` and ``a`` of ``a/b/users.yaml``."""
    while path := path.rpartition("/")[0]:
        yield path


def _not_declared(desired: DesiredState, inventory: Inventory) -> Iterator[InventoryEntry]:
    declared = {declaration.spec.name for declaration in desired.declarations}
    return (inventory[name] for name in sorted(inventory.keys() - declared) if not is_released(inventory[name]))


def _removed(desired: DesiredState, inventory: Inventory) -> Iterator[tuple[InventoryEntry, str]]:
    """The tables that are not declared, with the file that declared them, as far as records tell."""
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
