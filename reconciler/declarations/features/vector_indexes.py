"""Vector indexes (CreateTable.VectorIndexes)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

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
from reconciler.declarations.features.keys import AttributeName, KeysFields, attribute_types
from reconciler.model.table import ScalarType, SearchElement, TableSpec, VectorIndex
from reconciler.parsing.source_location import FieldProblem, Path

MOST = 5
"""Vector indexes of a table."""


class VectorAttributePart(FieldModel):
    """The attribute that holds the vectors; it is in no key and has no definition."""

    attribute_name: AttributeName = Field(description="The attribute of the vectors, 1 to 255 characters.")


class SearchElementPart(FieldModel):
    """An attribute by which a search is narrowed; it is defined as key attributes are."""

    attribute_name: AttributeName = Field(description="The attribute, 1 to 255 characters.")
    search_schema_element_type: Literal["HASH", "INLINE_FILTER"] = Field(
        description="HASH is the partition that every search names, INLINE_FILTER may be left out of a search."
    )


class VectorIndexPart(FieldModel):
    """A vector index for similarity search; nothing of it ever changes under one name."""

    index_name: str = Field(description="3 to 255 characters out of a-z, A-Z, 0-9, _ . and -.")
    vector_attribute: VectorAttributePart = Field(description="The attribute that holds the vectors.")
    dimensions: int = Field(ge=1, le=4096, description="Numbers in each vector, 1 to 4096.")
    distance_function: Literal["COSINE", "DOT_PRODUCT", "EUCLIDEAN"] = Field(description="How similarity is measured.")
    projection: ProjectionPart = Field(description="What the index copies.")
    search_schema: list[SearchElementPart] | None = Field(
        default=None, description="At most one HASH attribute, and attributes to filter by."
    )


class VectorIndexesFields(KeysFields):
    """All vector indexes of the table. Attributes that narrow a search are defined beside those of its key."""

    vector_indexes: list[VectorIndexPart] | None = Field(
        default=None, description="At most 5, and only with on-demand billing."
    )


def indexes_with_paths(document: VectorIndexesFields) -> Iterator[tuple[Path, VectorIndexPart]]:
    """Every vector index of the document with its path."""
    for position, index in enumerate(document.vector_indexes or []):
        yield ("vector_indexes", position), index


@rule("vector_indexes")
def count(document: VectorIndexesFields) -> Iterator[FieldProblem]:
    """At most 5."""
    yield from count_problems(document.vector_indexes, "vector_indexes", MOST)


@rule("vector_indexes")
def each_index(document: VectorIndexesFields) -> Iterator[FieldProblem]:
    """Name, projection and search schema."""
    for path, index in indexes_with_paths(document):
        yield from index_problems(index, path)
        yield from _search_findings(index, (*path, "search_schema"))


def _search_findings(index: VectorIndexPart, path: Path) -> Iterator[FieldProblem]:
    """A search schema has elements, each of another attribute and none of the vectors', and at most one HASH."""
    elements = index.search_schema
    if elements is None:
        return
    if not elements:
        yield FieldProblem(path, "is empty", "Remove it, or name the attributes that narrow a search.")
    partitions = sum(element.search_schema_element_type == "HASH" for element in elements)
    if partitions > 1:
        yield FieldProblem(path, f"has {partitions} HASH elements", "Use at most one.")
    names = [element.attribute_name for element in elements]
    for name in dict.fromkeys(name for name in names if names.count(name) > 1):
        yield FieldProblem(path, f"duplicate attribute {name!r}", "Use each attribute only once per search schema.")
    if index.vector_attribute.attribute_name in names:
        reason = f"must not contain {index.vector_attribute.attribute_name!r}, the attribute of the vectors"
        yield FieldProblem(path, reason, "Use other attributes to narrow a search.")


@rule("key_schema", "vector_indexes")
def not_in_the_key(document: VectorIndexesFields) -> Iterator[FieldProblem]:
    """The vectors do not stand in an attribute of the table's key."""
    keys = {element.attribute_name for element in document.key_schema or []}
    for path, index in indexes_with_paths(document):
        name = index.vector_attribute.attribute_name
        if name in keys:
            field_path = (*path, "vector_attribute", "attribute_name")
            yield FieldProblem(
                field_path, f"attribute {name!r} is a key attribute of the table", "Store vectors in another attribute."
            )


@rule("vector_indexes")
def same_dimensions(document: VectorIndexesFields) -> Iterator[FieldProblem]:
    """All indexes over one attribute have the same dimensions."""
    first: dict[str, int] = {}
    for path, index in indexes_with_paths(document):
        name = index.vector_attribute.attribute_name
        known = first.setdefault(name, index.dimensions)
        if index.dimensions != known:
            reason = f"conflicting dimensions {index.dimensions}; another index over {name!r} has {known}"
            yield FieldProblem((*path, "dimensions"), reason, "Use the same number for all indexes over one attribute.")


def to_model(document: VectorIndexesFields) -> tuple[VectorIndex, ...] | None:
    """The indexes, sorted by name."""
    indexes, types = document.vector_indexes, attribute_types(document)
    if indexes is None:
        return None
    return tuple(_index(index, types) for index in sorted(indexes, key=lambda index: index.index_name))


def _index(part: VectorIndexPart, types: Mapping[str, ScalarType]) -> VectorIndex:
    elements = (
        SearchElement(each.attribute_name, each.search_schema_element_type, types[each.attribute_name])
        for each in part.search_schema or []
    )
    return VectorIndex(
        part.index_name,
        part.vector_attribute.attribute_name,
        part.dimensions,
        part.distance_function,
        projection(part.projection),
        tuple(sorted(elements, key=lambda each: (each.role, each.attribute))),
    )


def from_model(spec: TableSpec) -> Members:
    """The indexes as they are."""
    return {"vector_indexes": [_members(index) for index in spec.vector_indexes or ()]}


def _members(index: VectorIndex) -> dict[str, Any]:
    search = [{"AttributeName": e.attribute, "SearchSchemaElementType": e.role} for e in index.search]
    return {
        "IndexName": index.name,
        "VectorAttribute": {"AttributeName": index.attribute},
        "Dimensions": index.dimensions,
        "DistanceFunction": index.distance,
        "Projection": projection_members(index.projection),
        **({"SearchSchema": search} if search else {}),
    }


VECTOR_INDEXES = Feature(
    "vector_indexes",
    VectorIndexesFields,
    (count, each_index, not_in_the_key, same_dimensions),
    to_model,
    from_model,
)
