"""Key schemas and attribute definitions (CreateTable.KeySchema, .AttributeDefinitions)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from reconciler.declarations.document.part import Part

AttributeName = Annotated[str, Field(min_length=1, max_length=255)]


class KeyElementPart(Part):
    """One element of a key schema."""

    attribute_name: AttributeName = Field(description="The key attribute, 1 to 255 characters.")
    key_type: Literal["HASH", "RANGE"] = Field(description="HASH is the partition key, RANGE the sort key.")


class AttributeDefinitionPart(Part):
    """The type of a key attribute; attributes that are in no key have no definition."""

    attribute_name: AttributeName = Field(description="The key attribute, 1 to 255 characters.")
    attribute_type: Literal["S", "N", "B"] = Field(description="S for text, N for number, B for binary.")
