"""Numbers of items have separators wherever a message has them."""

from __future__ import annotations

import re

import pytest
from simulation.simulated_engine import declaration, item, simulate

from reconciler.engine.seed_batches import SeedOutcome
from reconciler.engine.seed_commands import clear_summary, seed_summary
from reconciler.model.plan import Reason, StepStatus

COUNTS = ("written", "present", "removed", "changed", "others", "gone", "earlier", "failed", "updated")
MANY = 8_000


@pytest.mark.parametrize("summary", [seed_summary, clear_summary])
def test_every_number_of_an_outcome_has_separators(summary: object) -> None:
    outcome = SeedOutcome(**dict.fromkeys((*COUNTS, "recorded_earlier"), 12_345))  # type: ignore[arg-type]
    said = summary(outcome)  # type: ignore[operator]
    assert "12,345" in said
    assert re.findall(r"\d{4,}", said) == []


def test_a_large_seed_that_changed_says_how_many_items_are_compared() -> None:
    sim = simulate()
    sim.declare(declaration("users", seed=tuple(item(f"a{number}") for number in range(MANY))))

    def stopped(*_: object) -> None:
        if len(sim.dynamodb.tables.get("users").items if "users" in sim.dynamodb.tables else ()) > MANY // 2:
            raise KeyboardInterrupt

    sim.items.faults = stopped
    with pytest.raises(KeyboardInterrupt):
        sim.once()
    sim.items.faults = None
    sim.clock.seconds += 60
    sim.declare(declaration("users", seed=tuple(item(f"b{number}") for number in range(MANY))))
    (step,) = [step for table in sim.once().tables for step in table.steps]
    assert (step.status, step.reason) == (StepStatus.BLOCKED, Reason.SEED_CHANGED)
    assert "versions" in (step.message or "")
    assert re.findall(r"\d{4,}", step.message or "") == []
