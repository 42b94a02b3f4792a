"""Auto scaling through whole passes: who owns capacity, what is switched on in which order, and peace afterwards."""

from __future__ import annotations

from simulation.world import declaration, simulate

from reconciler.model.identity import Flavor
from reconciler.model.plan import Fate, Reason
from reconciler.model.report import Verdict
from reconciler.model.scaling import AutoScaling, IndexScaling, Scaling
from reconciler.model.table import Billing, GlobalIndex, KeyElement, Projection, Throughput

FIVE = Billing("PROVISIONED", Throughput(5, 5))
SCALED = AutoScaling(read=Scaling(True, 5, 100, 70.0))
INDEX = GlobalIndex("by_a", (KeyElement("a", "HASH", "S"),), Projection("ALL"), Throughput(5, 5))
PLACE = ("table/users", "dynamodb:table:ReadCapacityUnits")


def scaled_up(sim, read=60):
    sim.plane.tables["users"].description["ProvisionedThroughput"] = {
        "ReadCapacityUnits": read,
        "WriteCapacityUnits": 5,
    }


def test_a_table_is_created_scaled_and_then_left_in_peace():
    sim = simulate(delay=2.0)
    sim.declare(declaration(billing=FIVE, auto_scaling=SCALED))
    assert sim.once().verdict is Verdict.IN_SYNC
    assert [operation.partition(":")[2] or operation for operation in sim.plane.mutating] == [
        "CreateTable",
        "RegisterScalableTarget",
        "PutScalingPolicy",
    ]
    scaled_up(sim)
    assert [sim.run().verdict for _ in range(5)] == [Verdict.IN_SYNC] * 5
    assert len(sim.plane.mutating) == 3


def test_a_target_that_somebody_else_registered_owns_the_capacity_of_a_table_that_declares_none():
    sim = simulate(flavor=Flavor.AWS)
    sim.declare(declaration(billing=FIVE))
    sim.once()
    sim.plane.scaling.targets[PLACE] = {
        "ResourceId": PLACE[0],
        "ScalableDimension": PLACE[1],
        "MinCapacity": 5,
        "MaxCapacity": 99,
    }
    scaled_up(sim)
    sim.plane.journal.clear()
    assert sim.run().verdict is Verdict.IN_SYNC
    assert sim.plane.mutating == []


def test_without_a_target_the_declared_capacity_is_put_back():
    sim = simulate()
    sim.declare(declaration(billing=FIVE))
    sim.once()
    scaled_up(sim)
    sim.once()
    assert sim.plane.tables["users"].description["ProvisionedThroughput"]["ReadCapacityUnits"] == 5


def test_from_on_demand_to_scaled_with_an_index_each_thing_waits_for_what_it_needs():
    sim = simulate(delay=3.0)
    sim.declare(declaration())
    sim.once()
    sim.plane.journal.clear()
    scaling = AutoScaling(read=SCALED.read, indexes=(IndexScaling("by_a", write=Scaling(True, 1, 9, 50.0)),))
    sim.declare(declaration(billing=FIVE, global_indexes=(INDEX,), auto_scaling=scaling))
    first = sim.run()
    fates = [step.reason for table in first.tables for step in table.steps if step.fate is Fate.DEFERRED]
    assert Reason.AFTER in fates
    assert sim.once().verdict is Verdict.IN_SYNC
    assert set(sim.plane.scaling.targets) == {PLACE, ("table/users/index/by_a", "dynamodb:index:WriteCapacityUnits")}


def test_an_endpoint_without_the_service_says_so_once_and_is_in_sync():
    sim = simulate(flavor=Flavor.DYNAMODB_LOCAL)
    sim.plane.scaling = None
    sim.declare(declaration(billing=FIVE, auto_scaling=SCALED))
    report = sim.once()
    assert report.verdict is Verdict.IN_SYNC
    assert report.summary()["unsupported"] == 1


def test_scaling_that_is_switched_off_gives_the_capacity_back_to_the_declaration():
    sim = simulate()
    sim.declare(declaration(billing=FIVE, auto_scaling=SCALED))
    sim.once()
    scaled_up(sim)
    sim.declare(declaration(billing=FIVE, auto_scaling=AutoScaling(read=Scaling(False))))
    assert sim.once().verdict is Verdict.IN_SYNC
    assert sim.plane.scaling.targets == {}
    assert sim.plane.tables["users"].description["ProvisionedThroughput"]["ReadCapacityUnits"] == 5
