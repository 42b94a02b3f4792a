"""The whole document of one table. Every field is optional here; ``rules.required`` says which must be there."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from reconciler.declarations.document.extras import LifecyclePart, ReferencePart, SeedPart
from reconciler.declarations.document.part import AlsoSpelled, Part
from reconciler.declarations.features.auto_scaling import AutoScalingPart
from reconciler.declarations.features.backups import BackupsPart
from reconciler.declarations.features.billing import ThroughputPart
from reconciler.declarations.features.contributor_insights import InsightsPart
from reconciler.declarations.features.global_indexes import GlobalIndexPart, LocalIndexPart
from reconciler.declarations.features.keys import AttributeDefinitionPart, KeyElementPart
from reconciler.declarations.features.kinesis_streaming import KinesisPart
from reconciler.declarations.features.on_demand_throughput import OnDemandThroughputPart, WarmThroughputPart
from reconciler.declarations.features.point_in_time_recovery import RecoveryPart
from reconciler.declarations.features.policy import Policy
from reconciler.declarations.features.replicas import ReplicaPart, WitnessPart
from reconciler.declarations.features.sse import SsePart
from reconciler.declarations.features.stream import StreamPart
from reconciler.declarations.features.tags import TagPart
from reconciler.declarations.features.ttl import TtlPart
from reconciler.declarations.features.vector_indexes import VectorIndexPart

REQUIRED = ("table_name", "key_schema", "attribute_definitions")


class TableDocument(Part):
    """One DynamoDB table. A field left out is left alone; an empty list empties what it names."""

    table_name: str | None = Field(default=None, description="The base name; an environment adds its own suffix.")
    key_schema: list[KeyElementPart] | None = Field(
        default=None, description="One HASH attribute, then at most one RANGE attribute."
    )
    attribute_definitions: list[AttributeDefinitionPart] | None = Field(
        default=None, description="The types of exactly those attributes that are in a key of the table or an index."
    )
    billing_mode: Literal["PAY_PER_REQUEST", "PROVISIONED"] | None = Field(
        default=None, description="On demand, or by provisioned throughput."
    )
    provisioned_throughput: ThroughputPart | None = Field(default=None, description="Alone, it means PROVISIONED.")
    global_secondary_indexes: list[GlobalIndexPart] | None = Field(default=None, description="At most 20.")
    local_secondary_indexes: list[LocalIndexPart] | None = Field(
        default=None, description="At most 5; fixed when the table is created."
    )
    vector_indexes: list[VectorIndexPart] | None = Field(
        default=None, description="At most 5, and only with on-demand billing."
    )
    replicas: list[ReplicaPart] | None = Field(
        default=None, description="The Regions of a global table; its own may be listed or not."
    )
    multi_region_consistency: Literal["EVENTUAL", "STRONG"] | None = Field(
        default=None, description="How replicas agree; fixed when the table becomes global."
    )
    global_table_witnesses: list[WitnessPart] | None = Field(
        default=None, description="The Region of the witness, in place of a third replica with strong consistency."
    )
    global_table_settings_replication_mode: Literal["ENABLED", "DISABLED", "ENABLED_WITH_OVERRIDES"] | None = Field(
        default=None, description="Which settings the replicas share."
    )
    global_table_source_arn: str | None = Field(
        default=None, min_length=1, max_length=1024, description="The table of another account to be a replica of."
    )
    disassociation_protection_enabled: Annotated[bool | None, AlsoSpelled(("disassociation_protection",))] = Field(
        default=None, description="DynamoDB refuses to take this replica out of its global table."
    )
    stream_specification: StreamPart | None = Field(default=None, description="DynamoDB Streams.")
    time_to_live: Annotated[
        TtlPart | None, AlsoSpelled(("TimeToLiveSpecification", "time_to_live_specification", "ttl"))
    ] = Field(default=None, description="Expiry of items.")
    tags: list[TagPart] | None = Field(
        default=None, description="A list of Key and Value, or a mapping; only the declared keys are managed."
    )
    deletion_protection_enabled: Annotated[bool | None, AlsoSpelled(("deletion_protection", "DeletionProtection"))] = (
        Field(default=None, description="DynamoDB itself refuses to delete the table.")
    )
    auto_scaling: AutoScalingPart | None = Field(
        default=None, description="Limits and target of provisioned capacity; alone, it means PROVISIONED."
    )
    table_class: Literal["STANDARD", "STANDARD_INFREQUENT_ACCESS"] | None = Field(
        default=None, description="The storage class."
    )
    on_demand_throughput: OnDemandThroughputPart | None = Field(
        default=None, description="The most that on-demand billing may use."
    )
    warm_throughput: WarmThroughputPart | None = Field(default=None, description="It only ever rises.")
    sse_specification: Annotated[SsePart | None, AlsoSpelled(("SSESpecification", "sse"))] = Field(
        default=None, description="Encryption at rest."
    )
    point_in_time_recovery: Annotated[
        RecoveryPart | None,
        AlsoSpelled(("PointInTimeRecoverySpecification", "point_in_time_recovery_specification")),
    ] = Field(default=None, description="Continuous backups.")
    backups: BackupsPart | None = Field(default=None, description="On-demand backups on a schedule.")
    resource_policy: Policy = Field(default=None, description="Who else may use the table; {} is no policy.")
    stream_policy: Policy = Field(default=None, description="Who else may read the stream; {} is no policy.")
    contributor_insights: Annotated[
        InsightsPart | None, AlsoSpelled(("ContributorInsightsSpecification", "contributor_insights_specification"))
    ] = Field(default=None, description="The most used keys of the table.")
    kinesis_streaming: Annotated[
        KinesisPart | None, AlsoSpelled(("KinesisStreamSpecification", "kinesis_stream_specification"))
    ] = Field(default=None, description="The Kinesis data stream that changes of items go to.")
    description: str | None = Field(default=None, description="What the table is for.")
    seed: SeedPart | None = Field(default=None, description="How to read the seed of this table.")
    references: list[ReferencePart] | None = Field(default=None, description="Declared tables this one refers to.")
    lifecycle: LifecyclePart | None = Field(default=None, description="What may be done to the table.")


API_FIELDS = frozenset(TableDocument.model_fields) - {"description", "seed", "references", "lifecycle", "tags"}
"""Fields that make a mapping recognisable as a table."""


def sole_part(annotation: Any) -> type[Part] | None:
    """The Part in ``SomePart | None`` or ``list[SomePart] | None``, however deep."""
    if isinstance(annotation, type) and issubclass(annotation, Part):
        return annotation
    found = [sole_part(argument) for argument in getattr(annotation, "__args__", ())]
    return next((part for part in found if part is not None), None)


def is_list(annotation: Any) -> bool:
    """Whether the field is a list, be it optional."""
    options = (annotation, *getattr(annotation, "__args__", ()))
    return any(getattr(option, "__origin__", None) is list for option in options)
