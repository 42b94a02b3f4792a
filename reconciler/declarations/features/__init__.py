"""The declaration of each feature, one file each. ``FEATURES`` has the order of fields in a document.

A feature whose field model extends another one must come after it.
"""

from __future__ import annotations

from reconciler.declarations.features.auto_scaling import AUTO_SCALING
from reconciler.declarations.features.backups import BACKUPS
from reconciler.declarations.features.base import Feature
from reconciler.declarations.features.billing import BILLING
from reconciler.declarations.features.contributor_insights import CONTRIBUTOR_INSIGHTS
from reconciler.declarations.features.deletion_protection import DELETION_PROTECTION
from reconciler.declarations.features.disassociation_protection import DISASSOCIATION_PROTECTION
from reconciler.declarations.features.global_indexes import GLOBAL_INDEXES
from reconciler.declarations.features.global_table_settings import GLOBAL_TABLE_SETTINGS
from reconciler.declarations.features.keys import KEYS
from reconciler.declarations.features.kinesis_streaming import KINESIS_STREAMING
from reconciler.declarations.features.local_indexes import LOCAL_INDEXES
from reconciler.declarations.features.multi_region_consistency import MULTI_REGION_CONSISTENCY
from reconciler.declarations.features.on_demand_throughput import ON_DEMAND_THROUGHPUT
from reconciler.declarations.features.point_in_time_recovery import POINT_IN_TIME_RECOVERY
from reconciler.declarations.features.replicas import REPLICAS
from reconciler.declarations.features.resource_policy import RESOURCE_POLICY
from reconciler.declarations.features.sse import SSE
from reconciler.declarations.features.stream import STREAM
from reconciler.declarations.features.stream_policy import STREAM_POLICY
from reconciler.declarations.features.table_class import TABLE_CLASS
from reconciler.declarations.features.tags import TAGS
from reconciler.declarations.features.ttl import TTL
from reconciler.declarations.features.vector_indexes import VECTOR_INDEXES
from reconciler.declarations.features.warm_throughput import WARM_THROUGHPUT

FEATURES: tuple[Feature, ...] = (
    KEYS,
    BILLING,
    ON_DEMAND_THROUGHPUT,
    WARM_THROUGHPUT,
    GLOBAL_INDEXES,
    LOCAL_INDEXES,
    VECTOR_INDEXES,
    AUTO_SCALING,
    STREAM,
    TTL,
    TABLE_CLASS,
    SSE,
    POINT_IN_TIME_RECOVERY,
    BACKUPS,
    DELETION_PROTECTION,
    CONTRIBUTOR_INSIGHTS,
    KINESIS_STREAMING,
    RESOURCE_POLICY,
    STREAM_POLICY,
    REPLICAS,
    MULTI_REGION_CONSISTENCY,
    GLOBAL_TABLE_SETTINGS,
    DISASSOCIATION_PROTECTION,
    TAGS,
)
