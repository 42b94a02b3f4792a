"""The status page and its JSON document show what the loop status holds."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from urllib.parse import quote

import pytest
from support.sample_reports import T0, deferred_step, report, table, ttl_step

from reconciler import __version__
from reconciler.model.change import Change, Hazard
from reconciler.model.errors import Problem
from reconciler.model.plan import Action, Reason, Step
from reconciler.model.report import TableStatus
from reconciler.model.table import Billing, KeyElement, TableSpec, Throughput

EVIL = "<script>alert(1)</script>"


class Text(HTMLParser):
    """The visible text of a page, and the tags it is made of."""

    def __init__(self, page):
        super().__init__()
        self.parts, self.tags, self.open = [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "br", "input", "link"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not {"style", "title", "script"} & set(self.open):
            self.parts.append(data)

    def __str__(self):
        return re.sub(r"\s+", " ", " ".join(self.parts))


def page(served):
    answer = served.get("/")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    return Text(answer.text)


def banner(served):
    text = page(served)
    [attributes] = [attrs for tag, attrs in text.tags if tag == "p" and attrs.get("role") == "status"]
    return attributes["class"].split()[1]


def drifted_table():
    return table(
        "users-prod",
        TableStatus.BLOCKED,
        drifted=("ttl", "keys"),
        drift_since=T0 - timedelta(hours=1),
        steps=(
            ttl_step().blocked(Reason.DATA_LOSS, "would delete 12 items", "--data-loss allow"),
            deferred_step(T0 + timedelta(minutes=5)),
        ),
    )


def test_before_the_first_pass_the_page_shows_starting_and_why(served):
    assert banner(served) == "starting"
    text = str(page(served))
    assert "Starting: waiting for the endpoint" in text
    assert "No table was observed yet" in text


def test_a_pass_that_found_nothing_to_do_is_in_sync(ready):
    assert banner(ready) == "in-sync"
    assert "In sync: 1 table as declared" in str(page(ready))


def test_in_sync_is_never_claimed_while_the_endpoint_is_down(ready):
    ready.loop_status.endpoint_up = False
    assert banner(ready) == "down"
    assert "Endpoint down" in str(page(ready))


@pytest.mark.parametrize(
    ("tables", "sentence"),
    [
        ((drifted_table(), table("a")), "1 table blocked"),
        ((drifted_table(), table("a", TableStatus.MISSING)), "1 table missing, 1 table blocked"),
        ((table(seed_pending=True),), "1 table with a seed that is not written"),
        ((table(status=TableStatus.PENDING),), "1 table pending"),
        ((table("a", TableStatus.MISSING), table("b", TableStatus.MISSING)), "2 tables missing"),
    ],
)
def test_drift_is_counted_in_the_banner(ready, tables, sentence):
    ready.loop_status.finish(report(*tables))
    assert banner(ready) == "drifted"
    assert sentence in str(page(ready))


def test_a_failed_table_is_an_error(ready):
    ready.loop_status.finish(report(table(status=TableStatus.ERROR, error="DescribeTable: throttled"), table("b")))
    assert banner(ready) == "error"
    text = str(page(ready))
    assert "1 table failed" in text
    assert "DescribeTable: throttled" in text


def test_broken_declarations_are_listed_with_file_and_line(ready):
    problem = Problem("users_table.py", 3, "billing_mode", "is unknown", "Use PROVISIONED.")
    ready.loop_status.finish(report(table(), problems=(problem, problem)))
    text = str(page(ready))
    assert "The desired state has 2 errors; nothing is written" in text
    assert "users_table.py:3: billing_mode: is unknown. Use PROVISIONED." in text


def test_a_table_shows_status_facets_since_reason_and_what_would_allow_it(ready):
    ready.loop_status.finish(report(drifted_table()))
    text = str(page(ready))
    for part in (
        "users-prod",
        "blocked",
        "Drifted: ttl, keys · 60 min ago",
        "Blocked (data_loss): would delete 12 items",
        "--data-loss allow",
        "in 5 min at the earliest",
    ):
        assert part in text
    exact = [attrs["title"] for tag, attrs in page(ready).tags if tag == "time" and "title" in attrs]
    assert {"2026-11-22 11:00:00 UTC", "2026-11-22 12:05:00 UTC"} <= set(exact)


def test_endpoint_environment_mode_last_and_next_pass_are_shown(ready):
    ready.loop_status.next_pass = T0 + timedelta(minutes=1)
    ready.more["mode"] = "observe"
    text = str(page(ready))
    for part in ("http://127.0.0.1:8000", "dynamodb-local", "default", "observe", "Last pass now", "Next pass in 60 s"):
        assert part in text
    ready.loop_status.start("pass-2")
    assert "running now" in str(page(ready))


def test_suspension_is_reported_with_the_remedy(ready):
    ready.loop_status.suspended = True
    assert "reconciler resume" in str(page(ready))


def test_unmanaged_tables_are_counted_and_not_listed(ready):
    unmanaged_table = table("foreign", TableStatus.UNMANAGED, declaration=None, facets=())
    ready.loop_status.finish(report(table(), unmanaged_table, unmanaged=1))
    text = str(page(ready))
    assert "foreign" not in text
    assert "1 other table at this endpoint is not managed by this stack" in text


def test_everything_in_a_report_is_escaped(ready):
    evil = table(EVIL, TableStatus.ERROR, declaration=EVIL, error=EVIL, drifted=(EVIL,))
    ready.loop_status.finish(report(evil, warnings=(EVIL,), error=EVIL))
    answer = ready.get("/")
    assert EVIL not in answer.text
    assert "&lt;script&gt;" in answer.text


def test_the_page_asks_no_other_host_and_its_one_script_is_named_by_the_policy(ready):
    ready.loop_status.finish(report(drifted_table()))
    answer, text = ready.get("/"), page(ready)
    assert not {tag for tag, _ in text.tags} & {"img", "iframe", "object"}
    assert [(a["rel"], a["href"]) for tag, a in text.tags if tag == "link"] == [("icon", "/favicon.svg?health=drifted")]
    [script] = re.findall(r"<script>(.*?)</script>", answer.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert (
        f"script-src 'sha256-{digest}'; connect-src 'self'; img-src 'self'; base-uri"
        in answer.headers["Content-Security-Policy"]
    )
    assert not re.search(r"\son\w+=|javascript:", answer.text.replace(script, ""))
    assert [attrs["method"] for tag, attrs in text.tags if tag == "form"] == ["get"]
    links = [attrs["href"] for tag, attrs in text.tags if tag == "a" and attrs["href"] != "#main"]
    assert links
    assert all(link.startswith("/") for link in links)
    for link in links:
        assert ready.get(link).status == 200
    assert text.open == []


def test_the_page_follows_the_colour_scheme_and_the_width_of_a_phone(ready):
    text = ready.get("/").text
    assert "prefers-color-scheme: dark" in text
    assert "width=device-width" in text


def test_the_json_twin_carries_the_report_and_the_state_of_the_loop(ready):
    ready.loop_status.finish(report(drifted_table()))
    ready.loop_status.next_pass = T0 + timedelta(minutes=1)
    ready.more["mode"] = "enforce"
    answer = ready.get("/api/v1/status").json
    assert (answer["success"], answer["message"]) == (True, "1 table blocked")
    data = answer["data"]
    assert data["report"]["verdict"] == "drifted"
    assert [entry["name"] for entry in data["report"]["tables"]] == ["users-prod"]
    assert data["next_pass"] == "2026-11-22T12:01:00Z"
    assert (data["suspended"], data["mode"], data["version"]) == (False, "enforce", __version__)
    assert (data["ready"], data["reason"]) == (False, ready.loop_status.not_ready_reason) or data["ready"]


def test_the_json_twin_before_the_first_pass_has_no_report(served):
    data = served.get("/api/v1/status").json["data"]
    assert (data["report"], data["ready"], data["reason"]) == (None, False, "waiting for the endpoint")


def shown_names(served, query):
    text = Text(served.get(f"/?{query}").text)
    links = [attrs["href"] for tag, attrs in text.tags if tag == "a"]
    return [link.removeprefix("/tables/") for link in links if link.startswith("/tables/")]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["bills", "orders", "users"]),
        ("q=ER", ["orders", "users"]),
        ("status=in_sync", ["bills", "orders", "users"]),
        ("status=error", []),
        ("sort=items", ["users", "bills", "orders"]),
        ("sort=size", ["orders", "bills", "users"]),
        ("sort=nonsense&status=", ["bills", "orders", "users"]),
        ("page=99", ["bills", "orders", "users"]),
        ("q=%3Cscript%3E", []),
    ],
)
def test_the_list_of_tables_is_filtered_and_sorted_by_the_address(ready, query, names):
    sizes = {"orders": (1, 900), "users": (30, 10), "bills": (2, 20)}
    ready.loop_status.finish(report(*(table(name, item_count=i, size_bytes=b) for name, (i, b) in sizes.items())))
    assert shown_names(ready, query) == names


def test_thousands_of_tables_come_a_hundred_at_a_time(ready):
    ready.loop_status.finish(report(*(table(f"t{number:04}") for number in range(2500))))
    answer = ready.get("/")
    assert len(answer.body) < 100_000
    assert "page 1 of 25" in answer.text
    assert shown_names(ready, "page=25")[-1] == "t2499"


def test_tables_that_need_attention_come_first_and_failed_before_waiting(ready):
    failed = table("z-failed", TableStatus.ERROR, error="Denied")
    waits = table("a-waits", TableStatus.PENDING, steps=(deferred_step(),))
    ready.loop_status.finish(report(table("fine"), waits, drifted_table(), failed))
    assert shown_names(ready, "")[:3] == ["z-failed", "users-prod", "a-waits"]
    assert ready.get("/").text.index("Needs attention") < ready.get("/").text.index(">Tables<")


def test_the_page_of_a_table_shows_and_escapes_desired_and_observed(ready):
    evil = replace(ttl_step().changes[0], before=EVIL)
    seen = table(EVIL, TableStatus.DRIFTED, changes=(evil,), steps=(ttl_step(),), live_status="ACTIVE", item_count=7)
    ready.loop_status.finish(report(seen))
    answer = ready.get(f"/tables/{quote(EVIL)}".replace("/script", "%2Fscript"))
    assert EVIL not in answer.text
    ready.loop_status.finish(report(replace(seen, name="users")))
    text = str(Text(ready.get("/tables/users").text))
    for part in (
        "users drifted",
        "ttl.attribute differs",
        "+ expires_at",
        "update ttl UpdateTimeToLive ready",
        "about 7 items",
    ):
        assert part in text
    assert ready.get("/tables/nobody").status == 404


HOLDS = {
    "suspended": ({}, "the environment is suspended Allow with reconciler resume"),
    "only observing": (
        {"observe_only": True},
        "RECONCILER_MODE=observe writes nothing Allow with RECONCILER_MODE=enforce",
    ),
    "broken declarations": (
        {"problems": (Problem("t.py", 3, "keys", "are missing", "Add them."),)},
        "nothing is written while the desired state has errors Allow with reconciler validate",
    ),
    "nothing": ({}, "runs in the next pass"),
}


@pytest.mark.parametrize("case", HOLDS)
def test_a_step_that_is_ready_and_not_done_says_why_and_what_would_change_that(ready, case):
    fields, messages = HOLDS[case]
    ready.loop_status.finish(report(table(status=TableStatus.DRIFTED, steps=(ttl_step(),), drifted=("ttl",)), **fields))
    ready.loop_status.suspended = case == "suspended"
    assert f"Ready: update ttl ; {messages}" in str(page(ready)).replace("ttl;", "ttl ;")


@pytest.mark.parametrize(
    ("fields", "messages"),
    [
        ({"leader": True}, "this process"),
        ({"leader": True, "lease_free": True}, "nobody holds the lease"),
        ({"leader": True, "lease_free": True, "last_holder": "host:7"}, "nobody holds the lease; host:7 held it last"),
        ({"leader": False, "held_by": "0f8fad5b"}, "another process: 0f8fad5b"),
        ({"leader": False}, "another process"),
        ({}, "unknown"),
    ],
)
def test_the_banner_names_the_lease_holder(ready, fields, messages):
    ready.loop_status.finish(report(table(), **fields))
    assert f"Leader {messages}" in str(page(ready))


def test_an_error_of_the_whole_pass_is_reported_once(ready):
    down = "the endpoint does not answer: refused"
    tables = (table(f"t{number}", TableStatus.ERROR, error=down) for number in range(300))
    ready.loop_status.finish(report(*tables, error=down, endpoint_up=False))
    assert ready.get("/").text.count(down) == 2, "title and banner"


def test_many_tables_that_need_attention_are_counted_after_the_first(ready):
    ready.loop_status.finish(report(*(table(f"t{n}", TableStatus.ERROR, error=f"fault {n}") for n in range(40))))
    assert "15 more are in the list below." in str(page(ready))


@pytest.mark.parametrize(("sort", "names"), [("since", ["b", "c", "a"]), ("owner", ["c", "a", "b"])])
def test_the_list_is_sorted_by_drift_and_owner_too(ready, sort, names):
    made = (
        table("a", ownership="adopted"),
        table("b", ownership="created", drifted=("ttl",), drift_since=T0 - timedelta(hours=2)),
        table("c", drifted=("ttl",), drift_since=T0),
    )
    ready.loop_status.finish(report(*made))
    assert shown_names(ready, f"sort={sort}") == names
    assert f'aria-sort="ascending"><a href="/?q=&amp;status=&amp;sort={sort}"' in ready.get(f"/?sort={sort}").text


def test_an_undeclared_field_is_unmanaged_and_shows_its_live_value(ready):
    live = TableSpec("users", (KeyElement("pk", "HASH", "S"),), Billing("PROVISIONED", Throughput(7, 8)))
    ready.loop_status.finish(report(table(live_status="ACTIVE", observed=live)))
    text = str(Text(ready.get("/tables/users").text))
    assert "billing unmanaged mode: PROVISIONED throughput: read: 7 write: 8" in text
    fields = {field["field"]: field for field in ready.get("/api/v1/tables/users").json["data"]["fields"]}
    assert (fields["billing"]["managed"], fields["billing"]["declared"]) == (False, None)
    assert fields["billing"]["observed"]["mode"] == "PROVISIONED"


def test_the_page_of_a_table_without_a_declared_field_says_that_and_not_that_it_was_never_seen(ready):
    live = TableSpec("users", (KeyElement("pk", "HASH", "S"),))
    seen = table(live_status="ACTIVE", observed=live, declaration=None, ownership="created")
    ready.loop_status.finish(report(seen))
    text = str(Text(ready.get("/tables/users").text))
    assert "Nothing about this table is declared." in text
    assert "has not been observed yet" not in text


@pytest.mark.parametrize("kept", [False, True])
def test_items_that_a_replacement_keeps_are_not_called_lost(ready, kept):
    change = Change("keys", "keys", "pk (S)", "id (S)", Hazard.REPLACEMENT, "every item in it is lost")
    step = Step(Action.REPLACE, "keys", (change,), keeps_items=kept)
    ready.loop_status.finish(report(table(live_status="ACTIVE", changes=(change,), steps=(step,))))
    page, document = ready.get("/tables/users"), ready.get("/api/v1/tables/users").json["data"]
    assert ("every item in it is lost" in page.text) is not kept
    assert [field["unsafe"] for field in document["fields"]] == [None if kept else change.unsafe]
