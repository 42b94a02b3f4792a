"""Writes observed tables as new declaration files, after a check that they read back equal. Called by the wiring."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Set
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from reconciler.declarations.document.table_document import table_document
from reconciler.declarations.export.exported import json_text
from reconciler.declarations.folder import FolderSource
from reconciler.declarations.folder_snapshot import read_snapshot
from reconciler.declarations.formats import class_file, yaml_file
from reconciler.declarations.locate import BUNDLED, is_missing, locate
from reconciler.declarations.template_inputs import TemplateInputs
from reconciler.model.desired import Declaration, DesiredState
from reconciler.model.errors import UsageError
from reconciler.model.observed import ObservedTable
from reconciler.planning.diff import diff
from reconciler.planning.text import kept

WRITERS = {
    "python": (class_file.text, "_table.py"),
    "yaml": (yaml_file.text, ".yaml"),
    "json": (json_text, ".json"),
}
CONFIGS = "table_configs"
PART = ".part"
LONGEST = 200
"""Characters of a file name, so that the longest table name (255) fits into a file system."""


def target(location: str) -> Path:
    """The folder for new declarations; it need not exist.

    Raises ``UsageError`` where it is not the user's own and ``DeclarationError`` where it cannot be read.
    """
    root = _root(location)
    return root / CONFIGS if (root / CONFIGS).is_dir() else root


def declared_so_far(location: str, environment: str | None, inputs: TemplateInputs | None = None) -> DesiredState:
    """The declarations that the folder already has; none if it is missing or empty. Raises ``DeclarationError``."""
    if is_missing(location) or _is_empty(_root(location)):
        return DesiredState((), digest="")
    return FolderSource(location, environment, inputs=inputs).load()


def _root(location: str) -> Path:
    if location == BUNDLED:
        raise UsageError("cannot write to the bundled declarations; name a folder with --desired-state PATH")
    return Path(location).expanduser() if is_missing(location) else locate(location)


def _is_empty(root: Path) -> bool:
    """Whether the folder has no declaration file. An unreadable file may be one."""
    snapshot = read_snapshot(root)
    return not snapshot.declarations and not snapshot.problems


def base_name(table: str, environment: str | None) -> str:
    """The name without its environment. Raises ``UsageError`` for a table of another environment."""
    if environment is None:
        return table
    base = table.removesuffix(f"-{environment}")
    if not base or base == table:
        example = f"NAME-{environment}"
        raise UsageError(f"{table} is not a table of environment {environment!r}; its tables are called {example}")
    return base


def prepared(
    folder: Path,
    tables: Mapping[str, ObservedTable],
    form: str,
    environment: str | None,
    known: DesiredState | None = None,
) -> Mapping[str, str]:
    """The texts of new files, proven, one a table; ``tables`` are by base name. ``UsageError`` as ``stored``.

    A file that declares one of the ``known`` keeps its name, and the new one gets a number.
    """
    declarations = known.declarations if known else ()
    written = texts(tables, form, {Path(declaration.origin.file).name for declaration in declarations})
    prove(written, tables.values(), environment)
    _refuse_existing(folder, written)
    return written


def texts(tables: Mapping[str, ObservedTable], form: str, taken: Set[str] = frozenset()) -> dict[str, str]:
    """The text of a file by its name, one a table; ``tables`` are by base name, ``taken`` are no names for them."""
    return texts_of({base: table_document(observed.spec, base) for base, observed in tables.items()}, form, taken)


def texts_of(documents: Mapping[str, dict[str, Any]], form: str, taken: Set[str] = frozenset()) -> dict[str, str]:
    """As ``texts``, of documents by base name."""
    write, ending = WRITERS[form]
    found: dict[str, str] = {}
    for base, document in documents.items():
        stem = re.sub(r"[^A-Za-z0-9]+" if form == "python" else r"[^A-Za-z0-9-]+", "_", base)[:LONGEST]
        name, number = f"{stem}{ending}", 2
        while name in found or name in taken:
            name, number = f"{stem}_{number}{ending}", number + 1
        found[name] = write(document)
    return found


def prove(
    written: Mapping[str, str], tables: Iterable[ObservedTable], environment: str | None
) -> tuple[Declaration, ...]:
    """Read the texts as declarations, compare and return them.

    Raises ``UsageError`` if a table differs from its declaration.
    """
    if not written:
        return ()
    live = {observed.spec.name: observed for observed in tables}
    with TemporaryDirectory() as scratch:
        for name, text in written.items():
            (Path(scratch) / name).write_text(text, encoding="utf-8")
        declarations = FolderSource(scratch, environment).load().declarations
    for declaration in declarations:
        for change in diff(declaration.spec, live[declaration.spec.name].spec):
            raise UsageError(
                f"{declaration.spec.name} cannot be declared as it is: {change.path} would become "
                f"{change.after!r}, but is "
                f"{change.before!r}; nothing was written"
            )
    return declarations


@contextmanager
def stored(folder: Path, written: Mapping[str, str]) -> Iterator[tuple[Path, ...]]:
    """Every file, or none where what is done meanwhile fails or one is there already (``UsageError``).

    They are written under hidden names, which no reader of declarations opens, and named at the end, so that each
    comes to be whole or not at all, whenever this process dies.
    """
    _refuse_existing(folder, written)
    paths, new_folder = [folder / name for name in written], not folder.exists()
    named: list[Path] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        swept(folder)
        for path, text in zip(paths, written.values(), strict=True):
            _write(_part(path), text)
        yield tuple(path.resolve() for path in paths)
        for path in paths:
            _name(path)
            named.append(path)
    except BaseException:
        for path in (*named, *map(_part, paths)):
            with suppress(OSError):
                path.unlink()
        if new_folder:
            with suppress(OSError):
                folder.rmdir()
        raise


def swept(folder: Path) -> tuple[Path, ...]:
    """Remove temporary files of a writer that was killed. No declaration is written."""
    for part in folder.glob(f".*{PART}"):
        path = folder / part.name[1 : -len(PART)]
        if path.exists() and path.samefile(part):
            part.unlink(missing_ok=True)
    return ()


def _part(path: Path) -> Path:
    return path.with_name(f".{path.name}{PART}")


def _write(part: Path, text: str) -> None:
    part.unlink(missing_ok=True)
    with part.open("x", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _name(path: Path) -> None:
    part = _part(path)
    try:
        path.hardlink_to(part)
    except FileExistsError:
        raise UsageError(f"{path} was created in the meantime; refusing to overwrite it; nothing was written") from None
    except OSError:
        # Some mounted file systems have no hard links.
        _refuse_existing(path.parent, (path.name,))
        part.rename(path)
    part.unlink(missing_ok=True)


def _refuse_existing(folder: Path, written: Iterable[str]) -> None:
    existing = [str(folder / name) for name in written if (folder / name).exists()]
    if existing:
        raise UsageError(f"{kept(existing)}; nothing was written")
