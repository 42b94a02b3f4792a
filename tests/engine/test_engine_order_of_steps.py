"""A plan shows the steps of a table in the order in which a run carries them out, the seed among them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from simulation.simulated_engine import declaration, item, simulate

from reconciler.model.desired import Declaration
from reconciler.model.identity import Flavor
from reconciler.model.report import PassReport
from reconciler.model.table import Stream, Ttl

SEED = (item("1"), item("2"))


def with_features(seeded: Declaration, *, more: bool) -> Declaration:
    spec = replace(seeded.spec, ttl=Ttl(True, "gone"), deletion_protection=True)
    spec = replace(spec, stream=Stream(True, "NEW_IMAGE"), tags=(("team", "shop"),)) if more else spec
    return replace(seeded, spec=spec)


def order(report: PassReport) -> list[tuple[str, str]]:
    return [(step.action.value, step.facet) for table in report.tables for step in table.steps]


@pytest.mark.parametrize("flavor", [Flavor.MOTO, Flavor.AWS], ids=lambda flavor: flavor.value)
@pytest.mark.parametrize("more", [False, True], ids=["few features", "many features"])
@pytest.mark.parametrize("exists", [False, True], ids=["a new table", "a table that exists"])
def test_the_plan_has_the_order_of_the_run(exists: bool, more: bool, flavor: Flavor) -> None:
    sim = simulate(flavor=flavor, one_shot=True)
    if exists:
        sim.declare(declaration("users"))
        sim.once()
        sim.clock.seconds += 600
    sim.declare(with_features(declaration("users", seed=SEED), more=more))
    planned = order(sim.reconciler.preview())
    done = sim.once()
    assert ("seed", "seed") in planned
    assert planned == order(done)
    assert done.verdict.value == "in_sync"
