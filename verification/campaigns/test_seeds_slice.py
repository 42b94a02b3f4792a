"""A slice of the campaign ``seeds``, spread over all of it; and that its judge sees wrong things."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from campaigns.campaign import slice_of
from campaigns.seeds_campaign import CAMPAIGN, case
from campaigns.seeds_case import DEEDS, FAULTS, VERBS, Deed, Fault, SeedCase, Turn, draw
from campaigns.seeds_run import run

from reconciler.engine import seed_batches
from reconciler.engine.seed_batches import IdentityWatch

CASES, PARTS = 2_400, 4


@pytest.mark.parametrize("part", range(PARTS))
def test_no_item_of_others_is_touched_and_nothing_is_done_that_is_not(part: int) -> None:
    figures: Counter[str] = Counter()
    for number in list(slice_of(CAMPAIGN, CASES))[part::PARTS]:
        try:
            figures.update(case(number))
        except AssertionError as error:
            raise AssertionError(f"make campaign CAMPAIGN='seeds --seed {number}': {error}") from error
    assert figures["written"] > CASES / PARTS
    assert figures["removed"] > CASES / PARTS / 2
    assert figures["done"] > 0
    assert figures["started"] > 0


def test_what_is_drawn_has_every_verb_fault_and_deed() -> None:
    turns = [turn for number in range(200) for turn in draw(number).turns]
    assert {turn.verb for turn in turns} == set(VERBS)
    assert {fault.kind for turn in turns for fault in turn.faults} == set(FAULTS)
    assert {deed.kind for turn in turns for deed in turn.deeds} == set(DEEDS)


THREE = ((0, 0), (1, 0), (2, 0))
LATER = ((3, 1), (4, 1))
PRESENT = SeedCase((THREE,), (Turn("seed"), Turn("clear")), existing=())
THEIRS = Deed(0, "put_seed_item", 1)
CHANGED = SeedCase((THREE, LATER), (Turn("once", 0, (Fault(6, "crash_after"),)), Turn("once", 1)), batch=1)
RECREATED = SeedCase(
    (tuple((key, 0) for key in range(9)),), (Turn("once", 0, (), (Deed(9, "recreate", 1),)),), seconds=0.9
)


def _everything_is_ours(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(seed_batches.SeedLedger, "written", lambda self: _All())


class _All(set[bytes]):
    def __contains__(self, digest: object) -> bool:
        return True


def _never_asks(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(IdentityWatch, "confirm", lambda self: None)


def _done_at_once(patch: pytest.MonkeyPatch) -> None:
    save = seed_batches.SeedLedger.save

    def wrong(self: Any, state: Any, seed: Any, batch: Any = (), **given: Any) -> None:
        save(self, "done" if state == "started" else state, seed, batch, **given)

    patch.setattr(seed_batches.SeedLedger, "save", wrong)


WRONG = {
    "an item of others was removed": (
        SeedCase((THREE,), (Turn("seed", 0, (), (THEIRS,)), Turn("clear")), existing=()),
        _everything_is_ours,
    ),
    "after somebody else recreated the table": (RECREATED, _never_asks),
    "recorded as done without": (
        SeedCase((THREE,), (Turn("once", 0, (Fault(8, "crash_before"),)),), batch=1),
        _done_at_once,
    ),
}


@pytest.mark.parametrize("said", WRONG)
def test_the_judge_sees_what_is_wrong(said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    story, spoil = WRONG[said]
    run(story)
    spoil(monkeypatch)
    with pytest.raises(AssertionError, match=said):
        run(story)


def test_sizes_of_batches_are_as_before_after_a_case() -> None:
    before = seed_batches.BATCH, seed_batches.PART
    run(PRESENT)
    assert before == (seed_batches.BATCH, seed_batches.PART)
