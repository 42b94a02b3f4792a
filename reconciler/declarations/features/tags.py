"""Tags (CreateTable.Tags): a list of Key and Value, or a mapping; only the declared keys are ours."""

from __future__ import annotations

from pydantic import Field

from reconciler.declarations.document.part import Part


class TagPart(Part):
    """One tag."""

    key: str = Field(description="1 to 128 characters; the prefix aws: is reserved.")
    value: str = Field(description="At most 256 characters.")
