"""The lines of a class file: of each class, and of each key inside its literal ``SCHEMA``. Called by ``reading``."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.parsing.source_location import Path


def class_lines(source: bytes) -> dict[str, tuple[int, dict[Path, int]]]:
    """For each class at the top of a module: its line, and the lines of the fields of its SCHEMA."""
    found: dict[str, tuple[int, dict[Path, int]]] = {}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ClassDef):
            lines: dict[Path, int] = {}
            for statement in node.body:
                value = _schema_literal(statement)
                if value is not None:
                    _walk(value, (), lines)
            found[node.name] = (node.lineno, lines)
    return found


def _schema_literal(statement: ast.stmt) -> ast.expr | None:
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    if isinstance(statement, ast.AnnAssign):
        targets = [statement.target]
    named = any(isinstance(target, ast.Name) and target.id == "SCHEMA" for target in targets)
    return statement.value if named and isinstance(statement, ast.Assign | ast.AnnAssign) else None


def _walk(node: ast.expr, path: Path, lines: dict[Path, int]) -> None:
    if path:
        lines.setdefault(path, node.lineno)
    if isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                lines[*path, key.value] = key.lineno
                _walk(value, (*path, key.value), lines)
    elif isinstance(node, ast.List | ast.Tuple):
        for index, element in enumerate(node.elts):
            _walk(element, (*path, index), lines)
