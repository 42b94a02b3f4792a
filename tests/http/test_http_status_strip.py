"""The statuses of a table over time: kept where they change, laid out to scale."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from support.sample_reports import T0, report, table

from reconciler.engine import status_history
from reconciler.engine.status_history import NOT_OBSERVED, StatusHistory
from reconciler.http.status_strip import NARROWEST, WIDTH, status_strip
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
