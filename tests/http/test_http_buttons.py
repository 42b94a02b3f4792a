"""The buttons: where they are, what their pages show before a change, and which jobs their forms start."""

from __future__ import annotations

import html
import re
from dataclasses import replace

import pytest
from support.recording_app import DIGEST, declared, recording_server
from support.sample_reports import deferred_step, report, table, ttl_step

from reconciler.http import Access, confirm, plans
from reconciler.model.errors import UsageError
from reconciler.model.identity import Flavor
from reconciler.model.plan import Action, Reason, Step
from reconciler.model.report import TableStatus
from reconciler.runs import Job, Outcome, QueueFull, Verb
from reconciler.runs.job import PAGE
from reconciler.runs.verbs import PlanChanged

EVIL = "<img src=x>"
DELETE = Step(Action.DELETE, "table")


@pytest.fixture
def server():
    with recording_server(declared("users", seed=True), declared("orders")) as made:
        made.loop_status.finish(
            report(table("users", item_count=2, ownership="created"), table("orders", ownership="adopted"))
        )
        yield made


def words(answer):
    text = re.sub(r"<(style|script).*?</\1>", "", answer.text, flags=re.DOTALL)
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text)))


def button_ids(answer):
    return re.findall(r'id="(action-[a-z]+)"', answer.text)


def section(answer, name):
    found = re.search(rf'<section id="{name}".*?</section>', answer.text, re.DOTALL)
    return html.unescape(re.sub(r"<[^>]+>", " ", found.group())) if found else ""


def fields(answer):
    return re.findall(r'<input type="hidden" name="([a-z]+)" value="([^"]*)">', answer.text)


ALL = ["action-preview", "action-run", "action-seed", "action-clear", "action-suspend", "action-rollback"]


def test_the_overview_has_a_button_for_every_verb(server):
    assert button_ids(server.get("/")) == ALL


def test_a_suspended_environment_is_resumed_and_not_suspended_once_more(server):
    server.loop_status.suspended = True
    assert "action-resume" in button_ids(server.get("/"))
    assert "action-suspend" not in button_ids(server.get("/"))


@pytest.mark.parametrize(
    ("name", "without"),
    [
        ("users", {"action-suspend"}),
        ("orders", {"action-suspend", "action-seed", "action-clear", "action-rollback"}),
    ],
)
def test_the_page_of_a_table_has_the_buttons_that_fit_it(server, name, without):
    answer = server.get(f"/tables/{name}")
    assert button_ids(answer) == [one for one in ALL if one not in without]
    assert f'href="/confirm/run?table={name}"' in answer.text


def test_a_daemon_that_only_observes_has_no_button_that_writes(server):
    server.options.mode = "observe"
    assert button_ids(server.get("/")) == ["action-preview", "action-run"]


CLOSED = {
    "a foreign Host": (Access(), Flavor.MOTO, {"Host": "evil.example"}, "RECONCILER_ALLOWED_HOSTS"),
    "beside AWS without a token": (Access(), Flavor.AWS, {}, "RECONCILER_API_TOKEN"),
    "not on loopback": (Access(loopback=False), Flavor.MOTO, {}, "RECONCILER_HTTP_HOST"),
    "before the endpoint has answered": (Access(), None, {}, "has not answered yet"),
}


@pytest.mark.parametrize("case", CLOSED)
def test_where_nothing_may_be_changed_the_page_is_read_only_and_says_how_to_change_that(case):
    access, flavor, headers, hint = CLOSED[case]
    with recording_server(access=access, flavor=flavor) as server:
        answer = server.get("/", **headers)
        assert button_ids(answer) == []
        assert "Read-only." in words(answer)
        assert hint in words(answer)


def test_with_a_token_the_page_says_that_it_is_asked_for_and_the_form_asks():
    with recording_server(
        declared("users"), access=Access(token="secret", loopback=False), flavor=Flavor.AWS
    ) as server:
        assert "asks for the token" in words(server.get("/"))
        answer = server.get("/confirm/suspend")
        assert re.search(r'<input type="password" id="token" name="token" required', answer.text)
        assert "secret" not in answer.text.replace("Secrets", "")


def test_without_a_token_no_form_asks_for_one(server):
    assert 'type="password"' not in server.get("/confirm/suspend").text


def test_the_form_of_a_run_names_each_step_and_carries_the_digest_of_the_plan(server):
    ready, waits = table("users", TableStatus.DRIFTED, steps=(ttl_step(),)), table("orders", steps=(deferred_step(),))
    server.plan = Outcome(report(ready, waits), DIGEST)
    answer = server.get("/confirm/run")
    will, will_not = section(answer, "plan"), section(answer, "held")
    for part in ("users", "update ttl", "UpdateTimeToLive", "ttl.attribute", "expires_at"):
        assert part in will
    assert "orders" not in will
    assert "orders" in will_not
    assert "waits" in will_not
    assert "Plan: 0 to create, 1 to update" in words(answer)
    assert fields(answer) == [("digest", DIGEST)]
    assert server.jobs == [Job(Verb.PREVIEW, trigger=PAGE)]


