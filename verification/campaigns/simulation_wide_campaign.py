"""The campaign ``simulation-wide``: ``simulation`` around tables with replicas, auto scaling and backups."""

from __future__ import annotations

from collections import Counter

from campaigns.campaign import Campaign
from campaigns.shrink import shown, shrunk
from campaigns.simulation_campaign import valid as sound
from campaigns.simulation_case import SimulationCase
from campaigns.simulation_wide_case import draw_wide
from campaigns.simulation_wide_run import run
from support.random_wide import IMAGES


def case(number: int) -> Counter[str]:
    """The case of that number."""
    return run(draw_wide(number))


def smallest(number: int) -> str:
    """The smallest case that fails as the case of that number does."""
    found, text = shrunk(run, draw_wide(number), valid=valid)
    return f"{shown(found)}\n{text}"


def valid(case: SimulationCase) -> bool:
    """Whether every declaration in it could be drawn: both versions of a table keep what its replicas need."""
    pairs = [((plan.first, plan.second), {plan.first.stream, plan.second.stream}) for plan in case.plans]
    carried = all(streams == {IMAGES} or not any(one.replicas for one in specs) for specs, streams in pairs)
    declared = [one for specs, _ in pairs for one in specs]
    modes = [(one.auto_scaling, one.billing and one.billing.mode) for one in declared]
    kept = all(one.backups.keep for one in declared if one.backups)
    return sound(case) and carried and kept and all(mode == "PROVISIONED" for scaling, mode in modes if scaling)


CAMPAIGN = Campaign(
    name="simulation-wide",
    claim="nothing forbidden happens, beside tables too, and after the last fault the declared state comes and stays",
    unit="schedules of many faults",
    total=lambda: 1_000_000,
    case=case,
    smallest=smallest,
)
