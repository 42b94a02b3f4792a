"""Observed tables → new files of a desired state, proven to be read back as these tables. Called by ``wiring``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from reconciler.model.desired import DesiredState
from reconciler.model.errors import DeclarationError, UsageError
from reconciler.model.observed import ObservedTable
from reconciler.planning.diff import diff
from reconciler.sources.folder import FolderSource
from reconciler.sources.locate import BUNDLED, locate
from reconciler.sources.snapshot import read_snapshot
from reconciler.sources.writing import class_file, yaml_file
from reconciler.sources.writing.document import document

WRITERS = {"python": (class_file.text, "_table.py"), "yaml": (yaml_file.text, ".yaml")}
CONFIGS = "table_configs"
LONGEST = 200
"""Of a file's name, so that the longest table name (255) fits a file system."""


def target(location: str) -> Path:
    """The folder that new declarations go to; it need not exist. ``UsageError`` where it is not the user's own."""
    root = _root(location)
    return root / CONFIGS if (root / CONFIGS).is_dir() else root


def declared_so_far(location: str, environment: str | None) -> DesiredState:
    """What the folder declares already, nothing where it is not there or holds no file. Raises ``DeclarationError``."""
    root = _root(location)
    if not root.exists() or not read_snapshot(root).declarations:
        return DesiredState((), digest="")
    return FolderSource(location, environment).load()


def _root(location: str) -> Path:
    if location == BUNDLED:
        raise UsageError("the bundled declarations are not written to; name a folder with --desired-state PATH")
    try:
        return locate(location)
    except DeclarationError:
        return Path(location).expanduser()


def base_name(table: str, environment: str | None) -> str:
    """The name without its environment. ``UsageError`` for a table of another environment."""
    if environment is None:
        return table
    base = table.removesuffix(f"-{environment}")
    if not base or base == table:
        example = f"NAME-{environment}"
        raise UsageError(f"{table} is no table of environment {environment!r}, whose tables are called {example}")
    return base


def prepared(
    folder: Path, tables: Mapping[str, ObservedTable], form: str, environment: str | None
) -> Mapping[str, str]:
    """The texts of new files, proven, one a table; ``tables`` are by base name. ``UsageError`` as ``stored``."""
    written = texts(tables, form)
    prove(written, tables.values(), environment)
    _refuse_existing(folder, written)
    return written


def texts(tables: Mapping[str, ObservedTable], form: str) -> dict[str, str]:
    """The text of a file by its name, one a table; ``tables`` are by base name."""
    write, ending = WRITERS[form]
    found: dict[str, str] = {}
    for base, observed in tables.items():
        stem = re.sub(r"[^A-Za-z0-9-]+" if form == "yaml" else r"[^A-Za-z0-9]+", "_", base)[:LONGEST]
        name, number = f"{stem}{ending}", 2
        while name in found:
            name, number = f"{stem}_{number}{ending}", number + 1
        found[name] = write(document(observed.spec, base))
    return found


def prove(written: Mapping[str, str], tables: Iterable[ObservedTable], environment: str | None) -> None:
    """Read the texts as declarations and compare. ``UsageError`` where a table would not be as declared."""
    if not written:
        return
    live = {observed.spec.name: observed for observed in tables}
    with TemporaryDirectory() as scratch:
        for name, text in written.items():
            (Path(scratch) / name).write_text(text, encoding="utf-8")
        declarations = FolderSource(scratch, environment).load().declarations
    for declaration in declarations:
        for change in diff(declaration.spec, live[declaration.spec.name].spec):
            raise UsageError(
                f"{declaration.spec.name} cannot be declared as it is: {change.path} would be {change.after!r} and is "
                f"{change.before!r}; nothing was written"
            )


@contextmanager
def stored(folder: Path, written: Mapping[str, str]) -> Iterator[tuple[Path, ...]]:
    """Every file, taken back where what is done meanwhile fails; none where one is there already (``UsageError``)."""
    _refuse_existing(folder, written)
    made, new_folder = [], not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in written.items():
            with (folder / name).open("x", encoding="utf-8") as file:
                made.append(folder / name)
                file.write(text)
        yield tuple(path.resolve() for path in made)
    except BaseException:
        for path in made:
            path.unlink(missing_ok=True)
        if new_folder:
            with suppress(OSError):
                folder.rmdir()
        raise


def _refuse_existing(folder: Path, written: Mapping[str, str]) -> None:
    existing = [str(folder / name) for name in written if (folder / name).exists()]
    if existing:
        raise UsageError(f"{', '.join(existing)} exists already and is not overwritten; nothing was written")
