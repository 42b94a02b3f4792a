"""The facets: one file per feature of a table, one interface. ``FACETS`` has them in the order of a diff. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.facets.auto_scaling import AutoScalingFacet
from reconciler.facets.backups import BackupsFacet
from reconciler.facets.base import Facet, HasExtraReads, HasPreconditions, InCreateTable, MultiStep
from reconciler.facets.billing import BillingFacet
from reconciler.facets.contributor_insights import ContributorInsightsFacet
from reconciler.facets.deletion_protection import DeletionProtectionFacet
from reconciler.facets.disassociation_protection import DisassociationProtectionFacet
from reconciler.facets.global_indexes import GlobalIndexesFacet
from reconciler.facets.global_table_settings import GlobalTableSettingsFacet
from reconciler.facets.keys import KeysFacet
from reconciler.facets.kinesis_streaming import KinesisStreamingFacet
from reconciler.facets.local_indexes import LocalIndexesFacet
from reconciler.facets.multi_region_consistency import MultiRegionConsistencyFacet
from reconciler.facets.on_demand_throughput import OnDemandThroughputFacet
from reconciler.facets.point_in_time_recovery import PointInTimeRecoveryFacet
from reconciler.facets.quota import Quota
from reconciler.facets.replicas import ReplicasFacet
from reconciler.facets.resource_policy import ResourcePolicyFacet
from reconciler.facets.sse import SseFacet
from reconciler.facets.stream import StreamFacet
from reconciler.facets.stream_policy import StreamPolicyFacet
from reconciler.facets.table_class import TableClassFacet
from reconciler.facets.tags import TagsFacet
from reconciler.facets.ttl import TtlFacet
from reconciler.facets.vector_indexes import VectorIndexesFacet
from reconciler.facets.warm_throughput import WarmThroughputFacet
from reconciler.model.records import CountedChange

FACETS: tuple[Facet, ...] = (
    KeysFacet(),
    BillingFacet(),
    GlobalIndexesFacet(),
    LocalIndexesFacet(),
    AutoScalingFacet(),
    VectorIndexesFacet(),
    StreamFacet(),
    TtlFacet(),
    TagsFacet(),
    DeletionProtectionFacet(),
    BackupsFacet(),
    TableClassFacet(),
    OnDemandThroughputFacet(),
    WarmThroughputFacet(),
    SseFacet(),
    PointInTimeRecoveryFacet(),
    ResourcePolicyFacet(),
    StreamPolicyFacet(),
    ContributorInsightsFacet(),
    KinesisStreamingFacet(),
    ReplicasFacet(),
    MultiRegionConsistencyFacet(),
    GlobalTableSettingsFacet(),
    DisassociationProtectionFacet(),
)
BY_NAME: Mapping[str, Facet] = {facet.name: facet for facet in FACETS}
IN_CREATE_TABLE: Mapping[str, InCreateTable] = {f.name: f for f in FACETS if isinstance(f, InCreateTable)}
"""The facets that go into CreateTable, in the order of ``FACETS``; the next three are subsets of it too.

Computed once: ``isinstance`` with a protocol is too slow for each table of each pass.
"""
MULTI_STEP: Mapping[str, MultiStep] = {f.name: f for f in FACETS if isinstance(f, MultiStep)}
HAS_PRECONDITIONS: Mapping[str, HasPreconditions] = {f.name: f for f in FACETS if isinstance(f, HasPreconditions)}
HAS_EXTRA_READS: Mapping[str, HasExtraReads] = {f.name: f for f in FACETS if isinstance(f, HasExtraReads)}
READS: Mapping[str, tuple[str, ...]] = {facet.name: facet.reads for facet in FACETS if facet.reads}
READ_BY: Mapping[str, Facet] = {operation: facet for facet in FACETS for operation in facet.reads}
LOOKUPS: Mapping[str, str] = {operation: name for name, facet in HAS_EXTRA_READS.items() for operation in facet.lookups}
"""Operations that only resolve a name, with the facet that needs each."""
TIME_DEPENDENT = frozenset(operation for facet in FACETS if facet.time_dependent for operation in facet.reads)
EXCLUSIVE = frozenset(facet.name for facet in FACETS if facet.exclusive)
NEEDS_ACTIVE = frozenset(facet.name for facet in FACETS if facet.needs_active)
QUOTAS: Mapping[CountedChange, Quota] = {quota.kind: quota for facet in FACETS for quota in facet.quotas}
