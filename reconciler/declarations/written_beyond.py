"""Auto scaling and the global table of an observed table, as members of its document. Called by ``document``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reconciler.model.global_table import Replica
from reconciler.model.scaling import AutoScaling, Scaling
from reconciler.model.table import TableSpec

Shape = dict[str, Any]


def auto_scaling(scaling: AutoScaling | None) -> Shape | None:
    """The capacities that a scalable target owns; None where it owns none."""
    if scaling is None:
        return None
    indexes = [{"index_name": index.name, **_pair(index.read, index.write)} for index in scaling.indexes]
    owned = [index for index in indexes if len(index) > 1]
    return {**_pair(scaling.read, scaling.write), **({"indexes": owned} if owned else {})}


def global_table(spec: TableSpec) -> Iterator[tuple[str, Any]]:
    """Members by name; nothing for a table of one Region."""
    others = [replica for replica in spec.replicas or () if not replica.home]
    consistency = spec.multi_region_consistency
    if not others and not (consistency and consistency.witness):
        return
    yield "replicas", [_replica(replica) for replica in others]
    if consistency is not None:
        yield "multi_region_consistency", consistency.mode
        yield "global_table_witnesses", [{"RegionName": consistency.witness}] if consistency.witness else None
    settings = spec.global_table_settings
    yield "global_table_settings_replication_mode", settings and settings.mode
    yield "disassociation_protection_enabled", spec.disassociation_protection or None


def _pair(read: Scaling | None, write: Scaling | None) -> Shape:
    return {name: _scaling(each) for name, each in (("read", read), ("write", write)) if each and each.enabled}


def _scaling(scaling: Scaling) -> Shape:
    actions = [
        _kept({"name": a.name, "schedule": a.schedule, "min": a.min, "max": a.max, "timezone": a.timezone})
        for a in scaling.scheduled or ()
    ]
    return _kept(
        {
            "min": scaling.min,
            "max": scaling.max,
            "target": scaling.target,
            "scale_in_cooldown": scaling.scale_in_cooldown,
            "scale_out_cooldown": scaling.scale_out_cooldown,
            "disable_scale_in": scaling.disable_scale_in or None,
            "scheduled": actions or None,
        }
    )


def _replica(replica: Replica) -> Shape:
    indexes = [
        _kept({"IndexName": index.name, **_capacity(index.read_capacity, index.max_read_request_units)})
        for index in replica.indexes or ()
    ]
    return _kept(
        {
            "RegionName": replica.region,
            "KMSMasterKeyId": replica.kms_key,
            "TableClassOverride": replica.table_class,
            **_capacity(replica.read_capacity, replica.max_read_request_units),
            "GlobalSecondaryIndexes": [index for index in indexes if len(index) > 1] or None,
        }
    )


def _capacity(read: int | None, maximum: int | None) -> Shape:
    return {
        "ProvisionedThroughputOverride": None if read is None else {"ReadCapacityUnits": read},
        "OnDemandThroughputOverride": None if maximum in (None, -1) else {"MaxReadRequestUnits": maximum},
    }


def _kept(shape: Shape) -> Shape:
    return {name: value for name, value in shape.items() if value is not None}
