"""Credentials refused in mid-pass forbid every deletion after it; a missing permission stops its own table alone."""

from __future__ import annotations

from typing import Any

import pytest
from simulation.simulated_engine import Sim, declaration, simulate

from reconciler.model.errors import ApiError, Denied, Forbidden
from reconciler.model.plan import Reason, StepStatus

EXPIRED = Denied("DescribeTable", "ExpiredTokenException", "the token is expired")


def wishing_a_delete() -> Sim:
    sim = simulate(max_deletes=10)
    sim.declare(declaration("users"), declaration("zoo"))
    sim.once()
    sim.declare(declaration("users", deletion_protection=True))
    sim.dynamodb.journal.clear()
    return sim


def failing(sim: Sim, operation: str, error: ApiError) -> None:
    def fault(asked: str, params: Any) -> None:
        if asked == operation and params.get("TableName") == "users":
            raise error

    sim.dynamodb.faults = fault


@pytest.mark.parametrize("operation", ["DescribeTable", "UpdateTable"])
def test_after_refused_credentials_nothing_is_destroyed_in_that_pass(operation: str) -> None:
    sim = wishing_a_delete()
    failing(sim, operation, EXPIRED)
    sim.run()
    report = sim.run()
    reasons = {step.reason for table in report.tables for step in table.steps if step.status is StepStatus.BLOCKED}
    assert reasons == {Reason.INVALID_ANSWER}
    assert "DeleteTable" not in sim.dynamodb.mutating
    sim.dynamodb.faults = None
    sim.once()
    assert set(sim.dynamodb.tables) == {"users"}


def test_a_missing_permission_at_one_table_does_not_stop_the_deletion_of_another() -> None:
    sim = wishing_a_delete()
    failing(sim, "UpdateTable", Forbidden("UpdateTable", "AccessDeniedException", "not authorized"))
    sim.run()
    sim.run()
    assert set(sim.dynamodb.tables) == {"users"}
