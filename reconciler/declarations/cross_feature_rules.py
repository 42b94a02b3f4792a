"""Attribute definitions are exactly the key attributes in use (CreateTable). Asked by ``RULES``."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from reconciler.declarations.document.table import TableDocument
from reconciler.declarations.features.keys import KeyElementPart
from reconciler.declarations.features.vector_indexes import SearchElementPart
from reconciler.declarations.rules.indexes import all_indexes, vector_indexes
from reconciler.parsing.place import Finding, Path


def every_key_defined(document: TableDocument) -> Iterator[Finding]:
    """A key attribute without definition has no type."""
    if not document.attribute_definitions:
        return
    defined = {definition.attribute_name for definition in document.attribute_definitions}
    for path, element in _elements(document):
        name = element.attribute_name
        if name not in defined:
            remedy = f'Add {{"AttributeName": "{name}", "AttributeType": "S"}} (or "N", "B") to attribute_definitions.'
            yield Finding(
                (*path, "attribute_name"), f"is {name!r}, which attribute_definitions does not define", remedy
            )


def visible_names(document: TableDocument) -> Iterator[Finding]:
    """The name of a key attribute neither begins nor ends with a space, and holds nothing that nobody sees."""
    for path, element in _elements(document):
        name = element.attribute_name
        hidden = sorted({each for each in name if unicodedata.category(each) in ("Cc", "Cf", "Zl", "Zp")})
        if hidden or name != name.strip():
            codes = ", ".join(f"U+{ord(each):04X}" for each in hidden)
            held = f"holds {codes}, which nobody sees" if hidden else "begins or ends with a space"
            yield Finding((*path, "attribute_name"), f"is {name!r}, which {held}", "Write the name without it.")


def every_definition_used(document: TableDocument) -> Iterator[Finding]:
    """DynamoDB refuses definitions of attributes that are in no key."""
    used = {element.attribute_name for _, element in _elements(document)}
    for position, definition in enumerate(document.attribute_definitions or []):
        if used and definition.attribute_name not in used:
            reason = f"defines {definition.attribute_name!r}, which is in no key of the table or an index"
            yield Finding(("attribute_definitions", position), reason, "Remove it: only key attributes are defined.")


def defined_once(document: TableDocument) -> Iterator[Finding]:
    """One definition an attribute."""
    types: dict[str, str] = {}
    for position, definition in enumerate(document.attribute_definitions or []):
        name, first = definition.attribute_name, types.get(definition.attribute_name)
        if first == definition.attribute_type:
            yield Finding(("attribute_definitions", position), f"defines {name!r} a second time", "Remove it.")
        elif first:
            reason = f"defines {name!r} as {definition.attribute_type}, which is {first} further up"
            yield Finding(("attribute_definitions", position), reason, "An attribute has one type: keep one of them.")
        types.setdefault(name, definition.attribute_type)


def _elements(document: TableDocument) -> Iterator[tuple[Path, KeyElementPart | SearchElementPart]]:
    schemas: list[tuple[Path, list[KeyElementPart]]] = [(("key_schema",), document.key_schema or [])]
    schemas += [((*path, "key_schema"), index.key_schema) for path, index in all_indexes(document)]
    for path, keys in schemas:
        for position, element in enumerate(keys):
            yield (*path, position), element
    for path, index in vector_indexes(document):
        for position, filtered in enumerate(index.search_schema or []):
            yield (*path, "search_schema", position), filtered
