"""The campaign ``seeds``: seeding and clearing, interrupted anywhere, with concurrent writers and a changing seed."""

from __future__ import annotations

from collections import Counter

from campaigns.campaign import Campaign
from campaigns.seeds_case import SeedCase, draw
from campaigns.seeds_run import run
from campaigns.shrink import shown, shrunk


def case(number: int) -> Counter[str]:
    """The case of that number."""
    return run(draw(number))


def smallest(number: int) -> str:
    """The smallest case that fails as the case of that number does."""
    found, text = shrunk(run, draw(number), valid=valid)
    return f"{shown(found)}\n{text}"


def valid(case: SeedCase) -> bool:
    """Turns name versions that are there, and every version holds an item."""
    sound = bool(case.versions) and all(case.versions) and case.batch > 0 and case.part > 0
    return sound and bool(case.phases) and all(0 <= phase.version < len(case.versions) for phase in case.phases)


CAMPAIGN = Campaign(
    name="seeds",
    claim="no item of others is touched, and nothing is recorded as done that is not",
    unit="stories of a seed",
    total=lambda: 1_000_000,
    case=case,
    smallest=smallest,
)
