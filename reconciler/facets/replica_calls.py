"""The calls that create, change and remove replicas, and their preconditions.

Shared by the facets replicas and multi_region_consistency: one call creates all replicas of a strongly consistent
table, so the changes of both facets become one step.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reconciler.facets.base import Precondition
from reconciler.model.change import Call, Change
from reconciler.model.global_table import Replica
from reconciler.model.plan import StepStatus
from reconciler.model.table import TableSpec

IMAGES = "NEW_AND_OLD_IMAGES"
UNRECOVERABLE = {
    "CREATION_FAILED": "the replica left out of the declaration, converged, and declared again",
    "REGION_DISABLED": "the Region enabled for the account again",
    "INACCESSIBLE_ENCRYPTION_CREDENTIALS": "access of DynamoDB to the replica's KMS key",
    "ARCHIVING": "a restore of the replica",
    "ARCHIVED": "a restore of the replica",
    "REPLICATION_NOT_AUTHORIZED": "permission for the replication of the table",
}
"""Statuses of a replica that none of our calls can end, with what ends them."""
OTHER_REGIONS = 2
"""Regions besides the own one with strong consistency, including the witness (UpdateTable)."""


def other_replicas(spec: TableSpec) -> tuple[Replica, ...]:
    """The replicas beside the table itself."""
    return tuple(replica for replica in spec.replicas or () if not replica.home)


def replica_pairs(desired: TableSpec, observed: TableSpec) -> Iterator[tuple[str, Replica | None, Replica | None]]:
    """Region, declared and observed replica, sorted by Region; the table's own Region is left out."""
    home = {replica.region for replica in observed.replicas or () if replica.home}
    wanted = {replica.region: replica for replica in desired.replicas or ()}
    had = {replica.region: replica for replica in observed.replicas or ()}
    for region in sorted((wanted.keys() | had.keys()) - home):
        yield region, wanted.get(region), had.get(region)


def is_strong(spec: TableSpec) -> bool:
    """Whether a table is global and strongly consistent."""
    return bool(other_replicas(spec)) and spec.multi_region_consistency is not None and _mode(spec) == "STRONG"


def becomes_strong(desired: TableSpec, observed: TableSpec) -> bool:
    """Whether a table that is not global yet is declared to be strongly consistent."""
    return _mode(desired) == "STRONG" and not other_replicas(observed)


def create_call(replica: Replica, desired: TableSpec) -> Call:
    """Make one replica."""
    members = {"RegionName": replica.region, **_overrides(replica)}
    if replica.kms_key:
        members["KMSMasterKeyId"] = replica.kms_key
    return _update(desired, ReplicaUpdates=[{"Create": members}])


def delete_call(replica: Replica, desired: TableSpec) -> Call:
    """Delete one replica, and the table of its Region with it."""
    return _update(desired, ReplicaUpdates=[{"Delete": {"RegionName": replica.region}}])


def strong_call(desired: TableSpec, observed: TableSpec) -> Call:
    """Make every replica, and the witness, of a strongly consistent table (UpdateTable)."""
    wanted = [want for _, want, have in replica_pairs(desired, observed) if want and not have]
    creates = [create_call(replica, desired).params["ReplicaUpdates"][0] for replica in wanted]
    members: dict[str, Any] = {"ReplicaUpdates": creates, "MultiRegionConsistency": "STRONG"}
    witness = _witness(desired)
    if witness:
        members["GlobalTableWitnessUpdates"] = [{"Create": {"RegionName": witness}}]
    return _update(desired, **members)


def undo_strong_call(desired: TableSpec, observed: TableSpec) -> Call:
    """Delete every replica, and the witness: what is left is a table of one Region (UpdateTable)."""
    deletes = [{"Delete": {"RegionName": replica.region}} for replica in other_replicas(observed)]
    members: dict[str, Any] = {"ReplicaUpdates": deletes}
    witness = _witness(observed)
    if witness:
        members["GlobalTableWitnessUpdates"] = [{"Delete": {"RegionName": witness}}]
    return _update(desired, **members)


