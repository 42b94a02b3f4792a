"""Since when a table differs: the first pass that saw it, whatever fails later; and how often a failure is tried."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from simulation.simulated_engine import Sim, declaration, simulate

from reconciler.engine.converge import TRIES
from reconciler.model.errors import Ambiguous, Denied


def drifting() -> Sim:
    """A table in drift that only observing sees."""
    sim = simulate()
    sim.declare(declaration())
    sim.once()
    sim.dynamodb.do("UpdateTable", {"TableName": "users", "DeletionProtectionEnabled": True})
    sim.declare(declaration(deletion_protection=False))
    return sim


def since(sim: Sim) -> datetime | None:
    """One dry look, which repairs nothing."""
    (table,) = sim.reconciler.preview().tables
    return table.drift_since


def test_drift_begins_with_the_pass_that_saw_it_first_and_ends_with_it() -> None:
    sim = drifting()
    first = sim.clock.now()
    assert since(sim) == first
    sim.clock.seconds += 60
    assert since(sim) == first
    sim.once()
    assert since(sim) is None
    sim.dynamodb.do("UpdateTable", {"TableName": "users", "DeletionProtectionEnabled": True})
    sim.clock.seconds += 60
    assert since(sim) == sim.clock.now()


def test_a_failed_observation_neither_ends_nor_restarts_drift() -> None:
    sim = drifting()
    first = sim.clock.now()
    assert since(sim) == first

    def fails(operation: str, params: Mapping[str, Any]) -> None:
        if operation == "DescribeTable":
            raise Ambiguous(operation, "InternalServerError", "try again")

    sim.clock.seconds += 60
    sim.dynamodb.faults = fails
    assert since(sim) == first
    sim.clock.seconds += 60
    sim.dynamodb.faults = None
    assert since(sim) == first


def test_a_table_that_fails_again_and_again_is_given_up_long_before_the_deadline() -> None:
    sim = simulate(timeout=3600)
    sim.declare(declaration())
    began, tried = sim.clock.seconds, []

    def denied(operation: str, params: Mapping[str, Any]) -> None:
        if operation == "CreateTable":
            tried.append(operation)
            raise Denied(operation, "AccessDeniedException", "not allowed")

    sim.dynamodb.faults = denied
    sim.once()
    assert len(tried) == TRIES
    assert sim.clock.seconds - began < 60
