"""Contributor insights of a table or an index (UpdateContributorInsights)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from reconciler.declarations.document.part import AlsoSpelled, Part


class InsightsPart(Part):
    """``{enabled: false}`` turns it off; leaving the whole field out leaves it alone."""

    enabled: bool = Field(default=True, description="Whether CloudWatch counts the most used keys.")
    mode: Annotated[
        Literal["ACCESSED_AND_THROTTLED_KEYS", "THROTTLED_KEYS"] | None,
        AlsoSpelled(("contributor_insights_mode", "ContributorInsightsMode")),
    ] = Field(default=None, description="Count all keys that are used, or only the throttled ones.")
