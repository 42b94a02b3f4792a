"""Loads class files and asks their classes, in the child process; every finding goes to the ``Channel``. See ``child``.

All the user's code runs below ``_guarded``, and what runs next is announced before, so that the tool can name it when
it never returns.
"""

from __future__ import annotations

import base64
import inspect
import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from reconciler.declarations.formats.python.calling import call_method, plain_value
from reconciler.declarations.formats.python.channel import Channel
from reconciler.declarations.formats.python.classes import (
    DeclaredClasses,
    class_lines,
    declared_classes,
    has_get_schema,
    is_base,
)
from reconciler.declarations.formats.python.faults import problem_of_exception, shown_path
from reconciler.declarations.formats.python.none_names import built_from_none
from reconciler.declarations.formats.python.packing import TOO_DEEP, pack
from reconciler.declarations.formats.python.private_import import PrivateImports
from reconciler.model.position import Position, packed

SEED_MOST = 1_000_000
"""Items that one ``seed(environment)`` may yield."""
SEED_BYTES = 100 * 1024 * 1024
"""Of one ``seed(environment)``, as JSON: the limit of a seed file."""
PART = 256 * 1024
"""Bytes of a seed that are sent at a time; each part shows the tool that the generator moves on."""


class ClassFile(NamedTuple):
    """One file; ``path`` is relative to the desired state's folder. An ``empty`` one is reported by the tool itself."""

    path: str
    absolute: Path
    content: bytes
    empty: bool


class Evaluation:
    """All class files of one load."""

    def __init__(self, channel: Channel, files: list[ClassFile], folder: Path, environment: str | None) -> None:
        self.channel = channel
        self.imports = PrivateImports(folder, {file.absolute: file.content for file in files})
        self.readers = [FileEvaluation(file, self, environment) for file in files]

    def run(self) -> None:
        """Load every file and ask every class; each failure is a problem of its own and stops no other file."""
        self.imports.activate()
        for reader in self.readers:
            reader.load()
        # Only when all are loaded is it known which classes others inherit from.
        for reader in self.readers:
            reader.ask()
        self.channel.send("at", None)
        for path, content in self.imports.outside.items():
            self.channel.send("outside", [str(path), base64.b64encode(content).decode()])


