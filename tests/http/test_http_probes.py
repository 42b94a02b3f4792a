"""What orchestrators ask: alive, ready."""

from __future__ import annotations

from datetime import timedelta

import pytest
from support.made_up import T0, report, table
from support.web import ask

from reconciler.model.errors import Problem
from reconciler.model.report import TableStatus

PROBES = ("/livez", "/readyz", "/healthz")


def test_a_daemon_that_waits_for_the_endpoint_is_alive_but_not_ready(served):
    assert served.get("/livez").status == 200
    answer = served.get("/readyz")
    assert answer.status == 503
    assert answer.json == {"ready": False, "reason": "waiting for the endpoint"}


def test_after_a_pass_that_saw_every_declared_table_it_is_ready(ready):
    assert ready.get("/readyz").status == 200
    assert ready.get("/readyz").json == {"ready": True, "reason": None}


def test_healthz_is_an_alias_of_readyz(ready):
    assert ready.get("/healthz").json == ready.get("/readyz").json
    ready.board.endpoint_up = False
    assert ready.get("/healthz").status == 503


def test_later_drift_does_not_unset_readiness(ready):
    ready.board.finish(report(table(status=TableStatus.DRIFTED, drifted=("ttl",), ready=False)))
    assert ready.get("/readyz").status == 200


@pytest.mark.parametrize(
    ("after", "reason"),
    [
        (report(table(), table("projects", TableStatus.MISSING, ready=False)), "waiting for projects"),
        (report(error="the state table is refused"), "the state table is refused"),
        (
            report(problems=(Problem("users_table.py", 3, "billing_mode", "is unknown", "Use PROVISIONED."),)),
            "users_table.py:3",
        ),
    ],
    ids=["a declared table was never seen ready", "the pass failed", "the declarations are broken"],
)
def test_it_says_why_it_is_not_ready(ready, after, reason):
    ready.board.finish(after)
    answer = ready.get("/readyz")
    assert answer.status == 503
    assert reason in answer.json["reason"]


def test_an_endpoint_that_went_away_makes_it_unready_with_a_reason(ready):
    ready.board.endpoint_up = False
    answer = ready.get("/readyz")
    assert (answer.status, answer.json["reason"]) == (503, "the endpoint does not answer")


@pytest.mark.parametrize(
    ("interval", "silent", "status"),
    [(60, 599, 200), (60, 601, 503), (1, 599, 200), (1, 601, 503), (300, 2999, 200), (300, 3001, 503)],
)
def test_a_loop_is_dead_after_ten_silent_intervals_and_never_before_ten_minutes(ready, interval, silent, status):
    ready.board.interval = interval
    ready.board.heartbeat = T0
    ready.now = T0 + timedelta(seconds=silent)
    assert ready.get("/livez").status == status


def test_a_pass_under_way_is_life_however_long_it_takes(ready):
    ready.board.heartbeat = T0
    ready.board.start("pass-2")
    ready.now = T0 + timedelta(days=1)
    assert ready.get("/livez").status == 200


def test_a_loop_that_died_is_dead_at_once_and_says_why(ready):
    ready.board.loop_error = "out of threads"
    answer = ready.get("/livez")
    assert answer.status == 503
    assert answer.json == {"alive": False, "reason": "the loop ended: out of threads"}


@pytest.mark.parametrize("path", PROBES)
def test_probes_answer_under_any_host(ready, path):
    assert ready.get(path, Host="10.1.2.3:8002").status == 200


@pytest.mark.parametrize("path", [*PROBES, "/", "/metrics"])
def test_head_requests_answer_as_get_without_a_body(ready, path):
    answer = ask(ready.port, path, "HEAD")
    assert (answer.status, answer.body) == (200, b"")
