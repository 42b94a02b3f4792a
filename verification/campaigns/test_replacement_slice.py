"""A slice of the campaign ``replacement``, and tests that its monitor detects violations."""

from __future__ import annotations

from collections import Counter

import pytest
from campaigns.campaign import slice_of
from campaigns.replacement_campaign import CAMPAIGN, case
from campaigns.replacement_run import ReplacementCase, run

from reconciler.model.identity import Flavor
from reconciler.mover.digest import TableDigest
from reconciler.mover.sinks import TableSink

CASES, PARTS = 300, 2
FOUND_ONCE = (46, 417, 1438)
"""Others removed the last item of a table whose copy had been made."""


@pytest.mark.parametrize("part", range(PARTS))
def test_a_table_keeps_its_items_while_processes_die_and_others_write(part: int) -> None:
    figures: Counter[str] = Counter()
    for number in [*list(slice_of(CAMPAIGN, CASES))[part::PARTS], *FOUND_ONCE]:
        try:
            figures.update(case(number))
        except AssertionError as error:
            raise AssertionError(f"make campaign CAMPAIGN='replacement --seed {number}': {error}") from error
    assert figures["kills"] > CASES / PARTS / 2
    assert figures["written by others"] > CASES / PARTS / 5


CALM = ReplacementCase(Flavor.DYNAMODB_LOCAL, 0, 5, 100)


def _forgets_an_item(patch: pytest.MonkeyPatch) -> None:
    put = TableSink.put
    patch.setattr(TableSink, "put", lambda self, items, on_items: put(self, list(items)[1:], on_items))
    patch.setattr(TableDigest, "differing", lambda *_: ())


def _never_compares(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(TableDigest, "differing", lambda *_: ())


WRONG = {
    "is deleted although": (CALM, _forgets_an_item),
    "users is deleted although": (ReplacementCase(Flavor.MOTO, 0, 9, 1, writes=(2, 4, 6), seed=3), _never_compares),
}


@pytest.mark.parametrize("messages", WRONG)
def test_the_monitor_detects_each_violation(messages: str, monkeypatch: pytest.MonkeyPatch) -> None:
    story, damage = WRONG[messages]
    run(story)
    damage(monkeypatch)
    with pytest.raises(AssertionError, match=messages):
        run(story)
