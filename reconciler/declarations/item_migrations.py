"""Reads the migration files of a folder: module-level functions, or one class with ``up`` and ``down``.

The files are read like class files: regular files inside the folder only, and imported under private names from the
bytes that were read. They are imported into this process, because ``up`` runs for each item. Called by the wiring.
"""

from __future__ import annotations

import hashlib
import inspect
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from reconciler.declarations.folder_snapshot import FileNotRead, read_regular
from reconciler.declarations.formats.python.private_import import PrivateImports
from reconciler.declarations.locate import MIGRATION_NAME, migration_names
from reconciler.model.errors import DeclarationError, Problem, UsageError
from reconciler.model.records import MigrationChecksums
from reconciler.mover.migration_file import MigrationFile
from reconciler.mover.ports import NAME_PLACE, VALUE_PLACE, Where
from reconciler.seeds.plain_values import attribute_value
from reconciler.seeds.seed_types import ValueProblem

LIMIT = 1024 * 1024
"""Bytes of a migration file."""
_NEW_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
MEMBERS = ("table", "where", "names", "values", "up", "down", "done")

_TEMPLATE = '''"""{title}."""

table = {table!r}
# where = "attribute_not_exists(added_at)"  # a condition of DynamoDB, or a function of the item; all items without it


def up(item):
    """The attributes to set; None removes one, and {{}} changes nothing."""
    return {{}}


# def down(item):
#     """Undoes up."""
#     return {{}}


# def done(item):
#     """Whether the item has the changes already. Needed if up(item) changes something in its own result."""
#     return False
'''

_active: list[PrivateImports] = []
"""The finder of the last load. The functions of its files may import further modules when they are called."""


def checksums(folder: Path, base: Path) -> dict[str, MigrationChecksums]:
    """The checksums of each migration in the folder, by name. Nothing is imported. Raises ``DeclarationError``."""
    contents, problems = _read(folder, base)
    if problems:
        raise DeclarationError(tuple(problems))
    return {path.stem: _checksums(content) for path, content in contents.items()}


def load_migrations(
    folder: Path, base: Path, *, on_file: Callable[[str], None] | None = None
) -> tuple[MigrationFile, ...]:
    """All migrations, by number; none if the folder does not exist. Raises ``DeclarationError`` with all problems.

    ``base`` is the folder of the declarations, from which problems name the files. ``on_file`` gets each file before it
    is imported.
    """
    contents, problems = _read(folder, base)
    imports = _new_imports(folder, contents)
    loaded: list[MigrationFile] = []
    for path, content in contents.items():
        if on_file is not None:
            on_file(_shown(path, base))
        try:
            loaded.append(_File(path, content, imports, base).read())
        except _Unusable as unusable:
            problems.append(unusable.problem)
    if problems:
        raise DeclarationError(tuple(sorted(problems, key=lambda problem: (problem.file, problem.line or 0))))
    return tuple(sorted(loaded, key=lambda each: (each.number, each.name)))


def write_migration(folder: Path, name: str, table: str) -> Path:
    """Write a new migration with the next number; returns its path. Raises ``UsageError``."""
    if not _NEW_NAME.fullmatch(name):
        raise UsageError(f"invalid name {name!r}; expected letters, digits and '_', for example add_status")
    existing = migration_names(folder)
    number = int(existing[-1].partition("_")[0]) + 1 if existing else 1
    path = folder / f"{number:04}_{name}.py"
    title = name.replace("_", " ").capitalize()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(_TEMPLATE.format(title=title, table=table))
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from None
    return path


