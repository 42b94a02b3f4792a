"""Readiness: the endpoint answers and every declared table of ours has been seen ACTIVE with its seeding ended."""

from simulation.world import declaration, item, simulate

from reconciler.engine.board import Board
from reconciler.model.errors import Unreachable


def board_after(sim, *reports):
    board = Board("default")
    for report in reports or sim.telemetry.reports:
        board.finish(report)
    return board


def test_ready_only_after_the_seed_was_written():
    sim = simulate()
    sim.declare(declaration(seed=(item("1"),)))
    sim.run()
    assert board_after(sim).not_ready_reason == "waiting for users"
    sim.run()
    sim.run()
    assert board_after(sim).ready


def test_later_drift_does_not_take_readiness_away():
    sim = simulate()
    sim.declare(declaration())
    sim.once()
    del sim.plane.tables["users"]
    sim.reconciler.preview()
    assert board_after(sim).ready


def test_an_endpoint_that_is_down_is_not_ready_and_says_so():
    sim = simulate()
    sim.declare(declaration())
    sim.once()

    def down(operation, params):
        raise Unreachable(operation, "ConnectionRefused", "connection refused")

    sim.plane.faults = down
    sim.run()
    board = board_after(sim)
    assert not board.ready
    assert not board.endpoint_up
    assert "does not answer" in board.not_ready_reason


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
    del sim.plane.tables["orders"]
    report = sim.run()
    assert board_after(sim, report).ready


def test_a_declaration_that_breaks_later_leaves_a_ready_daemon_ready():
    sim = simulate()
    sim.declare(declaration())
    sim.once()
    sim.source.broken = True
    sim.run()
    board = board_after(sim)
    assert board.ready
    assert not board.config_ok
