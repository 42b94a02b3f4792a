"""Streaming to Kinesis (EnableKinesisStreamingDestination)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from reconciler.declarations.document.field_model import Aliases, FieldModel
from reconciler.declarations.features.base import Feature, Members, given, rule
from reconciler.model.table import KinesisStreaming, TableSpec
from reconciler.parsing.source_location import FieldProblem


class KinesisPart(FieldModel):
    """``{enabled: false}`` turns it off; leaving the whole field out leaves it alone."""

    enabled: bool = Field(default=True, description="Whether changes of items go to the data stream.")
    stream_arn: str | None = Field(default=None, min_length=37, max_length=1024, description="The data stream's ARN.")
    precision: Annotated[
        Literal["MILLISECOND", "MICROSECOND"] | None,
        Aliases(("approximate_creation_date_time_precision", "ApproximateCreationDateTimePrecision")),
    ] = Field(default=None, description="How exactly the time of a change is told.")


class KinesisFields(FieldModel):
    """The Kinesis data stream of the table."""

    kinesis_streaming: Annotated[
        KinesisPart | None, Aliases(("KinesisStreamSpecification", "kinesis_stream_specification"))
    ] = Field(default=None, description="The Kinesis data stream that changes of items go to.")


@rule("kinesis_streaming")
def details(document: KinesisFields) -> Iterator[FieldProblem]:
    """A stream exactly where streaming is on."""
    kinesis = document.kinesis_streaming
    if kinesis and kinesis.enabled and not kinesis.stream_arn:
        remedy = "Add the ARN of the data stream, or set enabled to false."
        yield FieldProblem(("kinesis_streaming", "stream_arn"), "is required", remedy)
    for name in ("stream_arn", "precision"):
        if kinesis and not kinesis.enabled and getattr(kinesis, name):
            where = ("kinesis_streaming", name)
            yield FieldProblem(where, "is not allowed when enabled is false", "Remove it, or enable it.")


def to_model(document: KinesisFields) -> KinesisStreaming | None:
    """The destination; one without stream where it is switched off."""
    part = document.kinesis_streaming
    return None if part is None else KinesisStreaming(part.stream_arn if part.enabled else None, part.precision)


def from_model(spec: TableSpec) -> Members:
    """The destination, where there is one."""
    streaming = spec.kinesis_streaming
    if streaming is None or streaming.stream_arn is None:
        return {}
    return {"kinesis_streaming": given({"stream_arn": streaming.stream_arn, "precision": streaming.precision})}


KINESIS_STREAMING = Feature("kinesis_streaming", KinesisFields, (details,), to_model, from_model)
