"""The history of runs is bounded, keeps every change, and drops idle repetition first."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from support.sample_reports import T0, report, table, ttl_step

from reconciler.model.plan import Reason
from reconciler.model.report import TableStatus
from reconciler.runs import Record, RunHistory, State
from reconciler.runs.record import MAX_ACTIONS, from_history
from reconciler.runs.verbs import plan_digest


def record(name, verb="pass", trigger="interval", found=None):
    return Record(name, verb, trigger, State.RUNNING, T0).done(found or report(table()), T0)


def drifted(**fields):
    return report(table(status=TableStatus.DRIFTED, steps=(ttl_step().done(),)), wrote=True, **fields)


def test_no_more_than_the_bound_are_kept_and_the_oldest_go_first():
    history = RunHistory(most=3)
    for number in range(10):
        history.put(record(str(number), "run"))
    assert [kept.id for kept in history.newest()] == ["9", "8", "7"]
    assert history.find("1") is None


def test_an_idle_day_takes_the_room_of_one_pass():
    history = RunHistory(most=3)
    history.put(record("change", found=drifted()))
    for number in range(1000):
        history.put(record(str(number)))
    assert [kept.id for kept in history.newest()] == ["999", "change"]


def refused(facet="ttl"):
    step = replace(ttl_step(), facet=facet).blocked(Reason.NOT_OWNED, "not ours", None)
    return report(table(status=TableStatus.BLOCKED, steps=(step,)))


def test_an_unchanged_blocked_pass_takes_one_entry_in_the_history():
    history = RunHistory()
    for name, found in (("1", refused()), ("2", refused()), ("3", refused("keys")), ("4", report(table()))):
        history.put(record(name, found=found))
    assert [kept.id for kept in history.newest()] == ["4", "3", "2"]


def test_a_pass_that_wrote_is_kept_however_often_the_same_is_done():
    history = RunHistory()
    for name in ("1", "2"):
        history.put(record(name, found=drifted()))
    assert [kept.id for kept in history.newest()] == ["2", "1"]


def test_a_run_that_changes_its_state_stays_one_run():
    history = RunHistory()
    queued = Record("1", "seed", "api", State.QUEUED, T0)
    for state in (queued, queued.running(T0), queued.failed("no", T0)):
        history.put(state)
    assert [kept.state for kept in history.newest()] == [State.FAILED]


def test_a_run_that_waited_is_listed_after_the_pass_it_waited_for():
    history, queued = RunHistory(), Record("waits", "seed", "api", State.QUEUED, T0)
    history.put(queued)
    history.put(record("pass"))
    history.put(queued.running(T0))
    assert [kept.id for kept in history.newest()] == ["waits", "pass"]


def test_a_record_keeps_what_was_done_and_no_more_than_it_may():
    many = tuple(ttl_step().done() for _ in range(MAX_ACTIONS * 2))
    kept = record("1", found=report(table(steps=many)))
    assert len(kept.actions) == MAX_ACTIONS
    assert kept.actions[0].facet == "ttl"


def test_runs_of_an_earlier_process_come_before_those_of_this_one():
    entries = [
        {"pass_id": name, "trigger": "file", "started": f"2026-11-22T12:0{name}:00Z", "verdict": "in_sync"}
        | {"finished": f"2026-11-22T12:0{name}:01Z", "wrote": True, "summary": {"create": 2, "update": 0}}
        for name in ("2", "1")
    ]
    history = RunHistory()
    history.put(record("now"))
    history.begin_with(from_history(entry) for entry in [*entries, {"pass_id": "torn"}])
    assert [kept.id for kept in history.newest()] == ["now", "2", "1"]
    assert history.find("1").started == datetime(2026, 11, 22, 12, 1, tzinfo=UTC)
    assert history.find("1").summary == {"create": 2}


@pytest.mark.parametrize(
    ("trigger", "verb"), [("seed", "seed"), ("clear", "clear"), ("migrate", "migrate"), ("up", "pass")]
)
def test_a_command_of_an_earlier_process_has_its_own_name(trigger, verb):
    moment = "2026-11-22T12:01:00+00:00"
    entry = {"pass_id": "1", "trigger": trigger, "verdict": "in_sync", "started": moment, "finished": moment}
    found = from_history(entry)
    assert (found.verb, found.trigger) == (verb, trigger)


def test_the_plan_digest_covers_the_planned_work_and_nothing_else():
    plan = report(table(steps=(ttl_step(),)))
    assert plan_digest(plan) == plan_digest(report(table(steps=(ttl_step(),)), pass_id="other", seconds=9))
    others = [
        report(table("orders", steps=(ttl_step(),))),
        report(table(steps=(ttl_step(), ttl_step()))),
        report(table(steps=(replace(ttl_step(), facet="keys"),))),
        report(table(steps=(ttl_step().unsupported("no"),))),
        report(),
    ]
    assert plan_digest(plan) not in {plan_digest(other) for other in others}


def entry_of(name, minute):
    moment = f"2026-11-22T12:{minute:02}:00+00:00"
    return {"pass_id": name, "trigger": "clear", "verdict": "in_sync", "started": moment, "finished": moment}


def test_runs_of_other_processes_are_included_once_at_their_time():
    told = []
    history = RunHistory(told.append, most=4)
    for name, minute in (("first", 0), ("second", 10)):
        history.put(replace(record(name, found=drifted()), started=T0.replace(hour=12, minute=minute)))
    others = [from_history(entry_of("x", 20)), from_history(entry_of("y", 5)), None]
    told.clear()
    for _ in range(2):
        history.include(others)
        assert [kept.id for kept in history.newest()] == ["x", "second", "y", "first"]
    assert [each.id for each in told] == ["y", "x"]
    for name in "abcd":
        history.put(replace(record(name, found=drifted()), started=T0.replace(hour=13)))
    history.include(others)
    assert [kept.id for kept in history.newest()] == ["d", "c", "b", "a"], "what was dropped does not come back"