def _read(folder: Path, base: Path) -> tuple[dict[Path, bytes], list[Problem]]:
    """The bytes of each migration file by its path."""
    problems: list[Problem] = []
    try:
        root = folder.resolve(strict=True)
        paths = sorted(root.iterdir())
    except FileNotFoundError:
        return {}, []
    except (OSError, RuntimeError) as error:
        reason = f"cannot be read: {getattr(error, 'strerror', None) or error}"
        return {}, [Problem(_shown(folder, base), None, None, reason, "Make the folder readable for this user.")]
    contents: dict[Path, bytes] = {}
    for path in paths:
        if path.suffix != ".py" or path.name.startswith((".", "_")):
            continue
        if not MIGRATION_NAME.fullmatch(path.stem):
            remedy = "Name it like 0007_add_status.py, or begin the name of a helper with '_'."
            problems.append(
                Problem(_shown(path, base), None, None, "has no number, so it has no place in the order", remedy)
            )
            continue
        try:
            contents[path] = read_regular(path, root, LIMIT)
        except FileNotRead as refused:
            problems.append(Problem(_shown(path, base), None, None, refused.reason, refused.remedy))
    return contents, problems


def _new_imports(folder: Path, contents: Mapping[Path, bytes]) -> PrivateImports:
    """Imports that know nothing of an earlier load: modules of the same private names would be found again."""
    for former in _active:
        if former in sys.meta_path:
            sys.meta_path.remove(former)
        for name in [name for name in sys.modules if name.partition(".")[0] in former.roots]:
            del sys.modules[name]
    _active.clear()
    imports = PrivateImports(folder.resolve(), dict(contents))
    imports.activate()
    _active.append(imports)
    return imports


