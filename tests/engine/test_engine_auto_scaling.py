"""Auto scaling in whole passes: the owner of capacity, the order of calls, and no writes afterwards."""

from __future__ import annotations

from datetime import timedelta

from simulation.simulated_engine import declaration, simulate

from reconciler.model.identity import Flavor
from reconciler.model.plan import Reason, StepStatus
from reconciler.model.report import Verdict
from reconciler.model.scaling import AutoScaling, IndexScaling, Scaling
from reconciler.model.table import Billing, GlobalIndex, KeyElement, Projection, Throughput

FIVE = Billing("PROVISIONED", Throughput(5, 5))
SCALED = AutoScaling(read=Scaling(True, 5, 100, 70.0))
INDEX = GlobalIndex("by_a", (KeyElement("a", "HASH", "S"),), Projection("ALL"), Throughput(5, 5))
PLACE = ("table/users", "dynamodb:table:ReadCapacityUnits")


def scaled_up(sim, read=60):
    sim.dynamodb.tables["users"].description["ProvisionedThroughput"] = {
        "ReadCapacityUnits": read,
        "WriteCapacityUnits": 5,
    }


def test_a_table_is_created_scaled_and_then_not_written_again():
    sim = simulate(delay=2.0)
    sim.declare(declaration(billing=FIVE, auto_scaling=SCALED))
    assert sim.once().verdict is Verdict.IN_SYNC
    assert [operation.partition(":")[2] or operation for operation in sim.dynamodb.mutating] == [
        "CreateTable",
        "RegisterScalableTarget",
        "PutScalingPolicy",
    ]
    scaled_up(sim)
    assert [sim.run().verdict for _ in range(5)] == [Verdict.IN_SYNC] * 5
    assert len(sim.dynamodb.mutating) == 3


def test_a_target_that_somebody_else_registered_owns_the_capacity_of_a_table_that_declares_none():
    sim = simulate(flavor=Flavor.AWS)
    sim.declare(declaration(billing=FIVE))
    sim.once()
    sim.dynamodb.scaling.targets[PLACE] = {
        "ResourceId": PLACE[0],
        "ScalableDimension": PLACE[1],
        "MinCapacity": 5,
        "MaxCapacity": 99,
    }
    scaled_up(sim)
    sim.dynamodb.journal.clear()
    assert sim.run().verdict is Verdict.IN_SYNC
    assert sim.dynamodb.mutating == []


def test_without_a_target_the_declared_capacity_is_put_back():
    sim = simulate()
    sim.declare(declaration(billing=FIVE))
    sim.once()
    scaled_up(sim)
    sim.once()
    assert sim.dynamodb.tables["users"].description["ProvisionedThroughput"]["ReadCapacityUnits"] == 5


def test_from_on_demand_to_scaled_with_an_index_each_thing_waits_for_what_it_needs():
    sim = simulate(delay=3.0)
    sim.declare(declaration())
    sim.once()
    sim.dynamodb.journal.clear()
    scaling = AutoScaling(read=SCALED.read, indexes=(IndexScaling("by_a", write=Scaling(True, 1, 9, 50.0)),))
    sim.declare(declaration(billing=FIVE, global_indexes=(INDEX,), auto_scaling=scaling))
    first = sim.run()
    statuses = [step.reason for table in first.tables for step in table.steps if step.status is StepStatus.DEFERRED]
    assert Reason.AFTER in statuses
    assert sim.once().verdict is Verdict.IN_SYNC
    assert set(sim.dynamodb.scaling.targets) == {PLACE, ("table/users/index/by_a", "dynamodb:index:WriteCapacityUnits")}


def test_a_target_removed_twice_by_others_is_contested_with_its_policy():
    for flavor, step_status in ((Flavor.AWS, StepStatus.BLOCKED), (Flavor.MOTO, StepStatus.UNSUPPORTED)):
        sim = simulate(flavor=flavor, prune_grace=timedelta(0))
        sim.declare(declaration(billing=FIVE, auto_scaling=SCALED))
        sim.run()

        def take_away(operation, params, sim=sim):
            if operation.endswith("RegisterScalableTarget"):
                sim.dynamodb.scaling.targets.clear()

        sim.dynamodb.after = take_away
        for _ in range(5):
            sim.clock.seconds += 61
            sim.run()
        sim.dynamodb.after = None
        sim.dynamodb.journal.clear()
        sim.clock.seconds += 61
        steps = sim.run().tables[0].steps
        assert [(step.facet, step.status) for step in steps] == [("auto_scaling", step_status)] * 2
        assert "was written 2 times" in steps[0].message
        assert "waits until the scalable target is registered, and that is" in steps[1].message
        assert sim.dynamodb.journal == []
        sim.declare(declaration(billing=FIVE, auto_scaling=AutoScaling(read=Scaling(True, 6, 100, 70.0))))
        assert sim.once().verdict is Verdict.IN_SYNC, "a new declared value is tried again"


def test_an_endpoint_without_the_service_reports_it_once_and_is_in_sync():
    sim = simulate(flavor=Flavor.DYNAMODB_LOCAL)
    sim.dynamodb.scaling = None
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
    assert sim.dynamodb.scaling.targets == {}
    assert sim.dynamodb.tables["users"].description["ProvisionedThroughput"]["ReadCapacityUnits"] == 5
