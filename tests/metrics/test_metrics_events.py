"""Counters and histograms: what starts at 0, what counts when, and how far the labels can grow."""

from __future__ import annotations

import threading
from contextlib import nullcontext
from types import SimpleNamespace

import pytest
from support.sample_reports import deferred_step, report, table, ttl_step
from support.scrape import families, samples, value

from reconciler.aws.hooks import refuse_writes
from reconciler.engine.loop_status import LoopStatus
from reconciler.metrics import Metrics, labels
from reconciler.model.change import is_read
from reconciler.model.errors import Denied
from reconciler.model.plan import Action, Reason, Step, StepStatus
from reconciler.model.report import TableStatus, Verdict

DRIFTED = table(status=TableStatus.DRIFTED, drifted=("ttl",))
IN_SYNC = table()
FAILED = table(status=TableStatus.ERROR, facets=("keys", "billing", "ttl"), error="throttled")


@pytest.fixture
def metrics():
    return Metrics(LoopStatus("default"))


def detected(metrics, facet="ttl"):
    return value(metrics, "drift_detected_total", table="users", facet=facet)


def test_passes_and_skips_start_at_zero_for_every_known_value(metrics):
    passes = {(given["trigger"], given["result"]) for given, number in samples(metrics, "passes_total") if number == 0}
    assert passes == {(trigger, verdict.value) for trigger in labels.TRIGGERS for verdict in Verdict}
    assert {given["reason"] for given, _ in samples(metrics, "passes_skipped_total")} == set(labels.SKIP_REASONS)


def test_a_declared_table_starts_at_zero_once_it_is_known(metrics):
    metrics.pass_finished(report(IN_SYNC))
    actions = {(given["action"], given["result"]): number for given, number in samples(metrics, "actions_total")}
    assert actions == {(a.value, result): 0 for a in Action for result in ("success", "failure")}
    assert {given["result"] for given, _ in samples(metrics, "seed_items_total")} == set(labels.SEED_RESULTS)
    assert {given["facet"] for given, _ in samples(metrics, "drift_detected_total")} == {"keys", "billing", "ttl"}


def test_tables_that_are_not_declared_are_not_made_known(metrics):
    metrics.pass_finished(report(table("foreign", TableStatus.UNMANAGED, declaration=None)))
    assert samples(metrics, "actions_total") == []


@pytest.mark.parametrize(
    ("reports", "expected"),
    [
        ((IN_SYNC,), 0),
        ((IN_SYNC, DRIFTED), 1),
        ((DRIFTED,), 1),
        ((IN_SYNC, DRIFTED, DRIFTED, DRIFTED), 1),
        ((IN_SYNC, DRIFTED, IN_SYNC, DRIFTED), 2),
        ((DRIFTED, FAILED, DRIFTED), 1),
        ((table(status=TableStatus.MISSING, steps=(Step(Action.CREATE, "keys").done(),)),), 1),
        ((table(steps=(Step(Action.CREATE, "keys").deferred(Reason.BUSY, "waits"),)),) * 3, 1),
        (
            (
                table(
                    status=TableStatus.BLOCKED, drifted=("ttl",), steps=(ttl_step().blocked(Reason.DISRUPTION, "no"),)
                ),
            ),
            1,
        ),
        ((table(steps=(ttl_step().unsupported("cannot be held here"),)),), 0),
    ],
    ids=[
        "a table in sync is no drift",
        "a facet that leaves its declaration is drift",
        "drift that the first pass finds is drift",
        "drift that stays is counted once",
        "drift that comes back is counted again",
        "a pass that could not look forgets nothing",
        "a table that had to be created differed in every facet",
        "a creation that waits is counted once",
        "drift that policy leaves in place is drift",
        "a field that the endpoint cannot hold is no drift",
    ],
)
def test_drift_detected(metrics, reports, expected):
    for each in reports:
        metrics.pass_finished(report(each))
    assert detected(metrics) == expected