class _Unusable(Exception):
    """A file is no migration."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(str(problem))


class _File:
    """One file while it is read."""

    def __init__(self, path: Path, content: bytes, imports: PrivateImports, base: Path) -> None:
        self._base = base
        self._path = path
        self._content = content
        self._imports = imports
        self._lines: dict[str, int] = {}

    def read(self) -> MigrationFile:
        """The migration. Raises ``_Unusable``."""
        module = self._module()
        owner = self._owner(module)
        self._lines = _lines(self._content, owner)
        members = {name: getattr(owner, name, None) for name in MEMBERS}
        table = members["table"]
        if not isinstance(table, str) or not table:
            raise self._unusable("table", "is required", "Write the name of a declared table: table = 'users'.")
        where, selects = self._where(members)
        return MigrationFile(
            name=self._path.stem,
            number=int(self._path.stem.partition("_")[0]),
            file=_shown(self._path, self._base),
            checksums=_checksums(self._content),
            table=table,
            up=self._function("up", members["up"], required=True),  # type: ignore[arg-type]
            down=self._function("down", members["down"]),
            done=self._function("done", members["done"]),
            where=where,
            selects=selects,
            lines=self._lines,
        )

    def _module(self) -> ModuleType:
        from reconciler.declarations.formats.python.faults import problem_of_exception

        try:
            return self._imports.load(self._path)
        except (Exception, SystemExit) as error:
            file, line, name, reason, remedy = problem_of_exception(error, self._imports, self._path, None, None)
            path = Path(os.path.normpath(self._imports.folder / file))
            raise _Unusable(Problem(_shown(path, self._base), line, name, reason, remedy)) from error

    def _owner(self, module: ModuleType) -> Any:
        """The module itself, or an instance of its only class with ``up``."""
        classes = [
            each
            for each in vars(module).values()
            if inspect.isclass(each) and each.__module__ == module.__name__ and callable(getattr(each, "up", None))
        ]
        if callable(getattr(module, "up", None)):
            if classes:
                reason = f"has both up() and the class {classes[0].__name__} with up()"
                raise self._unusable(None, reason, "Keep one of them.")
            return module
        if not classes:
            raise self._unusable(
                "up", "is required", "Write `def up(item): return {...}`, or a class with this method."
            )
        if len(classes) > 1:
            names = " and ".join(each.__name__ for each in classes)
            raise self._unusable(None, f"has several classes with up(): {names}", "Keep one in each file.")
        try:
            return classes[0]()
        except Exception as error:
            reason = f"cannot be made: {type(error).__name__}: {error}"
            raise self._unusable(classes[0].__name__, reason, "Let it take no arguments.") from error

    def _function(self, name: str, value: Any, *, required: bool = False) -> Callable[[Any], Any] | None:
        if value is None and not required:
            return None
        if not callable(value):
            raise self._unusable(name, f"is {type(value).__name__}; expected a function", f"Write `def {name}(item):`.")
        try:
            inspect.signature(value).bind(None)
        except TypeError:
            remedy = f"Write `def {name}(item):`."
            if name == "up" and not inspect.signature(value).parameters:
                remedy += " Tables are created from their declarations, so a migration that creates one is not needed."
            raise self._unusable(name, "does not take one item", remedy) from None
        except ValueError:
            return value  # type: ignore[no-any-return]
        return value  # type: ignore[no-any-return]

    def _where(self, members: Mapping[str, Any]) -> tuple[Where | None, Callable[[Any], Any] | None]:
        where = members["where"]
        if where is None:
            return None, None
        if callable(where):
            return None, self._function("where", where)
        if not isinstance(where, str) or not where.strip():
            remedy = "Write a condition of DynamoDB, or `def where(item):`."
            raise self._unusable("where", f"is {type(where).__name__}; expected a text or a function", remedy)
        names, values = members["names"] or {}, members["values"] or {}
        if not isinstance(names, Mapping) or not isinstance(values, Mapping):
            raise self._unusable("where", "needs names and values as mappings", "Write names = {'#s': 'status'}.")
        for place, start in (*((place, "#") for place in names), *((place, ":") for place in values)):
            if not str(place).startswith(start) or str(place).startswith((NAME_PLACE, VALUE_PLACE)):
                remedy = f"Begin it with {start!r}, but not with {NAME_PLACE!r} or {VALUE_PLACE!r}."
                raise self._unusable("names" if start == "#" else "values", f"has the placeholder {place!r}", remedy)
        try:
            converted = {str(place): attribute_value(value, str(place)) for place, value in values.items()}
        except ValueProblem as problem:
            raise self._unusable("values", f"{problem.path} {problem.reason}", problem.remedy) from None
        return Where(where, {str(place): str(name) for place, name in names.items()}, converted), None

    def _unusable(self, name: str | None, reason: str, remedy: str) -> _Unusable:
        line = self._lines.get(name) if name else None
        return _Unusable(Problem(_shown(self._path, self._base), line, name, reason, remedy))


def _lines(content: bytes, owner: Any) -> dict[str, int]:
    """The line of each member that the file itself defines."""
    import ast

    body = ast.parse(content).body
    if not isinstance(owner, ModuleType):
        wanted = type(owner).__name__
        body = next((node.body for node in body if isinstance(node, ast.ClassDef) and node.name == wanted), [])
    return {name: node.lineno for node in body for name in _names(node) if name in MEMBERS}


def _names(node: Any) -> Iterator[str]:
    import ast

    if isinstance(node, ast.FunctionDef):
        yield node.name
    elif isinstance(node, ast.Assign):
        yield from (target.id for target in node.targets if isinstance(target, ast.Name))
    elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        yield node.target.id


def _checksums(content: bytes) -> MigrationChecksums:
    """Of the content with one kind of line ends: git may convert them in a working copy."""
    content = content.replace(b"\r\n", b"\n")
    return MigrationChecksums(_digest(content), _digest(_without_table(content)))


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _without_table(content: bytes) -> bytes:
    """The content without the text that is assigned to ``table``. All of it where that is no plain text."""
    import ast

    try:
        body = ast.parse(content).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return content
    nodes = [inner for node in body for inner in (node.body if isinstance(node, ast.ClassDef) else [node])]
    values = [node.value for node in nodes if isinstance(node, ast.Assign | ast.AnnAssign) and "table" in _names(node)]
    lines = content.replace(b"\r", b"\n").split(b"\n")
    for value in values:
        if isinstance(value, ast.Constant) and isinstance(value.value, str) and value.end_lineno == value.lineno:
            line = lines[value.lineno - 1]
            lines[value.lineno - 1] = line[: value.col_offset] + line[value.end_col_offset :]
    return b"\n".join(lines)


def _shown(path: Path, base: Path) -> str:
    """From the folder of the declarations, as all problems name files."""
    return Path(os.path.relpath(path, base)).as_posix()
