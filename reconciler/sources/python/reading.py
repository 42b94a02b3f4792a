"""All class files of a folder → their declarations as written. Called by ``folder`` once a load."""

from __future__ import annotations

import codecs
import inspect
import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from reconciler.model.errors import Problem
from reconciler.sources.python.calling import ask
from reconciler.sources.python.classes import declared_classes, has_get_schema
from reconciler.sources.python.faults import fault
from reconciler.sources.python.lines import class_lines
from reconciler.sources.python.plain import plain
from reconciler.sources.python.private_import import PrivateImports
from reconciler.sources.raw import RawDeclaration
from reconciler.sources.snapshot import SourceFile
from reconciler.sources.text.documents import EMPTY

SEED_MOST = 1_000_000
"""Items that one ``seed(environment)`` may yield."""


@dataclass(slots=True)
class PythonReading:
    """What the class files declare; ``outside`` are the modules read from outside the folder."""

    declarations: list[RawDeclaration] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    outside: Mapping[Path, bytes] = field(default_factory=dict)


def read_python(files: tuple[SourceFile, ...], folder: Path, environment: str | None) -> PythonReading:
    """Load every file and ask every class; each failure is a problem of its own and stops no other file."""
    reading = PythonReading()
    imports = PrivateImports(folder, {file.absolute: file.content for file in files})
    with imports.active():
        readers = [_FileReader(file, imports, environment) for file in files]
        for reader in readers:
            reader.load()
        # Only when all are loaded is it known which classes others inherit from.
        for reader in readers:
            reader.ask()
            reading.declarations += reader.declarations
            reading.problems += reader.problems
            reading.warnings += reader.warnings
    reading.outside = imports.outside
    return reading


class _FileReader:
    """One file; every call into the user's code goes through ``_guarded``."""

    def __init__(self, file: SourceFile, imports: PrivateImports, environment: str | None) -> None:
        self.file = file
        self.imports = imports
        self.environment = environment
        self.declarations: list[RawDeclaration] = []
        self.problems: list[Problem] = []
        self.warnings: list[str] = []
        self.module: ModuleType | None = None

    def load(self) -> None:
        if not self._empty():
            self.module = self._guarded(lambda: self.imports.load(self.file.absolute), None, None)

    def ask(self) -> None:
        if self.module is None:
            return
        lines = class_lines(self.file.content)
        owners = list(declared_classes(self.module))
        for owner in owners:
            self._declaration(owner, *lines.get(owner.__name__, (1, {})))
        if not owners and self.file.path.endswith("_table.py"):
            why = "it has no class with a dict SCHEMA and a get_schema"
            self.warnings.append(f"{self.file.path}: declares nothing: {why}")

    def _empty(self) -> bool:
        """A file of no bytes is what a file looks like that is being saved; only a package's may be so."""
        if self.file.content.removeprefix(codecs.BOM_UTF8).strip() or self.file.absolute.name == "__init__.py":
            return False
        self._problem(None, None, *EMPTY)
        return True

    def _declaration(self, owner: type, line: int, lines: Mapping[Any, int]) -> None:
        before = len(self.problems)
        value = self._schema(owner, line)
        name = self._name(owner, line)
        description = self._description(owner, line)
        seed = self._seed(owner, line)
        if len(self.problems) > before or value is None:
            return
        written_name = _text_or_none(value.get("table_name", value.get("TableName")))
        if name and written_name and name != written_name:
            reason = f"is {written_name!r} in get_schema, but get_table_name returns {name!r}"
            self._problem(line, "table_name", reason, "Let both return one name.")
        name = name or written_name
        base_name = _base_name(owner) or name
        self.declarations.append(RawDeclaration(self.file.path, line, value, lines, name, base_name, description, seed))

    def _schema(self, owner: type, line: int) -> dict[str, Any] | None:
        schema = getattr(owner, "SCHEMA", None)
        if not isinstance(schema, dict):
            self._problem(line, "SCHEMA", f"is {_kind(schema)}, not a dict", "Write the schema as a dict.")
            return None
        if not has_get_schema(owner):
            remedy = "Add the classmethod get_schema(cls, environment=None)."
            self._problem(line, owner.__name__, "has a SCHEMA but no get_schema", remedy)
            return None
        if not schema:
            self._problem(line, "SCHEMA", "is empty", "Fill it, or remove the class.")
            return None
        before = len(self.problems)
        answer: Any = self._guarded(lambda: plain(ask(owner, "get_schema", self.environment)), "get_schema", line)
        if isinstance(answer, dict):
            return answer
        if inspect.iscoroutine(answer):
            answer.close()
        if len(self.problems) == before:
            reason = f"returns {_kind(answer)}, not a dict"
            self._problem(line, "get_schema", reason, "Return the schema as a dict.")
        return None

    def _name(self, owner: type, line: int) -> str | None:
        if not callable(getattr(owner, "get_table_name", None)):
            return None
        before = len(self.problems)
        answer = self._guarded(lambda: plain(ask(owner, "get_table_name", self.environment)), "get_table_name", line)
        if not isinstance(answer, str) and len(self.problems) == before:
            reason = f"returns {_kind(answer)}, not a text"
            self._problem(line, "get_table_name", reason, "Return the name of the table.")
        return _text_or_none(answer)

    def _description(self, owner: type, line: int) -> str | None:
        if not callable(getattr(owner, "get_description", None)):
            return None
        return _text_or_none(self._guarded(lambda: ask(owner, "get_description", None), "get_description", line))

    def _seed(self, owner: type, line: int) -> tuple[Any, ...] | None:
        if not callable(getattr(owner, "seed", None)):
            return None
        items: tuple[Any, ...] | None = self._guarded(
            lambda: tuple(_limited(ask(owner, "seed", self.environment))), "seed", line
        )
        if items is not None and len(items) > SEED_MOST:
            self._problem(line, "seed", f"yields more than {SEED_MOST} items", "Yield fewer.")
        return items

    def _guarded(self, function: Callable[[], Any], field: str | None, line: int | None) -> Any:
        """None and a problem where the user's code raises, be it SystemExit."""
        try:
            return function()
        except (Exception, SystemExit) as error:  # noqa: BLE001 - the user's code may raise anything
            self.problems.append(fault(error, self.imports, self.file, field, line))
            return None

    def _problem(self, line: int | None, field: str | None, reason: str, remedy: str) -> None:
        self.problems.append(Problem(self.file.path, line, field, reason, remedy))


def _base_name(owner: type) -> str | None:
    schema = getattr(owner, "SCHEMA", {})
    named = getattr(owner, "TABLE_NAME", None) or schema.get("table_name") or schema.get("TableName")
    return _text_or_none(named)


def _limited(items: Any) -> Iterator[Any]:
    return itertools.islice(items, SEED_MOST + 1)


def _text_or_none(value: Any) -> str | None:
    return str(plain(value)) if isinstance(value, str) and value else None


def _kind(value: Any) -> str:
    name = type(value).__name__
    return "nothing" if value is None else f"{'an' if name[0] in 'aeiou' else 'a'} {name}"
