"""A slice of the campaign ``replay``, and tests that its comparison detects violations."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from campaigns.campaign import slice_of
from campaigns.replay_campaign import CAMPAIGN, case
from campaigns.replay_case import ACTIONS, ENGINES, FAULTS, SERVICE, SHAPES, Event, ReplayCase, deaths, draw
from campaigns.replay_run import run

from reconciler.aws.job_api import BotoServiceJobs
from reconciler.aws.mover_api import BotoMoverApi
from reconciler.mover.job_ports import JobState
from reconciler.mover.lineages import Lineages
from reconciler.mover.mirror import Mirror
from reconciler.mover.replay import Replay
from reconciler.mover.verifying import Verification

CASES = 90


def test_a_table_follows_another_although_processes_die_at_any_call() -> None:
    figures: Counter[str] = Counter()
    for number in range(1, deaths(), deaths() // CASES):
        figures.update(_case(number))
    assert figures["kills"] > CASES / 2
    assert figures["repaired"] == 0
    assert min(figures["loaded"], figures["imported"]) > CASES / 4


def test_it_does_with_splits_dropped_records_throttling_lost_answers_and_rivals_too() -> None:
    figures: Counter[str] = Counter()
    for number in slice_of(CAMPAIGN, CASES, offset=deaths()):
        figures.update(_case(number))
    assert min(figures[name] for name in ("kills", "writes", "throttled", "lost", "paused", "split")) > CASES / 10
    assert figures["trimmed"] > 0
    assert min(figures["loaded"], figures["imported"]) > CASES / 12
    assert figures["failed jobs"] > 0
    assert figures["left"] > 0


def test_an_import_that_was_never_sent_is_given_up_after_a_day_although_its_jobs_take_no_time() -> None:
    """It waited five minutes for the clocks of two machines, in more looks of a second than a process has."""
    figures = run(ReplayCase(0, "KEYS_ONLY", 0, 1, 1, 1, engine="import", events=(Event(27, "day"),)))
    assert (figures["late"], figures["cases"]) == (1, 1)


def _case(number: int) -> Counter[str]:
    try:
        return case(number)
    except AssertionError as error:
        raise AssertionError(f"make campaign CAMPAIGN='replay --seed {number}': {error}") from error


def test_drawn_cases_have_every_shape_fault_and_action() -> None:
    drawn = [draw(number) for number in range(300)]
    assert {event.kind for each in drawn for event in each.events} == {*FAULTS, *SERVICE, *ACTIONS}
    assert {each.shape for each in drawn} == set(range(len(SHAPES)))
    assert {each.engine for each in drawn} == set(ENGINES)


BUSY = ReplayCase(1, events=tuple(Event(10 + 4 * index, ACTIONS[index % len(ACTIONS)], index) for index in range(60)))
TAKEN = ReplayCase(1, shards=4, page=1, events=tuple(Event(10 + 3 * index, "hand_over", index) for index in range(60)))
SWAPPED = ReplayCase(1, page=50, events=(Event(34, "swap", 0), Event(34, "swap", 3)))
LOADED = ReplayCase(
    0, engine="bulk", takes=40.0, events=tuple(Event(40 + 2 * index, "delete", index) for index in range(5))
)
LONG = ReplayCase(0, events=(Event(32, "delete", 1), Event(32, "move", 2), Event(33, "day")))


def _believes_its_stream(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Verification, "_digests", _equal(Verification._digests))


def _equal(digests):  # type: ignore[no-untyped-def]
    def both(self: Verification, fenced: bool) -> object:
        source, _ = digests(self, fenced)
        return source, source

    return both


def _forgets_where_items_were(patch: pytest.MonkeyPatch) -> None:
    changes = Replay._changes
    patch.setattr(
        Replay,
        "_changes",
        lambda self, records: {name: (key, ()) for name, (key, _) in changes(self, records).items()},
    )


def _believes_nothing_is_dropped(patch: pytest.MonkeyPatch) -> None:
    _believes_its_stream(patch)
    patch.setattr(Lineages, "nothing_dropped", lambda *_: True)


def _removes_whatever_is_there(patch: pytest.MonkeyPatch) -> None:
    _believes_its_stream(patch)
    remove = BotoMoverApi.remove
    patch.setattr(BotoMoverApi, "remove", lambda self, table, key, _: remove(self, table, key, key))


def _yields_to_whatever_is_there(patch: pytest.MonkeyPatch) -> None:
    _believes_its_stream(patch)
    patch.setattr(Mirror, "_taken", lambda *_: None)


def _goes_on_while_a_bulk_put_runs(patch: pytest.MonkeyPatch) -> None:
    _believes_its_stream(patch)
    start = BotoServiceJobs.start_bulk_put
    patch.setattr(
        BotoServiceJobs, "start_bulk_put", lambda self, request: replace(start(self, request), state=JobState.DONE)
    )


WRONG = {
    "resurrected|lost": (LOADED, _goes_on_while_a_bulk_put_runs),
    "problems without a reason: .* did not write": (BUSY, _forgets_where_items_were),
    "lost": (TAKEN, _removes_whatever_is_there),
    "resurrected|lost| is ": (LONG, _believes_nothing_is_dropped),
    "lost|resurrected|written as": (SWAPPED, _yields_to_whatever_is_there),
}


@pytest.mark.parametrize("messages", WRONG)
def test_the_comparison_detects_each_violation(messages: str, monkeypatch: pytest.MonkeyPatch) -> None:
    story, damage = WRONG[messages]
    run(story)
    damage(monkeypatch)
    with pytest.raises(AssertionError, match=messages):
        run(story)