def test_a_pass_at_an_unreachable_endpoint_keeps_the_recorded_drift(metrics):
    metrics.pass_finished(report(DRIFTED))
    metrics.pass_finished(report(error="endpoint down"))
    metrics.pass_finished(report(DRIFTED))
    assert detected(metrics) == 1


def test_steps_count_as_success_or_failure_by_action_and_other_statuses_do_not(metrics):
    metrics.pass_finished(report(IN_SYNC))
    steps = [
        ttl_step(status=step_status)
        for step_status in (StepStatus.DONE, StepStatus.DONE, StepStatus.FAILED, StepStatus.READY, StepStatus.BLOCKED)
    ]
    for step in [*steps, deferred_step()]:
        metrics.step("pass-1", "users", step)
    counted = {tuple(given.values()): number for given, number in samples(metrics, "actions_total") if number}
    assert sorted(counted.values()) == [1, 2]
    assert value(metrics, "actions_total", action="update", result="success") == 2
    assert value(metrics, "actions_total", action="update", result="failure") == 1


def test_seed_items_count_by_result_and_a_table_carried_along_is_not_counted_again(metrics):
    seeded = table(seed_written=5, seed_present=2, seed_removed=4, seed_kept=3, seed_failed=1)
    metrics.pass_finished(report(seeded))
    metrics.pass_finished(report(seeded))
    results = {given["result"]: number for given, number in samples(metrics, "seed_items_total")}
    assert results == {"written": 5, "present": 2, "removed": 4, "kept": 3, "failed": 1}


def test_a_seeding_that_failed_is_at_least_one_failed_item(metrics):
    step = Step(Action.SEED, "seed").failed("the endpoint went away")
    metrics.pass_finished(report(table(status=TableStatus.ERROR, steps=(step,))))
    assert value(metrics, "seed_items_total", result="failed") == 1


def test_passes_count_by_trigger_and_verdict_and_their_duration_is_observed(metrics):
    metrics.pass_finished(report(IN_SYNC, trigger="file"))
    metrics.pass_finished(report(DRIFTED, trigger="file", seconds=2))
    metrics.pass_crashed("interval")
    assert value(metrics, "passes_total", trigger="file", result="in_sync") == 1
    assert value(metrics, "passes_total", trigger="file", result="drifted") == 1
    assert value(metrics, "passes_total", trigger="interval", result="error") == 1
    assert value(metrics, "pass_duration_seconds_count") == 2
    assert value(metrics, "pass_duration_seconds_sum") == 2.25


def test_aws_requests_count_by_operation_and_result_and_last_by_type(metrics):
    metrics.request("DescribeTable", "success", 0.02)
    metrics.request("CreateTable", "Throttled", 0.5)
    metrics.retry("CreateTable")
    assert value(metrics, "aws_requests_total", operation="DescribeTable", result="success") == 1
    assert value(metrics, "aws_requests_total", operation="CreateTable", result="Throttled") == 1
    assert value(metrics, "aws_retries_total", operation="CreateTable") == 1
    assert value(metrics, "aws_request_duration_seconds_count", type="read") == 1
    assert value(metrics, "aws_request_duration_seconds_sum", type="write") == 0.5


@pytest.mark.parametrize(
    ("operation", "kind"),
    [
        ("ListTables", "read"),
        ("DescribeTimeToLive", "read"),
        ("ListTagsOfResource", "read"),
        ("Scan", "read"),
        ("Query", "read"),
        ("GetItem", "read"),
        ("BatchGetItem", "read"),
        ("TransactGetItems", "read"),
        ("kms:DescribeKey", "read"),
        ("sts:GetCallerIdentity", "read"),
        ("application-autoscaling:DescribeScalableTargets", "read"),
        ("application-autoscaling:DescribeScalingPolicies", "read"),
        ("application-autoscaling:DescribeScheduledActions", "read"),
        ("PutItem", "write"),
        ("ExecuteStatement", "write"),
        ("kms:ScheduleKeyDeletion", "write"),
        ("application-autoscaling:RegisterScalableTarget", "write"),
        ("application-autoscaling:DeleteScheduledAction", "write"),
        ("BatchWriteItem", "write"),
        ("DeleteTable", "write"),
        ("TagResource", "write"),
        ("UpdateTimeToLive", "write"),
    ],
)
def test_operations_are_reads_or_writes(operation, kind):
    assert labels.request_type(operation) == kind
    assert is_read(operation) is (kind == "read")


