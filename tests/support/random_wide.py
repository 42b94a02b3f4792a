"""Random declarations that span tables and Regions: replicas, auto scaling, a backup schedule."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from support.random_tables import perhaps

from reconciler.model.backups import Backups
from reconciler.model.global_table import Replica
from reconciler.model.scaling import AutoScaling, Scaling, ScheduledScaling
from reconciler.model.table import Billing, Stream, TableSpec, Throughput

REGIONS = ("eu-west-1", "eu-west-2")
SCHEDULES = ("0 0 * * *", "30 3 * * 1")
IMAGES = Stream(True, "NEW_AND_OLD_IMAGES")


def carrying(spec: TableSpec, *before: TableSpec | None) -> TableSpec:
    """With the stream that carries replicas, where any of those declared before had some (rule 26)."""
    return replace(spec, stream=IMAGES) if any(one and one.replicas for one in before) else spec


def wide(rng: Random, spec: TableSpec, share: float) -> TableSpec:
    """The declaration, and each of the three with a probability of ``share``."""
    if rng.random() < share:
        regions = rng.sample(REGIONS, rng.randint(0, 2))
        stream = IMAGES if regions else spec.stream
        policy = spec.stream_policy if stream and stream.enabled else None
        spec = replace(
            spec, stream=stream, stream_policy=policy, replicas=tuple(Replica(name) for name in sorted(regions))
        )
    if rng.random() < share and not spec.vector_indexes:
        spec = _scaled(rng, spec)
    if rng.random() < share:
        spec = replace(spec, backups=Backups(rng.choice(SCHEDULES), rng.randint(1, 3)))
    return spec


def _scaled(rng: Random, spec: TableSpec) -> TableSpec:
    """Auto scaling on provisioned capacity, without an on-demand maximum."""
    provisioned = spec.billing and spec.billing.mode == "PROVISIONED"
    billing = spec.billing if provisioned else Billing("PROVISIONED", Throughput(rng.randint(1, 4), rng.randint(1, 4)))
    indexes = spec.global_indexes and tuple(replace(i, on_demand_throughput=None) for i in spec.global_indexes)
    scaling = AutoScaling(perhaps(rng, _scaling, 0.8), perhaps(rng, _scaling, 0.8))
    return replace(
        spec,
        billing=billing,
        global_indexes=indexes,
        vector_indexes=(),
        on_demand_throughput=None,
        auto_scaling=scaling if scaling.read or scaling.write else AutoScaling(Scaling(False)),
    )


def _scaling(rng: Random) -> Scaling:
    if rng.random() < 0.2:
        return Scaling(False)
    least = rng.randint(1, 5)
    scheduled = perhaps(rng, lambda r: (ScheduledScaling("night", "cron(0 20 * * ? *)", 1, r.randint(5, 9)),), 0.2)
    return Scaling(True, least, least + rng.randint(0, 20), rng.choice((50.0, 70.0)), scheduled=scheduled)
