"""The units per second that a person allows for the work on a next generation."""

from __future__ import annotations

import pytest
from mover.generations import Bench, bench
from simulation.simulated_engine import item

from reconciler.model.errors import UsageError
from reconciler.model.identity import Flavor
from reconciler.model.records import GenerationPhase as Phase
from reconciler.mover.engine_choice import CopyOptions
from reconciler.mover.estimate import LONGEST_COPY
from reconciler.mover.governor import RateLimits

FREE = RateLimits(3_000.0, 1_000.0)
"""A quarter of what a new table on demand serves."""


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Bench:
    return bench(monkeypatch)


def begin(made: Bench, options: CopyOptions) -> None:
    made.work.begin(made.work.prepare("fail", "", options), keep=False)
    made.run()
    assert made.phase is Phase.READY


def test_without_options_it_is_a_quarter_of_what_the_table_has(aws: Bench) -> None:
    begin(aws, CopyOptions())
    assert set(aws.limits) == {FREE}


def test_what_a_person_allows_takes_its_place_until_the_end(aws: Bench) -> None:
    begin(aws, CopyOptions(max_wcu=40))
    assert set(aws.limits) == {RateLimits(FREE.read, 40.0)}
    aws.limits.clear()
    aws.switch()
    assert aws.phase is Phase.HOLD
    assert set(aws.limits) == {RateLimits(FREE.read, 40.0)}


def test_it_can_be_changed_while_the_work_goes_on(aws: Bench) -> None:
    begin(aws, CopyOptions(max_rcu=90, max_wcu=40))
    aws.limits.clear()
    aws.work.limit(None, 7)
    aws.run()
    assert set(aws.limits) == {RateLimits(90.0, 7.0)}


def test_the_question_is_about_that_rate(aws: Bench) -> None:
    for number in range(400):
        aws.put("users", item(f"more{number}", sk="0"))
    assert "Copying takes less than a minute" in aws.work.prepare("fail", "").sentence
    assert "Copying takes about 7 minutes" in aws.work.prepare("fail", "", CopyOptions(max_wcu=1)).sentence


def test_a_rate_at_which_the_stream_would_lose_changes_is_refused(aws: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reconciler.mover.estimate.LONGEST_COPY", LONGEST_COPY / 100_000)
    with pytest.raises(UsageError, match="with the rate of --max-rcu and --max-wcu, and the stream keeps changes"):
        aws.work.prepare("fail", "", CopyOptions(max_wcu=1))
    assert aws.record is None


def test_an_emulator_has_no_other_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    made = bench(monkeypatch, flavor=Flavor.DYNAMODB_LOCAL)
    begin(made, CopyOptions(max_wcu=40))
    assert set(made.limits) == {RateLimits(None, 40)}
