"""Local secondary indexes (CreateTable.LocalSecondaryIndexes)."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from reconciler.declarations.document.field_model import FieldModel
from reconciler.declarations.features.base import Feature, Members, rule
from reconciler.declarations.features.index_parts import (
    ProjectionPart,
    count_problems,
    index_problems,
    projection,
    projection_members,
)
from reconciler.declarations.features.keys import (
    KeyElementPart,
    KeysFields,
    attribute_types,
    key_elements,
    key_schema,
    key_shape,
)
from reconciler.model.table import LocalIndex, TableSpec
from reconciler.parsing.source_location import FieldProblem, Path

MOST = 5
"""Local indexes of a table."""


class LocalIndexPart(FieldModel):
    """A local secondary index: the table's partition key with another sort key. Fixed when the table is created."""

    index_name: str = Field(description="3 to 255 characters out of a-z, A-Z, 0-9, _ . and -.")
    key_schema: list[KeyElementPart] = Field(description="The table's HASH attribute, then one RANGE attribute.")
    projection: ProjectionPart = Field(description="What the index copies.")


class LocalIndexesFields(KeysFields):
    """All local indexes of the table. They share its partition key."""

    local_secondary_indexes: list[LocalIndexPart] | None = Field(
        default=None, description="At most 5; fixed when the table is created."
    )


def indexes_with_paths(document: LocalIndexesFields) -> Iterator[tuple[Path, LocalIndexPart]]:
    """Every local index of the document with its path."""
    for position, index in enumerate(document.local_secondary_indexes or []):
        yield ("local_secondary_indexes", position), index


@rule("local_secondary_indexes")
def count(document: LocalIndexesFields) -> Iterator[FieldProblem]:
    """At most 5."""
    yield from count_problems(document.local_secondary_indexes, "local_secondary_indexes", MOST)


@rule("local_secondary_indexes")
def each_index(document: LocalIndexesFields) -> Iterator[FieldProblem]:
    """Name and projection."""
    for path, index in indexes_with_paths(document):
        yield from index_problems(index, path)


@rule("key_schema", "local_secondary_indexes")
def index_keys(document: LocalIndexesFields) -> Iterator[FieldProblem]:
    """The table's partition key with a sort key of its own, and only where the table has a sort key."""
    if document.local_secondary_indexes and document.key_schema and not _attribute(document.key_schema, "RANGE"):
        reason = "requires a table with a sort key"
        yield FieldProblem(
            ("local_secondary_indexes",), reason, "Add a RANGE element to key_schema, or use global indexes."
        )
    for start, index in indexes_with_paths(document):
        path = (*start, "key_schema")
        yield from key_shape(index.key_schema, path, most=1)
        if not _attribute(index.key_schema, "RANGE"):
            yield FieldProblem(path, "has no RANGE element", "Add the sort key of the index.")
        hash_name, wanted = _attribute(index.key_schema, "HASH"), _attribute(document.key_schema or [], "HASH")
        if hash_name and wanted and hash_name != wanted:
            yield FieldProblem(path, f"invalid partition key {hash_name!r}", f"Use that of the table, {wanted!r}.")


def _attribute(keys: list[KeyElementPart], role: str) -> str | None:
    return next((element.attribute_name for element in keys if element.key_type == role), None)


def to_model(document: LocalIndexesFields) -> tuple[LocalIndex, ...] | None:
    """The indexes, sorted by name."""
    indexes, types = document.local_secondary_indexes, attribute_types(document)
    if indexes is None:
        return None
    return tuple(
        LocalIndex(part.index_name, key_elements(part.key_schema, types), projection(part.projection))
        for part in sorted(indexes, key=lambda index: index.index_name)
    )


def from_model(spec: TableSpec) -> Members:
    """The indexes as they are."""
    indexes = [
        {
            "IndexName": index.name,
            "KeySchema": key_schema(index.keys),
            "Projection": projection_members(index.projection),
        }
        for index in spec.local_indexes or ()
    ]
    return {"local_secondary_indexes": indexes}


LOCAL_INDEXES = Feature("local_indexes", LocalIndexesFields, (count, each_index, index_keys), to_model, from_model)
