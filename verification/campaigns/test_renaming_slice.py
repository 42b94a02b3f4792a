"""A slice of the campaign ``renaming``, and tests that its monitor detects violations."""

from __future__ import annotations

from collections import Counter

import pytest
from campaigns.campaign import slice_of
from campaigns.renaming_campaign import CAMPAIGN, case
from campaigns.renaming_case import FLAVORS, LAST_CALL, SHAPES, WAYS, RenamingCase, deaths, draw
from campaigns.renaming_run import run

from reconciler.engine import assess_rename, assessment
from reconciler.model.identity import Flavor
from reconciler.mover.follower import Follower
from reconciler.mover.follower_types import Ran
from reconciler.mover.verifying import Verification
from reconciler.planning import generations

CASES = 60


def test_a_table_is_renamed_although_processes_die_at_any_call() -> None:
    figures: Counter[str] = Counter()
    for number in range(3, deaths(), deaths() // CASES):
        figures.update(_case(number))
    assert figures["kills"] > CASES
    assert figures["cancelled"] > CASES / 8


def test_it_is_with_writers_throttling_and_small_pages_too() -> None:
    figures: Counter[str] = Counter()
    for number in slice_of(CAMPAIGN, CASES, offset=deaths()):
        figures.update(_case(number))
    assert figures["kills"] > CASES / 2
    assert figures["written by others"] > CASES / 4


def _case(number: int) -> Counter[str]:
    try:
        return case(number)
    except AssertionError as error:
        raise AssertionError(f"make campaign CAMPAIGN='renaming --seed {number}': {error}") from error


@pytest.mark.parametrize("way", WAYS)
def test_every_call_of_a_calm_move_has_a_death(way: str) -> None:
    for flavor in FLAVORS:
        assert run(RenamingCase(flavor, 1, way, 5, 100))["most calls"] <= LAST_CALL


def test_drawn_cases_have_every_way_shape_and_emulator() -> None:
    drawn = [draw(number) for number in range(300)]
    assert {each.way for each in drawn} == set(WAYS)
    assert {each.shape for each in drawn} == set(range(len(SHAPES)))
    assert {each.flavor for each in drawn} == set(FLAVORS)


CALM = RenamingCase(Flavor.DYNAMODB_LOCAL, 0, "loop", 5, 100)
CANCELLED = RenamingCase(Flavor.MOTO, 1, "cancelled", 5, 100)


def _believes_that_it_copied(patch: pytest.MonkeyPatch) -> None:
    digests = Verification._digests

    def equal(self: Verification, fenced: bool) -> object:
        source, _ = digests(self, fenced)
        return source, source

    patch.setattr(Verification, "_digests", equal)
    patch.setattr(Follower, "copy", lambda *_, **__: Ran(True))


def _sees_no_rename(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(generations, "awaiting_moves", lambda *_: {})
    patch.setattr(assess_rename, "creates_nothing", lambda _, base, __, steps: (base, steps))


def _forgets_that_it_was_cancelled(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(assessment, "_was_cancelled", lambda _: False)


WRONG = {
    "users is deleted although people lacks": (CALM, _believes_that_it_copied),
    "people is created empty": (CALM, _sees_no_rename),
    "a cancelled move went on": (CANCELLED, _forgets_that_it_was_cancelled),
}


@pytest.mark.parametrize("messages", WRONG)
def test_the_monitor_detects_each_violation(messages: str, monkeypatch: pytest.MonkeyPatch) -> None:
    story, damage = WRONG[messages]
    run(story)
    damage(monkeypatch)
    with pytest.raises(AssertionError, match=messages):
        run(story)