def test_the_form_of_a_rollback_names_the_tables_that_go_and_those_that_stay(server):
    kept = DELETE.blocked(Reason.PROTECTED, "deletion protection is on", "aws dynamodb update-table …")
    server.plan = Outcome(report(table("users", steps=(DELETE,)), table("orders", steps=(kept,))), DIGEST)
    answer = server.get("/confirm/rollback")
    assert "users" in section(answer, "plan")
    assert "orders" not in section(answer, "plan")
    for part in ("orders", "deletion protection is on", "aws dynamodb update-table"):
        assert part in section(answer, "held")
    assert "suspended" in words(answer)
    assert server.jobs == [Job(Verb.PREVIEW_ROLLBACK, trigger=PAGE)]


def test_tables_with_the_same_steps_are_one_entry_that_names_each(server):
    many = [table(f"tenant-{number:03}", steps=(DELETE,)) for number in range(200)]
    other = DELETE.with_message("the table holds 7 items")
    server.plan = Outcome(report(*many, table("users", steps=(other,))), DIGEST)
    answer = server.get("/confirm/rollback")
    plan = section(answer, "plan")
    assert plan.count("ready") == 2, "the steps of 200 tables are shown once"
    assert "200 tables" in plan
    assert all(f"tenant-{number:03}" in plan for number in range(200)), "whoever confirms sees what goes"


def test_few_tables_with_the_same_steps_are_shown_one_by_one(server):
    server.plan = Outcome(report(*(table(f"tenant-{number}", steps=(DELETE,)) for number in range(3))), DIGEST)
    assert section(server.get("/confirm/rollback"), "plan").count("ready") == 3


@pytest.mark.parametrize("verb", ["seed", "clear"])
def test_the_form_of_a_seed_names_tables_sources_and_numbers(server, verb):
    messages = section(server.get(f"/confirm/{verb}"), "plan")
    for part in ("users", "2 items", "seeds/users.json"):
        assert part in messages
    assert "orders" not in messages
    assert server.jobs == []


def test_a_plan_with_nothing_to_do_reports_it(server):
    assert "Nothing: no step is ready." in words(server.get("/confirm/run"))


def test_a_run_of_a_suspended_environment_says_that_it_lifts_the_suspension(server):
    server.loop_status.suspended = True
    assert "lifts the suspension" in words(server.get("/confirm/run"))


ORDERS = {
    "run": ("run", [("digest", DIGEST)], Job(Verb.RUN, (), DIGEST, PAGE)),
    "run of two tables": (
        "run",
        [("table", "users"), ("table", "orders"), ("digest", DIGEST)],
        Job(Verb.RUN, ("users", "orders"), DIGEST, PAGE),
    ),
    "rollback": ("rollback", [("digest", DIGEST), ("stack", "default")], Job(Verb.ROLLBACK, (), DIGEST, PAGE)),
    "seed": ("seed", [("table", "users")], Job(Verb.SEED, ("users",), None, PAGE)),
    "clear": ("clear", [], Job(Verb.CLEAR, (), None, PAGE)),
    "suspend": ("suspend", [], Job(Verb.SUSPEND, (), None, PAGE)),
    "resume": ("resume", [], Job(Verb.RESUME, (), None, PAGE)),
}


@pytest.mark.parametrize("case", ORDERS)
def test_a_form_becomes_exactly_this_job_and_redirects_to_its_run(server, case):
    verb, sent, job = ORDERS[case]
    answer = server.send(f"/confirm/{verb}", sent)
    assert (answer.status, answer.headers["Location"]) == (303, "/runs/run-1")
    assert server.jobs == [job]
    assert server.get("/runs/run-1").status == 200


def test_what_is_suspended_as_a_whole_cannot_be_suspended_by_table(server):
    assert server.send("/confirm/suspend", [("table", "users")]).status == 422
    assert server.jobs == []


@pytest.mark.parametrize("verb", ["rollback", "seed", "clear", "suspend", "resume"])
def test_a_daemon_that_only_observes_refuses_what_writes(server, verb):
    server.options.mode = "observe"
    assert server.send(f"/confirm/{verb}", [("digest", DIGEST), ("stack", "default")]).status == 409
    assert server.jobs == []


def test_a_changed_plan_is_reported_on_the_page_of_the_run_with_a_link_back(server):
    server.result = PlanChanged("e" * 64)
    where = server.send("/confirm/run", [("digest", DIGEST), ("table", "users")]).headers["Location"]
    answer = server.get(where)
    assert "The plan has changed" in words(answer)
    assert 'href="/confirm/run?table=users"' in answer.text


def test_a_preview_is_not_history_and_replaces_the_preview_before_it(server):
    kept = DELETE.blocked(Reason.PROTECTED, "deletion protection is on")
    server.plan = Outcome(report(table("users", TableStatus.BLOCKED, steps=(kept,))), DIGEST)
    for path in ("/confirm/run", "/confirm/rollback", "/preview?table=users"):
        assert server.get(path).status == 200
    assert [record.id for record in server.control.history.newest()] == ["run-3"]
    assert "/runs/run-3" not in server.get("/").text + server.get("/tables/users").text
    assert "/runs/run-3" in server.get("/runs").text


