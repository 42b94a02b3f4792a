"""The campaign ``single-faults``: each kind of fault at every call of every scenario, reads included."""

from __future__ import annotations

from collections import Counter

from campaigns.campaign import Campaign
from faults.inprocess.baseline import plans
from faults.inprocess.single_fault import run


def case(number: int) -> Counter[str]:
    """The case of that number."""
    return run(plans()[number])


CAMPAIGN = Campaign(
    name="single-faults",
    claim="nothing is destroyed wrongly or twice, each run says how it ended, the next come to the same end and rest",
    unit="faults, each at one call of one scenario",
    total=lambda: len(plans()),
    case=case,
)
