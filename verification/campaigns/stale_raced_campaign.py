"""The campaign ``stale-raced``: a stale answer, or a foreign change right before, at every call."""

from __future__ import annotations

from collections import Counter

from campaigns.campaign import Campaign
from faults.inprocess.stale_or_raced import plans, run


def case(number: int) -> Counter[str]:
    """The case of that number."""
    return run(plans()[number])


CAMPAIGN = Campaign(
    name="stale-raced",
    claim="no table and no row of somebody else is touched, each run says how it ended, and the next ones come to rest",
    unit="calls, each answered from the past or overtaken by somebody else",
    total=lambda: len(plans()),
    case=case,
)
