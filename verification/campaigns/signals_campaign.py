"""SIGINT and SIGTERM at random moments of every command, as real processes over DynamoDB Local."""

from __future__ import annotations

from campaigns.campaign import Campaign
from campaigns.signals_run import case, shared_fixture

CASES = 2_000


def prepare() -> None:
    """The endpoint and the fork server of this process, started before the first case is timed."""
    shared_fixture()


CAMPAIGN = Campaign(
    name="signals",
    claim="a signal at any moment ends the command within its grace, and the same command again completes the work",
    unit="signals",
    total=lambda: CASES,
    case=case,
    prepare=prepare,
)
