"""While the endpoint is down, or refuses everything, the pages show the last known state and say how old it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from support.sample_reports import T0, report, table

from reconciler.model.report import TableStatus

DOWN = "the endpoint does not answer: refused"
LATER = T0 + timedelta(minutes=5)
FAULTS = {
    "down": {"error": DOWN, "endpoint_up": False},
    "denied": {"error": "ListTables: AccessDeniedException"},
}


def blind(*names, **fault):
    failed = (table(name, TableStatus.ERROR, error=fault["error"]) for name in names)
    return replace(report(*failed, **fault), finished=LATER)


@pytest.fixture(params=FAULTS)
def fault(request):
    return FAULTS[request.param]


@pytest.fixture
def unseen(served, fault):
    served.now = LATER + timedelta(seconds=30)
    served.loop_status.finish(
        report(table("users", item_count=3), table("orders", TableStatus.DRIFTED, drifted=("ttl",), drift_since=T0))
    )
    served.loop_status.finish(blind("users", "orders", **fault))
    return served


def test_a_pass_that_lost_the_endpoint_halfway_is_not_the_last_known_state(served):
    served.loop_status.finish(report(table("users"), table("orders")))
    halfway = (table("users"), table("orders", TableStatus.ERROR, error=DOWN, unanswered=True))
    served.loop_status.finish(replace(report(*halfway), finished=T0 + timedelta(minutes=1)))
    assert 'class="status error"' in served.get("/").text
    served.loop_status.finish(blind("users", "orders", **FAULTS["down"]))
    text = served.get("/").text
    assert "Last known state" in text
    assert 'class="status error"' not in text
    assert [change.status for change in served.loop_status.history.of("orders")] == ["in_sync", "not_observed"]


def test_it_is_shown_where_there_is_no_other(served):
    halfway = (table("users"), table("orders", TableStatus.ERROR, error=DOWN, unanswered=True))
    served.loop_status.finish(report(*halfway))
    served.loop_status.finish(blind("users", "orders", **FAULTS["down"]))
    text = served.get("/").text
    assert "Last known state" in text
    assert 'class="status in_sync"' in text


def part(answer, name):
    start = answer.text.index(f'id="{name}"')
    return answer.text[start : answer.text.index("</div>\n", start)]


def test_the_list_shows_what_the_last_pass_that_could_look_saw(unseen):
    answer = unseen.get("/")
    assert answer.status == 200
    assert 'id="stale"><strong>Last known state</strong>, from <time' in answer.text
    assert 'title="2026-11-22 12:00:00 UTC">5 min ago</time>. Nothing below was checked since.' in answer.text
    assert 'id="listing" data-live class="stale"' in answer.text
    assert 'class="status in_sync"' in answer.text
    assert 'class="status error"' not in answer.text
    assert "Drifted: ttl" in answer.text


def test_the_banner_shows_the_present_error(unseen, fault):
    assert fault["error"] in unseen.get("/").text
    assert fault["error"] in unseen.get("/tables/orders").text


def test_the_page_of_a_table_shows_the_same(unseen):
    text = unseen.get("/tables/users").text
    assert "Last known state" in text
    assert "about 3 items" in text
    assert 'class="status in_sync"' in text


def test_the_api_does_not_pass_old_observations_off_as_new(unseen, fault):
    status = unseen.get("/api/v1/status").json["data"]
    assert {entry["status"] for entry in status["report"]["tables"]} == {"error"}
    assert unseen.get("/api/v1/tables/users").json["data"]["error"] == fault["error"]


def test_the_next_pass_that_can_look_ends_it(unseen):
    unseen.loop_status.finish(replace(report(table("users")), finished=LATER))
    for path in ("/", "/tables/users"):
        text = unseen.get(path).text
        assert "Last known state" not in text
        assert 'class="stale"' not in text


def test_without_an_earlier_pass_there_is_nothing_to_show(served, fault):
    served.loop_status.finish(blind("users", **fault))
    text = served.get("/").text
    assert "Last known state" not in text
    assert 'class="status error"' in text
    assert served.get("/tables/users").status == 200


def test_a_loop_that_stopped_is_never_shown_as_in_sync(ready):
    ready.loop_status.loop_error = "MemoryError"
    text = ready.get("/").text
    assert "Stopped: the loop ended: MemoryError" in text
    assert 'id="stuck"' in text
    assert 'class="banner in-sync"' not in text
