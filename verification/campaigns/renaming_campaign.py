"""The campaign ``renaming``: a table gets another name with its items while processes die and others write."""

from __future__ import annotations

from collections import Counter

from campaigns.campaign import Campaign
from campaigns.renaming_case import death, deaths, draw
from campaigns.renaming_run import run
from campaigns.shrink import shown, shrunk

DRAWN = 1_000_000


def case(number: int) -> Counter[str]:
    """The case of that number."""
    return run(death(number) if number < deaths() else draw(number))


def smallest(number: int) -> str:
    """The smallest case that fails as the case of that number does."""
    found, text = shrunk(run, draw(number), valid=lambda case: case.page > 0)
    return f"{shown(found)}\n{text}"


CAMPAIGN = Campaign(
    name="renaming",
    claim="no item is lost, resurrected or changed, no empty table takes the name, and everything is done in the end",
    unit="renames",
    total=lambda: deaths() + DRAWN,
    case=case,
    smallest=smallest,
)
