"""A table as a value, with one type for declared and observed.

``None`` in an optional field means *unmanaged*. Turning a feature off is an explicit value, for example
``Ttl(enabled=False)``. Whoever builds a value normalises its collections: indexes sorted by name, tags sorted by key,
non-key attributes as a set. Only key schemas keep their order, which has a meaning.
"""

from __future__ import annotations

from dataclasses import field
from typing import Literal

from reconciler.model.backups import Backups
from reconciler.model.global_table import GlobalTableSettings, MultiRegionConsistency, Replica
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.scaling import AutoScaling

KeyRole = Literal["HASH", "RANGE"]
ScalarType = Literal["S", "N", "B"]
BillingMode = Literal["PAY_PER_REQUEST", "PROVISIONED"]
ProjectionType = Literal["ALL", "KEYS_ONLY", "INCLUDE"]
TableClass = Literal["STANDARD", "STANDARD_INFREQUENT_ACCESS"]
VectorDistance = Literal["COSINE", "DOT_PRODUCT", "EUCLIDEAN"]
SearchRole = Literal["HASH", "INLINE_FILTER"]
InsightsMode = Literal["ACCESSED_AND_THROTTLED_KEYS", "THROTTLED_KEYS"]
TimePrecision = Literal["MILLISECOND", "MICROSECOND"]
StreamView = Literal["NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES", "KEYS_ONLY"]


@dataclass(frozen=True, slots=True)
class KeyElement:
    """One element of a key schema, with the type of its attribute, which is part of the key."""

    attribute: str
    role: KeyRole
    type: ScalarType


@dataclass(frozen=True, slots=True)
class Throughput:
    """Provisioned capacity, in read and write capacity units per second."""

    read: int
    write: int


@dataclass(frozen=True, slots=True)
class OnDemandThroughput:
    """The most that on-demand billing may use, in request units per second; -1 is no maximum, ``None`` not ours."""

    read: int | None = None
    write: int | None = None


@dataclass(frozen=True, slots=True)
class WarmThroughput:
    """What is ready at once, in units per second; it only ever rises. ``None`` is not ours."""

    read: int | None = None
    write: int | None = None


@dataclass(frozen=True, slots=True)
class Billing:
    """How a table is paid for; ``throughput`` only with PROVISIONED, ``None`` where it is not ours."""

    mode: BillingMode
    throughput: Throughput | None = None


@dataclass(frozen=True, slots=True)
class Projection:
    """What an index copies; ``non_key_attributes`` only with INCLUDE."""

    type: ProjectionType
    non_key_attributes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class GlobalIndex:
    """A global secondary index; keys and projection never change under one name (CreateTable, UpdateTable).

    ``backfill`` names the migration of items that gives old items the key attributes of the index: an item without them
    is not in the index. The service knows nothing of it.
    """

    name: str
    keys: tuple[KeyElement, ...]
    projection: Projection
    throughput: Throughput | None = None
    on_demand_throughput: OnDemandThroughput | None = None
    warm_throughput: WarmThroughput | None = None
    backfill: str | None = None


@dataclass(frozen=True, slots=True)
class LocalIndex:
    """A local secondary index; exists from CreateTable on and never changes."""

    name: str
    keys: tuple[KeyElement, ...]
    projection: Projection


@dataclass(frozen=True, slots=True)
class SearchElement:
    """One element of a vector index's search schema; ``type`` is ``None`` only where an endpoint does not tell it."""

    attribute: str
    role: SearchRole
    type: ScalarType | None = None


@dataclass(frozen=True, slots=True)
class VectorIndex:
    """A vector index over ``attribute``; none of its fields ever changes under one name (CreateTable, UpdateTable).

    ``search`` is sorted by role and attribute: its order means nothing.
    """

    name: str
    attribute: str
    dimensions: int
    distance: VectorDistance
    projection: Projection
    search: tuple[SearchElement, ...] = ()


@dataclass(frozen=True, slots=True)
class Stream:
    """DynamoDB Streams of a table; ``view`` is ``None`` when disabled."""

    enabled: bool
    view: StreamView | None = None


