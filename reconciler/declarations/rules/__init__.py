"""CreateTable's own rules, checked offline: one small function a rule, all of them asked, every finding kept.

``RULES`` is the explicit list; a rule whose fields have the wrong type is left out for that document.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from reconciler.declarations.cross_feature_rules import (
    defined_once,
    every_definition_used,
    every_key_defined,
    visible_names,
)
from reconciler.declarations.document.table import TableDocument
from reconciler.declarations.features.local_indexes import local_index_count, local_index_keys
from reconciler.declarations.features.multi_region_consistency import (
    replica_billing,
    replica_indexes,
    replica_regions,
    replica_stream,
    source_settings,
    strong_regions,
    strong_table,
    witness_count,
)
from reconciler.declarations.rules.auto_scaling import (
    scaled_indexes,
    scaling_fits_billing,
    scaling_is_whole,
    scheduled_scaling,
)
from reconciler.declarations.rules.backups import backup_name, backup_schedule
from reconciler.declarations.rules.billing import index_throughput, mode_and_throughput
from reconciler.declarations.rules.extras import ignored_paths
from reconciler.declarations.rules.global_indexes import global_index_count, global_index_keys
from reconciler.declarations.rules.index_names import index_names, index_names_differ
from reconciler.declarations.rules.limits import maximum_members, maximum_needs_on_demand, warm_members
from reconciler.declarations.rules.policies import policies, stream_policy_needs_stream
from reconciler.declarations.rules.projections import projections, projections_in_total
from reconciler.declarations.rules.required import required
from reconciler.declarations.rules.streams import stream_view
from reconciler.declarations.rules.switched_off import (
    insights_details,
    kinesis_details,
    recovery_details,
    sse_details,
    sse_key_is_given,
)
from reconciler.declarations.rules.table_keys import table_keys
from reconciler.declarations.rules.tags import tag_count, tag_keys_differ, tag_lengths
from reconciler.declarations.rules.ttl import ttl_attribute
from reconciler.declarations.rules.vector_indexes import (
    vector_attributes,
    vector_billing,
    vector_dimensions,
    vector_index_count,
    vector_search,
)
from reconciler.parsing.place import Finding

Rule = Callable[[TableDocument], Iterator[Finding]]

_KEYS = ("key_schema",)
_GLOBAL = ("global_secondary_indexes",)
_LOCAL = ("local_secondary_indexes",)
_SCALING = ("auto_scaling",)
_LIMITS = ("on_demand_throughput", "warm_throughput")
_VECTOR = ("vector_indexes",)
_INDEXES = _GLOBAL + _LOCAL + _VECTOR
_BILLING = ("billing_mode", "provisioned_throughput")

RULES: tuple[tuple[Rule, tuple[str, ...]], ...] = (
    (required, ()),
    (table_keys, _KEYS),
    (every_key_defined, ("attribute_definitions", *_KEYS, *_INDEXES)),
    (visible_names, (*_KEYS, *_INDEXES)),
    (every_definition_used, ("attribute_definitions", *_KEYS, *_INDEXES)),
    (defined_once, ("attribute_definitions",)),
    (index_names, _INDEXES),
    (index_names_differ, _INDEXES),
    (global_index_count, _GLOBAL),
    (global_index_keys, _GLOBAL),
    (local_index_count, _LOCAL),
    (local_index_keys, _KEYS + _LOCAL),
    (projections, _INDEXES),
    (projections_in_total, _INDEXES),
    (mode_and_throughput, _BILLING + _SCALING),
    (index_throughput, _BILLING + _GLOBAL + _SCALING),
    (backup_schedule, ("backups",)),
    (backup_name, ("backups", "table_name")),
    (scaling_is_whole, _SCALING),
    (scheduled_scaling, _SCALING),
    (scaling_fits_billing, _BILLING + _SCALING),
    (scaled_indexes, _GLOBAL + _SCALING),
    (vector_index_count, _VECTOR),
    (vector_attributes, _KEYS + _VECTOR),
    (vector_dimensions, _VECTOR),
    (vector_search, _VECTOR),
    (vector_billing, _BILLING + _VECTOR),
    (replica_regions, ("replicas",)),
    (replica_stream, ("replicas", "stream_specification", "multi_region_consistency")),
    (replica_indexes, ("replicas", *_GLOBAL)),
    (replica_billing, ("replicas", *_BILLING)),
    (witness_count, ("global_table_witnesses", "replicas")),
    (strong_regions, ("multi_region_consistency", "global_table_witnesses", "replicas")),
    (strong_table, ("multi_region_consistency", "time_to_live", *_LOCAL)),
    (source_settings, ("global_table_source_arn", "global_table_settings_replication_mode")),
    (stream_view, ("stream_specification",)),
    (ttl_attribute, ("time_to_live",)),
    (tag_count, ("tags",)),
    (tag_lengths, ("tags",)),
    (tag_keys_differ, ("tags",)),
    (maximum_members, (*_LIMITS, *_GLOBAL)),
    (maximum_needs_on_demand, (*_LIMITS, *_GLOBAL, *_BILLING)),
    (warm_members, (*_LIMITS, *_GLOBAL)),
    (sse_details, ("sse_specification",)),
    (sse_key_is_given, ("sse_specification",)),
    (recovery_details, ("point_in_time_recovery",)),
    (insights_details, ("contributor_insights", *_GLOBAL)),
    (kinesis_details, ("kinesis_streaming",)),
    (policies, ("resource_policy", "stream_policy")),
    (stream_policy_needs_stream, ("stream_policy", "stream_specification")),
    (ignored_paths, ("lifecycle",)),
)
"""Each rule with the fields it reads."""
