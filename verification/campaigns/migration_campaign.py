"""The campaign ``migrations``: a death at every call, then writers, throttling, lost answers and rivals at random.

It runs on the simulated data plane. The slice in the suite runs on DynamoDB Local as well.
"""

from __future__ import annotations

from collections import Counter

from campaigns.campaign import Campaign
from campaigns.migration_backends import Simulated
from campaigns.migration_case import death, deaths, draw
from campaigns.migration_run import run

DRAWN = 200_000


def case(number: int) -> Counter[str]:
    """The case of that number."""
    return run(death(number) if number < deaths() else draw(number), Simulated())


CAMPAIGN = Campaign(
    name="migrations",
    claim="no item is lost, resurrected, overwritten or changed twice, and every item is migrated",
    unit="migrations",
    total=lambda: deaths() + DRAWN,
    case=case,
)
