"""Replicas, scalable targets and backups of a table, read from the simulated service without the product."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from simulation.simulated_dynamodb import SimulatedDynamoDB

from reconciler.model.scaling import Scaling
from reconciler.model.table import TableSpec

THEIRS = "theirs"
"""The name of backups that others take."""
BEFORE = "-before-"


def unscaled(dynamodb: SimulatedDynamoDB, spec: TableSpec) -> TableSpec:
    """The declaration without the throughput of a table that scalable targets own."""
    scaling = dynamodb.scaling
    owned = scaling is not None and any(resource == f"table/{spec.name}" for resource, _ in scaling.targets)
    if not owned or spec.billing is None:
        return spec
    return replace(spec, billing=replace(spec.billing, throughput=None))


def related_differences(dynamodb: SimulatedDynamoDB, spec: TableSpec) -> Iterator[str]:
    """The differences of replicas, scalable targets and backups from the declaration, as sentences."""
    table = dynamodb.tables.get(spec.name)
    if table is None:
        return
    if spec.replicas is not None:
        wanted = sorted(replica.region for replica in spec.replicas)
        there = sorted(replica["RegionName"] for replica in table.description.get("Replicas", []))
        if wanted != there:
            yield f"replicas are {there}, not {wanted}"
    for index, capacity, desired in spec.auto_scaling.capacities() if spec.auto_scaling else ():
        yield from _scaled(dynamodb, spec.name, index, capacity, desired)
    if spec.backups is not None and spec.backups.keep is not None:
        ours = scheduled(dynamodb, table.description.get("TableId"))
        if len(ours) > spec.backups.keep:
            yield f"{len(ours)} backups are kept, not {spec.backups.keep}"


def scheduled(dynamodb: SimulatedDynamoDB, table_id: str | None) -> list[str]:
    """The scheduled backups of a table, oldest first; without foreign backups and those before a change."""
    found = [(arn, kept["summary"]) for arn, kept in dynamodb.backups.items() if kept["summary"]["TableId"] == table_id]
    return sorted(arn for arn, one in found if one["BackupName"] != THEIRS and BEFORE not in one["BackupName"])


def place_of(table: str, index: str | None, capacity: str) -> tuple[str, str]:
    """Resource and dimension of a scalable target, as Application Auto Scaling names them."""
    resource = f"table/{table}" + (f"/index/{index}" if index else "")
    return resource, f"dynamodb:{'index' if index else 'table'}:{capacity.capitalize()}CapacityUnits"


def _scaled(
    dynamodb: SimulatedDynamoDB, name: str, index: str | None, capacity: str, desired: Scaling
) -> Iterator[str]:
    assert dynamodb.scaling is not None
    place = place_of(name, index, capacity)
    target = dynamodb.scaling.targets.get(place)
    if not desired.enabled:
        if target is not None:
            yield f"{place} is scaled"
        return
    limits = (target or {}).get("MinCapacity"), (target or {}).get("MaxCapacity")
    if limits != (desired.min, desired.max):
        yield f"{place} is held within {limits}, not {(desired.min, desired.max)}"
    tracked = [
        policy["TargetTrackingScalingPolicyConfiguration"]["TargetValue"]
        for policy in dynamodb.scaling.policies.get(place, {}).values()
    ]
    if desired.target is not None and tracked != [desired.target]:
        yield f"{place} is held at {tracked}, not {desired.target}"
