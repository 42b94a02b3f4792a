"""The campaign ``replay``: a table follows another one under writers, and back, while processes die at any call."""

from __future__ import annotations

from collections import Counter

from campaigns.campaign import Campaign
from campaigns.replay_case import death, deaths, draw
from campaigns.replay_run import run
from campaigns.shrink import shown, shrunk

DRAWN = 100_000


def case(number: int) -> Counter[str]:
    """The case of that number."""
    return run(death(number) if number < deaths() else draw(number))


def smallest(number: int) -> str:
    """The smallest case that fails as the case of that number does."""
    found, text = shrunk(run, draw(number), valid=lambda case: min(case.segments, case.page, case.shards) > 0)
    return f"{shown(found)}\n{text}"


CAMPAIGN = Campaign(
    name="replay",
    claim="no item is lost, resurrected or changed, forwards before the switch and backwards after it",
    unit="replacements",
    total=lambda: deaths() + DRAWN,
    case=case,
    smallest=smallest,
)
