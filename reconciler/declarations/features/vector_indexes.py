"""Vector indexes (CreateTable.VectorIndexes)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from reconciler.declarations.document.part import Part
from reconciler.declarations.features.global_indexes import ProjectionPart
from reconciler.declarations.features.keys import AttributeName


class VectorAttributePart(Part):
    """The attribute that holds the vectors; it is in no key and has no definition."""

    attribute_name: AttributeName = Field(description="The attribute of the vectors, 1 to 255 characters.")


class SearchElementPart(Part):
    """An attribute by which a search is narrowed; it is defined as key attributes are."""

    attribute_name: AttributeName = Field(description="The attribute, 1 to 255 characters.")
    search_schema_element_type: Literal["HASH", "INLINE_FILTER"] = Field(
        description="HASH is the partition that every search names, INLINE_FILTER may be left out of a search."
    )


class VectorIndexPart(Part):
    """A vector index for similarity search; nothing of it ever changes under one name."""

    index_name: str = Field(description="3 to 255 characters out of a-z, A-Z, 0-9, _ . and -.")
    vector_attribute: VectorAttributePart = Field(description="The attribute that holds the vectors.")
    dimensions: int = Field(ge=1, le=4096, description="Numbers in each vector, 1 to 4096.")
    distance_function: Literal["COSINE", "DOT_PRODUCT", "EUCLIDEAN"] = Field(description="How similarity is measured.")
    projection: ProjectionPart = Field(description="What the index copies.")
    search_schema: list[SearchElementPart] | None = Field(
        default=None, description="At most one HASH attribute, and attributes to filter by."
    )
