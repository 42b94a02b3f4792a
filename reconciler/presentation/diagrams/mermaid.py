"""Declared tables as an erDiagram of Mermaid, which GitHub and GitLab draw.

https://mermaid.js.org/syntax/entityRelationshipDiagram.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from reconciler.model.desired import Declaration
from reconciler.planning.text import printable
from reconciler.presentation.diagrams.contents import Attribute, Index, attributes, indexes
from reconciler.presentation.relations import declared_relations

_TYPES = {"S": "string", "N": "number", "B": "binary", "": "any"}
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_KEY_ROLES = ("PK", "FK")
"""The roles that Mermaid knows; others stand in the comment."""


def text(declarations: tuple[Declaration, ...]) -> str:
    """An entity for each table, with its attributes, indexes as comments, and a line for each reference."""
    lines = ["erDiagram"]
    ids = {each.spec.name: f"t{number}" for number, each in enumerate(declarations, start=1)}
    for each in declarations:
        lines.append(f'    {ids[each.spec.name]}["{_label(each.spec.name)}"] {{')
        lines += [f"        {_attribute(attribute)}" for attribute in attributes(each)]
        lines += [f"        index {_name(index.name)} {_quoted(_sentence(index))}" for index in indexes(each)]
        lines.append("    }")
    for relation in declared_relations(declarations):
        label = _quoted(relation.attribute or "refers to")
        # Many items may name one item of the other table, which need not exist: DynamoDB checks no reference.
        lines.append(f"    {ids[relation.source]} }}o--o| {ids[relation.target]} : {label}")
    return "\n".join([*lines, ""])


def _attribute(attribute: Attribute) -> str:
    roles = [role for role in attribute.roles if role in _KEY_ROLES]
    # A sort key is part of the primary key.
    if "SK" in attribute.roles:
        roles.insert(0, "PK")
    words = list(_notes(attribute))
    comment = f" {_quoted('; '.join(words))}" if words else ""
    keys = f" {', '.join(dict.fromkeys(roles))}" if roles else ""
    return f"{_TYPES[attribute.type]} {_name(attribute.name)}{keys}{comment}"


def _notes(attribute: Attribute) -> Iterator[str]:
    if _name(attribute.name) != attribute.name:
        yield attribute.name
    yield from ({"PK": "HASH", "SK": "RANGE", "TTL": "time to live"}[r] for r in attribute.roles if r != "FK")
    yield from attribute.uses


def _sentence(index: Index) -> str:
    name = f"{index.name}: " if _name(index.name) != index.name else ""
    return f"{name}{index.kind} index on {', '.join(index.keys)}; {index.projection}"


def _name(name: str) -> str:
    """A word of Mermaid's grammar; the whole name stands in the comment where it is another one."""
    word = re.sub(r"[^A-Za-z0-9_-]", "_", name)
    return word if _WORD.fullmatch(word) else f"_{word}"


def _label(name: str) -> str:
    """The text inside quotes. Mermaid looks for directives, which begin with two percent signs, in quotes as well."""
    return printable(name).replace('"', "'").replace("%%", "% %")


def _quoted(words: str) -> str:
    return f'"{_label(words)}"'
