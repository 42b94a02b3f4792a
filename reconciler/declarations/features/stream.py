"""DynamoDB Streams (CreateTable.StreamSpecification), also in the short form ``{view: NEW_IMAGE}``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from reconciler.declarations.document.field_model import Aliases, FieldModel
from reconciler.declarations.features.base import Feature, Members, rule
from reconciler.model.table import Stream, StreamView, TableSpec
from reconciler.parsing.source_location import FieldProblem


class StreamPart(FieldModel):
    """``{enabled: false}`` turns the stream off; leaving the whole field out leaves it alone."""

    stream_enabled: Annotated[bool, Aliases(("enabled",))] = Field(
        default=True, description="Whether changes of items are recorded in a stream."
    )
    stream_view_type: Annotated[StreamView | None, Aliases(("view",))] = Field(
        default=None, description="What the stream records of a changed item; needed when it is enabled."
    )


class StreamFields(FieldModel):
    """The stream of the table."""

    stream_specification: StreamPart | None = Field(default=None, description="DynamoDB Streams.")


@rule("stream_specification")
def view(document: StreamFields) -> Iterator[FieldProblem]:
    """An enabled stream has a view type, a disabled one has none."""
    stream, path = document.stream_specification, ("stream_specification", "stream_view_type")
    if stream and stream.stream_enabled and not stream.stream_view_type:
        remedy = "Add NEW_IMAGE, OLD_IMAGE, NEW_AND_OLD_IMAGES or KEYS_ONLY."
        yield FieldProblem(path, "is required when the stream is enabled", remedy)
    if stream and not stream.stream_enabled and stream.stream_view_type:
        yield FieldProblem(path, "is not allowed when the stream is disabled", "Remove it, or enable the stream.")


def to_model(document: StreamFields) -> Stream | None:
    """The stream."""
    stream = document.stream_specification
    return None if stream is None else Stream(stream.stream_enabled, stream.stream_view_type)


def from_model(spec: TableSpec) -> Members:
    """The stream, where it is enabled."""
    if spec.stream is None or not spec.stream.enabled:
        return {}
    return {"stream_specification": {"StreamEnabled": True, "StreamViewType": spec.stream.view}}


STREAM = Feature("stream", StreamFields, (view,), to_model, from_model)
