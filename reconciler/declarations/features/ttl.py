"""Time to live (UpdateTimeToLive.TimeToLiveSpecification), also in the short form ``{attribute: expires_at}``."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from reconciler.declarations.document.part import AlsoSpelled, Part
from reconciler.declarations.features.keys import AttributeName


class TtlPart(Part):
    """``{enabled: false}`` turns it off; leaving the whole field out leaves it alone."""

    enabled: bool = Field(default=True, description="Whether DynamoDB deletes items whose time has passed.")
    attribute_name: Annotated[AttributeName | None, AlsoSpelled(("attribute",))] = Field(
        default=None, description="The attribute that holds the time, in seconds since 1970."
    )