class FileEvaluation:
    """One file."""

    def __init__(self, file: ClassFile, whole: Evaluation, environment: str | None) -> None:
        self.file = file
        self.channel = whole.channel
        self.imports = whole.imports
        self.environment = environment
        self.module: ModuleType | None = None
        self.failed = 0

    def load(self) -> None:
        """Import the file."""
        if not self.file.empty:
            self.module = self._guarded(lambda: self.imports.load(self.file.absolute), None, None)

    def ask(self) -> None:
        """Ask each class that declares a table."""
        if self.module is None:
            return
        lines = class_lines(self.file.content)
        found = declared_classes(self.module)
        for owner in found.owners:
            self._declaration(owner, *lines.get(owner.__name__, (1, {})))
        for owner, reason, remedy in found.refused:
            self._problem(lines.get(owner.__name__, (1, {}))[0], owner.__name__, reason, remedy)
        if not found.owners and not found.refused:
            self.channel.send("silent", [self.file.path, _why_silent(found)])

    def _declaration(self, owner: type, line: int, lines: Mapping[Any, int]) -> None:
        before = self.failed
        if is_base(owner, lambda method: call_method(owner, method, self.environment), self._announced(line)):
            return
        value = self._schema(owner, line)
        name = self._name(owner, line)
        description = self._description(owner, line)
        seed = getattr(owner, "seed", None)
        seeds = callable(seed)
        if seed is not None and not seeds:
            remedy = "Write a classmethod seed(cls, environment=None) that yields the items."
            self._problem(line, "seed", f"expected a method, found {_kind(seed)}", remedy)
        if self.failed > before or value is None:
            if seeds:
                self._seed(owner, line, send=False)
            return
        written_name = _text_or_none(value.get("table_name", value.get("TableName")))
        if name and written_name and name != written_name:
            reason = f"is {written_name!r} in get_schema, but get_table_name returns {name!r}"
            self._problem(line, "table_name", reason, "Return the same name from both.")
        name = name or written_name
        self._refuse_none(owner, name, line)
        self._send_declaration(
            {
                "file": self.file.path,
                "line": packed(line),
                "class": owner.__name__,
                "value": value,
                "lines": [[list(path), packed(number)] for path, number in lines.items()],
                "name": name,
                "base_name": _base_name(owner) or name,
                "description": description,
                "seed_at": self._seed_place(owner, line) if seeds else None,
            },
            line,
        )
        if seeds:
            self._seed(owner, line, send=True)

    def _send_declaration(self, declaration: dict[str, Any], line: int) -> None:
        packed = self._guarded(lambda: pack(declaration), "get_schema", line)
        if packed is not None:
            self.channel.send("declaration", packed)

    def _schema(self, owner: type, line: int) -> dict[str, Any] | None:
        schema = getattr(owner, "SCHEMA", None)
        if not isinstance(schema, dict):
            self._problem(line, "SCHEMA", f"expected a dict, found {_kind(schema)}", "Write the schema as a dict.")
            return None
        if not has_get_schema(owner):
            remedy = "Add the classmethod get_schema(cls, environment=None)."
            self._problem(line, owner.__name__, "has a SCHEMA but no get_schema", remedy)
            return None
        if not schema:
            self._problem(line, "SCHEMA", "is empty", "Fill it, or remove the class.")
            return None
        before = self.failed
        answer: Any = self._guarded(
            lambda: plain_value(call_method(owner, "get_schema", self.environment)), "get_schema", line
        )
        if isinstance(answer, dict):
            return answer
        if inspect.iscoroutine(answer):
            answer.close()
        if self.failed == before:
            reason = f"expected a dict as the result, found {_kind(answer)}"
            self._problem(line, "get_schema", reason, "Return the schema as a dict.")
        return None

    def _name(self, owner: type, line: int) -> str | None:
        if not callable(getattr(owner, "get_table_name", None)):
            return None
        before = self.failed
        answer = self._guarded(
            lambda: plain_value(call_method(owner, "get_table_name", self.environment)), "get_table_name", line
        )
        if not isinstance(answer, str) and self.failed == before:
            reason = f"expected a text as the result, found {_kind(answer)}"
            self._problem(line, "get_table_name", reason, "Return the name of the table.")
        elif answer == "":
            self._problem(line, "get_table_name", "returns an empty text", "Return the name of the table.")
        return _text_or_none(answer)

    def _refuse_none(self, owner: type, name: str | None, line: int) -> None:
        def named(environment: str) -> Any:
            return self._quietly(
                lambda: plain_value(call_method(owner, "get_table_name", environment)), "get_table_name", line
            )

        if not callable(getattr(owner, "get_table_name", None)):

            def named(environment: str) -> Any:
                schema = self._quietly(lambda: call_method(owner, "get_schema", environment), "get_schema", line)
                return schema.get("table_name", schema.get("TableName")) if isinstance(schema, dict) else None

        sources = [*self.imports.contents.values(), *self.imports.outside.values()]
        finding = built_from_none(name, self.environment, named, sources)
        if finding:
            self._problem(line, "table_name", *finding)

    def _description(self, owner: type, line: int) -> str | None:
        if not callable(getattr(owner, "get_description", None)):
            return None
        return _text_or_none(
            self._guarded(lambda: call_method(owner, "get_description", None), "get_description", line)
        )

    def _seed(self, owner: type, line: int, *, send: bool) -> None:
        parts = _SeedSender(self.channel if send else None)
        count = self._guarded(lambda: parts.take(call_method(owner, "seed", self.environment)), "seed", line)
        if count is None:
            return
        if count > SEED_MOST:
            self._problem(line, "seed", f"yields more than {SEED_MOST:,} items", "Yield fewer.")
        elif parts.size > SEED_BYTES:
            self._problem(line, "seed", f"yields more than {SEED_BYTES // 1024 // 1024} MB", "Yield less.")
        parts.flush()

    def _seed_place(self, owner: type, line: int) -> list[Any]:
        """File and line of the ``def`` of seed(), wherever it is inherited from."""
        function = inspect.getattr_static(owner, "seed", None)
        code = getattr(getattr(function, "__func__", function), "__code__", None)
        own = self.imports.own_file(code.co_filename) if code else None
        if code is None or own is None:
            return [self.file.path, packed(line)]
        # A decorated function starts at its decorator.
        first, source = code.co_firstlineno, self.imports.contents.get(own, b"").splitlines()
        place: int = first
        for number, text in enumerate(source[first - 1 : first + 9], start=first):
            if text.lstrip().startswith((b"def ", b"async def ")):
                place = Position(number, len(text) - len(text.lstrip()) + 1)
                break
        return [shown_path(own, self.imports.folder), packed(place)]

    def _announced(self, line: int) -> Callable[[str, Callable[[], Any]], Any]:
        """Calls a method after it was announced; what it raises is raised."""

        def call(field: str, function: Callable[[], Any]) -> Any:
            self.channel.send("at", [self.file.path, packed(line), field])
            return function()

        return call

    def _guarded(self, function: Callable[[], Any], field: str | None, line: int | None) -> Any:
        """None and a problem where the user's code raises, whatever it raises."""
        self.channel.send("at", [self.file.path, packed(line), field])
        try:
            return function()
        except BaseException as error:  # noqa: BLE001 - the user's code may raise anything
            self._report(*problem_of_exception(error, self.imports, self.file.absolute, field, line))
            return None

    def _quietly(self, function: Callable[[], Any], field: str, line: int) -> Any:
        """None where the user's code raises."""
        self.channel.send("at", [self.file.path, packed(line), field])
        try:
            return function()
        except BaseException:  # noqa: BLE001 - the user's code may raise anything
            return None

    def _problem(self, line: int | None, field: str | None, reason: str, remedy: str) -> None:
        self._report(self.file.path, line, field, reason, remedy)

    def _report(self, file: str, line: int | None, *problem: Any) -> None:
        self.failed += 1
        self.channel.send("problem", [file, packed(line), *problem])


