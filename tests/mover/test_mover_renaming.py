"""A renamed table on AWS: nothing begins by itself, and each phase treats both tables as one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from mover.generations import AFTER, BEFORE, ITEMS, PARAMETER, Bench, renamed_bench, shown, step_of
from mover.test_mover_generation import LATE, deleted, kill_at, story
from simulation.simulated_engine import declaration

from reconciler.model.errors import UsageError
from reconciler.model.plan import Reason, StepStatus
from reconciler.model.records import GenerationPhase as Phase

OLD, NEW = "users", "people"
STRIDE = 7
"""Of the kills at calls to items and streams. The campaign ``renaming`` has all of them, on emulators."""


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Bench:
    """A table on AWS, declared under another name, in a process that may delete whatever is not declared."""
    made = renamed_bench(monkeypatch)
    reconciler = made.sim.reconciler
    reconciler.options = replace(
        reconciler.options, one_shot=False, prune="owned", data_loss="allow", prune_grace=timedelta(0)
    )
    return made


def for_days(made: Bench) -> None:
    """The loop runs on and on."""
    for _ in range(20):
        made.sim.run()
        made.sim.clock.seconds += 5 * 3600


def writes(made: Bench) -> list[str]:
    """The calls that changed a table."""
    return [call.operation for call in made.sim.dynamodb.journal]


def test_the_loop_begins_nothing_and_deletes_nothing(aws: Bench) -> None:
    for_days(aws)
    assert writes(aws) == []
    assert (list(aws.tables), aws.held(OLD)) == ([OLD], shown(ITEMS))
    step = step_of(aws.sim.run())
    assert (step.status, step.reason) == (StepStatus.BLOCKED, Reason.DATA_LOSS)
    assert step.allow_with == "`reconciler replace people` moves them beside users"


def test_a_person_begins_and_the_loop_waits_for_the_switch(aws: Bench) -> None:
    aws.begin()
    assert aws.phase is Phase.READY
    aws.put(OLD, LATE)
    aws.sim.run()
    assert aws.held(OLD) == aws.held(NEW) == shown([*ITEMS, LATE])
    assert aws.parameters == {PARAMETER: OLD}
    assert deleted(aws) == []


def test_the_hold_keeps_the_former_table_until_a_person_ends_it(aws: Bench) -> None:
    aws.begin()
    aws.switch()
    assert (aws.phase, aws.parameters) == (Phase.HOLD, {PARAMETER: NEW})
    aws.put(NEW, LATE)
    aws.sim.clock.seconds += 25 * 3600
    report = aws.sim.run()
    assert "`reconciler replace people --finish`" in (step_of(report).allow_with or "")
    assert aws.held(OLD) == aws.held(NEW) == shown([*ITEMS, LATE])
    aws.work.finish()
    aws.run()
    aws.run()
    assert (list(aws.tables), aws.held(NEW)) == ([NEW], shown([*ITEMS, LATE]))
    before = writes(aws)
    for_days(aws)
    assert writes(aws) == before


def test_the_way_back_ends_at_the_former_name_and_stays_there(aws: Bench) -> None:
    aws.begin()
    aws.switch()
    aws.put(NEW, LATE)
    aws.work.cancel()
    aws.work.run_until_ended()
    assert (list(aws.tables), aws.held(OLD)) == ([OLD], shown([*ITEMS, LATE]))
    assert aws.parameters == {PARAMETER: OLD}
    assert aws.record is None
    before = writes(aws)
    for_days(aws)
    assert writes(aws) == before
    aws.begin()
    assert aws.phase is Phase.READY


def test_a_preview_says_that_a_rename_which_is_taken_back_during_the_copy_ends_blocked(aws: Bench) -> None:
    aws.work.begin(aws.work.prepare("fail", ""), keep=False)
    aws.sim.declare(declaration(OLD, keys=BEFORE))
    for report in (aws.sim.reconciler.preview(), aws.sim.once(), aws.sim.reconciler.preview()):
        step = step_of(report, OLD)
        assert (step.status, step.reason) == (StepStatus.BLOCKED, Reason.REPLACING)
        assert "users is declared instead of people" in (step.message or "")
        assert step.allow_with == "`reconciler replace people --cancel`"


@pytest.mark.parametrize("table", [OLD, NEW])
def test_the_printed_way_on_from_a_table_that_others_deleted_works(aws: Bench, table: str) -> None:
    aws.begin()
    del aws.tables[table]
    step = step_of(aws.run(), OLD)
    cancel, resume = "`reconciler replace people --cancel`", "`reconciler replace people --resume` once that is settled"
    assert (step.status, step.allow_with) == (StepStatus.BLOCKED, f"{cancel}; or {resume}")
    assert step_of(aws.sim.reconciler.preview(), OLD).allow_with == step.allow_with


def test_a_rename_that_is_taken_back_is_not_switched_to(aws: Bench) -> None:
    aws.begin()
    aws.work.switch(fence=False)
    aws.sim.declare(declaration(OLD, keys=BEFORE))
    for_days(aws)
    step = step_of(aws.sim.run(), OLD)
    assert (aws.phase, step.status, step.reason) == (Phase.READY, StepStatus.BLOCKED, Reason.REPLACING)
    assert "users is declared instead of people" in (step.message or "")
    assert step.allow_with == "`reconciler replace people --cancel`"
    assert (aws.held(OLD), aws.parameters, deleted(aws)) == (shown(ITEMS), {PARAMETER: OLD}, [])
    aws.work.cancel()
    aws.work.run_until_ended()
    for_days(aws)
    assert (list(aws.tables), aws.held(OLD)) == ([OLD], shown(ITEMS))


def test_another_former_name_in_mid_work_refuses_the_switch_only(aws: Bench) -> None:
    aws.begin()
    aws.sim.declare(declaration(NEW, keys=AFTER))
    for_days(aws)
    with pytest.raises(UsageError, match="declared otherwise"):
        aws.work.switch(fence=True)
    assert (set(aws.tables), deleted(aws)) == ({OLD, NEW}, [])
    aws.work.cancel()
    aws.work.run_until_ended()
    assert aws.held(OLD) == shown(ITEMS)
    assert deleted(aws) == [NEW]


def test_a_kill_before_or_after_any_call_changes_nothing_about_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    made = renamed_bench(monkeypatch)
    calls = kill_at(made, monkeypatch, None)
    story(made)
    for cut in range(2 * calls[0]):
        made = renamed_bench(monkeypatch)
        kill_at(made, monkeypatch, cut)
        story(made)
        _assert_ended(made, cut)


def test_the_same_with_streams_and_a_kill_at_many_of_their_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    made = renamed_bench(monkeypatch, real=True)
    calls = kill_at(made, monkeypatch, None, streams=True)
    story(made)
    assert calls[0] > 100
    for cut in range(1, 2 * calls[0], STRIDE):
        made = renamed_bench(monkeypatch, real=True)
        kill_at(made, monkeypatch, cut, streams=True)
        story(made)
        _assert_ended(made, cut)


def _assert_ended(made: Bench, cut: int) -> None:
    assert set(made.tables) == {NEW}, cut
    assert made.held(NEW) == shown([*ITEMS, LATE]), cut
    assert made.parameters == {PARAMETER: NEW}
    assert "CreateTable" in writes(made)


@pytest.mark.parametrize("phase", [Phase.READY, Phase.HOLD])
def test_a_process_with_the_former_declarations_deletes_and_creates_nothing_in_mid_work(
    aws: Bench, phase: Phase
) -> None:
    aws.begin()
    if phase is Phase.HOLD:
        aws.switch()
    aws.put(NEW if phase is Phase.HOLD else OLD, LATE)
    made, current = writes(aws), aws.sim.source.declarations
    aws.sim.declare(declaration(OLD, keys=BEFORE))
    for_days(aws)
    assert writes(aws).count("CreateTable") == made.count("CreateTable")
    assert (set(aws.tables), deleted(aws)) == ({OLD, NEW}, [])
    aws.sim.declare(*current)
    if aws.record is not None and aws.record.problem is not None:
        aws.work.resume()
    aws.run()
    assert aws.held(OLD) == aws.held(NEW) == shown([*ITEMS, LATE])


def test_the_former_declaration_before_the_work_takes_the_rename_back(aws: Bench) -> None:
    for_days(aws)
    aws.sim.declare(declaration(OLD, keys=BEFORE))
    for_days(aws)
    assert (list(aws.tables), aws.held(OLD), writes(aws)) == ([OLD], shown(ITEMS), [])
