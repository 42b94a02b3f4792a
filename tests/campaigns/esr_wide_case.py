"""One case of the campaign ``esr-wide``: that of ``esr`` on the strict service, with what spans tables and Regions.

A share of the declarations has replicas, auto scaling or a schedule of backups too. Drawn from a generator of its own,
so that the numbers of ``esr`` stay what they are.
"""

from __future__ import annotations

from dataclasses import replace
from random import Random

from campaigns.esr_case import EsrCase, Subject, draw
from support.random_tables import perhaps

from reconciler.model.backups import Backups
from reconciler.model.global_table import Replica
from reconciler.model.identity import Flavor
from reconciler.model.scaling import AutoScaling, Scaling, ScheduledScaling
from reconciler.model.table import Billing, Stream, TableSpec, Throughput

REGIONS = ("eu-west-1", "eu-west-2")
SCHEDULES = ("0 0 * * *", "30 3 * * 1")
IMAGES = Stream(True, "NEW_AND_OLD_IMAGES")
SHARE = 0.1
"""Of the declarations that get each of them."""


def draw_wide(number: int) -> EsrCase:
    """The case of that number."""
    rng = Random(f"wide {number}")
    case = draw(rng.randrange(1_000_000))
    return replace(case, flavor=Flavor.AWS, subjects=tuple(_widened(rng, subject) for subject in case.subjects))


def _widened(rng: Random, subject: Subject) -> Subject:
    """What is declared, before and after a change of mind; and now and then what we made before.

    Where there may be replicas, what is declared later keeps the stream that carries them (rule 26).
    """
    live = _wide(rng, subject.live) if subject.live and subject.ours else subject.live
    desired = _carrying(_wide(rng, subject.desired), live)
    then = _carrying(_wide(rng, subject.then), live, desired) if subject.then else None
    return replace(subject, desired=desired, then=then, live=live)


def _carrying(spec: TableSpec, *before: TableSpec | None) -> TableSpec:
    return replace(spec, stream=IMAGES) if any(one and one.replicas for one in before) else spec


def _wide(rng: Random, spec: TableSpec) -> TableSpec:
    if rng.random() < SHARE:
        regions = rng.sample(REGIONS, rng.randint(0, 2))
        stream = IMAGES if regions else spec.stream
        policy = spec.stream_policy if stream and stream.enabled else None
        spec = replace(
            spec, stream=stream, stream_policy=policy, replicas=tuple(Replica(name) for name in sorted(regions))
        )
    if rng.random() < SHARE and not spec.vector_indexes:
        spec = _scaled(rng, spec)
    if rng.random() < SHARE:
        spec = replace(spec, backups=Backups(rng.choice(SCHEDULES), rng.randint(1, 3)))
    return spec


def _scaled(rng: Random, spec: TableSpec) -> TableSpec:
    """On provisioned capacity, which alone can be scaled; no maximum of on demand beside it."""
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
