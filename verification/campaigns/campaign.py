"""A campaign: numbered cases, each of which replays from its number alone.

``verification/campaign.py`` runs all of a campaign's cases in several processes and prints its figures; the suite
runs a slice of each. A case that sees a wrong thing raises ``AssertionError`` whose text says what was seen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

Case = Callable[[int], Counter[str]]
"""Runs the case of that number and returns figures that may be added up."""


@dataclass(frozen=True, slots=True)
class Campaign:
    """One campaign. ``total`` is asked only when it runs, because some campaigns must count their cases first."""

    name: str
    claim: str
    unit: str
    total: Callable[[], int]
    case: Case
    prepare: Callable[[], None] = lambda: None
    """Once in each process, before its first case; what it starts must end with the process."""
    smallest: Callable[[int], str] | None = None
    """The smallest case that fails in the same way as a failed one, and its text; takes about a minute."""


def slice_of(campaign: Campaign, count: int, offset: int = 0) -> range:
    """``count`` numbers spread evenly over the whole campaign, for the suite."""
    total = campaign.total()
    stride = max(1, total // count)
    return range(offset % stride, total, stride)
