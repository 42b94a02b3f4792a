"""A slice of the campaign ``convergence-wide``, spread over all of it."""

from __future__ import annotations

from collections import Counter

from campaigns.campaign import slice_of
from campaigns.convergence_campaign import valid
from campaigns.convergence_wide_campaign import CAMPAIGN
from campaigns.convergence_wide_case import draw_wide

CASES = 150


def test_the_declared_state_of_related_resources_is_reached_and_stays() -> None:
    figures: Counter[str] = Counter()
    for number in slice_of(CAMPAIGN, CASES):
        try:
            figures.update(CAMPAIGN.case(number))
        except AssertionError as error:
            raise AssertionError(f"make campaign CAMPAIGN='convergence-wide --seed {number}': {error}") from error
    assert figures["mutating calls"] > CASES


def test_drawn_cases_are_reachable_and_sometimes_have_each_wide_feature() -> None:
    cases = [draw_wide(number) for number in range(500)]
    assert all(valid(case) for case in cases)
    specs = [spec for case in cases for one in case.subjects for spec in (one.desired, one.then) if spec]
    for share in (
        sum(bool(spec.replicas) for spec in specs),
        sum(spec.auto_scaling is not None for spec in specs),
        sum(spec.backups is not None for spec in specs),
    ):
        assert len(specs) / 25 < share < len(specs) / 6


def test_a_case_is_the_same_each_time_it_is_drawn() -> None:
    assert draw_wide(7) == draw_wide(7)
