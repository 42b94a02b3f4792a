"""Readiness: the endpoint answers and every declared table of ours has been seen ACTIVE with its seeding ended."""

import pytest
from simulation.simulated_engine import declaration, item, simulate

from reconciler.engine.loop_status import LoopStatus
from reconciler.model.errors import Unreachable
from reconciler.model.identity import Flavor


def board_after(sim, *reports):
    loop_status = LoopStatus("default")
    for report in reports or sim.telemetry.reports:
        loop_status.finish(report)
    return loop_status


def test_ready_only_after_the_seed_was_written():
    sim = simulate()
    sim.declare(declaration(seed=(item("1"),)))
    sim.run()
    assert board_after(sim).not_ready_reason == "waiting for users"
    sim.run()
    sim.run()
    assert board_after(sim).ready


def test_later_drift_does_not_end_readiness():
    sim = simulate()
    sim.declare(declaration())
    sim.once()
    del sim.dynamodb.tables["users"]
    sim.reconciler.preview()
    assert board_after(sim).ready


def test_an_endpoint_that_is_down_is_not_ready_and_reports_it():
    sim = simulate()
    sim.declare(declaration())
    sim.once()

    def down(operation, params):
        raise Unreachable(operation, "ConnectionRefused", "connection refused")

    sim.dynamodb.faults = down
    sim.run()
    loop_status = board_after(sim)
    assert not loop_status.ready
    assert not loop_status.endpoint_up
    assert "Nothing answers at" in loop_status.not_ready_reason


@pytest.mark.parametrize("operation", ["DescribeTable", "UpdateTable"])
def test_an_endpoint_that_goes_away_during_a_pass_leaves_tables_of_which_nothing_is_known(operation):
    sim = simulate()
    sim.declare(declaration("orders"), declaration("users"))
    sim.once()
    sim.declare(declaration("orders"), declaration("users", deletion_protection=True))

    def gone(called, params):
        if called == operation and params["TableName"] == "users":
            raise Unreachable(called, "ConnectionRefused", "connection refused")

    sim.dynamodb.faults = gone
    report = sim.run()
    assert {table.name: table.unanswered for table in report.tables} == {"orders": False, "users": True}
    assert not report.answered
    sim.dynamodb.faults = None
    assert sim.once().answered


def test_a_broken_declaration_is_not_ready_before_the_first_good_one():
    sim = simulate()
    sim.source.broken = True
    sim.run()
    assert "users.yaml:1" in board_after(sim).not_ready_reason


def test_a_released_table_is_not_waited_for():
    sim = simulate()
    sim.declare(declaration("users"), declaration("orders"))
    sim.once()
    sim.reconciler.release(("orders",))
    del sim.dynamodb.tables["orders"]
    report = sim.run()
    assert board_after(sim, report).ready


def test_a_declaration_that_breaks_later_leaves_a_ready_daemon_ready():
    sim = simulate()
    sim.declare(declaration())
    sim.once()
    sim.source.broken = True
    sim.run()
    loop_status = board_after(sim)
    assert loop_status.ready
    assert not loop_status.config_ok


@pytest.mark.parametrize("flavor", [Flavor.MOTO, Flavor.DYNAMODB_LOCAL, Flavor.AWS], ids=lambda flavor: flavor.value)
@pytest.mark.parametrize("names", [(), ("users",)], ids=["all", "one of two"])
def test_a_table_that_was_destroyed_is_not_ready_until_it_is_made_again(names, flavor):
    sim = simulate(flavor=flavor, data_loss="allow")
    sim.declare(declaration("users"), declaration("orders"))
    sim.once()
    sim.clock.seconds += 3600
    sim.run()
    loop_status = board_after(sim)
    assert loop_status.ready
    sim.reconciler.destroy(names)
    assert ("users" in sim.dynamodb.tables, "orders" in sim.dynamodb.tables) == (False, bool(names))
    loop_status.finish(sim.run())
    assert not loop_status.ready
    assert "users" in loop_status.not_ready_reason
    assert ("orders" in loop_status.not_ready_reason) is not bool(names)
    assert "`reconciler resume`" in loop_status.not_ready_reason
    sim.clock.seconds += 3600
    sim.reconciler.resume()
    for _ in range(3):
        loop_status.finish(sim.run())
        sim.clock.seconds += 60
    assert loop_status.ready


def test_a_table_deleted_by_others_during_a_suspension_is_drift_later():
    sim = simulate()
    sim.declare(declaration())
    sim.once()
    loop_status = board_after(sim)
    sim.reconciler.suspend("somebody")
    del sim.dynamodb.tables["users"]
    loop_status.finish(sim.run())
    assert loop_status.ready


def test_the_run_of_a_destroy_is_not_recorded_as_in_sync():
    sim = simulate()
    sim.declare(declaration("users"))
    sim.once()
    report = sim.reconciler.destroy()
    assert "users" not in sim.dynamodb.tables
    assert [run.verdict.value for run in (report, sim.store.runs[-1])] == ["drifted", "drifted"]
