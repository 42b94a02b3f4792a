"""Global and local secondary indexes (CreateTable.GlobalSecondaryIndexes, .LocalSecondaryIndexes)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from reconciler.declarations.document.part import AlsoSpelled, Part
from reconciler.declarations.features.billing import ThroughputPart
from reconciler.declarations.features.contributor_insights import InsightsPart
from reconciler.declarations.features.keys import AttributeName, KeyElementPart
from reconciler.declarations.features.on_demand_throughput import OnDemandThroughputPart, WarmThroughputPart


class ProjectionPart(Part):
    """What an index copies from the table."""

    projection_type: Literal["ALL", "KEYS_ONLY", "INCLUDE"] = Field(description="INCLUDE names further attributes.")
    non_key_attributes: list[AttributeName] | None = Field(
        default=None, description="The attributes copied by INCLUDE, at most 20 an index and 100 a table."
    )


class LocalIndexPart(Part):
    """A local secondary index: the table's partition key with another sort key. Fixed when the table is created."""

    index_name: str = Field(description="3 to 255 characters out of a-z, A-Z, 0-9, _ . and -.")
    key_schema: list[KeyElementPart] = Field(description="The table's HASH attribute, then one RANGE attribute.")
    projection: ProjectionPart = Field(description="What the index copies.")


class GlobalIndexPart(Part):
    """A global secondary index; keys and projection never change under one name."""

    index_name: str = Field(description="3 to 255 characters out of a-z, A-Z, 0-9, _ . and -.")
    key_schema: list[KeyElementPart] = Field(description="1 to 4 HASH attributes, then up to 4 RANGE attributes.")
    projection: ProjectionPart = Field(description="What the index copies.")
    provisioned_throughput: ThroughputPart | None = Field(
        default=None, description="Needed with provisioned billing, refused with on-demand billing."
    )
    on_demand_throughput: OnDemandThroughputPart | None = Field(
        default=None, description="The most that the index may use; refused with provisioned billing."
    )
    warm_throughput: WarmThroughputPart | None = Field(default=None, description="It only ever rises.")
    contributor_insights: Annotated[
        InsightsPart | None, AlsoSpelled(("ContributorInsightsSpecification", "contributor_insights_specification"))
    ] = Field(default=None, description="The most used keys of the index.")
