"""The campaign ``convergence``: from any live state to any declared one, and then no further writes."""

from __future__ import annotations

from collections import Counter

from campaigns.campaign import Campaign
from campaigns.convergence_case import EsrCase, draw
from campaigns.convergence_run import run
from campaigns.shrink import shown, shrunk
from support.random_tables import sound


def case(number: int) -> Counter[str]:
    """The case of that number."""
    return run(draw(number))


def smallest(number: int) -> str:
    """The smallest case that fails as the case of that number does."""
    found, text = shrunk(run, draw(number), valid=valid)
    return f"{shown(found)}\n{text}"


def valid(case: EsrCase) -> bool:
    """Whether every declaration in it could be drawn."""
    specs = (spec for one in case.subjects for spec in (one.desired, one.then, one.live) if spec)
    return bool(case.subjects) and all(sound(spec) for spec in specs)


CAMPAIGN = Campaign(
    name="convergence",
    claim="the declared state is reached as raw answers show it, and five passes after that change nothing",
    unit="pairs of a declared and a live state",
    total=lambda: 1_000_000,
    case=case,
    smallest=smallest,
)
