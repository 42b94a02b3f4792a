"""A pass over some tables records the removed declarations of all tables before it creates one."""

from __future__ import annotations

from datetime import timedelta

import pytest
from simulation.simulated_engine import Sim, declaration, item, simulate

from reconciler.model.identity import Flavor
from reconciler.model.plan import Reason
from reconciler.model.report import Verdict

FLAVORS = [Flavor.DYNAMODB_LOCAL, Flavor.AWS]
ELSEWHERE = declaration("elsewhere")


def _two_of_ours(flavor: Flavor) -> Sim:
    sim = simulate(flavor=flavor, prune_grace=timedelta(0), data_loss="allow")
    sim.declare(declaration("orders"), declaration("carts"))
    while sim.run().verdict is not Verdict.IN_SYNC:
        sim.clock.seconds += 1
    sim.dynamodb.tables["orders"].items["theirs"] = item("theirs")
    sim.clock.seconds += 60
    return sim


@pytest.mark.parametrize("flavor", FLAVORS)
def test_a_table_created_for_foreign_declarations_releases_none_of_ours(flavor: Flavor) -> None:
    sim = _two_of_ours(flavor)
    sim.declare(ELSEWHERE)
    for _ in range(3):
        sim.reconciler.run_pass("api", ("elsewhere",))
        sim.clock.seconds += 60
    assert sorted(sim.dynamodb.tables) == ["carts", "elsewhere", "orders"], "what was asked for was made"
    for _ in range(3):
        reported = {table.name: [step.reason for step in table.steps] for table in sim.run().tables}
        sim.clock.seconds += 60
    assert reported["orders"] == reported["carts"] == [Reason.FOREIGN_DECLARATIONS]
    assert "theirs" in sim.dynamodb.tables["orders"].items


@pytest.mark.parametrize("flavor", FLAVORS)
def test_a_pass_over_one_table_keeps_the_series_of_the_others(flavor: Flavor) -> None:
    sim = _two_of_ours(flavor)
    sim.declare(declaration("orders"), ELSEWHERE)
    for _ in range(3):
        report = sim.reconciler.run_pass("api", ("elsewhere",))
        assert [table.name for table in report.tables if table.status != "unmanaged"] == ["elsewhere"]
        sim.clock.seconds += 60
    assert sorted(sim.dynamodb.tables) == ["carts", "elsewhere", "orders"]
    for _ in range(3):
        sim.run()
        sim.clock.seconds += 60
    assert sorted(sim.dynamodb.tables) == ["elsewhere", "orders"], "a pass over all prunes it"


def test_a_second_pass_over_the_same_table_records_nothing() -> None:
    sim = _two_of_ours(Flavor.AWS)
    sim.declare(declaration("orders"), declaration("elsewhere"))
    for _ in range(3):
        sim.reconciler.run_pass("api", ("orders",))
        sim.clock.seconds += 60
    written = sim.store.written
    sim.reconciler.run_pass("api", ("orders",))
    assert sim.store.written == written
