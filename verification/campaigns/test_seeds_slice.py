"""A slice of the campaign ``seeds``, spread over all of it, and tests that its monitor detects violations."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from campaigns.campaign import slice_of
from campaigns.seeds_campaign import CAMPAIGN, case
from campaigns.seeds_case import ACTIONS, FAULTS, VERBS, Action, Fault, Phase, SeedCase, draw
from campaigns.seeds_run import run

from reconciler.engine import seed_ledger, seed_work
from reconciler.engine.identity_watch import IdentityWatch

CASES, PARTS = 2_400, 4


@pytest.mark.parametrize("part", range(PARTS))
def test_foreign_items_are_not_touched_and_the_work_is_complete(part: int) -> None:
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


def test_drawn_cases_have_every_verb_fault_and_action() -> None:
    phases = [phase for number in range(200) for phase in draw(number).phases]
    assert {phase.verb for phase in phases} == set(VERBS)
    assert {fault.kind for phase in phases for fault in phase.faults} == set(FAULTS)
    assert {action.kind for phase in phases for action in phase.actions} == set(ACTIONS)


THREE = ((0, 0), (1, 0), (2, 0))
LATER = ((3, 1), (4, 1))
PRESENT = SeedCase((THREE,), (Phase("seed"), Phase("clear")), existing=())
THEIRS = Action(0, "put_seed_item", 1)
CHANGED = SeedCase((THREE, LATER), (Phase("once", 0, (Fault(6, "crash_after"),)), Phase("once", 1)), batch=1)
RECREATED = SeedCase(
    (tuple((key, 0) for key in range(9)),), (Phase("once", 0, (), (Action(9, "recreate", 1),)),), seconds=0.9
)


def _everything_is_ours(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(seed_ledger.SeedLedger, "written", lambda self: _All())


class _All(set[bytes]):
    def __contains__(self, digest: object) -> bool:
        return True


def _never_asks(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(IdentityWatch, "confirm", lambda self: None)


def _done_at_once(patch: pytest.MonkeyPatch) -> None:
    save = seed_ledger.SeedLedger.save

    def wrong(self: Any, state: Any, seed: Any, batch: Any = (), **given: Any) -> None:
        save(self, "done" if state == "started" else state, seed, batch, **given)

    patch.setattr(seed_ledger.SeedLedger, "save", wrong)


WRONG = {
    "an item of others was removed": (
        SeedCase((THREE,), (Phase("seed", 0, (), (THEIRS,)), Phase("clear")), existing=()),
        _everything_is_ours,
    ),
    "after somebody else recreated the table": (RECREATED, _never_asks),
    "recorded as done without": (
        SeedCase((THREE,), (Phase("once", 0, (Fault(8, "crash_before"),)),), batch=1),
        _done_at_once,
    ),
}


@pytest.mark.parametrize("messages", WRONG)
def test_the_monitor_detects_each_violation(messages: str, monkeypatch: pytest.MonkeyPatch) -> None:
    story, damage = WRONG[messages]
    run(story)
    damage(monkeypatch)
    with pytest.raises(AssertionError, match=messages):
        run(story)


def test_batch_sizes_are_restored_after_a_case() -> None:
    before = seed_work.BATCH, seed_ledger.PART
    run(PRESENT)
    assert before == (seed_work.BATCH, seed_ledger.PART)
