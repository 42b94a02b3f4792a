"""Replicas of a global table and its witness (UpdateTable.ReplicaUpdates, .GlobalTableWitnessUpdates)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from reconciler.declarations.document.part import LONG, AlsoSpelled, Part

Region = Annotated[str, Field(min_length=1, max_length=64)]


class ReadCapacityPart(Part):
    """Read capacity of a replica, in place of the table's."""

    read_capacity_units: int = Field(ge=1, le=LONG, description="Read capacity units per second, at least 1.")


class ReadMaximumPart(Part):
    """The on-demand maximum of reads of a replica, in place of the table's."""

    max_read_request_units: int = Field(
        ge=-1, le=LONG, description="Read request units per second; -1 takes the maximum away."
    )


class ReplicaIndexPart(Part):
    """What a replica overrides of one global index."""

    index_name: str = Field(description="The name of a global index of the table.")
    provisioned_throughput_override: ReadCapacityPart | None = Field(
        default=None, description="Read capacity of the index in this Region."
    )
    on_demand_throughput_override: ReadMaximumPart | None = Field(
        default=None, description="The on-demand maximum of reads of the index in this Region."
    )


class ReplicaPart(Part):
    """A replica in another Region; a setting left out is left alone."""

    region_name: Annotated[Region, AlsoSpelled(("Region", "region"))] = Field(description="Such as eu-west-1.")
    kms_master_key_id: Annotated[str | None, AlsoSpelled(("KMSMasterKeyId",))] = Field(
        default=None, min_length=1, max_length=2048, description="A key of that Region; it never changes in place."
    )
    table_class_override: Literal["STANDARD", "STANDARD_INFREQUENT_ACCESS"] | None = Field(
        default=None, description="The storage class in this Region."
    )
    provisioned_throughput_override: ReadCapacityPart | None = Field(
        default=None, description="Read capacity in this Region."
    )
    on_demand_throughput_override: ReadMaximumPart | None = Field(
        default=None, description="The on-demand maximum of reads in this Region."
    )
    global_secondary_indexes: list[ReplicaIndexPart] | None = Field(
        default=None, description="What this replica overrides of the table's global indexes."
    )


class WitnessPart(Part):
    """The Region that keeps a log of writes and no table."""

    region_name: Annotated[Region, AlsoSpelled(("Region", "region"))] = Field(description="Such as us-west-2.")
