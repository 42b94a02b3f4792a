"""The campaign ``convergence-wide``: ``convergence`` with replicas, auto scaling and backups."""

from __future__ import annotations

from collections import Counter

from campaigns.campaign import Campaign
from campaigns.convergence_campaign import valid
from campaigns.convergence_wide_case import draw_wide
from campaigns.convergence_wide_run import run
from campaigns.shrink import shown, shrunk


def case(number: int) -> Counter[str]:
    """The case of that number."""
    return run(draw_wide(number))


def smallest(number: int) -> str:
    """The smallest case that fails as the case of that number does."""
    found, text = shrunk(run, draw_wide(number), valid=valid)
    return f"{shown(found)}\n{text}"


CAMPAIGN = Campaign(
    name="convergence-wide",
    claim="the declared state is reached as raw answers show it, beside the table too, and five passes change nothing",
    unit="pairs of a declared and a live state",
    total=lambda: 1_000_000,
    case=case,
    smallest=smallest,
)
