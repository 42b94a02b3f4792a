"""What makes a sound document a global table → the model's values. Called by ``normalise``."""

from __future__ import annotations

from reconciler.declarations.document.table import TableDocument
from reconciler.declarations.features.replicas import (
    ReadCapacityPart,
    ReadMaximumPart,
    ReplicaIndexPart,
    ReplicaPart,
)
from reconciler.model.global_table import GlobalTableSettings, MultiRegionConsistency, Replica, ReplicaIndex


def replicas(parts: list[ReplicaPart] | None) -> tuple[Replica, ...] | None:
    """Replicas sorted by Region; absence stays None."""
    if parts is None:
        return None
    return tuple(_replica(part) for part in sorted(parts, key=lambda part: part.region_name))


def consistency(document: TableDocument) -> MultiRegionConsistency | None:
    """The mode with the witness; None where the mode is not declared."""
    mode, witnesses = document.multi_region_consistency, document.global_table_witnesses
    if mode is None:
        return None
    return MultiRegionConsistency(mode, witnesses[0].region_name if witnesses else None)


def settings(document: TableDocument) -> GlobalTableSettings | None:
    """Mode and source; a source alone means that settings are replicated."""
    mode, source = document.global_table_settings_replication_mode, document.global_table_source_arn
    if mode is None and source is None:
        return None
    return GlobalTableSettings(mode or "ENABLED", source)


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
