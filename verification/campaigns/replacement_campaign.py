"""The campaign ``replacement``: a table keeps its items while processes die at any call and others write."""

from __future__ import annotations

from collections import Counter

from campaigns.campaign import Campaign
from campaigns.replacement_run import draw, run
from campaigns.shrink import shown, shrunk


def case(number: int) -> Counter[str]:
    """The case of that number."""
    return run(draw(number))


def smallest(number: int) -> str:
    """The smallest case that fails as the case of that number does."""
    found, text = shrunk(run, draw(number), valid=lambda case: case.items > 0 and case.chunk > 0)
    return f"{shown(found)}\n{text}"


CAMPAIGN = Campaign(
    name="replacement",
    claim="no item is lost, resurrected or changed, and everything is done in the end",
    unit="replacements",
    total=lambda: 1_000_000,
    case=case,
    smallest=smallest,
)
