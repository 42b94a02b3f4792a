"""DynamoDB Streams (CreateTable.StreamSpecification)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from reconciler.sources.document.part import Part


class StreamPart(Part):
    """``{stream_enabled: false}`` turns the stream off; leaving the whole field out leaves it alone."""

    stream_enabled: bool = Field(description="Whether changes of items are recorded in a stream.")
    stream_view_type: Literal["NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES", "KEYS_ONLY"] | None = Field(
        default=None, description="What the stream records of a changed item; needed when it is enabled."
    )