class _SeedSender:
    """The items of one seed on their way to the tool."""

    def __init__(self, channel: Channel | None) -> None:
        self.channel = channel
        self.size = 0
        self._lines: list[str] = []
        self._pending = 0

    def take(self, items: Iterable[Any]) -> int:
        """Take the items up to the limits, and count them."""
        count = 0
        for count, item in enumerate(items, start=1):
            try:
                line = json.dumps(pack(item), separators=(",", ":"))
            except RecursionError:
                line = TOO_DEEP
            self.size += len(line)
            self._pending += len(line)
            if count > SEED_MOST or self.size > SEED_BYTES:
                break
            self._lines.append(line)
            if self._pending > PART:
                self.flush()
        return count

    def flush(self) -> None:
        """Send what is pending."""
        if self.channel is not None and self._lines:
            self.channel.send_line('{"items":[' + ",".join(self._lines) + "]}")
        self._lines.clear()
        self._pending = 0


def _why_silent(found: DeclaredClasses) -> str:
    """Why a module declares no table, by its classes."""
    rule = "it has no class with a dict SCHEMA and a get_schema"
    return f"{rule}; found {', '.join(found.others)}" if found.others else rule


def _base_name(owner: type) -> str | None:
    schema = getattr(owner, "SCHEMA", {})
    named = getattr(owner, "TABLE_NAME", None) or schema.get("table_name") or schema.get("TableName")
    return _text_or_none(named)


def _text_or_none(value: Any) -> str | None:
    return str(plain_value(value)) if isinstance(value, str) and value else None


def _kind(value: Any) -> str:
    name = type(value).__name__
    return "nothing" if value is None else f"{'an' if name[0] in 'aeiou' else 'a'} {name}"