@dataclass(frozen=True, slots=True)
class Ttl:
    """Time to live; ``attribute`` of a disabled one is not compared, only the call to disable needs it."""

    enabled: bool
    attribute: str | None = None


@dataclass(frozen=True, slots=True)
class Sse:
    """Encryption at rest. Not enabled means the key that DynamoDB itself owns, enabled a key in KMS.

    ``key`` is an alias, an id or an ARN of a KMS key; ``None`` is not ours.
    """

    enabled: bool
    key: str | None = None


@dataclass(frozen=True, slots=True)
class PointInTimeRecovery:
    """Continuous backups; ``days`` is how far back a table can be restored, ``None`` where it is not ours."""

    enabled: bool
    days: int | None = None


@dataclass(frozen=True, slots=True)
class ResourcePolicy:
    """A policy as normalised JSON text; ``document`` is ``None`` where there is none.

    ``revision`` and ``arn`` (of the resource that holds it) are told by the endpoint and no part of the value.
    """

    document: str | None
    revision: str | None = field(default=None, compare=False)
    arn: str | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class IndexInsights:
    """Contributor insights of one global index; ``mode`` is ``None`` where it is not ours."""

    name: str
    enabled: bool
    mode: InsightsMode | None = None


@dataclass(frozen=True, slots=True)
class ContributorInsights:
    """Contributor insights of a table, and those of the indexes that are ours; ``enabled`` ``None`` is not ours."""

    enabled: bool | None = None
    mode: InsightsMode | None = None
    indexes: tuple[IndexInsights, ...] = ()


@dataclass(frozen=True, slots=True)
class KinesisStreaming:
    """The Kinesis data stream that changes of items go to; ``stream_arn`` is ``None`` where there is none.

    ``failed`` is a destination that could not be enabled, which stands in the way of another; no part of the value.
    """

    stream_arn: str | None
    precision: TimePrecision | None = None
    failed: str | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class RestoreOverrides:
    """What a restored table overrides. A field that is ``None`` or empty stays as in the source.

    ``throughput`` requires PROVISIONED, ``maximum`` on demand. ``left_out`` names indexes of any kind that are not
    restored; ``no_indexes`` leaves out all of them
    (https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_RestoreTableFromBackup.html).
    """

    billing_mode: BillingMode | None = None
    throughput: Throughput | None = None
    maximum: OnDemandThroughput | None = None
    sse: Sse | None = None
    left_out: tuple[str, ...] = ()
    no_indexes: bool = False

    @property
    def about_indexes(self) -> bool:
        """Whether the indexes of the source must be known: to list those to restore, or to set their throughput."""
        return bool(self.left_out) or (self.billing_mode == "PROVISIONED" and not self.no_indexes)


@dataclass(frozen=True, slots=True)
class TableSpec:
    """One table. The name of each field but ``name`` is the name of the facet that owns it."""

    name: str
    keys: tuple[KeyElement, ...]
    billing: Billing | None = None
    global_indexes: tuple[GlobalIndex, ...] | None = None
    local_indexes: tuple[LocalIndex, ...] | None = None
    stream: Stream | None = None
    ttl: Ttl | None = None
    tags: tuple[tuple[str, str], ...] | None = None
    deletion_protection: bool | None = None
    auto_scaling: AutoScaling | None = None
    table_class: TableClass | None = None
    on_demand_throughput: OnDemandThroughput | None = None
    warm_throughput: WarmThroughput | None = None
    sse: Sse | None = None
    point_in_time_recovery: PointInTimeRecovery | None = None
    vector_indexes: tuple[VectorIndex, ...] | None = None
    backups: Backups | None = None
    resource_policy: ResourcePolicy | None = None
    stream_policy: ResourcePolicy | None = None
    contributor_insights: ContributorInsights | None = None
    kinesis_streaming: KinesisStreaming | None = None
    replicas: tuple[Replica, ...] | None = None
    multi_region_consistency: MultiRegionConsistency | None = None
    global_table_settings: GlobalTableSettings | None = None
    disassociation_protection: bool | None = None
