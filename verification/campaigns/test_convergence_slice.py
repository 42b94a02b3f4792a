"""A slice of the campaign ``convergence``, spread over all of it."""

from __future__ import annotations

from collections import Counter

import pytest
from campaigns.campaign import slice_of
from campaigns.convergence_campaign import CAMPAIGN, valid
from campaigns.convergence_case import draw

CASES = 2_000
PARTS = 4


@pytest.mark.parametrize("part", range(PARTS))
def test_the_declared_state_is_reached_and_stays(part: int) -> None:
    figures: Counter[str] = Counter()
    for number in list(slice_of(CAMPAIGN, CASES))[part::PARTS]:
        try:
            figures.update(CAMPAIGN.case(number))
        except AssertionError as error:
            raise AssertionError(f"make campaign CAMPAIGN='convergence --seed {number}': {error}") from error
    assert figures["mutating calls"] > CASES / PARTS


def test_drawn_cases_are_reachable_and_cover_every_initial_state() -> None:
    cases = [draw(number) for number in range(500)]
    assert all(valid(case) for case in cases)
    subjects = [subject for case in cases for subject in case.subjects]
    assert {(subject.live is not None, subject.ours) for subject in subjects} == {
        *((True, True), (True, False), (False, True), (False, False)),
    }
    assert 200 < sum(subject.then is not None for subject in subjects) < 400
    assert sum(bool(subject.foreign) for subject in subjects) > 200


def test_a_case_is_the_same_each_time_it_is_drawn() -> None:
    assert draw(7) == draw(7)
