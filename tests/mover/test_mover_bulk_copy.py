"""A table that the service itself copies: an export, a bulk put, and the replay of what happened meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from mover.generations import ITEMS, Bench, Dies, bench, shown, step_of, wanted
from mover.test_mover_generation import NEW
from simulation.simulated_engine import item
from support.specs import keys

from reconciler.model.errors import UsageError
from reconciler.model.plan import StepStatus
from reconciler.model.records import GenerationPhase
from reconciler.mover.bulk_copy import CLOCKS_APART
from reconciler.mover.engine_choice import CopyOptions, price_of_jobs
from reconciler.mover.estimate import Prices
from reconciler.mover.job_ports import S3Place, s3_place

THROUGH = "s3://bucket/copies"
BULK = CopyOptions("bulk", THROUGH)
BY_SK = keys("sk S")


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Bench:
    return prepared(monkeypatch)


def prepared(monkeypatch: pytest.MonkeyPatch, *, recovery: bool = True) -> Bench:
    """A table on AWS with backups that lag five minutes, and a bucket. A job takes ten minutes."""
    made = bench(monkeypatch, real=True)
    made.sim.clock.seconds += 60.0
    # Time is virtual, but each pass is work.
    monkeypatch.setattr("reconciler.engine.converge.LONGEST_PAUSE", 300.0)
    jobs = made.sim.dynamodb.jobs
    jobs.takes, jobs.behind, jobs.cancelling = 600.0, 300.0, 30.0
    jobs.files["bucket"] = {}
    if recovery:
        recover(made)
    return made


def recover(made: Bench) -> None:
    on = {"PointInTimeRecoveryEnabled": True}
    made.sim.dynamodb.do("UpdateContinuousBackups", {"TableName": "users", "PointInTimeRecoverySpecification": on})


def begin(made: Bench, options: CopyOptions = BULK) -> None:
    work = made.work
    work.begin(work.prepare("fail", "", options), keep=False)


def puts(made: Bench) -> list[Any]:
    return list(made.sim.dynamodb.jobs.puts.values())


def exports(made: Bench) -> list[Any]:
    return list(made.sim.dynamodb.jobs.exports.values())


def when(made: Bench, happens: Callable[[], bool], what: Callable[[], None]) -> None:
    """``what`` happens once, as soon as ``happens``, between two calls of the process."""
    done: list[bool] = []

    def before(_: str, __: Mapping[str, Any]) -> None:
        if not done and happens():
            done.append(True)
            what()

    made.items.memory.before = before


def runs(made: Bench) -> None:
    """The command again and again, as long as a job is waited for."""
    for _ in range(40):
        made.run()
        if made.record is None or made.record.problem or made.phase is not GenerationPhase.COPY:
            return


def remove(made: Bench, key: str) -> None:
    table = made.tables["users"]
    found = next(place for place, one in table.items.items() if one["pk"]["S"] == key)
    del table.items[found]


def test_the_service_copies_the_items_and_no_page_is_scanned_for_it(made: Bench) -> None:
    begin(made)
    assert made.items.memory.count("PutItem") == 0
    report = made.run()
    assert made.phase is GenerationPhase.READY
    assert made.held(NEW) == shown(ITEMS)
    assert made.items.memory.count("PutItem") == 0
    assert step_of(report).allow_with == "`reconciler replace users --switch`"
    assert [job.description["Status"] for job in (*exports(made), *puts(made))] == ["COMPLETED", "COMPLETED"]
    assert {key.rpartition("/")[0] for key in made.sim.dynamodb.jobs.files["bucket"]} == {
        "copies/AWSDynamoDB/0001/data"
    }


def test_the_export_shows_the_table_at_a_time_after_the_capture(made: Bench) -> None:
    begin(made)
    made.run()
    (export,) = exports(made)
    captured = datetime.fromisoformat(made.sim.store.snapshot.checkpoints["users#capture#00000"].data["at"])
    assert export.description["ExportTime"] >= captured + CLOCKS_APART


def test_an_item_that_is_deleted_between_export_and_bulk_put_does_not_come_back(made: Bench) -> None:
    begin(made)
    when(made, lambda: any(not job.running for job in exports(made)), lambda: remove(made, "p3"))
    made.run()
    assert made.phase is GenerationPhase.READY
    assert made.held(NEW) == shown([one for one in ITEMS if one["pk"]["S"] != "p3"])


def test_what_is_written_while_the_jobs_run_is_replayed(made: Bench) -> None:
    begin(made)

    def writes() -> None:
        made.put("users", item("p1", sk="moved"))
        made.put("users", item("late", sk="9"))

    when(made, lambda: bool(puts(made)), writes)
    made.run()
    rest = [one for one in ITEMS if one["pk"]["S"] != "p1"]
    assert made.held(NEW) == shown([*rest, item("p1", sk="moved"), item("late", sk="9")])


def test_a_change_between_capture_and_export_is_in_both_and_stays_right(made: Bench) -> None:
    begin(made)
    when(made, lambda: made.phase is GenerationPhase.COPY, lambda: made.put("users", item("p1", sk="early")))
    made.run()
    assert item("p1", sk="early") in list(made.tables[NEW].items.values())
    assert len(made.held(NEW)) == len(ITEMS)


def test_items_that_get_one_new_key_meanwhile_are_a_problem_and_none_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    made = prepared(monkeypatch)
    made.sim.declare(wanted(keys=BY_SK))
    begin(made)
    when(made, lambda: made.phase is GenerationPhase.CAPTURE, lambda: made.put("users", item("twin", sk="3")))
    made.run()
    assert made.record is not None
    assert "with a key of the new table that another item has too" in (made.record.problem or "")
    assert len(made.tables["users"].items) == len(ITEMS) + 1


@pytest.mark.parametrize("job", ["export", "bulk put"])
def test_a_failed_job_stops_with_the_words_of_the_service_and_resume_starts_another(made: Bench, job: str) -> None:
    begin(made)
    failing = [("S3AccessDenied", "the bucket refuses")]
    if job == "export":
        made.sim.dynamodb.jobs.fails = failing
    else:
        when(made, lambda: bool(exports(made)), lambda: setattr(made.sim.dynamodb.jobs, "fails", failing))
    step = step_of(made.run())
    assert step.status is StepStatus.BLOCKED
    assert f"the {job}" in (step.message or "")
    assert "S3AccessDenied: the bucket refuses" in (step.message or "")
    assert step.allow_with == "`reconciler replace users --resume`"
    made.work.resume()
    made.run()
    assert made.held(NEW) == shown(ITEMS)
    assert (len(exports(made)), len(puts(made))) == ((2, 1) if job == "export" else (1, 2))


def test_a_bucket_that_is_missing_is_named(made: Bench) -> None:
    made.sim.dynamodb.jobs.files.clear()
    begin(made)
    assert "S3NoSuchBucket: there is no bucket bucket" in (step_of(made.run()).message or "")


def test_jobs_that_outlast_the_stream_are_ended_and_begin_again_on_request(made: Bench) -> None:
    made.sim.dynamodb.jobs.takes = 13 * 3600.0
    begin(made)
    runs(made)
    assert made.record is not None
    assert "took longer than its stream keeps changes" in (made.record.problem or "")
    assert not any(job.running for job in puts(made))
    assert made.phase is GenerationPhase.CAPTURE
    remove(made, "p2")
    made.put("users", item("p4", sk="new"))
    made.sim.dynamodb.jobs.takes = 600.0
    made.work.resume()
    made.run()
    assert made.phase is GenerationPhase.READY
    kept = [one for one in ITEMS if one["pk"]["S"] not in ("p2", "p4")]
    assert made.held(NEW) == shown([*kept, item("p4", sk="new")])


def test_cancel_ends_the_bulk_put_before_the_new_table_is_removed(made: Bench) -> None:
    begin(made)
    seen: list[bool] = []

    def deleting(operation: str, params: Mapping[str, Any]) -> None:
        if operation == "DeleteTable":
            seen.append(any(job.running for job in puts(made)))

    made.on_call = deleting
    when(made, lambda: bool(puts(made)), _die)
    with pytest.raises(Dies):
        made.run()
    made.items.memory.before = None
    made.restarted()
    made.work.cancel()
    assert made.work.run_until_ended() is None
    assert seen == [False]
    assert [job.description["Status"] for job in puts(made)] == ["CANCELLED"]
    assert set(made.tables) == {"users"}
    assert made.held("users") == shown(ITEMS)
    assert made.sim.store.snapshot.checkpoints == {}


def test_a_new_table_that_somebody_deletes_during_the_bulk_put_stops_the_work(made: Bench) -> None:
    begin(made)
    when(made, lambda: bool(puts(made)), lambda: made.sim.dynamodb.do("DeleteTable", {"TableName": NEW}) and None)
    step = step_of(made.run())
    assert f"somebody deleted {NEW}" in (step.message or "")


def test_a_bulk_put_that_reached_another_table_is_cancelled(made: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    begin(made)
    dynamodb = made.sim.dynamodb
    start = dynamodb.jobs.bulk_put

    def raced(table: Any, params: dict[str, Any]) -> dict[str, Any]:
        """Somebody puts another table in its place right before the request arrives."""
        key = dynamodb.tables.pop(NEW)
        dynamodb.make(
            TableName=NEW,
            KeySchema=key.description["KeySchema"],
            AttributeDefinitions=key.description["AttributeDefinitions"],
        )
        return start(dynamodb.tables[NEW], params)

    monkeypatch.setattr(dynamodb.jobs, "bulk_put", raced)
    made.run()
    assert [job.description["Status"] for job in puts(made)] in (["CANCELLING"], ["CANCELLED"])


# Kills


def _die() -> None:
    raise Dies


@pytest.mark.parametrize("moment", ["before", "after", "lost"])
@pytest.mark.parametrize("operation", ["ExportTableToPointInTime", "StartBulkPutItems"])
def test_no_job_starts_twice(made: Bench, operation: str, moment: str) -> None:
    """A process is killed before or right after a request, or its answer is lost."""
    begin(made)
    made.ends_at(operation, moment)
    try:
        made.run()
    except Dies:
        made.restarted()
    made.run()
    made.run()
    assert made.phase is GenerationPhase.READY
    assert (len(exports(made)), len(puts(made))) == (1, 1)
    assert made.held(NEW) == shown(ITEMS)


def test_a_process_that_comes_back_after_the_life_of_a_token_finds_the_job(made: Bench) -> None:
    made.sim.dynamodb.jobs.takes = 10 * 3600.0
    begin(made)

    def hook(name: str, _: Mapping[str, Any]) -> None:
        if name == "StartBulkPutItems":
            raise Dies

    made.items.memory.after = hook
    with pytest.raises(Dies):
        runs(made)
    made.items.memory.after = None
    made.restarted()
    made.sim.clock.seconds += timedelta(hours=9).total_seconds()
    runs(made)
    assert made.phase is GenerationPhase.READY
    assert len(puts(made)) == 1
    assert made.held(NEW) == shown(ITEMS)


def test_nothing_is_replayed_while_the_bulk_put_runs(made: Bench) -> None:
    begin(made)
    phases: set[GenerationPhase | None] = set()

    def hook(_: str, __: Mapping[str, Any]) -> None:
        if any(job.running for job in puts(made)):
            phases.add(made.phase)

    made.items.memory.before = hook
    made.run()
    assert phases == {GenerationPhase.COPY}


# The choice


def test_auto_leaves_a_small_table_to_a_scan(made: Bench) -> None:
    begin(made, CopyOptions("auto", THROUGH))
    made.run()
    assert exports(made) == []
    assert made.record is not None
    assert made.record.engine == "scan"


def test_auto_leaves_a_long_copy_to_the_service_and_says_so(made: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reconciler.mover.engine_choice.LONG_SCAN", timedelta(0))
    sentence = made.work.prepare("fail", "", CopyOptions("auto", THROUGH)).sentence
    assert "The service copies it, because a Scan would take less than a minute" in sentence
    assert f"it exports users to {THROUGH}" in sentence
    hint = made.work.prepare("fail", "", CopyOptions()).sentence
    assert "--through-s3 lets the service itself copy it" in hint


def test_the_price_of_the_jobs_is_told_as_far_as_it_is_known(made: Bench) -> None:
    listed = Prices("2026-10-01", "USD", {"write": 1.0, "read": 1.0, "export": 0.1})
    sentence = replace(made.work, prices=lambda: listed).prepare("fail", "", BULK).sentence
    assert "In USD at the prices of 2026-10-01, the export 0.00." in sentence
    assert "The list of prices has none for the bulk put." in sentence
    assert "Comparing takes at most 0 write and 8 read units" in sentence
    assert price_of_jobs(2 * 10**12, {"export": 0.1, "bulk_put": 0.2}, listed).endswith(
        "the export 200.00 and the bulk put 400.00."
    )


def test_auto_scans_where_backups_are_off_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    made = prepared(monkeypatch, recovery=False)
    monkeypatch.setattr("reconciler.mover.engine_choice.LONG_SCAN", timedelta(0))
    found = made.work.prepare("fail", "", CopyOptions("auto", THROUGH))
    assert found.choice.engine == "scan"
    assert "It is copied by Scan, because point-in-time recovery of users is off" in found.sentence


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (CopyOptions("bulk"), "add --through-s3 s3://BUCKET/PREFIX"),
        (CopyOptions("bulk", "bucket/copies"), "expected s3://BUCKET or s3://BUCKET/PREFIX"),
        (CopyOptions("bulk", "s3://"), "expected s3://BUCKET or s3://BUCKET/PREFIX"),
    ],
)
def test_what_is_missing_is_named_before_anything_is_written(made: Bench, options: CopyOptions, why: str) -> None:
    with pytest.raises(UsageError) as raised:
        made.work.prepare("fail", "", options)
    assert why in str(raised.value)
    assert made.sim.dynamodb.mutating == []


def test_bulk_without_recovery_is_refused_with_the_line_to_write(monkeypatch: pytest.MonkeyPatch) -> None:
    made = prepared(monkeypatch, recovery=False)
    with pytest.raises(UsageError, match="declare `point_in_time_recovery: true`"):
        begin(made)


def test_bulk_is_refused_where_items_share_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    made = prepared(monkeypatch)
    made.sim.declare(wanted(keys=BY_SK))
    made.put("users", item("twin", sk="3"))
    with pytest.raises(UsageError, match="only a copy by Scan keeps the right one"):
        made.work.prepare("newest", "pk", BULK)


@pytest.mark.parametrize(
    ("url", "place"),
    [("s3://b", S3Place("b")), ("s3://b/", S3Place("b")), ("s3://b/a/c/", S3Place("b", "a/c"))],
)
def test_a_place_in_s3(url: str, place: S3Place) -> None:
    assert s3_place(url) == place
    assert s3_place(place.url) == place
