"""A slice of the campaign ``stale-raced``: a sample of all cases, and each race at each destructive command."""

from __future__ import annotations

from collections import Counter

import pytest
from campaigns.campaign import slice_of
from campaigns.stale_raced_campaign import CAMPAIGN
from faults.inprocess.raced import RACES, Raced
from faults.inprocess.stale import Stale
from faults.inprocess.stale_or_raced import plans

SPREAD = 240
PARTS = 4


def made(number: int) -> Counter[str]:
    """The case; a failure names the command that replays it."""
    try:
        return CAMPAIGN.case(number)
    except AssertionError as error:
        raise AssertionError(f"make campaign CAMPAIGN='stale-raced --seed {number}': {error}") from error


def test_every_scenario_has_every_race_and_every_stale_read() -> None:
    assert {plan.race for plan in plans() if isinstance(plan, Raced)} == set(RACES)
    assert len({plan.scenario.name for plan in plans()}) >= 40
    assert sum(isinstance(plan, Stale) for plan in plans()) > 200


@pytest.mark.parametrize("part", range(PARTS))
def test_nothing_foreign_is_touched(part: int) -> None:
    figures: Counter[str] = Counter()
    for number in list(slice_of(CAMPAIGN, SPREAD))[part::PARTS]:
        figures.update(made(number))
    assert figures["calls overtaken by somebody else"] > figures["answers from the past"] > 0


@pytest.mark.parametrize("race", RACES)
def test_each_race_before_calls_that_destroy(race: str) -> None:
    numbers = [n for n, p in enumerate(plans()) if isinstance(p, Raced) and p.race == race and p.call.destroys]
    for number in numbers[:8]:
        made(number)