def test_a_run_that_takes_long_is_followed_on_its_page(server, monkeypatch):
    monkeypatch.setattr(confirm, "OUTCOME_SECONDS", 0.05)
    server.result = None
    answer = server.get(server.send("/confirm/seed").headers["Location"])
    assert "Queued." in words(answer)
    assert '<noscript><meta http-equiv="refresh"' in answer.text
    assert "data-live" in answer.text


def test_a_plan_that_takes_long_shows_progress_and_no_form(server, monkeypatch):
    monkeypatch.setattr(plans, "PATIENCE_SECONDS", 0.05)
    server.plan = None
    answer = server.get("/confirm/run")
    assert "a pass is running" in words(answer)
    assert "<form" not in answer.text


def test_equal_plans_are_made_once_and_many_different_ones_are_refused(monkeypatch):
    monkeypatch.setattr(plans, "FRESH_SECONDS", 60.0)
    with recording_server(*(declared(f"t{number}") for number in range(plans.MAX_PLANS + 1))) as server:
        for _ in range(3):
            assert server.get("/confirm/run?table=t0").status == 200
        assert len(server.jobs) == 1
        answers = [server.get(f"/preview?table=t{number}").status for number in range(1, plans.MAX_PLANS + 1)]
        assert answers == [200] * (plans.MAX_PLANS - 1) + [429]


@pytest.mark.parametrize(
    ("error", "status"), [(UsageError("no table 'x' is declared"), 404), (QueueFull("100 different orders wait"), 429)]
)
def test_what_the_loop_refuses_is_an_answer(server, error, status):
    server.plan = error
    assert server.get("/confirm/run").status == status


@pytest.mark.parametrize("path", ["/confirm/run", "/preview", "/confirm/seed"])
def test_a_table_that_is_not_declared_has_no_plan(server, path):
    assert server.get(f"{path}?table=nobody").status == 404
    assert server.jobs == []


def test_whatever_a_plan_holds_is_escaped(server):
    step = ttl_step().blocked(Reason.DATA_LOSS, EVIL, EVIL)
    evil = replace(step, changes=(replace(step.changes[0], path=EVIL, before=EVIL, unsafe=EVIL),))
    server.plan = Outcome(report(table(EVIL, steps=(evil, ttl_step(message=EVIL)), error=EVIL), error=EVIL), DIGEST)
    for path in ("/confirm/run", "/preview"):
        assert EVIL not in server.get(path).text


def test_an_error_is_a_page_for_a_browser_and_a_document_for_others(server):
    page = server.get("/tables/nobody", Accept="text/html,*/*;q=0.8")
    assert (page.status, page.headers["Content-Type"]) == (404, "text/html; charset=utf-8")
    assert "No table of this name" in words(page)
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert server.get("/tables/nobody").headers["Content-Type"] == "application/problem+json"
    api = server.get("/api/v1/tables/nobody", Accept="text/html")
    assert api.headers["Content-Type"] == "application/problem+json"


PAGES = ("/", "/tables/users", "/preview", "/runs", "/settings", *(f"/confirm/{verb}" for verb in confirm.ACTIONS))


@pytest.mark.parametrize("path", PAGES)
def test_no_page_has_a_style_or_a_script_that_the_policy_does_not_name(server, path):
    answer = server.get(path)
    assert answer.status == 200
    assert len(re.findall(r"<script", answer.text)) == 1
    assert len(re.findall(r"<style", answer.text)) == 1
    assert not re.search(r"\s(style|on[a-z]+)=", re.sub(r"<script>.*?</script>", "", answer.text, flags=re.DOTALL))
    assert "form-action 'self'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Referrer-Policy"] == "same-origin"


def test_the_form_of_a_rollback_counts_what_it_deletes_and_asks_for_the_name_of_the_stack(server):
    kept = DELETE.blocked(Reason.PROTECTED, "deletion protection is on")
    server.plan = Outcome(
        report(
            table("users", steps=(DELETE,), item_count=1200),
            table("orders", steps=(DELETE,), item_count=4),
            table("audit", steps=(DELETE,)),
            table("kept", steps=(kept,), item_count=50_000),
        ),
        DIGEST,
    )
    answer = server.get("/confirm/rollback")
    assert "3 tables with about 1,204 items will be deleted" in words(answer)
    assert "1 of them has no known number of items" in words(answer)
    assert "type the name of the stack: default" in words(answer)
    assert '<input type="text" id="stack" name="stack" required' in answer.text


@pytest.mark.parametrize("verb", [verb for verb in confirm.ACTIONS if verb != "rollback"])
def test_no_other_form_asks_for_the_name_of_the_stack(server, verb):
    assert 'name="stack"' not in server.get(f"/confirm/{verb}").text
