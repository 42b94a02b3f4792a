"""Numbers of items have separators wherever a message has them."""

from __future__ import annotations

import re

import pytest
from simulation.simulated_engine import Sim, declaration, item, simulate

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


def interrupted(sim: Sim) -> None:
    """A seed of 8,000 items of which a part was written."""
    sim.declare(declaration("users", seed=tuple(item(f"a{number}") for number in range(MANY))))

    def stopped(*_: object) -> None:
        if "users" in sim.dynamodb.tables and len(sim.dynamodb.tables["users"].items) > MANY // 2:
            raise KeyboardInterrupt

    sim.items.faults = stopped
    with pytest.raises(KeyboardInterrupt):
        sim.once()
    sim.items.faults = None
    sim.clock.seconds += 60


def test_the_plan_of_an_interrupted_seed_says_how_many_items_are_there() -> None:
    sim = simulate()
    interrupted(sim)
    (step,) = [step for table in sim.reconciler.preview().tables for step in table.steps]
    found = re.search(r"8,000 items from .*, of which ([\d,]+) are written already", step.message or "")
    assert found is not None, step.message
    held = len(sim.dynamodb.tables["users"].items)
    assert held - 500 <= int(found[1].replace(",", "")) <= held
    sim.once()
    assert len(sim.dynamodb.tables["users"].items) == MANY


def test_a_large_seed_that_changed_says_how_many_items_are_compared() -> None:
    sim = simulate()
    interrupted(sim)
    sim.declare(declaration("users", seed=tuple(item(f"b{number}") for number in range(MANY))))
    (step,) = [step for table in sim.once().tables for step in table.steps]
    assert (step.status, step.reason) == (StepStatus.BLOCKED, Reason.SEED_CHANGED)
    assert "versions" in (step.message or "")
    assert re.findall(r"\d{4,}", step.message or "") == []