def update_call(change: Change, want: Replica, have: Replica, desired: TableSpec) -> Call:
    """Set what one replica overrides: its class, its read capacities or its maxima, each a concern of its own."""
    field = change.path.rsplit(".", 1)[-1]
    members: dict[str, Any] = {"RegionName": want.region}
    if field == "table_class":
        return _update(desired, ReplicaUpdates=[{"Update": {**members, "TableClassOverride": want.table_class}}])
    target = getattr(want, field)
    if target is not None and target != getattr(have, field):
        members |= _override(field, target)
    had = {index.name: getattr(index, field) for index in have.indexes or ()}
    changed = [index for index in want.indexes or () if getattr(index, field) not in (None, had.get(index.name))]
    if changed:
        shapes = [{"IndexName": index.name, **_override(field, getattr(index, field))} for index in changed]
        members["GlobalSecondaryIndexes"] = shapes
    return _update(desired, ReplicaUpdates=[{"Update": members}])


def creation_precondition(replica: Replica, desired: TableSpec, observed: TableSpec) -> Precondition | None:
    """Strong consistency requires all replicas at once, eventual consistency a stream with both images."""
    if is_strong(observed):
        sentence = f"a strongly consistent table gets no further replica, so none in {replica.region}"
        return Precondition(sentence, "the replicas declared as they are", rule=27)
    if becomes_strong(desired, observed):
        return strong_precondition(desired, observed)
    return _stream_precondition(desired, observed)


def strong_precondition(desired: TableSpec, observed: TableSpec) -> Precondition | None:
    """Three Regions, of which one may be a witness."""
    count = len([want for _, want, have in replica_pairs(desired, observed) if want]) + bool(_witness(desired))
    if count == OTHER_REGIONS:
        return None
    sentence = f"strong consistency spans the table's own Region and two more, not {count}"
    return Precondition(sentence, "two replicas, or one replica and a witness", rule=27)


def removal_precondition(desired: TableSpec, observed: TableSpec) -> Precondition | None:
    """All replicas of a strongly consistent table must be removed in one call."""
    staying = [want.region for _, want, have in replica_pairs(desired, observed) if want and have]
    if not is_strong(observed) or not staying:
        return None
    return Precondition("a strongly consistent table loses all replicas at once or none", "replicas: []", rule=27)


def other_key(target: str | None, seen: str | None) -> bool:
    """Whether two keys certainly differ. An alias in another Region cannot be resolved, so it is not compared."""
    if target is None or target == seen or "alias/" in target or "alias/" in (seen or ""):
        return False
    return seen is None or target.rsplit("/", 1)[-1] != seen.rsplit("/", 1)[-1]


def replica_for_display(replica: Replica) -> dict[str, Any]:
    """A replica for people."""
    key = {"KMSMasterKeyId": replica.kms_key} if replica.kms_key else {}
    return {"RegionName": replica.region, **key, **_overrides(replica)}


def _stream_precondition(desired: TableSpec, observed: TableSpec) -> Precondition | None:
    live = observed.stream
    if live and live.enabled and live.view == IMAGES:
        return None
    if desired.stream is None or not desired.stream.enabled or desired.stream.view not in (None, IMAGES):
        allow = f"stream_specification: {{stream_enabled: true, stream_view_type: {IMAGES}}}"
        return Precondition("a replica needs a stream with new and old images", allow, rule=26)
    if live and live.enabled:
        sentence = f"a replica needs a stream with new and old images, and the table's has {live.view}"
        return Precondition(sentence, "the new view of the stream, with RECONCILER_DISRUPTION=allow", rule=26)
    return Precondition("the replica waits for the stream", status=StepStatus.DEFERRED)


def _overrides(replica: Replica) -> dict[str, Any]:
    members: dict[str, Any] = {}
    if replica.table_class:
        members["TableClassOverride"] = replica.table_class
    for field in ("read_capacity", "max_read_request_units"):
        members |= _override(field, getattr(replica, field))
    indexes = []
    for index in replica.indexes or ():
        shape = _override("read_capacity", index.read_capacity)
        shape |= _override("max_read_request_units", index.max_read_request_units)
        if shape:
            indexes.append({"IndexName": index.name, **shape})
    return {**members, "GlobalSecondaryIndexes": indexes} if indexes else members


def _override(field: str, units: int | None) -> dict[str, Any]:
    if units is None:
        return {}
    if field == "read_capacity":
        return {"ProvisionedThroughputOverride": {"ReadCapacityUnits": units}}
    return {"OnDemandThroughputOverride": {"MaxReadRequestUnits": units}}


def _mode(spec: TableSpec) -> str:
    return spec.multi_region_consistency.mode if spec.multi_region_consistency else "EVENTUAL"


def _witness(spec: TableSpec) -> str | None:
    return spec.multi_region_consistency.witness if spec.multi_region_consistency else None


def _update(desired: TableSpec, **members: Any) -> Call:
    return Call("UpdateTable", {"TableName": desired.name, **members})
