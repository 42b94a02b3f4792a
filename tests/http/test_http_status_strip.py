"""The statuses of a table over time: kept where they change, laid out to scale."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from support.sample_reports import T0, report, table

from reconciler.engine import status_history
from reconciler.engine.status_history import NOT_OBSERVED, StatusHistory
from reconciler.http.status_strip import NARROWEST, WIDTH, status_strip
from reconciler.model.observation import MAX_NAMED, Observation
from reconciler.model.report import TableStatus

HOUR = timedelta(hours=1)
DRIFTED = table("users", TableStatus.DRIFTED, drifted=("ttl",))


def at(hours, *tables, **fields):
    return replace(report(*tables, **fields), finished=T0 + hours * HOUR)


def changes(history, name="users"):
    return [(round((each.at - T0) / HOUR, 3), each.status, each.drifted) for each in history.of(name)]


def test_a_status_is_kept_where_it_changes():
    history = StatusHistory()
    for hour, found in enumerate((table(), table(), DRIFTED, DRIFTED, table())):
        history.record(at(hour, found))
    assert changes(history) == [(0, "in_sync", ()), (2, "drifted", ("ttl",)), (4, "in_sync", ())]


def test_other_facets_are_a_change_too():
    history = StatusHistory()
    history.record(at(0, DRIFTED))
    history.record(at(1, replace(DRIFTED, drifted=("ttl", "stream"))))
    assert [drifted for _, _, drifted in changes(history)] == [("ttl",), ("ttl", "stream")]


def test_a_pass_that_saw_no_table_says_nothing_about_its_status():
    history, same = StatusHistory(), table()
    history.record(at(0, same))
    history.record(at(1, table(status=TableStatus.ERROR, error="down"), error="down", endpoint_up=False))
    history.record(at(2, same))
    assert changes(history) == [(0, "in_sync", ()), (1, NOT_OBSERVED, ()), (2, "in_sync", ())]


def test_a_pass_without_any_table_keeps_what_is_known_while_the_endpoint_is_down():
    history = StatusHistory()
    history.record(at(0, table()))
    history.record(at(1, error="down", endpoint_up=False))
    assert changes(history) == [(0, "in_sync", ())]


def test_a_table_that_is_gone_is_forgotten():
    history = StatusHistory()
    history.record(at(0, table(), table("orders")))
    history.record(at(1, table("orders")))
    assert history.of("users") == ()


def test_the_oldest_changes_are_dropped(monkeypatch):
    monkeypatch.setattr(status_history, "MAX_CHANGES", 3)
    history = StatusHistory()
    for hour in range(10):
        history.record(at(hour, DRIFTED if hour % 2 else table()))
    assert [hour for hour, _, _ in changes(history)] == [7, 8, 9]


def test_segments_are_to_scale_and_end_now():
    history = StatusHistory()
    history.record(at(0, table()))
    history.record(at(6, DRIFTED))
    strip = status_strip(history.of("users"), T0 + 8 * HOUR)
    assert strip is not None
    assert strip.start == T0
    assert [(s.change.status, s.x, s.width) for s in strip.segments] == [("in_sync", 0, 750), ("drifted", 750, 250)]
    assert strip.segments[-1].end == T0 + 8 * HOUR


def test_a_short_drift_stays_visible_and_a_long_time_is_cut_to_a_day():
    history = StatusHistory()
    for hours, found in ((0, table()), (47.99, DRIFTED), (47.991, table()), (48, DRIFTED)):
        history.record(at(hours, found))
    strip = status_strip(history.of("users"), T0 + 48 * HOUR)
    assert strip is not None
    assert strip.start == T0 + 24 * HOUR
    assert all(s.width >= NARROWEST and 0 <= s.x <= WIDTH - NARROWEST for s in strip.segments)
    assert strip.segments[0].start == strip.start


def test_a_table_that_no_pass_has_seen_has_no_strip():
    assert status_strip((), T0) is None


def test_the_page_and_its_json_show_the_statuses(served):
    served.now = T0 + 2 * HOUR
    served.loop_status.finish(at(0, table()))
    served.loop_status.finish(at(1, DRIFTED))
    page = served.get("/tables/users").text
    assert '<rect class="in_sync" x="0" y="0" width="500"' in page
    assert "drifted: ttl, from 2026-11-22 13:00:00 UTC" in page
    assert served.get("/api/v1/tables/users").json["data"]["timeline"] == [
        {"at": "2026-11-22T12:00:00Z", "status": "in_sync", "drifted": []},
        {"at": "2026-11-22T13:00:00Z", "status": "drifted", "drifted": ["ttl"]},
    ]


def test_a_short_drift_is_not_drawn_over():
    history = StatusHistory()
    for hours, found in ((0, table()), (12, DRIFTED), (12.001, table()), (24, table())):
        history.record(at(hours, found))
    strip = status_strip(history.of("users"), T0 + 24 * HOUR)
    assert strip is not None
    seen = [next(s.change.status for s in reversed(strip.segments) if s.x <= x < s.x + s.width) for x in range(WIDTH)]
    assert seen.count("drifted") == NARROWEST


ORDERS = table("orders")
OLD = {"holder": "old", "process": "host:1", "trigger": "interval", "verdict": "in_sync", "wrote": False}


def run(hours, *tables, holder="old", unseen=None, **fields):
    found = Observation.of(report(*tables)).after_gap(None if unseen is None else T0 + unseen * HOUR)
    finished = (T0 + hours * HOUR).isoformat()
    return {**OLD, "pass_id": str(hours), "holder": holder, "finished": finished, "observation": found, **fields}


def restored(*runs, names=("users", "orders"), began=10):
    history = StatusHistory()
    history.begin_with(reversed(runs))
    history.record(at(began, *(table(name) for name in names)))
    return history


def test_after_a_restart_the_history_has_the_statuses_that_were_recorded_and_the_time_between_is_not_observed():
    history = restored(
        run(1, table(), ORDERS), run(3, DRIFTED, ORDERS), run(4, table(), ORDERS), run(6, table(), ORDERS)
    )
    assert changes(history) == [
        (1, "in_sync", ()),
        (3, "drifted", ("ttl",)),
        (4, "in_sync", ()),
        (6, NOT_OBSERVED, ()),
        (10, "in_sync", ()),
    ]
    assert changes(history, "orders") == [(1, "in_sync", ()), (6, NOT_OBSERVED, ()), (10, "in_sync", ())]


def test_a_process_that_was_killed_is_known_until_its_last_record_only():
    history = restored(run(1, table(), ORDERS), run(3, DRIFTED, ORDERS))
    assert changes(history)[1:3] == [(3, "drifted", ("ttl",)), (3, NOT_OBSERVED, ())]
    strip = status_strip(history.of("users"), T0 + 11 * HOUR)
    assert strip is not None
    assert [s.change.status for s in strip.segments] == ["in_sync", "drifted", NOT_OBSERVED, "in_sync"]
    assert strip.segments[1].x < strip.segments[2].x


def test_between_two_processes_nothing_was_observed():
    history = restored(run(1, table(), ORDERS), run(3, table(), ORDERS), run(5, table(), ORDERS, holder="b"))
    assert changes(history)[:4] == [
        (1, "in_sync", ()),
        (3, NOT_OBSERVED, ()),
        (5, "in_sync", ()),
        (5, NOT_OBSERVED, ()),
    ]


def test_where_two_processes_observed_at_once_no_time_counts_as_not_observed():
    runs = (run(1, table(), ORDERS), run(2, DRIFTED, ORDERS, holder="b"), run(5, table(), ORDERS))
    history = restored(*runs, run(7, table(), ORDERS, holder="b"))
    assert changes(history) == [
        (1, "in_sync", ()),
        (5, "drifted", ("ttl",)),
        (7, "in_sync", ()),
        (7, NOT_OBSERVED, ()),
        (10, "in_sync", ()),
    ]


def test_a_time_in_which_passes_could_not_look_is_not_observed():
    history = restored(run(1, table(), ORDERS), run(6, table(), ORDERS, unseen=2), run(8, table(), ORDERS))
    assert changes(history)[:3] == [(1, "in_sync", ()), (2, NOT_OBSERVED, ()), (6, "in_sync", ())]


def test_runs_without_the_tables_that_were_not_in_sync_tell_nothing():
    older = run(1, table())
    del older["observation"]
    assert changes(restored(older)) == [(10, "in_sync", ())]


def test_a_table_that_an_earlier_pass_may_not_have_had_is_not_known_from_it():
    history = restored(run(1, table()), run(2, DRIFTED), run(3, table()))
    assert changes(history, "orders") == [(10, "in_sync", ())]
    assert changes(history) == [(2, "drifted", ("ttl",)), (3, NOT_OBSERVED, ()), (10, "in_sync", ())]


def test_tables_beyond_those_that_are_named_are_not_known():
    many = [table(f"t{number:02}", TableStatus.BLOCKED) for number in range(MAX_NAMED + 1)]
    names = [each.name for each in many]
    history = restored(run(1, *many), run(2, *many), names=names)
    assert changes(history, "t49") == [(1, "blocked", ()), (2, NOT_OBSERVED, ()), (10, "in_sync", ())]
    assert changes(history, "t50") == [(10, "in_sync", ())]
