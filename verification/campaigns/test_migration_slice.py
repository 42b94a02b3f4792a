"""A slice of the campaign ``migrations``, in the simulation and on DynamoDB Local, and tests of its monitor."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from campaigns.campaign import slice_of
from campaigns.migration_backends import Local, Simulated
from campaigns.migration_campaign import CAMPAIGN, case
from campaigns.migration_case import ACTIONS, FAULTS, Event, MigrationCase, death, deaths, draw
from campaigns.migration_run import run
from support.endpoints import Live

from reconciler.aws.mover_api import BotoMoverApi
from reconciler.model.records import Checkpoint
from reconciler.mover.checkpoints import Checkpoints
from reconciler.mover.item_change import _Evaluation

CASES, LOCAL_DEATHS, LOCAL_DRAWN = 600, 16, 16


def test_nothing_is_lost_overwritten_or_changed_twice_after_a_death_at_every_call() -> None:
    figures: Counter[str] = Counter()
    for number in range(deaths()):
        figures.update(_case(number))
    assert figures["kills"] > 300


def test_nor_with_writers_throttling_lost_answers_and_rivals() -> None:
    figures: Counter[str] = Counter()
    for number in slice_of(CAMPAIGN, CASES, offset=deaths()):
        figures.update(_case(number))
    assert min(figures[name] for name in ("kills", "writes", "throttled", "lost", "paused")) > CASES / 10


def test_nor_on_dynamodb_local(local: Live) -> None:
    backend, figures = Local(local.url), Counter[str]()
    cases = [death(number) for number in range(40, deaths(), deaths() // LOCAL_DEATHS)]
    cases += [draw(number) for number in range(7, 7 + LOCAL_DRAWN)]
    for each in cases:
        figures.update(run(each, backend))
    assert figures["kills"] >= LOCAL_DEATHS / 2
    assert figures["writes"] > LOCAL_DRAWN


def _case(number: int) -> Counter[str]:
    try:
        return case(number)
    except AssertionError as error:
        raise AssertionError(f"make campaign CAMPAIGN='migrations --seed {number}': {error}") from error


def test_drawn_cases_have_every_fault_and_action() -> None:
    kinds = {event.kind for number in range(300) for event in draw(number).events}
    assert kinds == {*FAULTS, *ACTIONS}


def _without_existence(patch: pytest.MonkeyPatch) -> None:
    """UpdateItem as it is by itself: it creates what is not there."""
    _changed_request(patch, lambda condition: condition.partition(" AND ")[2] or "attribute_not_exists(nothing)")


def _without_expected(patch: pytest.MonkeyPatch) -> None:
    _changed_request(patch, lambda condition: condition.partition(" AND ")[0])


def _changed_request(patch: pytest.MonkeyPatch, change: Any) -> None:
    update = BotoMoverApi.update

    def wrong(self: BotoMoverApi, table: str, given: Any) -> float:
        client = self._client

        class Client:
            def call(self, operation: str, params: Any) -> Any:
                return client.call(operation, {**params, "ConditionExpression": change(params["ConditionExpression"])})

        self._client = Client()  # type: ignore[assignment]
        try:
            return update(self, table, given)
        finally:
            self._client = client

    patch.setattr(BotoMoverApi, "update", wrong)


def _not_repeatable(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(_Evaluation, "check_repeatable", lambda *_: None)
    patch.setattr(_Evaluation, "leaves", lambda *_: None)


def _ahead(patch: pytest.MonkeyPatch) -> None:
    part = Checkpoints.part

    def wrong(self: Checkpoints, number: int) -> Checkpoint:
        found = part(self, number)
        return replace(found, finished=found.finished or number > 0)

    patch.setattr(Checkpoints, "part", wrong)


WRONG = {
    "resurrected": (
        MigrationCase("constant", events=(Event(26, "delete", 3), Event(24, "delete", 5))),
        _without_existence,
    ),
    "and was written as": (
        MigrationCase("rename", 1, 1, events=tuple(Event(at, "put", 0) for at in range(10, 40))),
        _without_expected,
    ),
    "u00 is": (MigrationCase("cents", 1, 1, events=(Event(22, "crash_after"),)), _not_repeatable),
    "was not migrated": (MigrationCase("group"), _ahead),
}


@pytest.mark.parametrize("words", WRONG)
def test_the_monitor_detects_each_violation(words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    story, damage = WRONG[words]
    run(story, Simulated())
    damage(monkeypatch)
    with pytest.raises(AssertionError, match=words):
        _at_any_call(story)


def _at_any_call(story: MigrationCase) -> None:
    for later in range(-20, 40):
        run(replace(story, events=tuple(replace(event, at=event.at + later) for event in story.events)), Simulated())
