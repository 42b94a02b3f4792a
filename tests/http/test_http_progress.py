"""Long work in the status: creations, seeds, and what other parts of the daemon add."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from support.sample_reports import T0, report, table

from reconciler.engine.loop_status import LoopStatus, Progress
from reconciler.engine.ports import SeedProgress, WorkProgress
from reconciler.model.identity import Identity
from reconciler.model.plan import Action, Step, StepStatus
from reconciler.model.records import Phase, Replacement
from reconciler.telemetry import CompositeTelemetry

SEED = SeedProgress("users", total=1000, written=200, present=50, seconds=5.0)
CREATED = replace(Step(Action.CREATE, "table"), status=StepStatus.DONE)


@pytest.fixture
def telemetry(ready):
    made = CompositeTelemetry(ready.loop_status, None)
    made.pass_started("pass-2", "interval")
    return made


def entries(served):
    return served.get("/api/v1/status").json["data"]["progress"]


def test_without_long_work_the_list_is_empty(ready):
    assert entries(ready) == []
    assert "In progress" not in ready.get("/").text


def test_a_seeding_shows_its_counts_speed_and_time_left(ready, telemetry):
    telemetry.seeding(SEED)
    assert entries(ready) == [
        {"table": "users", "what": "seeding", "done": 250, "total": 1000, "per_second": 50.0, "seconds_left": 15.0}
    ]
    text = ready.get("/").text
    assert '<progress aria-label="users seeding" max="1000" value="250">' in text
    assert "250 of 1,000 · 50/s · 15 s left" in text
    assert "250 of 1,000" in ready.get("/tables/users").text


def test_a_seeding_that_has_ended_is_no_longer_shown(ready, telemetry):
    telemetry.seeding(SEED)
    telemetry.seeding(replace(SEED, written=950, ended=True))
    assert entries(ready) == []


def test_creations_are_counted_until_the_last(ready, telemetry):
    telemetry.planned("pass-2", "creating 3 tables", 3)
    seen = [entries(ready)[0]["done"]]
    for number in range(2):
        telemetry.step("pass-2", f"t{number}", CREATED)
        seen.append(entries(ready)[0]["done"])
    assert seen == [0, 1, 2]
    assert "Creating tables" in ready.get("/").text
    telemetry.step("pass-2", "t2", CREATED)
    assert entries(ready) == []


def test_a_pass_that_creates_nothing_shows_nothing(ready, telemetry):
    telemetry.planned("pass-2", "checking the tables", 0)
    assert entries(ready) == []


def test_nothing_is_left_over_when_a_pass_ends(ready, telemetry):
    telemetry.planned("pass-2", "creating 3 tables", 3)
    telemetry.seeding(SEED)
    telemetry.pass_finished(report(table()))
    assert entries(ready) == []


def test_a_copy_shows_its_counts_and_leaves_with_the_pass(ready, telemetry):
    telemetry.working(WorkProgress("orders", "copying", 10.0, 500, 2000))
    assert entries(ready) == [
        {"table": "orders", "what": "copying", "done": 500, "total": 2000, "per_second": 50.0, "seconds_left": 30.0}
    ]
    telemetry.pass_finished(report(table()))
    assert entries(ready) == []


def test_an_index_build_is_shown_between_passes_until_it_ends(ready, telemetry):
    build = WorkProgress("orders", "building index by-date", 10.0, None, 2000)
    telemetry.working(build)
    telemetry.pass_finished(report(table()))
    telemetry.pass_started("pass-3", "interval")
    assert [(each["what"], each["done"], each["total"]) for each in entries(ready)] == [
        ("building index by-date", 0, None)
    ]
    text = ready.get("/").text
    assert '<progress aria-label="orders building index by-date"></progress>' in text
    assert '<span class="hint"></span>' in text, "no count is made up"
    telemetry.working(replace(build, ended=True))
    assert entries(ready) == []


def test_the_wiring_adds_work_of_its_own(ready):
    moved = {"table": "orders", "what": "copying", "done": 7, "total": None, "phase": "copy"}
    ready.more["progress"] = [moved]
    assert entries(ready) == [
        {"table": "orders", "what": "copying", "done": 7, "total": None, "per_second": None, "seconds_left": None}
    ]
    text = ready.get("/").text
    assert '<progress aria-label="orders copying"></progress>' in text
    assert '<a href="/tables/orders">orders</a> copying' in text


def test_progress_from_many_threads_is_complete():
    loop_status = LoopStatus("default")

    def seed(number):
        for done in range(200):
            loop_status.advance(Progress(f"t{number}", "seeding", done, 200))

    threads = [threading.Thread(target=seed, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {one.done for one in loop_status.progress.values()} == {199}
    assert len(loop_status.progress) == 8


def test_the_replacement_of_a_table_shows_its_phase_and_items(ready):
    identity = Identity("id-1", "arn:aws:dynamodb:us-east-1:000000000000:table/orders", "")
    move = Replacement("orders", Phase.COPYING, identity, "orders-aside", (), T0, items=1000, copied=400)
    ready.loop_status.finish(report(table("orders", replacement=move)))
    [entry] = entries(ready)
    assert (entry["table"], entry["done"], entry["total"]) == ("orders", 400, 1000)
    assert entry["what"] == f"replacement, {move.phase.value}"
    assert "400 of 1,000" in ready.get("/tables/orders").text
