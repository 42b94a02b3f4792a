"""Facet replicas: copies of the table in other Regions and what each overrides. One change per call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.facets import replica_calls
from reconciler.facets.base import Facet, HasPreconditions, MultiStep, Precondition, Removal
from reconciler.facets.rank import Rank
from reconciler.facets.replica_calls import UNRECOVERABLE, replica_pairs
from reconciler.model.change import Call, Change, Hazard
from reconciler.model.global_table import Replica, ReplicaIndex
from reconciler.model.observed import ObservedTable, Responses
from reconciler.model.plan import Step
from reconciler.model.table import TableSpec

REMOVED = "the replica in {region} is deleted with every item in it; scalable targets of it stay behind"
REKEYED = "the replica in {region} is deleted with every item in it and made again, under the other key"


class ReplicasFacet(Facet, MultiStep, HasPreconditions):
    """A declared list is complete. It may contain the own Region of the table or not."""

    name = "replicas"
    rank = Rank.REPLICA
    exclusive = True

    def observe(self, responses: Responses) -> tuple[Replica, ...]:
        table = responses.table
        home = (*table["TableArn"].split(":", 4), "", "", "", "")[3]
        # An endpoint may list the own Region among the replicas or not, so it is added in one way.
        found = [_read(shape) for shape in table.get("Replicas") or () if shape["RegionName"] != home]
        # DescribeTable lists a DELETING replica until it is gone; its removal must not be sent again.
        there = [replica for replica in found if replica.status != "DELETING"]
        return tuple(sorted([*there, Replica(home, home=True)], key=lambda replica: replica.region))

    def ongoing(self, responses: Responses) -> Iterator[str]:
        for shape in responses.table.get("Replicas") or ():
            status = shape.get("ReplicaStatus", "ACTIVE")
            if status in ("CREATING", "UPDATING", "DELETING"):
                percent = shape.get("ReplicaStatusPercentProgress")
                yield f"replica {shape['RegionName']} is {status}{f' ({percent})' if percent else ''}"

    def diff(self, desired: TableSpec, observed: TableSpec) -> Iterator[Change]:
        if desired.replicas is None:
            return
        for region, want, have in replica_pairs(desired, observed):
            path = f"replicas.{region}"
            if want is None and have is not None:
                before, unsafe = replica_calls.replica_for_display(have), REMOVED.format(region=region)
                yield Change(self.name, path, before, None, Hazard.DATA_LOSS, unsafe)
            elif want is not None and have is None:
                yield Change(self.name, path, None, replica_calls.replica_for_display(want))
            elif want is not None and have is not None:
                yield from self._differences(path, want, have)

    def removal(self, observed: TableSpec) -> Removal:
        return Removal((), "replicas: []", "each replica is deleted with its items")

    def request(self, change: Change, desired: TableSpec, observed: ObservedTable) -> Call:
        want, have = self._pair(change, desired, observed.spec)
        if want and not have:
            if replica_calls.becomes_strong(desired, observed.spec):
                return replica_calls.strong_call(desired, observed.spec)
            return replica_calls.create_call(want, desired)
        if change.hazard is Hazard.DATA_LOSS and have:
            if replica_calls.is_strong(observed.spec):
                return replica_calls.undo_strong_call(desired, observed.spec)
            return replica_calls.delete_call(have, desired)
        return replica_calls.update_call(change, want or Replica(""), have or Replica(""), desired)

    def next_step(self, change: Change, desired: TableSpec, observed: TableSpec) -> str | None:
        want, have = self._pair(change, desired, observed)
        if want and have and change.hazard is Hazard.DATA_LOSS:
            return f"then the replica in {want.region} is created again"
        return None

    def precondition(self, change: Change, desired: TableSpec, observed: TableSpec) -> Precondition | None:
        want, have = self._pair(change, desired, observed)
        if have and have.status in UNRECOVERABLE and want:
            return Precondition(f"replica {have.region} is {have.status}", UNRECOVERABLE[have.status])
        if change.hazard is Hazard.DATA_LOSS:
            return replica_calls.removal_precondition(desired, observed)
        return replica_calls.creation_precondition(want, desired, observed) if want and not have else None

    def rank_of(self, step: Step) -> Rank:
        return Rank.REPLICA_REMOVE if step.hazardous else self.rank

    def _differences(self, path: str, want: Replica, have: Replica) -> Iterator[Change]:
        if have.status in UNRECOVERABLE:
            yield Change(self.name, f"{path}.status", have.status, "ACTIVE")
        if replica_calls.other_key(want.kms_key, have.kms_key):
            unsafe = REKEYED.format(region=want.region)
            yield Change(self.name, f"{path}.kms_key", have.kms_key, want.kms_key, Hazard.DATA_LOSS, unsafe)
            return
        for field in ("table_class", "read_capacity", "max_read_request_units"):
            target, seen = getattr(want, field), getattr(have, field)
            if target is not None and target != seen:
                yield Change(self.name, f"{path}.{field}", seen, target)
        seen_indexes = {index.name: index for index in have.indexes or ()}
        for index in want.indexes or ():
            seen_index = seen_indexes.get(index.name, ReplicaIndex(index.name))
            for field in ("read_capacity", "max_read_request_units"):
                target, seen = getattr(index, field), getattr(seen_index, field)
                if target is not None and target != seen:
                    yield Change(self.name, f"{path}.indexes.{index.name}.{field}", seen, target)

    def _pair(self, change: Change, desired: TableSpec, observed: TableSpec) -> tuple[Replica | None, Replica | None]:
        for region, want, have in replica_pairs(desired, observed):
            if change.path == f"replicas.{region}" or change.path.startswith(f"replicas.{region}."):
                return want, have
        raise ValueError(f"{change.path} is no difference between these two tables")


def _read(shape: Mapping[str, Any]) -> Replica:
    overridden = shape.get("ProvisionedThroughputOverride") or {}
    summary = shape.get("ReplicaTableClassSummary") or {}
    indexes = (
        ReplicaIndex(
            index["IndexName"],
            (index.get("ProvisionedThroughputOverride") or {}).get("ReadCapacityUnits"),
            _maximum(index),
        )
        for index in shape.get("GlobalSecondaryIndexes") or ()
    )
    return Replica(
        shape["RegionName"],
        shape.get("KMSMasterKeyId"),
        summary.get("TableClass", "STANDARD"),
        overridden.get("ReadCapacityUnits"),
        _maximum(shape),
        tuple(sorted(indexes, key=lambda index: index.name)),
        status=shape.get("ReplicaStatus", "ACTIVE"),
    )


def _maximum(shape: Mapping[str, Any]) -> int:
    """The on-demand maximum of reads; -1 is none."""
    return int((shape.get("OnDemandThroughputOverride") or {}).get("MaxReadRequestUnits", -1))
