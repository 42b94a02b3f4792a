"""Reads ``.yaml`` seeds: a list, one item per document, the output of a Scan, or a BatchWriteItem request.

Called by ``read_seed``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.parsing.parsed import AMBIGUOUS_NUMBER, Parsed, ParseError, exact_number
from reconciler.parsing.source_location import Path, path_text
from reconciler.parsing.yaml_text import read_yaml
from reconciler.seeds.seed_types import WrittenItem, WrittenItems
from reconciler.seeds.wrapped import wrapped


def read_yaml_seed(text: str) -> WrittenItems:
    """Items with their lines and exact numbers. Raises ``ParseError`` for any other YAML."""
    documents = [document for document in read_yaml(text, exact_number) if document.value is not None]
    if not documents:
        remedy = "Write a list of items, [] for none, or remove the file."
        raise ParseError(None, "contains no items, only comments or empty documents", remedy)
    for document in documents:
        _refuse_lost_digits(document)
    if len(documents) == 1 and not isinstance(documents[0].value, list):
        value, line = documents[0].value, documents[0].line
        members = value if isinstance(value, Mapping) else {}
        return wrapped({name: _records(each, documents[0], (str(name),)) for name, each in members.items()}, line)
    return WrittenItems(tuple(record for document in documents for record in _of_document(document)))


def _of_document(document: Parsed) -> list[WrittenItem]:
    if isinstance(document.value, list):
        return list(_records(document.value, document, ()))
    return [WrittenItem(document.value, document.line, _literals(document).get((), {}))]


def _records(value: Any, document: Parsed, path: Path) -> Any:
    """The elements of a list as written items; any other value unchanged."""
    if not isinstance(value, list):
        return value
    literals = _literals(document)
    return [
        WrittenItem(each, document.lines.get((*path, index)), literals.get((*path, index), {}))
        for index, each in enumerate(value)
    ]


def _literals(document: Parsed) -> dict[Path, dict[str, str]]:
    """The source text of attributes that are not strings, by the path of their item."""
    found: dict[Path, dict[str, str]] = {}
    for path, literal in document.literals.items():
        found.setdefault(path[:-1], {})[str(path[-1]) if path else ""] = literal
    return found


def _refuse_lost_digits(document: Parsed) -> None:
    for path, literal in document.literals.items():
        if AMBIGUOUS_NUMBER.fullmatch(literal):
            number = int(literal, 0) if literal[1:2] in ("x", "o") else exact_number(literal)
            reason = f"ambiguous number {literal} in {path_text(path)}"
            remedy = f'Write "{literal}" in quotes for a text, or {number} for a number.'
            raise ParseError(document.lines.get(path), reason, remedy)
