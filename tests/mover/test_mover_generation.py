"""The next generation of a table: built beside it, switched to, held, finished, cancelled; others interfere."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from mover.generations import (
    AFTER,
    BEFORE,
    ITEMS,
    PARAMETER,
    USER,
    Bench,
    Dies,
    bench,
    shown,
    step_of,
    wanted,
)
from simulation.simulated_engine import declaration, item
from support.specs import keys

from reconciler.engine.assess_generation import ends, undeclared_step
from reconciler.http.table_data import find_table
from reconciler.model.errors import Forbidden, StateError, UsageError
from reconciler.model.identity import Flavor
from reconciler.model.plan import Reason, StepStatus
from reconciler.model.records import ENDED, Lease, SeedRecord
from reconciler.model.records import GenerationPhase as Phase
from reconciler.model.report import TableStatus, Verdict
from reconciler.model.table import Stream
from reconciler.mover import generation_yielded
from reconciler.mover.follower_types import Problems, Ran
from reconciler.mover.generation_fence import SID
from reconciler.presentation.document import document
from reconciler.presentation.render import render

NEW = "users-g2"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Bench:
    """A table on AWS."""
    return bench(monkeypatch)


@pytest.fixture
def emulator(monkeypatch: pytest.MonkeyPatch) -> Bench:
    """A table on an emulator, where no policy is enforced and nothing is held."""
    return bench(monkeypatch, flavor=Flavor.DYNAMODB_LOCAL)


def ready(made: Bench) -> Bench:
    """The new table has all items, and changes are repeated."""
    made.begin()
    assert made.phase is Phase.READY
    return made


def held(made: Bench) -> Bench:
    """The declared name means the new table."""
    ready(made).switch()
    assert made.phase is Phase.HOLD
    return made


def deleted(made: Bench) -> list[str]:
    return [call.params["TableName"] for call in made.sim.dynamodb.journal if call.operation == "DeleteTable"]


def stream_is_on(made: Bench, table: str) -> bool:
    return bool(made.tables[table].description.get("StreamSpecification", {}).get("StreamEnabled"))


def policy(made: Bench, table: str) -> Mapping[str, Any]:
    arn = made.sim.dynamodb.arn(table)
    found: Mapping[str, Any] = json.loads(
        made.sim.dynamodb.read("GetResourcePolicy", {"ResourceArn": arn}).get("Policy") or "{}"
    )
    return found


# Before the switch


def test_a_plan_names_the_command_that_keeps_the_items(aws: Bench) -> None:
    step = step_of(aws.sim.reconciler.preview())
    assert (step.status, step.reason) == (StepStatus.BLOCKED, Reason.DATA_LOSS)
    assert (step.allow_with or "").startswith("`reconciler replace users` keeps the items if they fit")


def test_it_stops_when_both_tables_are_equal_and_waits_for_a_person(aws: Bench) -> None:
    report = aws.begin()
    step = step_of(report)
    assert (step.status, step.reason) == (StepStatus.BLOCKED, Reason.REPLACING)
    assert "users-g2 has all 7 items that users had when both were last compared" in (step.message or "")
    assert step.allow_with == "`reconciler replace users --switch`"
    assert aws.held(NEW) == aws.held("users") == shown(ITEMS)
    assert aws.parameters == {PARAMETER: "users"}
    assert deleted(aws) == []
    assert aws.record is not None
    assert aws.record.copied == len(ITEMS)


RIVAL = Lease("other", 1, datetime(2100, 1, 1, tzinfo=UTC), name="host-b")


def test_a_process_that_does_not_lead_reports_the_same_of_a_table_that_is_ready_to_switch(aws: Bench) -> None:
    ready(aws).sim.store.rival = RIVAL
    for report in (aws.sim.run(), aws.sim.reconciler.preview()):
        step = step_of(report)
        assert (step.status, step.reason) == (StepStatus.BLOCKED, Reason.REPLACING)
        assert step.allow_with == "`reconciler replace users --switch`"
        assert "1 blocked; 1 replacement ready to switch" in render(report)[-1][1]
        assert report.verdict is Verdict.DRIFTED


def test_a_process_that_does_not_lead_names_the_commands_for_a_replacement_under_way(aws: Bench) -> None:
    aws.work.begin(aws.work.prepare("fail", ""), keep=False)
    aws.sim.store.rival = RIVAL
    step = step_of(aws.sim.reconciler.run_pass("schedule"))
    assert (step.status, step.reason) == (StepStatus.DEFERRED, Reason.LEASE)
    assert "another reconciler holds the lease: host-b" in (step.message or "")
    assert "is being replaced by users-g2: create" in (step.message or "")
    assert "`reconciler replace users` goes on with it, `--cancel` gives it up" in (step.message or "")


def test_the_new_table_has_no_stream_and_no_protection_before_the_switch(monkeypatch: pytest.MonkeyPatch) -> None:
    made = bench(monkeypatch, stream=Stream(True, "KEYS_ONLY"), deletion_protection=True)
    ready(made)
    assert not stream_is_on(made, NEW)
    assert not made.tables[NEW].description.get("DeletionProtectionEnabled")


def test_changes_are_repeated_in_each_pass_until_the_switch(aws: Bench) -> None:
    late = item("late", sk="9")
    ready(aws).put("users", late)
    aws.sim.run()
    assert aws.held(NEW) == shown([*ITEMS, late])


def test_no_pass_prunes_the_new_table_or_counts_it_as_unmanaged(aws: Bench) -> None:
    report = ready(aws).sim.run()
    assert [table.name for table in report.tables] == ["users"]
    assert NEW in aws.tables


def test_a_table_of_that_name_that_others_have_is_not_taken(aws: Bench) -> None:
    aws.sim.dynamodb.make(
        TableName=NEW,
        KeySchema=[{"AttributeName": "x", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "x", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    ready(aws)
    assert aws.record is not None
    assert aws.record.new == "users-g3"


@pytest.mark.parametrize("table", ["users", NEW])
@pytest.mark.parametrize("again", [False, True])
def test_a_table_that_others_delete_stops_it(aws: Bench, table: str, again: bool) -> None:
    ready(aws)
    description = aws.tables.pop(table).description
    if again:
        aws.sim.clock.seconds += 1
        aws.sim.dynamodb.make(
            TableName=table,
            KeySchema=description["KeySchema"],
            AttributeDefinitions=description["AttributeDefinitions"],
            BillingMode="PAY_PER_REQUEST",
        )
    before = {name: dict(live.items) for name, live in aws.tables.items()}
    step = step_of(aws.switch())
    assert step.status is StepStatus.BLOCKED
    assert f"somebody deleted {'and created again ' if again else ''}{table}" in (step.message or "")
    assert {name: dict(live.items) for name, live in aws.tables.items()} == before
    assert deleted(aws) == []


def test_items_that_do_not_fit_stop_it_before_anything_is_written(aws: Bench) -> None:
    aws.put("users", item("odd"))
    with pytest.raises(UsageError, match=r"1 item without sk, which is in the new key \(for example pk=odd\)"):
        aws.begin()
    assert aws.sim.dynamodb.journal == []


def test_items_that_collide_later_stop_it_until_a_person_resumes(aws: Bench) -> None:
    ready(aws)
    aws.problems = Problems({"collision": 1}, {"collision": ("two items have one key",)})
    step = step_of(aws.sim.run())
    assert step.status is StepStatus.BLOCKED
    assert aws.record is not None
    assert aws.record.problem
    aws.problems = Problems()
    aws.work.resume()
    aws.sim.run()
    assert aws.phase is Phase.READY


def test_lost_changes_start_the_copy_again(aws: Bench) -> None:
    ready(aws).trimmed = True
    aws.sim.run()
    assert aws.phase is Phase.CAPTURE
    assert aws.record is not None
    assert aws.record.again
    aws.run()
    assert aws.phase is Phase.READY
    assert aws.record is not None
    assert not aws.record.again


def test_a_pass_of_the_daemon_ends_in_time_for_the_other_tables(aws: Bench) -> None:
    aws.work.begin(aws.work.prepare("fail", ""), keep=False)
    aws.sim.reconciler.options = replace(aws.sim.reconciler.options, one_shot=False)
    aws.slow = 50.0
    step = step_of(aws.sim.run())
    while aws.phase in (Phase.CREATE, Phase.CAPTURE):
        step = step_of(aws.sim.run())
    assert aws.phase is Phase.REPLAY
    assert (step.status, step.reason) == (StepStatus.DEFERRED, Reason.REPLACING)
    aws.sim.run()
    assert aws.phase is Phase.READY


def test_a_pause_stops_all_writes(aws: Bench) -> None:
    ready(aws).work.pause()
    aws.put("users", item("late", sk="9"))
    step = step_of(aws.sim.run())
    assert step.status is StepStatus.BLOCKED
    assert "paused" in (step.message or "")
    assert aws.held(NEW) == shown(ITEMS)


def test_an_application_that_writes_faster_than_changes_are_repeated_is_reported(aws: Bench) -> None:
    ready(aws)
    aws.outpaced = True
    report = aws.sim.run()
    assert aws.record is not None
    assert (aws.record.change_rate, aws.record.replay_rate) == (160, 80)
    said = step_of(report).message or ""
    assert "160 changes a second are made to users" in said
    assert "does not catch up by itself" in said
    assert "ready to switch" not in said
    assert not report.warnings
    aws.sim.clock.seconds += 400
    assert any("160 changes a second" in warning for warning in aws.sim.run().warnings)
    aws.outpaced = False
    aws.sim.run()
    assert aws.record.behind_since is None
    assert not aws.sim.run().warnings


def test_a_burst_that_has_been_repeated_is_not_called_behind(aws: Bench) -> None:
    ready(aws)
    aws.burst = True
    said = step_of(aws.sim.run()).message or ""
    assert "does not catch up" not in said
    assert said.endswith("It is ready to switch")
    assert aws.record is not None
    assert aws.record.behind_since is None


@pytest.mark.parametrize("hurried", [False, True])
def test_another_key_that_is_declared_before_the_switch_changes_no_name(aws: Bench, hurried: bool) -> None:
    ready(aws)
    if hurried:
        aws.work.switch(fence=True)
    aws.sim.declare(wanted(keys=BEFORE))
    if not hurried:
        with pytest.raises(UsageError, match="declared otherwise by now than users-g2 was created"):
            aws.work.switch(fence=True)
    report = aws.run()
    assert "declared otherwise by now" in (step_of(report).message or "")
    assert aws.phase is Phase.READY
    assert aws.parameters == {PARAMETER: "users"}
    assert not aws.denied("users", "an application")
    aws.sim.declare(wanted(keys=AFTER))
    aws.switch()
    assert aws.phase is Phase.HOLD


def test_another_key_that_is_declared_behind_the_fence_opens_it_again(aws: Bench) -> None:
    ready(aws).late = 40
    aws.work.switch(fence=True)
    aws.sim.run()
    assert aws.phase is Phase.FENCE
    aws.sim.declare(wanted(keys=BEFORE))
    aws.sim.run()
    assert aws.phase is Phase.READY
    assert not aws.denied("users", "an application")
    assert SID not in json.dumps(policy(aws, "users"))


def test_more_items_than_can_be_remembered_may_not_yield(aws: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generation_yielded, "MOST", 2)
    aws.yields = 3
    aws.begin()
    assert aws.record is not None
    assert (aws.phase, aws.record.yielded) == (Phase.VERIFY, 0)
    assert "3 items of users would yield to another one of the same key, and at most 2" in (aws.record.problem or "")
    aws.yields = 2
    aws.work.resume()
    aws.run()
    assert (aws.phase, aws.record.yielded) == (Phase.READY, 2)


def test_items_that_yield_behind_the_fence_and_are_too_many_open_it_again(
    aws: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generation_yielded, "MOST", 2)
    ready(aws).yields = 3
    report = aws.switch()
    assert "3 items of users would yield" in (step_of(report).message or "")
    assert (aws.phase, aws.parameters) == (Phase.READY, {PARAMETER: "users"})
    assert not aws.denied("users", "an application")
    assert not any("yielded" in name for name in aws.sim.store.snapshot.checkpoints)
    aws.yields = 2
    aws.switch()
    assert (aws.phase, aws.parameters) == (Phase.HOLD, {PARAMETER: NEW})


def test_a_replacement_in_which_too_many_items_would_yield_does_not_begin(
    aws: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generation_yielded, "MOST", 1)
    aws.put("users", item("again", sk="1"))
    aws.sim.declare(wanted(keys=keys("sk S")))
    assert aws.work.prepare("keep-first", "").prepared.found.lost == 1
    aws.put("users", item("and again", sk="1"))
    with pytest.raises(UsageError, match=r"2 items of users would yield .* at most 1 may: delete those from users"):
        aws.work.prepare("keep-first", "")
    assert aws.record is None


def test_the_switch_needs_a_replacement_that_is_not_paused(aws: Bench) -> None:
    ready(aws).work.pause()
    with pytest.raises(UsageError, match="--resume` first"):
        aws.work.switch(fence=True)
    aws.run()
    assert aws.record is not None
    assert (aws.phase, aws.record.paused, aws.record.switch) == (Phase.READY, True, False)


def test_a_cancelled_replacement_is_not_begun_again_by_the_loop(emulator: Bench) -> None:
    ready(emulator).work.cancel()
    emulator.work.run_until_ended()
    for _ in range(3):
        step = step_of(emulator.sim.once())
        assert (step.status, step.reason) == (StepStatus.BLOCKED, Reason.REPLACING)
        assert "`reconciler replace users`" in (step.allow_with or "")
    assert deleted(emulator) == [NEW]
    assert emulator.held("users") == shown(ITEMS)


def test_without_a_declaration_the_pointer_goes_back_too(aws: Bench) -> None:
    held(aws)
    late = item("late", sk="9")
    aws.put(NEW, late)
    assert aws.parameters == {PARAMETER: NEW}
    aws.sim.declare(declaration("others", keys=BEFORE))
    aws.work.cancel()
    assert aws.work.run_until_ended() is None
    assert aws.parameters == {PARAMETER: "users"}
    assert set(aws.tables) == {"users"}
    assert aws.held("users") == shown([*ITEMS, late])


def test_ending_the_work_without_a_declaration_deletes_and_creates_nothing_else(aws: Bench) -> None:
    held(aws)
    aws.sim.declare(declaration("others", keys=BEFORE))
    aws.work.keep()
    assert aws.work.run_until_ended() is None
    assert set(aws.tables) == {"users", NEW}
    assert deleted(aws) == []
    assert aws.sim.store.snapshot.inventory["users"].ownership == "released"


def test_ending_work_that_has_ended_deletes_nothing(emulator: Bench) -> None:
    emulator.sim.declare()
    for _ in range(3):
        emulator.sim.reconciler.end_work("replace", "users")
        emulator.sim.clock.seconds += 3600
    assert deleted(emulator) == []
    entry = emulator.sim.store.snapshot.inventory["users"]
    assert (entry.forgotten_since, entry.unwanted_since) == (None, None)


def test_another_key_that_is_declared_meanwhile_creates_nothing(aws: Bench) -> None:
    aws.work.begin(aws.work.prepare("fail", ""), keep=False)
    aws.sim.declare(wanted(keys=(*AFTER[:1], replace(AFTER[1], attribute="other"))))
    step = step_of(aws.sim.run())
    assert "another key of users was declared during its replacement" in (step.message or "")
    assert NEW not in aws.tables


def test_a_removed_declaration_deletes_nothing_during_the_work(aws: Bench) -> None:
    other = declaration("others")
    aws.sim.declare(wanted(keys=AFTER), other)
    ready(aws)
    aws.sim.declare(other)
    report = aws.sim.run()
    assert {"users", NEW} <= aws.tables.keys()
    assert step_of(report, "users").reason is Reason.REPLACING


def test_the_work_does_not_go_on_because_a_declaration_was_removed(aws: Bench) -> None:
    other = declaration("others")
    aws.sim.declare(wanted(keys=AFTER), other)
    ready(aws).put("users", item("late", sk="9"))
    aws.sim.declare(other)
    step = step_of(aws.sim.run(), "users")
    assert (step.status, step.reason) == (StepStatus.BLOCKED, Reason.REPLACING)
    assert "its declaration is gone" in (step.message or "")
    assert aws.held(NEW) == shown(ITEMS)


def test_another_declaration_of_the_new_name_is_refused(aws: Bench) -> None:
    held(aws)
    aws.sim.declare(wanted(keys=AFTER), declaration(NEW, keys=AFTER))
    report = aws.sim.run()
    assert "declares users-g2, which is a table of the replacement of users" in (report.error or "")


# Cancelling


def test_cancel_before_the_switch_removes_the_new_table_and_turns_the_stream_off(aws: Bench) -> None:
    ready(aws)
    assert stream_is_on(aws, "users")
    assert aws.work.cancel() == "The replacement of users is cancelled; users has all items."
    assert aws.work.run_until_ended() is None
    assert set(aws.tables) == {"users"}
    assert not stream_is_on(aws, "users")
    assert aws.record is None
    assert aws.held("users") == shown(ITEMS)


def test_cancel_leaves_a_stream_that_was_there_before(aws: Bench) -> None:
    aws.sim.dynamodb.do(
        "UpdateTable",
        {"TableName": "users", "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}},
    )
    ready(aws).work.cancel()
    aws.work.run_until_ended()
    assert stream_is_on(aws, "users")


def test_cancel_leaves_a_new_table_that_is_not_proven_to_be_ours(aws: Bench) -> None:
    ready(aws)
    entry = aws.sim.store.snapshot.inventory[NEW]
    aws.sim.store.overwrite(replace(entry, ownership="adopted", nonce=""))
    aws.work.cancel()
    aws.work.run_until_ended()
    assert NEW in aws.tables
    assert deleted(aws) == []


def test_cancel_removes_the_fence(aws: Bench) -> None:
    ready(aws)
    aws.late = 1e9
    aws.work.switch(fence=True)
    aws.sim.run()
    assert aws.phase is Phase.FENCE
    assert SID in json.dumps(policy(aws, "users"))
    aws.work.cancel()
    aws.work.run_until_ended()
    assert SID not in json.dumps(policy(aws, "users"))
    aws.late = 0
    aws.put("users", item("after", sk="1"))


def test_cancel_opens_the_old_table_before_the_new_one_is_removed(aws: Bench) -> None:
    ready(aws)
    aws.late = 1e9
    aws.work.switch(fence=True)
    aws.sim.run()
    aws.late = 0
    denied: list[bool] = []

    def seen(operation: str, params: Mapping[str, Any]) -> None:
        if operation == "DeleteTable":
            denied.append(aws.denied("users", "an application"))

    aws.on_call = seen
    aws.work.cancel()
    aws.work.run_until_ended()
    assert denied == [False]


# The switch


def test_the_switch_puts_the_new_table_in_the_place_of_the_old_one(aws: Bench) -> None:
    report = ready(aws).switch()
    assert report.verdict is Verdict.IN_SYNC
    assert aws.parameters == {PARAMETER: NEW}
    assert [(table.name, table.status) for table in report.tables if table.status is TableStatus.IN_SYNC]
    assert set(aws.tables) == {"users", NEW}
    assert deleted(aws) == []
    assert aws.sim.run().verdict is Verdict.IN_SYNC


def test_writes_are_denied_before_the_last_changes_are_repeated(aws: Bench) -> None:
    ready(aws)
    drained: list[bool] = []
    aws.on_drain = lambda: drained.append(aws.denied("users", "an application"))
    aws.switch()
    assert drained[0]


def test_the_switch_waits_until_the_fence_is_in_force(aws: Bench) -> None:
    ready(aws).late = 120
    drained: list[float] = []
    aws.on_drain = lambda: drained.append(aws.sim.clock.seconds - max(aws.policies_at.values()))
    aws.switch()
    assert drained[0] >= 120
    assert aws.phase is Phase.HOLD


def test_a_write_that_comes_before_the_fence_is_in_force_is_kept(aws: Bench) -> None:
    ready(aws).late = 60
    late = item("late", sk="9")
    done: list[bool] = []

    def writes(operation: str, params: Mapping[str, Any]) -> None:
        if operation == "PutResourcePolicy" and not done:
            done.append(True)
            aws.put("users", late)

    aws.on_call = writes
    aws.switch()
    assert aws.held(NEW) == shown([*ITEMS, late])


def test_one_denied_attempt_does_not_prove_the_fence(aws: Bench) -> None:
    ready(aws).flaky = True
    step = step_of(aws.switch())
    assert aws.phase is Phase.FENCE
    assert "waiting until writes to users are denied everywhere" in (step.message or "")
    aws.flaky = False
    aws.run()
    assert aws.phase is Phase.HOLD


def test_changes_that_are_lost_behind_the_fence_open_it_again(aws: Bench) -> None:
    ready(aws)
    aws.trimmed = True
    aws.work.switch(fence=True)
    aws.sim.store.put_generation(replace(aws.record, phase=Phase.FENCE))  # type: ignore[type-var]
    aws.sim.clock.seconds += 60
    while aws.phase is Phase.FENCE:
        aws.sim.run()
    assert not aws.denied("users", "an application")
    assert aws.record is not None
    assert (aws.record.again, aws.record.switch) == (True, False)


def test_what_the_policy_of_the_old_table_said_before_stays(aws: Bench) -> None:
    arn = aws.sim.dynamodb.arn("users")
    own = {"Sid": "Own", "Effect": "Allow", "Principal": "*", "Action": "dynamodb:GetItem", "Resource": arn}
    text = json.dumps({"Version": "2012-10-17", "Statement": [own]})
    aws.sim.dynamodb.do("PutResourcePolicy", {"ResourceArn": arn, "Policy": text})
    held(aws)
    assert {each["Sid"] for each in policy(aws, "users")["Statement"]} == {"Own", SID}
    aws.work.cancel()
    aws.work.run_until_ended()
    assert [each["Sid"] for each in policy(aws, "users")["Statement"]] == ["Own"]


def test_a_process_that_may_not_write_cannot_tell_whether_others_may(
    aws: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready(aws)

    def denied(*_: Any) -> None:
        raise Forbidden("DeleteItem", "AccessDeniedException", "no identity-based policy allows it")

    monkeypatch.setattr(aws.sim.items, "remove_if_equal", denied)
    step = step_of(aws.switch())
    assert "allow dynamodb:DeleteItem on the table" in (step.message or "")
    assert policy(aws, "users") == {}
    assert aws.phase is Phase.FENCE


def test_a_writer_that_ignores_a_missing_fence_opens_it_again(emulator: Bench) -> None:
    ready(emulator)
    number = 0

    def writes() -> None:
        nonlocal number
        number += 1
        emulator.put("users", item(f"w{number}", sk="1"))

    emulator.on_drain = writes
    step = step_of(emulator.switch())
    assert "because somebody still writes to users" in (step.message or "")
    assert emulator.phase is Phase.READY
    emulator.on_drain = lambda: None
    emulator.switch()
    assert NEW in emulator.tables
    assert len(emulator.held(NEW)) == len(ITEMS) + number


def test_the_switch_is_asked_for_once(aws: Bench) -> None:
    held(aws)
    with pytest.raises(UsageError, match="users-g2 has taken the place of users already"):
        aws.work.switch(fence=True)


def test_reports_tell_of_the_hold_and_of_both_names(aws: Bench) -> None:
    held(aws)
    report = aws.sim.run()
    text = "\n".join(text for _, text in render(report))
    assert "users-g2 has taken the place of users, which follows it until 2026-01-02T" in text
    assert "`reconciler replace users --finish` deletes users, `--cancel` goes back to it" in text
    (table,) = document(report)["tables"]
    assert (table["name"], table["generation"]["phase"]) == (NEW, "hold")
    assert (table["generation"]["current"], table["generation"]["engine"]) == (NEW, "scan")
    found = find_table(report, "users")
    assert found is not None
    assert found.name == NEW


# The hold


def test_changes_of_the_new_table_are_repeated_on_the_old_one(aws: Bench) -> None:
    late = item("late", sk="9")
    held(aws).put(NEW, late)
    report = aws.sim.run()
    assert aws.held("users") == shown([*ITEMS, late])
    assert report.verdict is Verdict.IN_SYNC


def test_the_old_table_stays_closed_to_all_others_during_the_hold(aws: Bench) -> None:
    held(aws).sim.run()
    assert aws.denied("users", "an application")
    assert not aws.denied("users", USER)
    with pytest.raises(Forbidden):
        aws.put("users", item("lost", sk="1"))


def test_a_fence_that_the_service_shows_in_another_form_is_not_written_again(aws: Bench) -> None:
    held(aws).sim.run()
    arn = aws.sim.dynamodb.arn("users")
    other = json.loads(json.dumps(policy(aws, "users")).replace('"*"', '{"AWS": "*"}'))
    aws.sim.dynamodb.do("PutResourcePolicy", {"ResourceArn": arn, "Policy": json.dumps(other)})
    before = len(aws.sim.dynamodb.journal)
    aws.sim.run()
    assert "PutResourcePolicy" not in [call.operation for call in aws.sim.dynamodb.journal[before:]]


def test_the_stream_of_the_new_table_is_not_declared_away_during_the_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    made = held(bench(monkeypatch, stream=Stream(False)))
    made.sim.once()
    assert stream_is_on(made, NEW)


def test_the_old_table_is_not_deleted_when_the_hold_is_over_without_a_person(aws: Bench) -> None:
    held(aws).sim.clock.seconds += timedelta(days=9).total_seconds()
    step = step_of(aws.sim.run())
    assert step.status is StepStatus.BLOCKED
    assert step.allow_with == "`reconciler replace users --finish`, or `--keep` to keep users"
    assert "users" in aws.tables


def test_no_other_step_deletes_the_new_table_during_the_hold(aws: Bench) -> None:
    held(aws)
    aws.sim.declare(wanted(keys=BEFORE))
    report = aws.sim.run()
    assert {table.name: table.status for table in report.tables}[NEW] is TableStatus.BLOCKED
    assert deleted(aws) == []


def test_cancel_in_the_hold_goes_back_without_losing_a_write(aws: Bench) -> None:
    late = item("late", sk="9")
    held(aws).put(NEW, late)
    aws.work.cancel()
    assert aws.work.run_until_ended() is None
    assert set(aws.tables) == {"users"}
    assert aws.held("users") == shown([*ITEMS, late])
    assert aws.parameters == {PARAMETER: "users"}
    assert SID not in json.dumps(policy(aws, "users"))
    aws.put("users", item("after", sk="1"))


def test_writes_to_the_new_table_are_denied_before_it_is_left(aws: Bench) -> None:
    held(aws).work.cancel()
    drained: list[bool] = []
    aws.on_drain = lambda: drained.append(aws.denied(NEW, "an application"))
    aws.work.run_until_ended()
    assert drained
    assert all(drained)


# The end


def test_finish_deletes_the_old_table_through_the_gate(aws: Bench) -> None:
    held(aws).work.finish()
    report = aws.run()
    assert set(aws.tables) == {NEW}
    assert deleted(aws) == ["users"]
    assert report.verdict is Verdict.IN_SYNC
    assert aws.phase is Phase.FINISHED
    assert not stream_is_on(aws, NEW)
    assert set(aws.sim.store.snapshot.inventory) == {NEW}
    assert aws.sim.run().verdict is Verdict.IN_SYNC


def test_finish_leaves_a_protected_table(aws: Bench) -> None:
    held(aws)
    aws.tables["users"].description["DeletionProtectionEnabled"] = True
    aws.work.finish()
    step = step_of(aws.run(), "users")
    assert (step.status, step.reason) == (StepStatus.BLOCKED, Reason.PROTECTED)
    assert "`reconciler replace users --keep`" in (step.allow_with or "")
    assert deleted(aws) == []


def test_without_a_declaration_what_is_advised_at_the_end_works(aws: Bench) -> None:
    held(aws)
    aws.tables["users"].description["DeletionProtectionEnabled"] = True
    aws.work.finish()
    aws.run()
    assert aws.phase is Phase.FINISH
    aws.sim.declare(declaration("other"))
    step = step_of(aws.sim.run(), NEW)
    assert "`reconciler replace users --keep`" in (step.allow_with or "")
    assert "--cancel" not in (step.allow_with or "")
    with pytest.raises(UsageError, match=r"no way back\. `reconciler replace users --keep` ends it and keeps users"):
        aws.work.cancel()
    assert "both stay" in (aws.work.keep() or "")
    assert aws.work.run_until_ended() is None
    assert (aws.phase, set(aws.tables), deleted(aws)) == (Phase.FINISHED, {"users", NEW}, [])


def test_the_end_of_a_rename_that_was_taken_back_does_not_speak_of_a_table_that_is_gone(aws: Bench) -> None:
    held(aws)
    aws.tables["users"].description["DeletionProtectionEnabled"] = True
    aws.work.finish()
    aws.run()
    aws.sim.declare(declaration("other"))
    del aws.tables["users"]
    step = step_of(aws.sim.run(), NEW)
    assert "keeps users if it is still there" in (step.allow_with or "")
    assert aws.work.keep() == f"{NEW} stays; users was deleted already. users is not declared any more."


@pytest.mark.parametrize("phase", [phase for phase in Phase if phase not in ENDED])
@pytest.mark.parametrize("about", ["a declaration that is gone", "a release"])
def test_the_ways_out_that_are_advised_are_accepted_in_every_phase(aws: Bench, phase: Phase, about: str) -> None:
    held(aws)
    record = aws.record
    assert record is not None
    record = replace(record, phase=phase)
    aws.sim.store.snapshot = replace(aws.sim.store.snapshot, generations={"users": record})
    if about == "a release":
        with pytest.raises(StateError) as refused:
            aws.sim.reconciler.release((record.current,))
        text = str(refused.value)
    else:
        text = undeclared_step(record).allow_with or ""
    options = re.findall(r"--(keep|cancel)`", text)
    if not ends(record) or about == "a release":
        assert options
    for option in options:
        aws.sim.store.snapshot = replace(aws.sim.store.snapshot, generations={"users": record})
        getattr(aws.work, option)()


def test_finish_leaves_an_adopted_table(aws: Bench) -> None:
    held(aws)
    aws.sim.store.overwrite(replace(aws.sim.store.snapshot.inventory["users"], ownership="adopted", nonce=""))
    aws.work.finish()
    assert step_of(aws.run(), "users").reason is Reason.NOT_OWNED
    assert deleted(aws) == []
    aws.work.keep()
    aws.run()
    assert (aws.phase, set(aws.tables)) == (Phase.FINISHED, {"users", NEW})


def test_finish_leaves_the_old_table_while_it_has_items_that_the_new_one_lacks(
    aws: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    held(aws)
    aws.sim.run()
    monkeypatch.setattr("mover.generations.Mirror._equalise", lambda _: 0)
    aws.tables["users"].items["late"] = dict(item("late", sk="9"))
    aws.work.finish()
    aws.sim.run()
    step = step_of(aws.sim.run(), "users")
    assert step.status is StepStatus.BLOCKED
    assert "--keep` ends the hold and leaves users with them" in (step.message or "")
    for each in (step, step_of(aws.sim.reconciler.preview())):
        ways = "`reconciler replace users --resume` once that is settled; or `--keep` ends the hold and keeps users"
        assert (each.allow_with or "").startswith(ways)
    assert aws.phase is Phase.HOLD
    assert deleted(aws) == []
    aws.work.keep()
    aws.run()
    assert set(aws.tables) == {"users", NEW}
    assert "late" in aws.tables["users"].items


def test_a_last_look_that_was_cut_short_deletes_nothing_and_calls_for_no_pass_at_once(
    aws: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    held(aws).work.finish()
    aws.sim.run()
    assert aws.phase is Phase.FINISH
    with monkeypatch.context() as stopped:
        stopped.setattr("mover.generations.Mirror.drain", lambda *_: Ran(False, stopped=True))
        report = aws.sim.run()
    assert (deleted(aws), report.wrote) == ([], False)
    assert step_of(report, "users").status is StepStatus.DEFERRED
    aws.run()
    assert deleted(aws) == ["users"]


def test_finish_comes_after_the_switch(aws: Bench) -> None:
    ready(aws)
    with pytest.raises(UsageError, match="--finish ends the hold after the switch"):
        aws.work.finish()


def test_keep_leaves_the_old_table_unmanaged_and_open(aws: Bench) -> None:
    held(aws).work.keep()
    aws.run()
    assert set(aws.tables) == {"users", NEW}
    assert aws.sim.store.snapshot.inventory["users"].ownership == "released"
    aws.put("users", item("own", sk="1"))
    aws.sim.run()
    assert deleted(aws) == []


def test_an_emulator_goes_to_the_end_by_itself_after_the_switch(emulator: Bench) -> None:
    assert ready(emulator).switch().verdict is Verdict.IN_SYNC
    assert set(emulator.tables) == {NEW}
    assert emulator.held(NEW) == shown(ITEMS)


def test_a_second_generation_follows_the_first(emulator: Bench) -> None:
    ready(emulator).switch()
    emulator.sim.declare(wanted(keys=BEFORE))
    assert ready(emulator).record is not None
    emulator.switch()
    assert set(emulator.tables) == {"users-g3"}
    assert emulator.sim.run().verdict is Verdict.IN_SYNC


def test_cancelling_the_second_generation_returns_to_the_first(aws: Bench) -> None:
    held(aws).work.finish()
    aws.run()
    aws.sim.declare(wanted(keys=BEFORE))
    ready(aws).work.cancel()
    aws.work.run_until_ended()
    aws.sim.declare(wanted(keys=AFTER))
    assert aws.sim.run().verdict is Verdict.IN_SYNC
    assert set(aws.tables) == {NEW}


def test_the_records_of_the_seed_go_with_the_items(monkeypatch: pytest.MonkeyPatch) -> None:
    made = bench(monkeypatch)
    seed = tuple(ITEMS)
    made.sim.declare(replace(wanted(keys=AFTER), seed=declaration("users", keys=AFTER, seed=seed).seed))
    made.sim.store.put_seed(
        SeedRecord("users", "done", "d", "s", made.sim.store.snapshot.inventory["users"].identity, 7)
    )
    held(made)
    record = made.sim.store.snapshot.seeds[NEW]
    assert record.identity is not None
    assert made.record is not None
    assert record.identity.same(made.record.new_identity)


def test_a_table_is_not_managed_by_this_stack_yet(aws: Bench) -> None:
    aws.sim.store.snapshot = replace(aws.sim.store.snapshot, inventory={})
    with pytest.raises((UsageError, StateError)):
        aws.begin()


# A kill at any call

LATE = item("late", sk="9")
STATE_CALLS = ("put_generation", "put_entry", "drop_entry", "put_seed", "drop_checkpoint", "drop_generation")


def test_a_kill_before_or_after_any_call_changes_nothing_about_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    made = bench(monkeypatch)
    calls = kill_at(made, monkeypatch, None)
    story(made)
    for cut in range(2 * calls[0]):
        made = bench(monkeypatch)
        calls = kill_at(made, monkeypatch, cut)
        story(made)
        _assert_ended(made, cut)


def test_the_same_with_streams_and_a_kill_at_many_of_their_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    made = bench(monkeypatch, real=True)
    calls = kill_at(made, monkeypatch, None, streams=True)
    story(made)
    assert calls[0] > 100
    for cut in range(0, 2 * calls[0], STRIDE):
        made = bench(monkeypatch, real=True)
        kill_at(made, monkeypatch, cut, streams=True)
        story(made)
        _assert_ended(made, cut)


STRIDE = 5
"""Of the kills at calls to items and streams. The campaign ``replay`` has all of them."""


def _assert_ended(made: Bench, cut: int) -> None:
    assert set(made.tables) == {NEW}, cut
    assert made.held(NEW) == shown([*ITEMS, LATE]), cut
    assert made.parameters == {PARAMETER: NEW}
    assert deleted(made).count("users") <= 2


def kill_at(made: Bench, monkeypatch: pytest.MonkeyPatch, cut: int | None, *, streams: bool = False) -> list[int]:
    """Count the calls, and die once: before a call, or after it."""
    calls = [0]

    def cutting(inner: Any) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            number, calls[0] = calls[0], calls[0] + 1
            if cut == 2 * number:
                raise Dies
            answer = inner(*args, **kwargs)
            if cut == 2 * number + 1:
                raise Dies
            return answer

        return call

    store, api = made.sim.store, made.sim.reconciler.ports.api
    places: list[tuple[Any, str]] = [(api, "write"), *((store, name) for name in STATE_CALLS)]
    if streams:
        places += [(made.items.memory, "call"), (made.streams, "call"), (store, "put_checkpoint")]
    for place, name in places:
        monkeypatch.setattr(place, name, cutting(getattr(place, name)))
    return calls


def story(made: Bench) -> None:
    """A person builds, switches and finishes; the application writes on. Each command is repeated after a kill."""

    def surely(action: Any) -> None:
        for _ in range(3):
            try:
                action()
                return
            except Dies:
                made.restarted()
        raise AssertionError("more than one kill")

    surely(lambda: None if made.record else made.work.begin(made.work.prepare("fail", ""), keep=False))
    surely(made.run)
    made.put("users", LATE)
    surely(lambda: None if made.phase is not Phase.READY else made.work.switch(fence=True))
    surely(made.run)
    surely(made.run)
    assert made.phase is Phase.HOLD
    surely(made.work.finish)
    surely(made.run)
    surely(made.run)


# A person deletes one of the two tables


def gone(made: Bench, table: str) -> None:
    """Somebody deletes a table behind the reconciler's back."""
    made.tables.pop(table)
    made.sim.clock.seconds += 60
    made.sim.dynamodb.journal.clear()


