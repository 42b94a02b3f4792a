"""Run one case of the campaign ``esr-wide``: as one of ``esr``, and what stands beside the table read raw as well."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace

from campaigns import esr_run
from campaigns.esr_case import EsrCase
from campaigns.raw import lacking
from simulation.world import Sim

from reconciler.model.plan import Fate, Reason
from reconciler.model.report import PassReport
from reconciler.model.scaling import Scaling
from reconciler.model.table import TableSpec

TOLD_BY_REFUSAL = (*esr_run.TOLD_BY_REFUSAL, "CreateBackup: ResourceInUseException: the table is UPDATING")
"""CreateBackup names no state but being created or deleted in which it refuses, so that it is asked for."""
DIMENSIONS = {"read": "Read", "write": "Write"}


def run(case: EsrCase) -> Counter[str]:
    """Raises ``AssertionError`` where the case does not end as it must."""
    return esr_run.judged(case, ended, backups=True)


def ended(sim: Sim, case: EsrCase, report: PassReport, specs: Iterable[TableSpec]) -> int:
    """All is as declared; capacity that a scalable target owns is left alone, and so are replicas of others."""
    refused = [refusal for refusal in sim.plane.refused if not refusal.startswith(TOLD_BY_REFUSAL)]
    assert case.stale or not refused, f"a call was refused: {refused}"
    spared = 0
    for spec in specs:
        table = next(table for table in report.tables if table.name == spec.name)
        blocked = [step for step in table.steps if step.fate is Fate.BLOCKED]
        assert all(step.reason and step.message for step in blocked), f"blocked without a reason: {blocked}"
        missing = [*lacking(sim.plane, unscaled(sim, spec), case.flavor), *beside(sim, spec)]
        if not blocked:
            assert missing == [], f"{spec.name} is {table.status} and yet: {missing}"
            continue
        entry = sim.store.snapshot.inventory.get(spec.name)
        protected = sim.plane.tables[spec.name].description["DeletionProtectionEnabled"]
        said = [(step.facet, step.reason, step.message) for step in blocked]
        assert protected or entry is None or entry.ownership != "created", f"{spec.name} is blocked: {said}"
        reasons = {step.reason for step in blocked}
        assert reasons & {Reason.NOT_OWNED, Reason.PROTECTED}, f"{spec.name} is blocked for another reason: {said}"
        spared += 1
    return spared


def unscaled(sim: Sim, spec: TableSpec) -> TableSpec:
    """The declaration without the throughput of a table that scalable targets own."""
    scaling = sim.plane.scaling
    owned = scaling is not None and any(resource == f"table/{spec.name}" for resource, _ in scaling.targets)
    if not owned or spec.billing is None:
        return spec
    return replace(spec, billing=replace(spec.billing, throughput=None))


def beside(sim: Sim, spec: TableSpec) -> Iterator[str]:
    """What is not as declared of replicas, scalable targets and backups, as sentences."""
    table = sim.plane.tables.get(spec.name)
    if table is None:
        return
    if spec.replicas is not None:
        wanted = sorted(replica.region for replica in spec.replicas)
        there = sorted(replica["RegionName"] for replica in table.description.get("Replicas", []))
        if wanted != there:
            yield f"replicas are {there}, not {wanted}"
    for index, capacity, wish in spec.auto_scaling.capacities() if spec.auto_scaling else ():
        yield from _scaled(sim, spec.name, index, capacity, wish)
    if spec.backups is not None and spec.backups.keep is not None:
        ours = [
            one for one in sim.plane.backups.values() if one["summary"]["TableArn"] == table.description["TableArn"]
        ]
        if len(ours) > spec.backups.keep:
            yield f"{len(ours)} backups are kept, not {spec.backups.keep}"


def _scaled(sim: Sim, name: str, index: str | None, capacity: str, wish: Scaling) -> Iterator[str]:
    assert sim.plane.scaling is not None
    resource = f"table/{name}" + (f"/index/{index}" if index else "")
    kind = "index" if index else "table"
    place = (resource, f"dynamodb:{kind}:{DIMENSIONS[capacity]}CapacityUnits")
    target = sim.plane.scaling.targets.get(place)
    if not wish.enabled:
        if target is not None:
            yield f"{place} is scaled"
        return
    limits = (target or {}).get("MinCapacity"), (target or {}).get("MaxCapacity")
    if limits != (wish.min, wish.max):
        yield f"{place} is held within {limits}, not {(wish.min, wish.max)}"
    tracked = [
        policy["TargetTrackingScalingPolicyConfiguration"]["TargetValue"]
        for policy in sim.plane.scaling.policies.get(place, {}).values()
    ]
    if wish.target is not None and tracked != [wish.target]:
        yield f"{place} is held at {tracked}, not {wish.target}"
