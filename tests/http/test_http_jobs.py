"""Which jobs the changing routes start, what they answer, and how an error of a command looks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace

import pytest
from support.captured_logs import capture_logs
from support.sample_reports import LOCAL, report, table, ttl_step
from support.web import ask

from reconciler.engine.loop_status import LoopStatus
from reconciler.http import Control, HttpServer, create_app, jobs
from reconciler.metrics import Metrics
from reconciler.model.errors import DeclarationError, Problem, StateError, Unreachable, UsageError
from reconciler.model.plan import Action, Reason, Step
from reconciler.model.report import TableStatus
from reconciler.runs import Job, Outcome, QueueFull, Record, Run, State, Stopping, Verb
from reconciler.runs.verbs import PlanChanged

DIGEST = "a" * 64


class Api:
    """A server; ``result`` is how the next order ends, ``None`` leaves it waiting."""

    def __init__(self) -> None:
        loop_status = LoopStatus("default")
        loop_status.endpoint = LOCAL
        self.jobs: list[Job] = []
        self.result: object = Outcome(report(table()))
        self.control = Control(loop_status)
        self.control.submit = self._submit
        self.http = HttpServer(create_app(loop_status, Metrics(loop_status), control=self.control), "127.0.0.1", 0)

    def _submit(self, job: Job) -> Run:
        self.jobs.append(job)
        if isinstance(self.result, QueueFull | Stopping):
            raise self.result
        run = Run("run-1", job)
        if isinstance(self.result, Exception):
            run.ended.set_exception(self.result)
        elif self.result is not None:
            run.ended.set_result(self.result)
        return run

    def post(self, path: str, body: object = None, **headers: str):
        text = None if body is None else json.dumps(body).encode()
        kind = {} if body is None else {"Content-Type": "application/json"}
        return ask(self.http.port, f"/api/v1/{path}", "POST", text, **kind, **headers)

    def get(self, path: str):
        return ask(self.http.port, f"/api/v1/{path}")


@pytest.fixture(autouse=True)
def log() -> Iterator[None]:
    with capture_logs():
        yield


@pytest.fixture
def api() -> Iterator[Api]:
    made = Api()
    made.http.start()
    yield made
    made.http.stop()


@pytest.mark.parametrize(
    ("path", "body", "job"),
    [
        ("migrations/run", None, Job(Verb.RUN)),
        ("migrations/run", {}, Job(Verb.RUN)),
        ("migrations/run", {"tables": ["b", "a", "b"]}, Job(Verb.RUN, ("b", "a"))),
        ("migrations/run", {"dry_run": True, "tables": ["a"]}, Job(Verb.PREVIEW, ("a",))),
        ("migrations/run", {"dry_run": True, "plan_digest": DIGEST}, Job(Verb.PREVIEW)),
        ("migrations/run", {"plan_digest": DIGEST}, Job(Verb.RUN, (), DIGEST)),
        ("migrations/run", {"items": True}, Job(Verb.RUN, items=True)),
        ("migrations/rollback", None, Job(Verb.ROLLBACK)),
        ("migrations/rollback", {"tables": ["a"]}, Job(Verb.ROLLBACK, ("a",))),
        ("seeders/run", None, Job(Verb.SEED)),
        ("seeders/run?seeder_names=users", None, Job(Verb.SEED, ("users",))),
        ("seeders/run?seeder_names=users&seeder_names=b", None, Job(Verb.SEED, ("users", "b"))),
        ("seeders/clear?seeder_names=users,%20b_seeder,", None, Job(Verb.CLEAR, ("users", "b_seeder"))),
    ],
)
def test_a_request_becomes_exactly_this_job(api, path, body, job):
    answer = api.post(path, body)
    assert (answer.status, api.jobs) == (200, [job])
    assert answer.json["data"]["run_id"] == "run-1"
    assert answer.json["data"]["report"]["verdict"] == "in_sync"


@pytest.mark.parametrize(
    "body",
    [
        {"tables": "users"},
        {"tables": [1]},
        {"tables": [""]},
        {"tables": ["x" * 256]},
        {"dry_run": "perhaps"},
        {"dryrun": True},
        {"plan_digest": "short"},
        {"items": True, "tables": ["users"]},
        {"items": True, "dry_run": True},
        [],
        "run",
        None,
        1,
    ],
)
def test_an_invalid_body_starts_no_job_and_the_error_names_the_field(api, body):
    answer = ask(
        api.http.port,
        "/api/v1/migrations/run",
        "POST",
        json.dumps(body).encode(),
        **{"Content-Type": "application/json"},
    )
    if body is None:
        assert answer.status == 200
        return
    assert answer.status == 422
    assert answer.json["detail"].startswith("body")
    assert api.jobs == []


@pytest.mark.parametrize("text", [b"{", b"\xff", b'{"dry_run": tru', b"[" * 60_000])
def test_a_body_that_is_not_json_starts_no_job(api, text):
    answer = ask(api.http.port, "/api/v1/migrations/run", "POST", text, **{"Content-Type": "application/json"})
    assert answer.status in (400, 422)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert api.jobs == []


ERRORS = {
    "an unknown table": (UsageError("no table 'x' is declared; declared are: users"), 404),
    "broken declarations": (DeclarationError((Problem("t.py", 3, "keys", "are missing", "Add them."),)), 409),
    "another plan": (PlanChanged(DIGEST), 409),
    "no state table": (StateError("the state table cannot be used"), 503),
    "no endpoint": (Unreachable("ListTables", "ConnectionError", "refused"), 503),
    "a stopping daemon": (Stopping("The daemon is stopping"), 503),
    "too many orders": (QueueFull("100 different jobs are already queued"), 429),
    "a fault of ours": (RuntimeError("a secret detail"), 500),
}


@pytest.mark.parametrize("case", ERRORS)
def test_an_error_of_a_verb_is_a_problem_document(api, case):
    api.result, status = ERRORS[case]
    answer = api.post("migrations/run")
    assert (answer.status, answer.headers["Content-Type"]) == (status, "application/problem+json")
    assert "secret" not in answer.text
    if status != 500:
        assert str(api.result) == answer.json["detail"] or case == "broken declarations"
    if case == "broken declarations":
        assert answer.json["errors"][0]["file"] == "t.py"
    if case == "another plan":
        assert answer.json["plan_digest"] == DIGEST


def test_without_waiting_the_answer_is_202_with_the_runs_id(api):
    api.result = None
    answer = api.post("migrations/run?wait=false")
    assert answer.status == 202
    assert answer.json["data"]["run_id"] == "run-1"
    assert answer.headers["Location"] == "/api/v1/runs/run-1"


def test_a_caller_that_waits_too_long_gets_202(api, monkeypatch):
    monkeypatch.setattr(jobs, "WAIT_SECONDS", 0.05)
    api.result = None
    assert api.post("migrations/run").status == 202


def test_before_the_endpoint_has_answered_no_job_can_be_started(api):
    api.control.submit = None
    answer = api.post("migrations/run")
    assert (answer.status, answer.json["detail"]) == (503, "waiting for the endpoint")


@pytest.mark.parametrize(
    ("path", "status"), [("migrations/run", 200), ("migrations/rollback", 409), ("seeders/run", 409)]
)
def test_a_daemon_that_only_observes_refuses_what_cannot_be_done(api, path, status):
    api.control.reconciler = SimpleNamespace(options=SimpleNamespace(mode="observe"))
    assert api.post(path).status == status


BLOCKED = Step(Action.DELETE, "table").blocked(Reason.PROTECTED, "deletion protection is on", "aws dynamodb …")


def test_a_partly_blocked_rollback_is_not_a_success_and_lists_the_blocked_tables(api):
    api.result = Outcome(report(table("kept", TableStatus.BLOCKED, steps=(BLOCKED,)), table("gone")))
    answer = api.post("migrations/rollback").json
    assert answer["success"] is False
    assert [(entry["table"], entry["reason"]) for entry in answer["data"]["blocked"]] == [("kept", "protected")]
    assert "1 step blocked" in answer["message"]


def test_a_run_with_something_blocked_is_drift_and_no_failure(api):
    api.result = Outcome(report(table("kept", TableStatus.BLOCKED, steps=(BLOCKED,))))
    answer = api.post("migrations/run").json
    assert (answer["success"], len(answer["data"]["blocked"])) == (True, 1)


@pytest.mark.parametrize(
    "failed",
    [
        report(error="ListTables: refused"),
        report(problems=(Problem("t.py", 3, "keys", "are missing", "Add them."),)),
        report(table(status=TableStatus.ERROR, steps=(ttl_step().failed("no"),))),
    ],
)
def test_failed_work_is_not_success(api, failed):
    api.result = Outcome(failed)
    answer = api.post("migrations/run")
    assert (answer.status, answer.json["success"]) == (200, False)
    assert answer.json["message"]


def test_the_digest_of_a_dry_run_is_in_its_answer(api):
    api.result = Outcome(report(table()), DIGEST)
    assert api.post("migrations/run", {"dry_run": True}).json["data"]["plan_digest"] == DIGEST


def test_runs_are_listed_newest_first_and_found_by_id(api):
    for name in ("1", "2"):
        record = Record(name, "seed", "api", State.QUEUED, report().started)
        api.control.history.put(
            record.running(record.queued).done(report(table(steps=(ttl_step().done(),))), record.queued)
        )
    api.control.history.put(replace(record, id="3").failed("no table 'x' is declared", record.queued))
    listed = api.get("runs?limit=2").json["data"]["runs"]
    assert [(run["id"], run["state"]) for run in listed] == [("3", "failed"), ("2", "done")]
    one = api.get("runs/2").json["data"]
    assert (one["summary"]["update"], one["actions"][0]["facet"]) == (1, "ttl")
    assert "no table 'x' is declared" in api.get("runs/3").json["message"]
    assert api.get("runs/none").status == 404
    assert api.get("runs?limit=0").status == 422


def test_a_table_is_found_by_either_name_and_shows_desired_and_observed(api):
    step = ttl_step()
    seen = table("dev-users", TableStatus.DRIFTED, base_name="users", steps=(step,), changes=step.changes)
    api.control.loop_status.finish(report(seen, table("stranger", TableStatus.UNMANAGED, declaration=None)))
    for name in ("users", "dev-users"):
        data = api.get(f"tables/{name}").json["data"]
        assert data["name"] == "dev-users"
        assert {key: data["fields"][0][key] for key in ("field", "declared", "observed", "differs")} == {
            "field": "ttl.attribute",
            "declared": "expires_at",
            "observed": None,
            "differs": True,
        }
    assert api.get("tables/stranger").status == 404
    assert api.get("tables/%2e%2e").status == 404


@pytest.mark.parametrize("path", ["migrations/status", "seeders/status"])
def test_the_states_can_be_asked_for_before_the_first_pass(api, path):
    assert api.get(path).json["success"] is True


@pytest.mark.parametrize("path", ["migrations/status", "seeders/status"])
def test_a_state_that_cannot_be_read_is_a_problem_document(api, path):
    def load():
        raise StateError("the state table cannot be used")

    store = SimpleNamespace(load=load)
    api.control.reconciler = SimpleNamespace(ports=SimpleNamespace(store=store), state=SimpleNamespace(last_good=None))
    assert (api.get(path).status, api.get(path).json["title"]) == (503, "Service Unavailable")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("abc-1.2_3", True),
        ("x" * 64, True),
        ("x" * 65, False),
        ("a b", False),
        ("a\tb", False),
        ("", False),
        ("ä", False),
    ],
)
def test_a_request_id_that_fits_is_kept_and_any_other_replaced(api, given, kept):
    answer = ask(api.http.port, "/nothing", **{"X-Request-ID": given})
    assert (answer.headers["X-Request-ID"] == given) is kept
    assert answer.json["request_id"] == answer.headers["X-Request-ID"]
    assert len(answer.headers["X-Request-ID"]) >= 1
