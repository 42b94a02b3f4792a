"""A fixed choice of the campaign ``kill_twice`` that takes minutes: pairs of deaths spread over each of its scenarios.

For every scenario the first death falls at its second call, after a half, and at its last; the second at the first call
of the recovery, after a half, and at its last. Moments take turns. Both places are shares of what the runs make, so
that no case is empty.
"""

from __future__ import annotations

from collections import Counter

from campaigns import kill_twice_campaign as twice
from campaigns.campaign import Campaign
from campaigns.kill_campaign import MOMENTS, prepare, writes_of
from faults.fixture import shared_fixture
from faults.kill import Moment

SHARES = (0.0, 0.5, 1.0)
PAIRS = len(SHARES) ** 2


def place(case: int) -> tuple[str, int, int, Moment]:
    """Scenario, call of the first death, call of the second, moment of the second.
    It asks the fixture for the numbers of calls.

    The first death is never at the very first call, after which a recovery has nothing to recover.
    """
    position, pair = divmod(case, PAIRS)
    first, second = divmod(pair, len(SHARES))
    name = twice.CHOSEN[position]
    last = writes_of(shared_fixture(), twice.NAMED[name])
    one = _at(SHARES[first], 2, last)
    while one > 1 and not twice.recovery_writes(name, one):
        one -= 1
    two = _at(SHARES[second], 1, twice.recovery_writes(name, one))
    return name, one, two, MOMENTS[(position + first + second) % len(MOMENTS)]


def case(number: int) -> Counter[str]:
    """Two deaths and what comes after them."""
    figures = twice.case(twice.case_of(*place(number)))
    assert figures["second kills"] == 1, f"{place(number)} is no place for a second death"
    return figures


def _at(share: float, first: int, last: int) -> int:
    return min(first, last) + round(share * max(0, last - first))


CAMPAIGN = Campaign(
    name="kill_twice_chosen",
    claim=twice.CAMPAIGN.claim,
    unit="pairs of deaths",
    total=lambda: len(twice.CHOSEN) * PAIRS,
    case=case,
    prepare=prepare,
)
