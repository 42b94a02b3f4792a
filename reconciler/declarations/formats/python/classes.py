"""Which classes of a module declare a table, and which look as if they did. Called by ``evaluating``.

A class is skipped as a base only where its author says so: own abstract methods, ``abstract = True``, a Protocol. What
merely lacks something is an error, because a table whose class is skipped by mistake counts as no longer declared.
``bases`` decides about classes that others inherit from.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import field
from types import ModuleType
from typing import TYPE_CHECKING, Any

from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.position import Position

if TYPE_CHECKING:
    from reconciler.parsing.source_location import Path

_OF_A_TABLE = ("table_name", "TableName", "key_schema", "KeySchema")
_MARKS = ("abstract", "__abstract__", "_is_protocol")
_MARK_REMEDY = "If it is a base class, add `abstract = True` to it."


@dataclass(slots=True)
class DeclaredClasses:
    """``owners`` declare a table, ``refused`` are errors, ``others`` are reported if a module has neither."""

    owners: list[type] = field(default_factory=list)
    refused: list[tuple[type, str, str]] = field(default_factory=list)
    others: list[str] = field(default_factory=list)


def declared_classes(module: ModuleType) -> DeclaredClasses:
    """The classes of this very module, each once, in their order."""
    found = DeclaredClasses()
    seen: set[int] = set()
    for value in list(vars(module).values()):
        if not inspect.isclass(value) or value.__module__ != module.__name__ or id(value) in seen:
            continue
        seen.add(id(value))
        _classify(value, found)
    for container, value in _inner_classes(module):
        if id(value) not in seen and value.__module__ == module.__name__ and _is_complete(value):
            seen.add(id(value))
            reason = f"is defined in {container}; only classes at the top level of the module are read"
            found.refused.append((value, reason, f"Move it to the top level of the module. {_MARK_REMEDY}"))
    return found


def _inner_classes(module: ModuleType) -> Iterator[tuple[str, type]]:
    """Classes inside other classes and in collections of the module, each with the name of what holds it."""
    for name, value in list(vars(module).items()):
        inside: Iterable[Any] = ()
        if inspect.isclass(value):
            inside = vars(value).values() if value.__module__ == module.__name__ else ()
        elif isinstance(value, list | tuple | set | frozenset):
            inside = value
        elif isinstance(value, dict) and not name.startswith("__"):
            inside = value.values()
        for each in list(inside):
            if inspect.isclass(each):
                yield name, each


def _is_complete(owner: type) -> bool:
    """Whether a class would declare a table if it stood at the top."""
    marked = any(vars(owner).get(mark) is True for mark in _MARKS)
    return not marked and isinstance(getattr(owner, "SCHEMA", None), dict) and has_get_schema(owner)


def has_get_schema(owner: type) -> bool:
    """Whether the class can be asked for its schema."""
    return callable(getattr(owner, "get_schema", None))


def names_a_table(owner: type) -> bool:
    """Whether SCHEMA or TABLE_NAME hold a name."""
    return bool(_text(getattr(owner, "TABLE_NAME", None)) or any(_text(_schema(owner).get(key)) for key in _NAMES))


def has_keys(owner: type) -> bool:
    """Whether SCHEMA says which keys the table has."""
    return bool(_schema(owner).get("key_schema") or _schema(owner).get("KeySchema"))


_NAMES = ("table_name", "TableName")
_VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
_ENVIRONMENT = ("env", "stage", "_")


def _classify(owner: type, found: DeclaredClasses) -> None:
    if any(vars(owner).get(mark) is True for mark in _MARKS):
        found.others.append(f"class {owner.__name__}, which is abstract")
    elif not _looks_like_a_table(owner):
        found.others.append(f"class {owner.__name__} without {'get_schema' if hasattr(owner, 'SCHEMA') else 'SCHEMA'}")
    elif inspect.isabstract(owner):
        _classify_abstract(owner, found)
    elif not hasattr(owner, "SCHEMA"):
        if owner.__subclasses__():
            found.others.append(f"class {owner.__name__}, which is a base class of other classes")
        else:
            reason = "has a get_schema but no SCHEMA"
            found.refused.append((owner, reason, f"Add the dict SCHEMA. {_MARK_REMEDY}"))
    else:
        found.owners.append(owner)


def _looks_like_a_table(owner: type) -> bool:
    schema = getattr(owner, "SCHEMA", None)
    if isinstance(schema, dict) and any(key in schema for key in _OF_A_TABLE):
        return True
    return has_get_schema(owner) and (hasattr(owner, "SCHEMA") or _asks_for_environment_alone(owner))


def _asks_for_environment_alone(owner: type) -> bool:
    """Whether get_schema is that of a table: it uses SCHEMA, or can be called as a declaration's is.

    A class that gives out the schemas of other classes has a get_schema(table_name).
    """
    static = inspect.getattr_static(owner, "get_schema", None)
    function = getattr(static, "__func__", static)
    if not inspect.isfunction(function):
        return False
    if "SCHEMA" in function.__code__.co_names:
        return True
    parameters = [
        parameter
        for parameter in inspect.signature(function).parameters.values()
        if parameter.name not in ("self", "cls") and parameter.kind not in _VARIADIC
    ]
    required = [parameter.name for parameter in parameters if parameter.default is inspect.Parameter.empty]
    return all(name.startswith(_ENVIRONMENT) for name in required)


def _classify_abstract(owner: type, found: DeclaredClasses) -> None:
    """Its own abstract methods make a class a base; inherited ones may be forgotten in the class of a real table."""
    missing = sorted(getattr(owner, "__abstractmethods__", ()))
    inherits = bool(owner.__subclasses__())
    complete = names_a_table(owner) and has_keys(owner)
    if any(getattr(member, "__isabstractmethod__", False) for member in vars(owner).values()):
        refused = complete and not inherits
        reason = f"has a complete SCHEMA, but is abstract ({', '.join(missing)}), and no class inherits from it"
    else:
        refused = complete or not inherits
        reason = f"does not implement {', '.join(missing)}, which its base class requires"
    if refused:
        found.refused.append((owner, reason, f"Implement {', '.join(missing)}. {_MARK_REMEDY}"))
    else:
        found.others.append(f"class {owner.__name__}, which is abstract")


def _schema(owner: type) -> dict[object, object]:
    schema = getattr(owner, "SCHEMA", None)
    return schema if isinstance(schema, dict) else {}


def _text(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def is_base(owner: type, ask: Callable[[str], Any], announced: Callable[[str, Callable[[], Any]], Any]) -> bool:
    """``ask`` calls a method of the class by its name; ``announced`` says before that it is called."""
    if not owner.__subclasses__():
        return False
    schema = getattr(owner, "SCHEMA", None)
    if schema is None or schema == {}:
        return True
    if not isinstance(schema, dict) or names_a_table(owner):
        return False
    left_open = "TABLE_NAME" in getattr(owner, "__annotations__", {}) or "TABLE_NAME" in vars(owner)
    if not callable(getattr(owner, "get_table_name", None)):
        return left_open or (not has_keys(owner) and not _named_in_schema(ask, announced))
    try:
        name = announced("get_table_name", lambda: ask("get_table_name"))
    except NotImplementedError:
        return True
    except AttributeError as error:
        return error.name == "TABLE_NAME" and (left_open or not has_keys(owner))
    except BaseException:  # noqa: BLE001 - asked again, and reported, where the class is asked for its table
        return False
    if left_open:
        return not name or str(name).startswith(("-", "_", ".", "None"))
    return name is None


def _named_in_schema(ask: Callable[[str], Any], announced: Callable[[str, Callable[[], Any]], Any]) -> bool:
    try:
        answer = announced("get_schema", lambda: ask("get_schema"))
    except NotImplementedError:
        return False
    except BaseException:  # noqa: BLE001 - as above
        return True
    return isinstance(answer, dict) and bool(answer.get("table_name") or answer.get("TableName"))


def class_lines(source: bytes) -> dict[str, tuple[int, dict[Path, int]]]:
    """For each class at the top of a module: its place, and the places of the fields of its SCHEMA."""
    texts = source.splitlines()
    found: dict[str, tuple[int, dict[Path, int]]] = {}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ClassDef):
            lines: dict[Path, int] = {}
            for statement in node.body:
                value = _schema_literal(statement)
                if value is not None:
                    _walk(value, (), lines, texts)
            found[node.name] = (position_of(node, texts), lines)
    return found


def _schema_literal(statement: ast.stmt) -> ast.expr | None:
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    if isinstance(statement, ast.AnnAssign):
        targets = [statement.target]
    named = any(isinstance(target, ast.Name) and target.id == "SCHEMA" for target in targets)
    return statement.value if named and isinstance(statement, ast.Assign | ast.AnnAssign) else None


def position_of(node: ast.expr | ast.stmt, texts: Sequence[bytes]) -> Position:
    """Where a node stands in a file with these lines; Python counts the bytes before it."""
    before = texts[node.lineno - 1][: node.col_offset] if node.lineno <= len(texts) else b""
    return Position(node.lineno, len(before.decode(errors="replace")) + 1)


def _walk(node: ast.expr, path: Path, lines: dict[Path, int], texts: Sequence[bytes]) -> None:
    if path:
        lines.setdefault(path, position_of(node, texts))
    if isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                lines[*path, key.value] = position_of(key, texts)
                _walk(value, (*path, key.value), lines, texts)
    elif isinstance(node, ast.List | ast.Tuple):
        for index, element in enumerate(node.elts):
            _walk(element, (*path, index), lines, texts)