@pytest.mark.parametrize(
    ("service", "operation", "kind"),
    [
        *(("application-autoscaling", f"Describe{what}", "read") for what in ("ScalableTargets", "ScalingPolicies")),
        ("application-autoscaling", "PutScalingPolicy", "write"),
        ("kms", "DescribeKey", "read"),
        ("kms", "CreateKey", "write"),
        ("dynamodb", "TransactGetItems", "read"),
        ("dynamodb", "TransactWriteItems", "write"),
    ],
)
def test_a_client_that_only_reads_and_the_metrics_agree_on_what_a_read_is(service, operation, kind):
    model = SimpleNamespace(name=operation)
    sent = nullcontext() if kind == "read" else pytest.raises(Denied)
    with sent:
        refuse_writes(model)
    assert labels.request_type(operation if service == "dynamodb" else f"{service}:{operation}") == kind


def test_http_requests_count_by_method_route_and_code_class(metrics):
    metrics.http_request("GET", "/metrics", 200, 0.01)
    metrics.http_request("GET", "/metrics", 204, 0.01)
    metrics.http_request("BREW", "unmatched", 404, 0.01)
    metrics.http_request("GET", "/metrics", 999, 0.01)
    assert value(metrics, "http_requests_total", method="GET", route="/metrics", code_class="2xx") == 2
    assert value(metrics, "http_requests_total", method="other", code_class="4xx") == 1
    assert value(metrics, "http_request_duration_seconds_count", code_class="other") == 1


@pytest.mark.parametrize("tables", [10, 500])
def test_series_grow_with_declared_tables_and_facets_alone(tables):
    facets = ("keys", "billing", "ttl", "stream")

    def count(number):
        board = LoopStatus("default")
        metrics = Metrics(board)
        reports = report(
            *(table(f"t{i}", facets=facets, item_count=1, size_bytes=1) for i in range(number)),
            *(table(f"foreign{i}", TableStatus.UNMANAGED, declaration=None, facets=()) for i in range(number)),
        )
        board.finish(reports)
        metrics.pass_finished(reports)
        own = [f for name, f in families(metrics).items() if name.startswith("dynamodb_reconciler_")]
        return sum(len(family.samples) for family in own)

    statuses, info, items, size = len(TableStatus), 1, 1, 1
    counters = len(Action) * 2 + len(labels.SEED_RESULTS)
    per_table = statuses + info + items + size + counters + 2 * len(facets)
    assert count(tables) == count(0) + tables * per_table


def test_no_trigger_reason_or_method_from_outside_becomes_a_label(metrics):
    metrics.pass_finished(report(IN_SYNC, trigger="q" * 99))
    metrics.pass_skipped("because of arn:aws:dynamodb")
    metrics.http_request("Q" * 99, "unmatched", 400, 0.1)
    text = metrics.exposition("")[1].decode()
    assert "qqq" not in text
    assert "arn:" not in text
    assert "QQQ" not in text


def test_no_label_holds_a_pass_id_a_message_or_an_error(metrics):
    metrics.pass_finished(report(FAILED, pass_id="0badc0de", error="AccessDenied: secret detail"))
    text = metrics.exposition("")[1].decode()
    assert "0badc0de" not in text
    assert "secret detail" not in text


def test_counting_from_many_threads_loses_nothing(metrics):
    def count():
        for _ in range(200):
            metrics.request("Scan", "success", 0.001)
            metrics.pass_finished(report(DRIFTED))

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert value(metrics, "aws_requests_total", operation="Scan") == 800
    assert value(metrics, "passes_total", trigger="interval", result="drifted") == 800
    assert detected(metrics) == 1
