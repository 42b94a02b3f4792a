"""The campaign ``rivals``: three reconcilers at once, interleaved call by call, some of them paused."""

from __future__ import annotations

from campaigns.campaign import Campaign
from faults.inprocess.rivals import run

CAMPAIGN = Campaign(
    name="rivals",
    claim="only the holder of a stack's lease deletes, no stack touches another's tables, alone each arrives and rests",
    unit="interleavings of three reconcilers",
    total=lambda: 10_000,
    case=run,
)
