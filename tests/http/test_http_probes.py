"""Probes of orchestrators: liveness and readiness."""

from __future__ import annotations

from datetime import timedelta

import pytest
from support.sample_reports import T0, report, table
from support.web import ask

from reconciler.engine.ports import ApiExchange
from reconciler.model.errors import Problem
from reconciler.model.report import TableStatus
from reconciler.telemetry import CompositeTelemetry

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
    ready.loop_status.endpoint_up = False
    assert ready.get("/healthz").status == 503


def test_later_drift_does_not_unset_readiness(ready):
    ready.loop_status.finish(report(table(status=TableStatus.DRIFTED, drifted=("ttl",), ready=False)))
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
    ready.loop_status.finish(after)
    answer = ready.get("/readyz")
    assert answer.status == 503
    assert reason in answer.json["reason"]


def test_an_unreachable_endpoint_makes_it_unready_with_a_reason(ready):
    ready.loop_status.endpoint_up = False
    answer = ready.get("/readyz")
    assert (answer.status, answer.json["reason"]) == (503, "the endpoint does not answer")


LATER = timedelta(hours=1)


@pytest.mark.parametrize(
    ("under_way", "heartbeat", "next_pass", "alive"),
    [
        ("pass-2", timedelta(0), None, True),
        ("pass-2", timedelta(seconds=119), None, True),
        ("pass-2", timedelta(seconds=121), None, False),
        ("pass-2", timedelta(days=1), None, False),
        ("pass-2", timedelta(seconds=121), -LATER, False),
        (None, timedelta(seconds=119), None, True),
        (None, timedelta(seconds=121), None, False),
        (None, LATER, timedelta(seconds=0), True),
        (None, LATER, timedelta(seconds=119), True),
        (None, LATER, timedelta(seconds=121), False),
        (None, timedelta(minutes=11), timedelta(minutes=10), False),
        (None, timedelta(minutes=11), -LATER, True),
        (None, timedelta(seconds=10), timedelta(seconds=300), True),
    ],
    ids=[
        "a pass that began just now",
        "a pass that is silent for less than two minutes",
        "a pass that is silent for longer",
        "a class file became an infinite loop",
        "a stuck pass whose successor is planned",
        "tries to connect",
        "a try to connect that hangs",
        "the next pass is due now",
        "the next pass is a little late",
        "the next pass does not begin",
        "the scheduler died eleven minutes ago",
        "the interval is an hour",
        "an overdue pass has begun and ended",
    ],
)
def test_the_loop_is_alive_while_it_makes_progress_or_waits_for_its_time(ready, under_way, heartbeat, next_pass, alive):
    """``heartbeat`` and ``next_pass`` are how long ago they were."""
    ready.now = T0 + timedelta(days=2)
    ready.loop_status.in_progress = under_way
    ready.loop_status.heartbeat = ready.now - heartbeat
    ready.loop_status.next_pass = None if next_pass is None else ready.now - next_pass
    answer = ready.get("/livez")
    assert (answer.status == 200) is alive
    assert (answer.json["reason"] is None) is alive


def test_every_answered_request_of_a_pass_counts_as_progress(ready):
    telemetry = CompositeTelemetry(ready.loop_status, None)
    ready.loop_status.heartbeat = T0
    telemetry.request("DescribeTable", "Throttled", 0.1, ApiExchange(("users",)))
    assert ready.loop_status.heartbeat > T0


def test_a_status_without_a_loop_has_no_heartbeat(ready):
    telemetry = CompositeTelemetry(ready.loop_status, None)
    ready.loop_status.heartbeat = None
    telemetry.request("DescribeTable", "success", 0.1, ApiExchange(("users",)))
    assert ready.loop_status.heartbeat is None


def test_a_loop_that_died_is_dead_at_once_and_says_why(ready):
    ready.loop_status.loop_error = "out of threads"
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


@pytest.mark.parametrize(
    ("accepted", "packed"),
    [
        ("gzip", True),
        ("deflate, GZIP;q=0.5", True),
        ("*", True),
        ("gzip;q=0", False),
        ("*, gzip; q=0.000", False),
        ("identity", False),
        ("br", False),
    ],
)
def test_metrics_are_compressed_where_the_client_asks_for_it(ready, accepted, packed):
    answer = ready.get("/metrics", **{"Accept-Encoding": accepted})
    assert ("content-encoding" in {name.lower() for name in answer.headers}) is packed
    assert answer.headers["Vary"] == "Accept, Accept-Encoding"