def test_cancel_never_removes_the_only_table_with_items(aws: Bench) -> None:
    ready(aws)
    gone(aws, "users")
    aws.work.cancel()
    report = aws.work.run_until_ended()
    assert report is not None
    assert "users-g2 is not removed" in (step_of(report).message or "")
    assert deleted(aws) == []
    assert aws.held(NEW) == shown(ITEMS)
    aws.work.keep()
    said = [step.message or "" for table in aws.run().tables for step in table.steps]
    assert any("users-g2 stays and is no longer managed" in message for message in said), said
    assert not any("has all items" in message for message in said)
    assert deleted(aws) == []
    assert aws.held(NEW) == shown(ITEMS)


def test_a_new_table_that_is_deleted_in_the_hold_is_not_created_empty(aws: Bench) -> None:
    held(aws)
    gone(aws, NEW)
    aws.sim.once()
    assert NEW not in aws.sim.dynamodb.tables
    assert aws.held("users") == shown(ITEMS)
    aws.work.cancel()
    aws.work.run_until_ended()
    aws.sim.once()
    assert aws.held("users") == shown(ITEMS)
    assert NEW not in aws.sim.dynamodb.tables


def test_an_old_table_that_is_deleted_in_the_hold_is_given_up_by_finish(aws: Bench) -> None:
    held(aws)
    gone(aws, "users")
    step = step_of(aws.sim.once())
    assert "there is no way back" in (step.message or "")
    aws.work.finish()
    aws.work.run()
    assert aws.record is None or not aws.record.under_way
    assert aws.held(NEW) == shown(ITEMS)


def test_a_suspended_stack_ends_the_wait_of_a_cancellation(aws: Bench) -> None:
    ready(aws)
    aws.sim.reconciler.suspend("by hand")
    aws.work.cancel()
    report = aws.work.run_until_ended()
    assert report is not None
    assert report.suspended
