"""DynamoDB Streams (CreateTable.StreamSpecification), also in the short form ``{view: NEW_IMAGE}``."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from reconciler.declarations.document.part import AlsoSpelled, Part
from reconciler.model.table import StreamView


class StreamPart(Part):
    """``{stream_enabled: false}`` turns the stream off; leaving the whole field out leaves it alone."""

    stream_enabled: bool = Field(default=True, description="Whether changes of items are recorded in a stream.")
    stream_view_type: Annotated[StreamView | None, AlsoSpelled(("view",))] = Field(
        default=None, description="What the stream records of a changed item; needed when it is enabled."
    )
