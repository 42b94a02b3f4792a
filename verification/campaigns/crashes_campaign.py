"""The campaign ``crashes``: a process dies at every mutating call of every scenario of the simulation."""

from __future__ import annotations

from collections import Counter

from campaigns.campaign import Campaign
from faults.inprocess.crash import places, run


def case(number: int) -> Counter[str]:
    """The case of that number."""
    return run(places()[number])


CAMPAIGN = Campaign(
    name="crashes",
    claim="another outwaits the lease of the dead one and comes to the same end, nothing is done twice, all rests",
    unit="deaths in unreal time",
    total=lambda: len(places()),
    case=case,
)
