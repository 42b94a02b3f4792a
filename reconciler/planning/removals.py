"""Which removals of declarations can be believed: the inventory names the file that declared each table last.

A table is removed when its file is gone, or when the file is there, is understood and declares other tables. Everything
else may be a file that was not understood, and its tables must not be deleted. Called by the engine in every pass.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from posixpath import basename, dirname

from reconciler.model.desired import DesiredState
from reconciler.model.errors import Problem
from reconciler.model.records import InventoryEntry

Inventory = Mapping[str, InventoryEntry]


def misunderstood(desired: DesiredState, inventory: Inventory) -> tuple[Problem, ...]:
    """Files that declared a table that is not declared any more, and that do not show that it was removed."""
    problems = (_problem(desired, entry, file) for entry, file in _removed(desired, inventory))
    return tuple(problem for problem in problems if problem is not None)


def vanished(desired: DesiredState, inventory: Inventory) -> dict[str, str]:
    """By table, the folder of its declaration, where no file of that folder declares anything any more.

    The folder that holds all declarations does not count: without any declaration it is an error anyway.
    """
    declaring = {folder for path, file in desired.files.items() if file.tables for folder in _folders(path)}
    folders = {entry.name: dirname(file) for entry, file in _removed(desired, inventory)}
    return {name: folder for name, folder in folders.items() if folder and folder not in declaring}


def _folders(path: str) -> Iterator[str]:
    """The folders around a file, from the nearest to the outermost one below the folder of all declarations."""
    while path := dirname(path):
        yield path


def _removed(desired: DesiredState, inventory: Inventory) -> Iterator[tuple[InventoryEntry, str]]:
    """The tables that are not declared, with the file that declared them, as far as records tell."""
    declared = {declaration.spec.name for declaration in desired.declarations}
    for name in sorted(inventory.keys() - declared):
        entry = inventory[name]
        if entry.declared_in is not None and entry.ownership != "released":
            yield entry, entry.declared_in


def _problem(desired: DesiredState, entry: InventoryEntry, path: str) -> Problem | None:
    name = entry.name
    ways = f"if the table is to be deleted; `reconciler release {name}` keeps the table unmanaged."
    file = desired.files.get(path)
    if file is None:
        other = _renamed(path, desired.unread)
        if other is None:
            return None
        reason = f"is not read, and {path}, which declared the table {name}, is gone"
        return Problem(other, None, None, reason, f"Rename it to {path}, or move it out of the folder {ways}")
    if not file.tables:
        reason = f"declared the table {name} and now declares nothing"
        return Problem(path, None, None, reason, f"Restore the declaration, or remove the file {ways}")
    if not file.commented.isdisjoint((name, entry.base_name)):
        reason = f"declared the table {name} and now has it in comments"
        return Problem(path, None, None, reason, f"Restore the declaration, or remove the comment {ways}")
    return None


def _renamed(path: str, unread: tuple[str, ...]) -> str | None:
    """A file that is not read, in the same folder and with the same stem: ``users.toml`` for ``users.yaml``."""
    for each in unread:
        if dirname(each) == dirname(path) and _stem(each) == _stem(path):
            return each
    return None


def _stem(path: str) -> str:
    return basename(path).split(".")[0]
