"""Replicas of a global table (UpdateTable.ReplicaUpdates)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Field

from reconciler.declarations.document.field_model import LONG, Aliases, FieldModel
from reconciler.declarations.features.base import Feature, Members, Response, given, rule
from reconciler.model.global_table import Replica, ReplicaIndex
from reconciler.model.table import TableSpec
from reconciler.parsing.source_location import FieldProblem

Region = Annotated[str, Field(min_length=1, max_length=64)]


class ReadCapacityPart(FieldModel):
    """Read capacity of a replica, in place of the table's."""

    read_capacity_units: int = Field(ge=1, le=LONG, description="Read capacity units per second, at least 1.")


class ReadMaximumPart(FieldModel):
    """The on-demand maximum of reads of a replica, in place of the table's."""

    max_read_request_units: int = Field(
        ge=-1, le=LONG, description="Read request units per second; -1 takes the maximum away."
    )


class ReplicaIndexPart(FieldModel):
    """What a replica overrides of one global index."""

    index_name: str = Field(description="The name of a global index of the table.")
    provisioned_throughput_override: ReadCapacityPart | None = Field(
        default=None, description="Read capacity of the index in this Region."
    )
    on_demand_throughput_override: ReadMaximumPart | None = Field(
        default=None, description="The on-demand maximum of reads of the index in this Region."
    )


class ReplicaPart(FieldModel):
    """A replica in another Region; a setting left out is left alone."""

    region_name: Annotated[Region, Aliases(("Region", "region"))] = Field(description="Such as eu-west-1.")
    kms_master_key_id: Annotated[str | None, Aliases(("KMSMasterKeyId",))] = Field(
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


class ReplicasFields(FieldModel):
    """The Regions of a global table."""

    replicas: list[ReplicaPart] | None = Field(
        default=None, description="The Regions of a global table; its own may be listed or not."
    )


@rule("replicas")
def one_a_region(document: ReplicasFields) -> Iterator[FieldProblem]:
    """One replica a Region."""
    seen: set[str] = set()
    for position, replica in enumerate(document.replicas or []):
        if replica.region_name in seen:
            reason = f"duplicate replica in {replica.region_name!r}"
            yield FieldProblem(("replicas", position, "region_name"), reason, "Keep one of them.")
        seen.add(replica.region_name)


@rule("replicas")
def maximum_members(document: ReplicasFields) -> Iterator[FieldProblem]:
    """A maximum is at least 1, or -1 for no maximum."""
    for position, replica in enumerate(document.replicas or []):
        maxima = [replica.on_demand_throughput_override]
        maxima += [index.on_demand_throughput_override for index in replica.global_secondary_indexes or []]
        if any(maximum is not None and maximum.max_read_request_units == 0 for maximum in maxima):
            yield FieldProblem(("replicas", position), "has a maximum of 0", "Write 1 or more, or -1 for no maximum.")


def to_model(document: ReplicasFields) -> tuple[Replica, ...] | None:
    """Replicas sorted by Region."""
    parts = document.replicas
    if parts is None:
        return None
    return tuple(_replica(part) for part in sorted(parts, key=lambda part: part.region_name))


def _replica(part: ReplicaPart) -> Replica:
    indexes = part.global_secondary_indexes
    ordered = None if indexes is None else tuple(_index(i) for i in sorted(indexes, key=lambda i: i.index_name))
    return Replica(
        part.region_name,
        part.kms_master_key_id,
        part.table_class_override,
        _capacity(part.provisioned_throughput_override),
        _maximum(part.on_demand_throughput_override),
        ordered,
    )


def _index(part: ReplicaIndexPart) -> ReplicaIndex:
    capacity, maximum = part.provisioned_throughput_override, part.on_demand_throughput_override
    return ReplicaIndex(part.index_name, _capacity(capacity), _maximum(maximum))


def _capacity(part: ReadCapacityPart | None) -> int | None:
    return None if part is None else part.read_capacity_units


def _maximum(part: ReadMaximumPart | None) -> int | None:
    return None if part is None else part.max_read_request_units


def is_global(spec: TableSpec) -> bool:
    """Whether an observed table has a replica or a witness elsewhere; only then its global settings are declared."""
    consistency = spec.multi_region_consistency
    return bool(_elsewhere(spec)) or bool(consistency and consistency.witness)


def from_model(spec: TableSpec) -> Members:
    """The replicas in other Regions."""
    return {"replicas": [_members(replica) for replica in _elsewhere(spec)]}


def _elsewhere(spec: TableSpec) -> list[Replica]:
    return [replica for replica in spec.replicas or () if not replica.home]


def _members(replica: Replica) -> dict[str, Any]:
    indexes = [
        given({"IndexName": index.name, **_overrides(index.read_capacity, index.max_read_request_units)})
        for index in replica.indexes or ()
    ]
    return given(
        {
            "RegionName": replica.region,
            "KMSMasterKeyId": replica.kms_key,
            "TableClassOverride": replica.table_class,
            **_overrides(replica.read_capacity, replica.max_read_request_units),
            "GlobalSecondaryIndexes": [index for index in indexes if len(index) > 1] or None,
        }
    )


def _overrides(read: int | None, maximum: int | None) -> dict[str, Any]:
    return {
        "ProvisionedThroughputOverride": None if read is None else {"ReadCapacityUnits": read},
        "OnDemandThroughputOverride": None if maximum in (None, -1) else {"MaxReadRequestUnits": maximum},
    }


def _class_of_response(response: Response) -> tuple[str, Any] | None:
    found = response.get("TableClass")
    return ("TableClassOverride", found) if isinstance(found, str) else None


REPLICAS = Feature(
    "replicas",
    ReplicasFields,
    (one_a_region, maximum_members),
    to_model,
    from_model,
    {"ReplicaTableClassSummary": _class_of_response},
)
