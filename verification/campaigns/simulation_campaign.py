"""The campaign ``simulation``: many faults at once, by schedules that replay from one number."""

from __future__ import annotations

from collections import Counter

from campaigns.campaign import Campaign
from campaigns.shrink import shown, shrunk
from campaigns.simulation_case import SimulationCase, draw
from campaigns.simulation_run import run
from support.random_tables import sound


def case(number: int) -> Counter[str]:
    """The case of that number."""
    return run(draw(number))


def smallest(number: int) -> str:
    """The smallest case that fails as the case of that number does."""
    found, text = shrunk(run, draw(number), valid=valid)
    return f"{shown(found)}\n{text}"


def valid(case: SimulationCase) -> bool:
    """Whether every declaration in it could be drawn."""
    declared = [spec for plan in case.plans for spec in (plan.first, plan.second)]
    return bool(case.plans) and all(sound(spec) for spec in declared)


CAMPAIGN = Campaign(
    name="simulation",
    claim="nothing that may never happen does, and after the last fault the declared state is reached and stays",
    unit="schedules of many faults",
    total=lambda: 1_000_000,
    case=case,
    smallest=smallest,
)
