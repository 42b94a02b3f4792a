"""The campaign ``prune``: adversarial declarations over fifty live tables without one wrong delete."""

from __future__ import annotations

from collections import Counter

from campaigns.campaign import Campaign
from campaigns.prune_case import PruneCase, draw
from campaigns.prune_run import run
from campaigns.shrink import shown, shrunk


def case(number: int) -> Counter[str]:
    """The case of that number."""
    return run(draw(number))


def smallest(number: int) -> str:
    """The smallest case that fails as the case of that number does."""
    found, text = shrunk(run, draw(number), valid=valid)
    return f"{shown(found)}\n{text}"


def valid(case: PruneCase) -> bool:
    """The positions of every phase name existing tables."""
    return bool(case.live_tables) and bool(case.phases)


CAMPAIGN = Campaign(
    name="prune",
    claim="not one wrong delete, and the cap holds",
    unit="adversarial desired states over fifty live tables",
    total=lambda: 100_000,
    case=case,
    smallest=smallest,
)
