"""A table that the service itself copies: an export, an import that makes the new table, and the replay."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from mover.generations import ITEMS, PARAMETER, Bench, Dies, shown, step_of, wanted
from mover.test_mover_bulk_copy import BY_SK, THROUGH, begin, exports, prepared, recover, remove, runs, when
from mover.test_mover_generation import NEW
from simulation.simulated_engine import item
from support.specs import gsi, keys, lsi, stream, ttl

from reconciler.model.errors import Forbidden, Rejected, Unsupported, UsageError
from reconciler.model.plan import StepStatus
from reconciler.model.records import GenerationPhase
from reconciler.mover.engine_choice import CopyOptions, price_of_jobs
from reconciler.mover.estimate import Prices
from reconciler.mover.service_copy import CLOCKS_APART

IMPORT = CopyOptions("import", THROUGH)
OWNER = "dynamodb-reconciler:owner"
FAILS = ("InternalServerError", "the import failed")


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Bench:
    return prepared(monkeypatch)


def imports(made: Bench) -> list[Any]:
    return list(made.sim.dynamodb.jobs.imports.values())


def statuses(made: Bench) -> list[str]:
    return [job.description["Status"] for job in imports(made)]


def running(made: Bench) -> bool:
    return any(job.running for job in imports(made))


def somebody_creates(made: Bench, name: str = NEW) -> None:
    made.sim.dynamodb.make(
        TableName=name,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": each, "AttributeType": "S"} for each in ("pk", "sk")],
    )
    made.put(name, item("theirs", sk="1"))


def as_soon_as_it_has_ended(made: Bench, what: Callable[[], None]) -> None:
    """``what`` happens right after the service told that the import has ended, before its table was looked at."""
    done: list[bool] = []

    def after(operation: str, _: Mapping[str, Any]) -> None:
        if operation == "DescribeImport" and not running(made) and not done:
            done.append(True)
            what()

    made.items.memory.after = after


def dies(made: Bench, operation: str, moment: str = "after") -> None:
    """The next process is killed before or right after its first request of this operation."""
    done: list[bool] = []

    def hook(name: str, _: Mapping[str, Any]) -> None:
        if name == operation and not done:
            done.append(True)
            raise Dies

    setattr(made.items.memory, moment, hook)
    with pytest.raises(Dies):
        runs(made)
    setattr(made.items.memory, moment, None)
    made.restarted()


def test_an_import_makes_the_new_table_with_all_items(made: Bench) -> None:
    begin(made, IMPORT)
    assert made.phase is GenerationPhase.CAPTURE
    report = made.run()
    assert made.parameters == {PARAMETER: "users"}
    assert made.phase is GenerationPhase.READY
    assert made.held(NEW) == shown(ITEMS)
    assert made.items.memory.count("PutItem") == 0
    assert "CreateTable" not in [call.operation for call in made.sim.dynamodb.journal]
    assert step_of(report).allow_with == "`reconciler replace users --switch`"
    assert statuses(made) == ["COMPLETED"]


def test_it_is_switched_to_held_and_finished_as_a_created_one(made: Bench) -> None:
    begin(made, IMPORT)
    made.run()
    made.switch()
    made.put(NEW, item("late", sk="1"))
    made.work.finish()
    made.run()
    assert set(made.tables) == {NEW}
    assert made.held(NEW) == shown([*ITEMS, item("late", sk="1")])
    assert made.parameters == {PARAMETER: NEW}
    assert made.sim.store.snapshot.checkpoints == {}
    made.sim.once()
    made.sim.dynamodb.journal.clear()
    made.sim.once()
    assert made.sim.dynamodb.mutating == []


def test_the_stream_is_captured_before_the_export_and_the_export_before_the_import(made: Bench) -> None:
    begin(made, IMPORT)
    made.run()
    sent = [name for name, _ in made.items.memory.calls]
    writes = [call.operation for call in made.sim.dynamodb.journal]
    assert writes.index("UpdateTable") < writes.index("ExportTableToPointInTime") < writes.index("ImportTable")
    assert sent.count("ImportTable") == 1
    (export,) = exports(made)
    captured = datetime.fromisoformat(made.sim.store.snapshot.checkpoints["users#capture#00000"].data["at"])
    assert export.description["ExportTime"] >= captured + CLOCKS_APART


def test_nothing_writes_to_the_new_table_before_the_import_has_ended(made: Bench) -> None:
    begin(made, IMPORT)
    wrote: list[bool] = []

    def hook(operation: str, params: Mapping[str, Any]) -> None:
        if params.get("TableName") == NEW and operation in ("PutItem", "DeleteItem", "UpdateItem"):
            wrote.append(running(made))

    when(made, lambda: running(made), lambda: remove(made, "p3"))
    made.items.memory.after = hook
    made.run()
    assert made.held(NEW) == shown([one for one in ITEMS if one["pk"]["S"] != "p3"])
    assert wrote
    assert not any(wrote)


def test_an_item_that_is_deleted_between_capture_and_export_does_not_come_back(made: Bench) -> None:
    begin(made, IMPORT)
    when(made, lambda: made.phase is GenerationPhase.COPY, lambda: remove(made, "p3"))
    made.run()
    assert made.held(NEW) == shown([one for one in ITEMS if one["pk"]["S"] != "p3"])


def test_what_is_written_while_the_jobs_run_is_replayed(made: Bench) -> None:
    begin(made, IMPORT)

    def writes() -> None:
        made.put("users", item("p1", sk="moved"))
        made.put("users", item("late", sk="9"))

    when(made, lambda: running(made), writes)
    made.run()
    rest = [one for one in ITEMS if one["pk"]["S"] != "p1"]
    assert made.held(NEW) == shown([*rest, item("p1", sk="moved"), item("late", sk="9")])


def test_what_an_import_cannot_set_comes_with_the_passes_after_the_switch(monkeypatch: pytest.MonkeyPatch) -> None:
    made = prepared(monkeypatch)
    spec = {
        "keys": keys("pk S", "sk S"),
        "global_indexes": (gsi("by_sk", "sk S"),),
        "tags": (("team", "shop"),),
        "ttl": ttl("expires"),
        "stream": stream("NEW_IMAGE"),
        "deletion_protection": True,
        "table_class": "STANDARD_INFREQUENT_ACCESS",
    }
    made.sim.declare(wanted(**spec))
    begin(made, IMPORT)
    made.run()
    assert [index["IndexName"] for index in made.tables[NEW].description["GlobalSecondaryIndexes"]] == ["by_sk"]
    assert set(made.tables[NEW].tags) == {OWNER}
    assert not made.tables[NEW].description["DeletionProtectionEnabled"]
    made.switch()
    for _ in range(4):
        made.sim.once()
    live = made.tables[NEW]
    assert live.tags["team"] == "shop"
    assert live.description["DeletionProtectionEnabled"]
    assert live.description["TableClassSummary"]["TableClass"] == "STANDARD_INFREQUENT_ACCESS"
    assert live.ttl["TimeToLiveStatus"] in ("ENABLING", "ENABLED")


def test_the_table_counts_as_created_and_has_the_owner_tag(made: Bench) -> None:
    begin(made, IMPORT)
    made.run()
    entry = made.sim.store.snapshot.inventory[NEW]
    assert entry.ownership == "created"
    assert made.tables[NEW].tags[OWNER].endswith(entry.nonce)
    assert made.record is not None
    assert made.record.new_identity == entry.identity


def test_a_table_that_nobody_sees_before_the_import_ends(made: Bench) -> None:
    made.sim.dynamodb.jobs.hides = True
    begin(made, IMPORT)
    made.run()
    assert made.phase is GenerationPhase.READY
    assert made.held(NEW) == shown(ITEMS)


def test_a_table_that_is_seen_late_is_waited_for(made: Bench) -> None:
    """DescribeTable is eventually consistent."""
    begin(made, IMPORT)
    clock = made.sim.clock
    as_soon_as_it_has_ended(made, lambda: setattr(made.tables[NEW], "visible_at", clock.seconds + 60.0))
    made.run()
    assert made.phase is GenerationPhase.READY
    assert made.held(NEW) == shown(ITEMS)


def test_items_that_the_new_table_refuses_are_a_problem_and_the_others_stay(made: Bench) -> None:
    begin(made, IMPORT)
    when(made, lambda: made.phase is GenerationPhase.COPY, lambda: made.put("users", {"pk": {"S": "bad"}}))
    made.run()
    assert made.record is not None
    assert "pk=bad: without sk, which is in the new key" in (made.record.problem or "")
    assert statuses(made) == ["FAILED"]
    assert imports(made)[0].description["FailureCode"] == "ItemValidationError"
    assert made.held(NEW) == shown(ITEMS)
    remove(made, "bad")
    made.work.resume()
    made.run()
    assert made.phase is GenerationPhase.READY
    assert len(imports(made)) == 1


# Tables of others


def test_a_table_that_somebody_created_under_the_name_is_never_touched(made: Bench) -> None:
    begin(made, IMPORT)
    somebody_creates(made)
    step = step_of(made.run())
    assert f"{NEW} exists, and it is not proven that the import of users made it" in (step.message or "")
    assert imports(made) == []
    made.work.cancel()
    assert made.work.run_until_ended() is None
    assert made.held(NEW) == shown([item("theirs", sk="1")])
    assert OWNER not in made.tables[NEW].tags


@pytest.mark.parametrize("exported", [False, True])
def test_one_that_appears_during_the_export_or_right_before_the_import_is_not_either(
    made: Bench, exported: bool
) -> None:
    begin(made, IMPORT)
    if exported:
        when(made, lambda: any(not job.running for job in exports(made)), lambda: somebody_creates(made))
    else:
        when(made, lambda: bool(exports(made)), lambda: somebody_creates(made))
    runs(made)
    assert made.record is not None
    assert "it is not proven that the import of users made it" in (made.record.problem or "")
    assert imports(made) == []
    # In the other case the request was under way already, and the service refuses it.
    assert exported or (NEW not in made.sim.store.snapshot.inventory)
    assert exported or "ImportTable" not in made.sim.dynamodb.mutating
    made.work.cancel()
    assert made.work.run_until_ended() is None
    assert made.held(NEW) == shown([item("theirs", sk="1")])
    assert NEW not in made.sim.store.snapshot.inventory


def test_one_that_replaces_the_imported_table_is_not_either(made: Bench) -> None:
    begin(made, IMPORT)

    def replaced() -> None:
        del made.tables[NEW]
        somebody_creates(made)

    as_soon_as_it_has_ended(made, replaced)
    runs(made)
    assert made.record is not None
    assert f"somebody deleted {NEW}, which the import has made" in (made.record.problem or "")
    assert made.held(NEW) == shown([item("theirs", sk="1")])
    made.work.cancel()
    assert made.work.run_until_ended() is None
    assert made.held(NEW) == shown([item("theirs", sk="1")])
    assert OWNER not in made.tables[NEW].tags


def test_one_that_stands_where_a_failed_import_was_is_not_removed(made: Bench) -> None:
    begin(made, IMPORT)
    when(made, lambda: bool(exports(made)), lambda: setattr(made.sim.dynamodb.jobs, "fails", [FAILS]))
    runs(made)
    assert statuses(made) == ["FAILED"]
    somebody_creates(made)
    made.work.resume()
    runs(made)
    assert made.record is not None
    assert "it is not proven" in (made.record.problem or "")
    assert made.held(NEW) == shown([item("theirs", sk="1")])


def test_an_imported_table_that_is_deleted_before_it_was_seen_stops_the_work(made: Bench) -> None:
    begin(made, IMPORT)
    as_soon_as_it_has_ended(made, lambda: made.tables.pop(NEW) and None)
    runs(made)
    assert made.record is not None
    assert f"somebody deleted {NEW}, which the import has made" in (made.record.problem or "")
    assert len(imports(made)) == 1


# Failures


@pytest.mark.parametrize("leaves", [False, True])
def test_a_failed_import_stops_and_resume_removes_what_it_left_and_imports_again(made: Bench, leaves: bool) -> None:
    made.sim.dynamodb.jobs.leaves = leaves
    begin(made, IMPORT)
    when(made, lambda: bool(exports(made)), lambda: setattr(made.sim.dynamodb.jobs, "fails", [FAILS]))
    step = step_of(made.run())
    assert step.status is StepStatus.BLOCKED
    assert f"the import into {NEW} failed (InternalServerError: the import failed)" in (step.message or "")
    assert (NEW in made.tables) is leaves
    made.work.resume()
    made.run()
    assert made.phase is GenerationPhase.READY
    assert made.held(NEW) == shown(ITEMS)
    assert statuses(made) == ["FAILED", "COMPLETED"]
    # The export serves the second import too.
    assert len(exports(made)) == 1


def test_a_failed_import_whose_leftover_is_protected_stops(made: Bench) -> None:
    made.sim.dynamodb.jobs.leaves = True
    begin(made, IMPORT)
    when(made, lambda: bool(exports(made)), lambda: setattr(made.sim.dynamodb.jobs, "fails", [FAILS]))
    made.run()
    made.tables[NEW].description["DeletionProtectionEnabled"] = True
    made.work.resume()
    made.run()
    assert made.record is not None
    assert "is protected against deletion" in (made.record.problem or "")
    assert NEW in made.tables


def test_a_bucket_that_is_missing_is_named(made: Bench) -> None:
    made.sim.dynamodb.jobs.files.clear()
    begin(made, IMPORT)
    assert "S3NoSuchBucket: there is no bucket bucket" in (step_of(made.run()).message or "")


def test_jobs_that_outlast_the_stream_begin_again_on_request(made: Bench) -> None:
    made.sim.dynamodb.jobs.takes = 13 * 3600.0
    begin(made, IMPORT)
    runs(made)
    assert made.record is not None
    assert "took longer than its stream keeps changes" in (made.record.problem or "")
    assert f"`--resume` removes {NEW}, as far as it was imported" in (made.record.problem or "")
    assert not running(made)
    assert made.phase is GenerationPhase.CAPTURE
    remove(made, "p2")
    made.put("users", item("p4", sk="new"))
    made.sim.dynamodb.jobs.takes = 600.0
    made.work.resume()
    made.run()
    assert made.phase is GenerationPhase.READY
    kept = [one for one in ITEMS if one["pk"]["S"] not in ("p2", "p4")]
    assert made.held(NEW) == shown([*kept, item("p4", sk="new")])
    assert len(imports(made)) == 2


def test_a_stream_that_is_trimmed_meanwhile_removes_nothing_before_a_person_agrees(made: Bench) -> None:
    begin(made, IMPORT)
    made.run()
    assert made.phase is GenerationPhase.READY
    first = made.tables[NEW]
    remove(made, "p2")
    made.sim.clock.seconds += 25 * 3600
    made.run()
    assert made.record is not None
    assert "were lost before they could be repeated" in (made.record.problem or "")
    assert made.tables[NEW] is first
    made.run()
    assert made.tables[NEW] is first
    made.work.resume()
    made.run()
    assert made.phase is GenerationPhase.READY
    assert made.tables[NEW] is not first
    assert made.held(NEW) == shown([one for one in ITEMS if one["pk"]["S"] != "p2"])


# Cancelling


@pytest.mark.parametrize("hides", [False, True])
def test_cancel_waits_for_the_end_of_the_import_and_removes_the_table(made: Bench, hides: bool) -> None:
    made.sim.dynamodb.jobs.hides = hides
    begin(made, IMPORT)
    dies(made, "DescribeImport")
    assert running(made)
    ended: list[bool] = []

    def deleting(operation: str, params: Mapping[str, Any]) -> None:
        if operation == "DeleteTable":
            ended.append(running(made))

    made.on_call = deleting
    made.work.cancel()
    assert made.work.run_until_ended() is None
    assert ended == [False]
    assert statuses(made) == ["COMPLETED"]
    assert set(made.tables) == {"users"}
    assert made.held("users") == shown(ITEMS)
    assert made.sim.store.snapshot.checkpoints == {}
    assert NEW not in made.sim.store.snapshot.inventory


def test_cancel_finds_an_import_whose_answer_was_lost(made: Bench) -> None:
    made.sim.dynamodb.jobs.lists_late = 120.0
    begin(made, IMPORT)
    dies(made, "ImportTable")
    made.work.cancel()
    assert made.work.run_until_ended() is None
    assert statuses(made) == ["COMPLETED"]
    assert set(made.tables) == {"users"}


@pytest.mark.parametrize("leaves", [False, True])
def test_cancel_after_a_failed_import_removes_what_it_left(made: Bench, leaves: bool) -> None:
    made.sim.dynamodb.jobs.leaves = leaves
    begin(made, IMPORT)
    when(made, lambda: bool(exports(made)), lambda: setattr(made.sim.dynamodb.jobs, "fails", [FAILS]))
    made.run()
    made.work.cancel()
    assert made.work.run_until_ended() is None
    assert set(made.tables) == {"users"}


@pytest.mark.parametrize("operation", ["ExportTableToPointInTime", "DescribeExport"])
def test_cancel_before_the_import_makes_no_table(made: Bench, operation: str) -> None:
    begin(made, IMPORT)
    dies(made, operation)
    made.work.cancel()
    assert made.work.run_until_ended() is None
    made.sim.clock.seconds += 3600
    assert imports(made) == []
    assert set(made.tables) == {"users"}
    assert made.sim.store.snapshot.checkpoints == {}


def test_cancel_before_the_capture_leaves_nothing(made: Bench) -> None:
    begin(made, IMPORT)
    made.work.cancel()
    assert made.work.run_until_ended() is None
    assert set(made.tables) == {"users"}
    assert made.held("users") == shown(ITEMS)
    assert made.sim.dynamodb.mutating == []


def test_cancel_of_a_finished_import_removes_the_table(made: Bench) -> None:
    begin(made, IMPORT)
    made.run()
    made.work.cancel()
    assert made.work.run_until_ended() is None
    assert set(made.tables) == {"users"}


# Kills


@pytest.mark.parametrize("hides", [False, True])
@pytest.mark.parametrize("moment", ["before", "after", "lost"])
@pytest.mark.parametrize("operation", ["ExportTableToPointInTime", "ImportTable"])
def test_no_job_starts_twice(made: Bench, operation: str, moment: str, hides: bool) -> None:
    """A process is killed before or right after a request, or its answer is lost."""
    made.sim.dynamodb.jobs.hides = hides
    begin(made, IMPORT)
    made.ends_at(operation, moment)
    try:
        made.run()
    except Dies:
        made.restarted()
    made.run()
    made.run()
    assert made.phase is GenerationPhase.READY
    assert (len(exports(made)), len(imports(made))) == (1, 1)
    assert made.held(NEW) == shown(ITEMS)


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_death_at_any_call_changes_nothing_in_the_end(monkeypatch: pytest.MonkeyPatch, moment: str) -> None:
    made = prepared(monkeypatch)
    begin(made, IMPORT)
    made.run()
    calls = len(made.items.memory.calls) + len(made.sim.dynamodb.reads)
    for at in range(calls):
        with monkeypatch.context() as patch:
            _dies_at(prepared(patch), at, moment)


def _dies_at(made: Bench, at: int, moment: str) -> None:
    begin(made, IMPORT)
    _counts_down(made, at, moment)
    _runs_until_ready(made, at)
    assert (len(exports(made)), len(imports(made))) == (1, 1), at
    assert made.held(NEW) == shown(ITEMS), at
    assert made.tables[NEW].tags[OWNER].endswith(made.sim.store.snapshot.inventory[NEW].nonce), at


def _runs_until_ready(made: Bench, at: int) -> None:
    """Passes until both tables are equal, each by a new process where the one before was killed."""
    for _ in range(40):
        try:
            made.run()
        except Dies:
            made.restarted()
        if made.phase is GenerationPhase.READY:
            break
    assert made.phase is GenerationPhase.READY, (at, made.record)


def _counts_down(made: Bench, at: int, moment: str) -> None:
    """The process is killed before or after call ``at``."""
    count = 0

    def hook(*_: Any) -> None:
        nonlocal count
        count += 1
        if count == at + 1:
            raise Dies

    setattr(made.items.memory, moment, hook)
    made.sim.dynamodb.faults = hook if moment == "before" else None
    made.sim.dynamodb.after = hook if moment == "after" else None


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_death_at_any_call_of_a_cancellation_leaves_no_table(monkeypatch: pytest.MonkeyPatch, moment: str) -> None:
    for at in range(60):
        with monkeypatch.context() as patch:
            made = prepared(patch)
            made.sim.dynamodb.jobs.hides, made.sim.dynamodb.jobs.takes = at % 2 == 0, 8.0
            begin(made, IMPORT)
            dies(made, "ImportTable" if at % 3 == 0 else "DescribeImport")
            made.work.cancel()
            _counts_down(made, at, moment)
            for _ in range(40):
                try:
                    if made.work.run_until_ended() is None:
                        break
                except Dies:
                    made.restarted()
            assert made.work.under_way() is None, (at, made.record)
            assert set(made.tables) == {"users"}, at
            assert made.held("users") == shown(ITEMS)
            assert made.sim.store.snapshot.checkpoints == {}, at
            assert NEW not in made.sim.store.snapshot.inventory, at


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_death_at_any_call_after_a_failed_import_changes_nothing_in_the_end(
    monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    for at in range(100):
        with monkeypatch.context() as patch:
            made = prepared(patch)
            jobs = made.sim.dynamodb.jobs
            jobs.leaves, jobs.hides, jobs.import_fails = True, at % 2 == 0, [FAILS]
            begin(made, IMPORT)
            runs(made)
            assert statuses(made) == ["FAILED"]
            made.work.resume()
            _counts_down(made, at, moment)
            _runs_until_ready(made, at)
            assert statuses(made) == ["FAILED", "COMPLETED"], at
            assert made.held(NEW) == shown(ITEMS), at


def test_a_process_that_comes_back_after_the_life_of_a_token_finds_the_import(made: Bench) -> None:
    made.sim.dynamodb.jobs.takes = 10 * 3600.0
    begin(made, IMPORT)
    dies(made, "ImportTable")
    made.sim.clock.seconds += timedelta(hours=9).total_seconds()
    runs(made)
    assert made.phase is GenerationPhase.READY
    assert len(imports(made)) == 1
    assert made.held(NEW) == shown(ITEMS)


def test_one_that_comes_back_after_the_end_of_the_import_finds_it_in_the_list(made: Bench) -> None:
    begin(made, IMPORT)
    dies(made, "ImportTable")
    made.sim.clock.seconds += 3600.0
    runs(made)
    assert made.phase is GenerationPhase.READY
    assert statuses(made) == ["COMPLETED"]


def test_the_request_is_repeated_as_it_was_although_the_declaration_has_changed(made: Bench) -> None:
    begin(made, IMPORT)
    dies(made, "ImportTable", "before")
    made.sim.declare(wanted(keys=keys("pk S", "sk S"), global_indexes=(gsi("by_sk", "sk S"),)))
    runs(made)
    assert made.phase is GenerationPhase.READY
    assert "GlobalSecondaryIndexes" not in made.tables[NEW].description


def test_a_request_that_is_refused_is_made_anew_from_the_declaration_of_then(made: Bench) -> None:
    begin(made, IMPORT)

    def refuses(operation: str, _: Mapping[str, Any]) -> None:
        if operation == "ImportTable":
            raise Rejected(operation, "ValidationException", "no such key")

    made.items.memory.before = refuses
    runs(made)
    assert imports(made) == []
    made.items.memory.before = None
    made.sim.declare(wanted(keys=keys("pk S", "sk S"), global_indexes=(gsi("by_sk", "sk S"),)))
    runs(made)
    assert made.phase is GenerationPhase.READY
    assert [index["IndexName"] for index in made.tables[NEW].description["GlobalSecondaryIndexes"]] == ["by_sk"]


def test_local_indexes_that_are_declared_meanwhile_refuse_the_switch(made: Bench) -> None:
    begin(made, IMPORT)
    made.sim.declare(wanted(keys=keys("pk S", "sk S"), local_indexes=(lsi("by_a", "a S"),)))
    runs(made)
    assert made.phase is GenerationPhase.READY
    with pytest.raises(UsageError, match="declared otherwise by now"):
        made.work.switch(fence=True)


def test_a_key_that_is_declared_otherwise_meanwhile_starts_no_import(made: Bench) -> None:
    begin(made, IMPORT)
    when(made, lambda: bool(exports(made)), lambda: made.sim.declare(wanted(keys=BY_SK)))
    runs(made)
    assert made.record is not None
    assert "another key of users was declared during its replacement" in (made.record.problem or "")
    assert imports(made) == []


# The choice


def test_import_is_refused_where_local_indexes_are_declared(made: Bench) -> None:
    made.sim.declare(wanted(keys=keys("pk S", "sk S"), local_indexes=(lsi("by_a", "a S"),)))
    with pytest.raises(UsageError, match="--engine import: an import makes the new table without its local indexes"):
        begin(made, IMPORT)


def test_the_question_names_what_only_a_write_can_show(made: Bench) -> None:
    sentence = made.work.prepare("fail", "", IMPORT).sentence
    assert (
        "exports users to s3://bucket/copies and imports its files as the new table. The files stay there" in sentence
    )
    assert "ExportTableToPointInTime, ImportTable, TagResource, the operations of DynamoDB Streams." in sentence


def test_import_is_refused_where_items_share_a_key(made: Bench) -> None:
    made.sim.declare(wanted(keys=BY_SK))
    made.put("users", item("twin", sk="3"))
    with pytest.raises(UsageError, match="only a copy by Scan keeps the right one"):
        made.work.prepare("newest", "pk", IMPORT)


def test_import_without_recovery_is_refused_with_the_line_to_write(monkeypatch: pytest.MonkeyPatch) -> None:
    made = prepared(monkeypatch, recovery=False)
    with pytest.raises(UsageError, match="declare `point_in_time_recovery: true`"):
        begin(made, IMPORT)
    recover(made)
    begin(made, IMPORT)


def test_auto_takes_a_bulk_put_where_both_are_possible_and_tells_both_prices(
    made: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reconciler.mover.engine_choice.LONG_SCAN", timedelta(0))
    listed = Prices("2026-10-01", "USD", {"write": 1.0, "read": 1.0, "export": 0.1, "bulk_put": 0.2, "import": 0.15})
    found = replace(made.work, prices=lambda: listed).prepare("fail", "", CopyOptions("auto", THROUGH))
    assert found.choice.engine == "bulk"
    assert "An import is possible too, with `--engine import`." in found.sentence
    assert "the export 0.00, the bulk put 0.00 and the import 0.00." in found.sentence
    assert price_of_jobs(2 * 10**12, listed.default, listed, ("import",)).endswith(
        "the export 200.00 and the import 300.00."
    )


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (Forbidden("ListBulkOperations", "AccessDeniedException", "no"), "dynamodb:ListBulkOperations is not allowed"),
        (Unsupported("ListBulkOperations", "UnknownOperationException", "no"), "there are no bulk puts here"),
    ],
)
def test_auto_imports_where_no_bulk_put_is_possible_and_says_why(
    made: Bench, monkeypatch: pytest.MonkeyPatch, error: Exception, why: str
) -> None:
    monkeypatch.setattr("reconciler.mover.engine_choice.LONG_SCAN", timedelta(0))

    def refused(operation: str, _: Mapping[str, Any]) -> None:
        if operation == "ListBulkOperations":
            raise error

    made.items.memory.before = refused
    found = made.work.prepare("fail", "", CopyOptions("auto", THROUGH))
    assert found.choice.engine == "import"
    assert f"it exports users to {THROUGH} and imports its files as the new table" in found.sentence
    assert f"A bulk put is not possible: {why}" in found.sentence
    with pytest.raises(UsageError, match="--engine bulk: "):
        made.work.prepare("fail", "", CopyOptions("bulk", THROUGH))


def test_auto_takes_a_bulk_put_for_local_indexes(made: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reconciler.mover.engine_choice.LONG_SCAN", timedelta(0))
    made.sim.declare(wanted(keys=keys("pk S", "sk S"), local_indexes=(lsi("by_a", "a S"),)))
    found = made.work.prepare("fail", "", CopyOptions("auto", THROUGH))
    assert found.choice.engine == "bulk"
    assert "n import" not in found.sentence


def test_what_is_known_of_both_jobs_is_in_the_record_while_they_run_and_afterwards(made: Bench) -> None:
    begin(made, IMPORT)
    seen: list[tuple[tuple[str, str, int], ...]] = []

    def kept(*_: Any) -> None:
        now = tuple((job.kind, job.state, job.size) for job in made.record.jobs) if made.record else ()
        if now and now not in seen:
            seen.append(now)

    made.items.memory.before = kept
    runs(made)
    size = 100 * len(ITEMS)
    assert seen[0] == (("export", "running", 0),)
    assert (("export", "done", size), ("import", "running", 400)) in seen
    made.restarted()
    assert made.record is not None
    export, loaded = made.record.jobs
    assert (export.kind, export.state, export.items, export.size) == ("export", "done", len(ITEMS), size)
    assert (loaded.kind, loaded.state, loaded.items, loaded.refused) == ("import", "done", len(ITEMS), 0)
    assert None not in (export.started, export.ended, loaded.started, loaded.ended)
    assert export.ended <= loaded.started  # type: ignore[operator]


def test_a_failed_job_is_shown_as_failed_and_no_longer_after_the_capture_of_another_attempt(made: Bench) -> None:
    made.sim.dynamodb.jobs.import_fails = [FAILS]
    begin(made, IMPORT)
    runs(made)
    assert made.record is not None
    assert [(job.kind, job.state) for job in made.record.jobs] == [("export", "done"), ("import", "failed")]
    made.work.resume()
    runs(made)
    assert [(job.kind, job.state) for job in made.record.jobs] == [("export", "done"), ("import", "done")]
