"""Streaming to Kinesis (EnableKinesisStreamingDestination)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from reconciler.declarations.document.part import AlsoSpelled, Part


class KinesisPart(Part):
    """``{enabled: false}`` turns it off; leaving the whole field out leaves it alone."""

    enabled: bool = Field(default=True, description="Whether changes of items go to the data stream.")
    stream_arn: str | None = Field(default=None, min_length=37, max_length=1024, description="The data stream's ARN.")
    precision: Annotated[
        Literal["MILLISECOND", "MICROSECOND"] | None,
        AlsoSpelled(("approximate_creation_date_time_precision", "ApproximateCreationDateTimePrecision")),
    ] = Field(default=None, description="How exactly the time of a change is told.")
