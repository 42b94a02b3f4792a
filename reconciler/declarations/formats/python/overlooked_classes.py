"""Class files that look like declarations and are none: found in their text, after all of them were loaded.

``classes`` refuses classes that lack something. This finds what no loaded module shows: a class whose name a later one
took, and a declaration that stands in comments or outside of any class. Called by ``folder``.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import field

from reconciler.declarations.formats.python.classes import position_of
from reconciler.declarations.raw import RawDeclaration
from reconciler.model.errors import Problem
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.position import Position
from reconciler.parsing.source_file import SourceFile

_BASE_NAME = re.compile(r"^_|Base|Abstract|Mixin|Protocol|Interface")
_MARKS = ("abstract", "__abstract__")
_ABSTRACT = frozenset(("ABC", "ABCMeta", "Protocol"))
_TABLE_FIELDS = frozenset(("table_name", "TableName", "key_schema", "KeySchema"))
_COMMENTED = re.compile(
    rb"^[ \t]*#+[ \t]*"
    rb"(?:def get_schema\b|SCHEMA[ \t]*[:=]|[\"'](?:key_schema|KeySchema|table_name|TableName)[\"'][ \t]*:)",
    re.MULTILINE,
)
_IN_TEXT = re.compile(rb"\bdef get_schema\b|^[ \t]*SCHEMA[ \t]*[:=]", re.MULTILINE)
_REMOVE = "Restore it, or remove the class if its table should be deleted."


@dataclass(slots=True)
class _Class:
    """One class at the top of a module, as far as its text tells."""

    node: ast.ClassDef
    bases: frozenset[str]
    has_schema: bool = False
    has_get_schema: bool = False
    abstract: bool = False


@dataclass(slots=True)
class _File:
    file: SourceFile
    tree: ast.Module
    declared: frozenset[int]
    classes: list[_Class] = field(default_factory=list)

    def position(self, node: ast.stmt) -> Position:
        """Where a statement stands."""
        return position_of(node, self.file.content.splitlines())


def resembling(files: Iterable[SourceFile], declared: Iterable[RawDeclaration]) -> list[Problem]:
    """A problem for each class or file that looks like a declaration; all files were loaded without any problem."""
    lines: dict[str, set[int]] = {}
    for raw in declared:
        lines.setdefault(raw.file, set()).add(raw.line)
    parsed = [found for file in files if (found := _parsed(file, frozenset(lines.get(file.path, ())))) is not None]
    known = {each.node.name: each for found in parsed for each in found.classes}
    inherited = frozenset(base for found in parsed for each in found.classes for base in each.bases)
    problems: list[Problem] = []
    for found in parsed:
        problems += _of_file(found, known, inherited)
    return problems


def _parsed(file: SourceFile, declared: frozenset[int]) -> _File | None:
    try:
        tree = ast.parse(file.content)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return _File(file, tree, declared, [_class(node) for node in tree.body if isinstance(node, ast.ClassDef)])


def _of_file(found: _File, known: dict[str, _Class], inherited: frozenset[str]) -> Iterator[Problem]:
    path = found.file.path
    all_lines = {node.lineno for node in ast.walk(found.tree) if isinstance(node, ast.ClassDef)}
    if found.declared <= all_lines:
        # Otherwise a class was made by a call or renamed by a decorator, and its text does not tell which one it is.
        for each in found.classes:
            if each.node.lineno not in found.declared:
                reason = _lost(each, known, inherited)
                if reason is not None:
                    yield Problem(path, found.position(each.node), each.node.name, reason, _REMOVE)
        yield from _swallowed(found, known)
    if not found.declared:
        yield from _of_text(found)


def _swallowed(found: _File, known: dict[str, _Class]) -> Iterator[Problem]:
    """Classes of a table that a handled exception kept from being made, where no other class has their name."""
    loaded = {
        node.name for node in ast.walk(found.tree) if isinstance(node, ast.ClassDef) and node.lineno in found.declared
    }
    for statement in found.tree.body:
        if not isinstance(statement, ast.Try) or not statement.handlers:
            continue
        for node in statement.body:
            each = _class(node) if isinstance(node, ast.ClassDef) else None
            if each is None or each.node.name in loaded or not each.has_schema or each.abstract:
                continue
            if each.has_get_schema or any(one.has_get_schema for one in _ancestors(each, known)):
                reason = "was not created when the module was loaded, because a try statement swallowed an exception"
                remedy = "Do not catch the exception, or remove the class if its table should be deleted."
                yield Problem(found.file.path, found.position(each.node), each.node.name, reason, remedy)


def _lost(each: _Class, known: dict[str, _Class], inherited: frozenset[str]) -> str | None:
    """Why a class that declares no table looks as if it should."""
    name = each.node.name
    if not each.has_schema or each.abstract or name in inherited or _BASE_NAME.search(name):
        return None
    if not any(one.has_get_schema for one in (each, *_ancestors(each, known))):
        return None
    return "has SCHEMA and get_schema, but the module deletes or replaces it"


def _ancestors(each: _Class, known: dict[str, _Class]) -> list[_Class]:
    found: dict[str, _Class] = {}
    names = list(each.bases)
    while names:
        name = names.pop()
        if name in known and name not in found:
            found[name] = known[name]
            names += known[name].bases
    return list(found.values())


def _of_text(found: _File) -> Iterator[Problem]:
    """A file without any declaration whose declaration stands in comments, in a text, or outside of any class."""
    path, content = found.file.path, found.file.content
    remedy = "Restore it, or remove the file if its table should be deleted."
    commented = _COMMENTED.search(content)
    if commented is None and all(_is_text(node) for node in found.tree.body):
        commented = _IN_TEXT.search(content)
    if commented is not None:
        line = Position(content.count(b"\n", 0, commented.start()) + 1, 1)
        yield Problem(path, line, None, "declares nothing; its declaration is commented out", remedy)
        return
    for node in found.tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == "get_schema":
            if not _looks_up(node):
                yield Problem(path, found.position(node), "get_schema", "is a function outside a class", remedy)
        elif _assigns(node, "SCHEMA") and _is_table(node):
            yield Problem(path, found.position(node), "SCHEMA", "is outside a class", remedy)


def _class(node: ast.ClassDef) -> _Class:
    bases = [_last_name(base) for base in node.bases]
    metaclass = [_last_name(keyword.value) for keyword in node.keywords]
    found = _Class(node, frozenset(bases), abstract=not _ABSTRACT.isdisjoint((*bases, *metaclass)))
    for statement in node.body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            found.abstract |= any(_last_name(each).startswith("abstract") for each in statement.decorator_list)
            found.has_get_schema |= statement.name == "get_schema"
        found.abstract |= any(_assigns(statement, mark) for mark in _MARKS)
        found.has_schema |= _assigns(statement, "SCHEMA")
        found.has_get_schema |= _assigns(statement, "get_schema")
    return found


def _looks_up(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether ``get_schema(table_name)`` asks for one of several tables, as a registry does, and not an environment."""
    arguments = [*function.args.posonlyargs, *function.args.args]
    return bool(arguments) and ("table" in arguments[0].arg or "name" in arguments[0].arg)


def _assigns(statement: ast.stmt, name: str) -> bool:
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    if isinstance(statement, ast.AnnAssign) and statement.value is not None:
        targets = [statement.target]
    return any(isinstance(target, ast.Name) and target.id == name for target in targets)


def _is_table(statement: ast.stmt) -> bool:
    value = statement.value if isinstance(statement, ast.Assign | ast.AnnAssign) else None
    keys = value.keys if isinstance(value, ast.Dict) else []
    return any(isinstance(key, ast.Constant) and key.value in _TABLE_FIELDS for key in keys)


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _last_name(node: ast.expr) -> str:
    """``ABC`` of ``abc.ABC``, ``Base`` of ``Base[str]``; empty for anything else."""
    while isinstance(node, ast.Subscript | ast.Call):
        node = node.value if isinstance(node, ast.Subscript) else node.func
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
