"""The log of a pass: each step, each new refusal, and one line for the pass."""

from __future__ import annotations

import logging
from datetime import timedelta
from io import StringIO

import pytest
from simulation.clock import START
from support.captured_logs import capture_logs

from reconciler.engine.loop_status import LoopStatus
from reconciler.logs import LogFormat, configure
from reconciler.model.errors import Problem
from reconciler.model.plan import Action, Reason, Step
from reconciler.model.report import PassReport, TableReport, TableStatus
from reconciler.telemetry import CompositeTelemetry

STEP = Step(Action.DELETE, "table").blocked(Reason.NOT_OWNED, "not ours", "lifecycle.on_existing: own")


def report(*steps: Step, **fields: object) -> PassReport:
    table = TableReport("users", TableStatus.BLOCKED if steps else TableStatus.IN_SYNC, steps=steps)
    times = {"started": START, "finished": START + timedelta(seconds=2), "endpoint": None}
    named = {"pass_id": "p1", "trigger": "interval", "environment": "default", "stack": "s", "tables": (table,)}
    return PassReport(**{**named, **times, **fields})  # type: ignore[arg-type]


def messages(composite: CompositeTelemetry, one: PassReport) -> list[str]:
    with capture_logs() as log:
        composite.pass_started("p1", "interval")
        composite.pass_finished(one)
    return [entry["event"] for entry in log]


def test_a_refusal_is_logged_when_it_begins_and_when_it_recurs() -> None:
    composite = CompositeTelemetry(LoopStatus("default"), None)
    assert messages(composite, report(STEP)) == ["blocked", "pass"]
    assert messages(composite, report(STEP)) == ["pass"]
    assert messages(composite, report()) == ["pass"]
    assert messages(composite, report(STEP)) == ["blocked", "pass"]


def test_the_loop_status_holds_the_last_report() -> None:
    loop_status = LoopStatus("default")
    one = report()
    messages(CompositeTelemetry(loop_status, None), one)
    assert loop_status.report is one
    assert loop_status.in_progress is None


def test_an_error_of_the_whole_pass_is_one_line_not_one_a_table() -> None:
    failed = TableReport("users", TableStatus.ERROR, error="the endpoint does not answer")
    one = PassReport("p", "interval", "default", START, START, None, (failed,), error=failed.error, stack="s")
    assert messages(CompositeTelemetry(LoopStatus("default"), None), one) == ["pass"]


@pytest.mark.parametrize("collected", [True, False])
def test_failures_are_errors_of_the_log_only_where_it_is_collected(collected: bool) -> None:
    failed = TableReport("users", TableStatus.ERROR, error="refused")
    problem = Problem("users.yaml", 1, None, "is odd", "Correct it.")
    one = PassReport("p", "once", "default", START, START, None, (failed,), (problem,), error="no", stack="s")
    composite = CompositeTelemetry(LoopStatus("default"), None, shows_report=True, logs_failures=collected)
    with capture_logs() as log:
        composite.pass_finished(one)
        composite.step("p", "users", STEP.failed("no"))
    levels = {entry["event"]: entry["log_level"] for entry in log}
    assert levels == dict.fromkeys(
        ("declaration refused", "table failed", "pass", "step"), "error" if collected else "info"
    )


@pytest.mark.parametrize("form", ["console", "json", "logfmt"])
def test_a_pass_is_one_line_of_the_log_that_names_the_stack(form: LogFormat) -> None:
    stream = StringIO()
    handlers, level = logging.root.handlers[:], logging.root.level
    try:
        configure(form, "info", stream)
        CompositeTelemetry(LoopStatus("default"), None).pass_finished(report(stack="shop"))
    finally:
        logging.root.handlers[:], logging.root.level = handlers, level
    (line,) = stream.getvalue().splitlines()
    assert "shop" in line


def test_a_suspension_is_logged_when_it_begins_and_when_it_ends() -> None:
    composite = CompositeTelemetry(LoopStatus("default"), None)
    assert messages(composite, report()) == ["pass"]
    assert messages(composite, report(suspended=True)) == ["suspended", "pass"]
    assert messages(composite, report(suspended=True)) == ["pass"]
    assert messages(composite, report(error="the state table cannot be read")) == ["pass"], "nobody knows"
    assert messages(composite, report(suspended=True)) == ["pass"]
    assert messages(composite, report()) == ["resumed", "pass"]
    assert messages(composite, report()) == ["pass"]
