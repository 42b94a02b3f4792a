"""Key schema and attribute definitions (CreateTable.KeySchema, .AttributeDefinitions)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field

from reconciler.declarations.document.field_model import FieldModel
from reconciler.declarations.features.base import Feature, Members, rule
from reconciler.model.table import KeyElement, ScalarType, TableSpec
from reconciler.parsing.source_location import FieldProblem, Path

AttributeName = Annotated[str, Field(min_length=1, max_length=255)]


class KeyElementPart(FieldModel):
    """One element of a key schema."""

    attribute_name: AttributeName = Field(description="The key attribute, 1 to 255 characters.")
    key_type: Literal["HASH", "RANGE"] = Field(description="HASH is the partition key, RANGE the sort key.")


class AttributeDefinitionPart(FieldModel):
    """The type of a key attribute; attributes that are in no key have no definition."""

    attribute_name: AttributeName = Field(description="The key attribute, 1 to 255 characters.")
    attribute_type: Literal["S", "N", "B"] = Field(description="S for text, N for number, B for binary.")


class KeysFields(FieldModel):
    """The key of the table, and the types of all key attributes."""

    key_schema: list[KeyElementPart] | None = Field(
        default=None, description="One HASH attribute, then at most one RANGE attribute."
    )
    attribute_definitions: list[AttributeDefinitionPart] | None = Field(
        default=None, description="The types of exactly those attributes that are in a key of the table or an index."
    )


def key_shape(keys: Sequence[KeyElementPart], path: Path, most: int) -> Iterator[FieldProblem]:
    """1 to ``most`` HASH elements first, then up to ``most`` RANGE elements, each of another attribute."""
    roles: list[str] = [element.key_type for element in keys]
    for role, least in (("HASH", 1), ("RANGE", 0)):
        count = roles.count(role)
        if not least <= count <= most:
            allowed = f"exactly {most}" if least == most else f"{least} to {most}" if least else f"at most {most}"
            yield FieldProblem(path, f"has {count} {role} elements", f"Use {allowed}.")
    if roles != sorted(roles):
        yield FieldProblem(path, "has a HASH element after a RANGE element", "Put HASH first.")
    names = [element.attribute_name for element in keys]
    for name in dict.fromkeys(name for name in names if names.count(name) > 1):
        yield FieldProblem(path, f"duplicate attribute {name!r}", "Use each attribute only once per key.")


@rule("key_schema")
def table_keys(document: KeysFields) -> Iterator[FieldProblem]:
    """One HASH element, then at most one RANGE element."""
    if document.key_schema:
        yield from key_shape(document.key_schema, ("key_schema",), most=1)


@rule("attribute_definitions")
def defined_once(document: KeysFields) -> Iterator[FieldProblem]:
    """One definition an attribute."""
    types: dict[str, str] = {}
    for position, definition in enumerate(document.attribute_definitions or []):
        name, first = definition.attribute_name, types.get(definition.attribute_name)
        if first == definition.attribute_type:
            yield FieldProblem(("attribute_definitions", position), f"duplicate definition of {name!r}", "Remove it.")
        elif first:
            reason = f"conflicting types of {name!r}: {first} and {definition.attribute_type}"
            yield FieldProblem(
                ("attribute_definitions", position), reason, "An attribute has one type; keep one of the two."
            )
        types.setdefault(name, definition.attribute_type)


def attribute_types(document: KeysFields) -> Mapping[str, ScalarType]:
    """The declared type of every key attribute."""
    return {part.attribute_name: part.attribute_type for part in document.attribute_definitions or []}


def key_elements(parts: Sequence[KeyElementPart], types: Mapping[str, ScalarType]) -> tuple[KeyElement, ...]:
    """A key schema of a table or an index, each element with its type."""
    return tuple(KeyElement(part.attribute_name, part.key_type, types[part.attribute_name]) for part in parts)


def key_schema(keys: Sequence[KeyElement]) -> list[dict[str, str]]:
    """The reverse of ``key_elements``."""
    return [{"AttributeName": key.attribute, "KeyType": key.role} for key in keys]


def to_model(document: KeysFields) -> tuple[KeyElement, ...]:
    """The key of the table. Its order is significant."""
    return key_elements(document.key_schema or [], attribute_types(document))


def from_model(spec: TableSpec) -> Members:
    """The key, and the definitions of every key attribute of the table and its indexes."""
    types: dict[str, Any] = {key.attribute: key.type for keys in _all_keys(spec) for key in keys}
    searched = (element for index in spec.vector_indexes or () for element in index.search)
    types |= {element.attribute: element.type for element in searched if element.type}
    definitions = [{"AttributeName": name, "AttributeType": kind} for name, kind in types.items()]
    return {"key_schema": key_schema(spec.keys), "attribute_definitions": definitions}


def _all_keys(spec: TableSpec) -> Iterator[tuple[KeyElement, ...]]:
    yield spec.keys
    yield from (index.keys for index in spec.global_indexes or ())
    yield from (index.keys for index in spec.local_indexes or ())


KEYS = Feature("keys", KeysFields, (table_keys, defined_once), to_model, from_model)
