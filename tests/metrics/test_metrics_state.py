"""The state gauges show the loop status at the moment of the scrape."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from support.sample_reports import LOCAL, T0, report, table, ttl_step
from support.scrape import families, samples

from reconciler.engine.loop_status import LoopStatus
from reconciler.metrics import FAMILIES, Metrics
from reconciler.metrics.families import STATE_FAMILIES
from reconciler.model.errors import Problem
from reconciler.model.identity import Identity
from reconciler.model.plan import Action, Reason, Step
from reconciler.model.records import Generation, GenerationPhase, Phase, Replacement
from reconciler.model.report import TableStatus

DRIFTED = table(
    "projects_details-prod",
    TableStatus.BLOCKED,
    declaration="table_configs/projects_table.py:7",
    facets=("keys", "ttl"),
    drifted=("ttl",),
    drift_since=T0 - timedelta(minutes=5),
    steps=(
        ttl_step().blocked(Reason.DISRUPTION, "would interrupt readers", "--disruption allow"),
        ttl_step().deferred(Reason.NOT_BEFORE, "once an hour", T0 + timedelta(hours=1)),
    ),
    billing_mode="PAY_PER_REQUEST",
    item_count=12,
    size_bytes=3400,
)
IN_SYNC = table("users-prod", facets=("keys",), billing_mode="PROVISIONED", item_count=0, size_bytes=0)
ORPHAN = table("old-prod", TableStatus.PENDING, declaration=None, facets=(), ownership="created")
ADOPTED = table("theirs", TableStatus.UNMANAGED, declaration=None, facets=(), ownership="adopted", item_count=3)
UNMANAGED_TABLE = table("foreign", TableStatus.UNMANAGED, declaration=None, facets=(), item_count=9)

GENERATION = Generation(
    "moving",
    GenerationPhase.REPLAY,
    2,
    "moving",
    "moving-g2",
    Identity(None, "arn", ""),
    (),
    T0,
    copied=7,
    lag=3,
    engine="import",
)
GOLDEN = Path(__file__).with_name("golden") / "state.prom"


def loop_state(*tables, **fields):
    loop_status = LoopStatus("prod", endpoint_up=True, next_pass=T0 + timedelta(minutes=1))
    loop_status.finish(report(*tables, environment="prod", **fields))
    return loop_status, Metrics(loop_status)


def state_lines(metrics):
    names = {family.name for family in STATE_FAMILIES}
    text = metrics.exposition("")[1].decode()
    return [line for line in text.splitlines() if line.split("{")[0] in names]


def test_every_state_gauge_of_a_sample_status_reads_as_expected():
    _, metrics = loop_state(
        *(IN_SYNC, DRIFTED, ORPHAN, ADOPTED, UNMANAGED_TABLE),
        suspended=True,
        leader=True,
        unmanaged=2,
        phases={"load": 0.0625, "tables": 0.125},
        seconds=0.5,
    )
    assert state_lines(metrics) == GOLDEN.read_text(encoding="utf-8").splitlines()


def test_each_table_of_the_golden_text_has_exactly_one_status():
    _, metrics = loop_state(IN_SYNC, DRIFTED, ORPHAN)
    seen = samples(metrics, "table_status")
    for name in ("users-prod", "projects_details-prod", "old-prod"):
        assert sum(value for labels, value in seen if labels["table"] == name) == 1


def test_a_deleted_table_has_no_series_at_the_next_scrape():
    loop_status, metrics = loop_state(IN_SYNC, DRIFTED)
    loop_status.finish(report(IN_SYNC))
    assert "projects_details-prod" not in "\n".join(state_lines(metrics))


def test_a_created_table_has_series_until_it_is_deleted():
    deleted = table(
        "old-prod",
        TableStatus.PENDING,
        declaration=None,
        facets=(),
        ownership="created",
        steps=(Step(Action.DELETE, "table").done(),),
    )
    loop_status, metrics = loop_state(ORPHAN)
    assert "old-prod" in "\n".join(state_lines(metrics))
    loop_status.finish(report(deleted))
    assert "old-prod" not in "\n".join(state_lines(metrics))


def test_foreign_and_merely_adopted_tables_have_no_series_of_their_own():
    text = "\n".join(state_lines(loop_state(ADOPTED, UNMANAGED_TABLE)[1]))
    assert "theirs" not in text
    assert "foreign" not in text


def test_the_drift_start_the_blocked_reason_and_the_drift_end_with_the_drift():
    loop_status, metrics = loop_state(DRIFTED)
    loop_status.finish(report(table("projects_details-prod", facets=("keys", "ttl"))))
    assert samples(metrics, "table_drift_start_timestamp_seconds") == []
    assert samples(metrics, "table_blocked") == []
    assert [value for _, value in samples(metrics, "table_drift")] == [0, 0]


def test_two_steps_blocked_for_one_reason_are_one_series():
    blocked = ttl_step().blocked(Reason.DISRUPTION, "would interrupt readers")
    _, metrics = loop_state(table(steps=(blocked, blocked)))
    assert len(samples(metrics, "table_blocked")) == 1


def test_unmanaged_tables_is_absent_where_they_could_not_be_listed():
    assert samples(loop_state(IN_SYNC, unmanaged=None)[1], "unmanaged_tables") == []
    assert [value for _, value in samples(loop_state(IN_SYNC, unmanaged=0)[1], "unmanaged_tables")] == [0]


def test_before_the_first_pass_everything_is_unknown():
    loop_status = LoopStatus("default")
    shown = {name for name, metric in families(Metrics(loop_status)).items() if metric.samples}
    assert not any(part in name for name in shown for part in ("reconciler_table", "config_last", "_pass_timestamp"))
    assert samples(Metrics(loop_status), "endpoint_up") == [({"environment": "default"}, 0)]


def test_a_running_pass_and_an_unreachable_endpoint_show_at_once():
    loop_status, metrics = loop_state(IN_SYNC)
    loop_status.start("pass-2")
    loop_status.endpoint_up = False
    assert [value for _, value in samples(metrics, "pass_in_progress")] == [1]
    assert [value for _, value in samples(metrics, "endpoint_up")] == [0]


def test_broken_declarations_show_in_three_gauges():
    loop_status, metrics = loop_state(IN_SYNC)
    problem = Problem("users_table.py", 3, "billing_mode", "is unknown", "Use PROVISIONED.")
    loop_status.finish(report(problems=(problem, problem), started=T0 + timedelta(hours=1)))
    assert [value for _, value in samples(metrics, "config_last_load_successful")] == [0]
    assert [value for _, value in samples(metrics, "config_errors")] == [2]
    loaded = samples(metrics, "config_last_load_success_timestamp_seconds")
    assert [value for _, value in loaded] == [T0.timestamp()]


def test_a_facet_that_the_endpoint_cannot_hold_is_reported_and_is_not_drift():
    lacking = table("lacking", steps=(ttl_step().unsupported("the endpoint does not keep it"),))
    _, metrics = loop_state(lacking)
    assert [value for _, value in samples(metrics, "table_unsupported")] == [1]
    assert {value for _, value in samples(metrics, "table_drift")} == {0}
    _, metrics = loop_state(table("lacking"))
    assert samples(metrics, "table_unsupported") == []


def test_every_family_is_exposed_with_its_type_labels_and_help():
    lacking = table("lacking", steps=(ttl_step().unsupported("the endpoint does not keep it"),))
    moving = replace(table("moving"), generation=GENERATION)
    _, metrics = loop_state(IN_SYNC, DRIFTED, lacking, moving, unmanaged=1, phases={"load": 0.1}, leader=True)
    metrics.pass_finished(report(IN_SYNC, DRIFTED, lacking))
    metrics.request("DescribeTable", "success", 0.01)
    metrics.retry("DescribeTable")
    metrics.http_request("GET", "/metrics", 200, 0.01)
    exposed = families(metrics)
    for family in FAMILIES:
        metric = exposed[family.name.removesuffix("_total")]
        assert (metric.type, metric.documentation) == (family.type, family.help)
        assert metric.samples, f"{family.name} is registered but never filled"
        for sample in metric.samples:
            assert set(sample.labels) - {"le"} == set(family.labels)


def test_a_replacement_shows_its_phase_and_how_far_it_is():
    _, metrics = loop_state(replace(table("moving"), generation=GENERATION), table("quiet"))
    shown = samples(metrics, "table_replacement_phase")
    assert [(labels["table"], labels["phase"], value) for labels, value in shown] == [("moving", "replay", 1)]
    (engine,) = samples(metrics, "table_replacement_info")
    assert engine == ({"environment": "prod", "table": "moving", "engine": "import"}, 1)
    assert [value for _, value in samples(metrics, "table_replacement_copied_items")] == [7]
    assert [value for _, value in samples(metrics, "table_replacement_lag_seconds")] == [3]


def test_a_replacement_under_its_own_name_is_copied_by_scan():
    own = Replacement("moving", Phase.COPYING, Identity(None, "arn", "2026"), "moving.replacing.a", ("id HASH S",), T0)
    _, metrics = loop_state(replace(table("moving"), replacement=own))
    assert [labels["engine"] for labels, _ in samples(metrics, "table_replacement_info")] == ["scan"]


def test_nothing_is_exposed_under_our_prefix_that_the_table_of_families_does_not_list():
    listed = {family.name.removesuffix("_total") for family in FAMILIES}
    assert {name for name in families(loop_state(IN_SYNC)[1]) if name.startswith("dynamodb_reconciler_")} == listed


def test_the_endpoint_is_that_of_the_last_pass_that_knew_it():
    loop_status, metrics = loop_state(IN_SYNC)
    loop_status.finish(report(endpoint=None, error="endpoint down"))
    assert [labels["endpoint"] for labels, _ in samples(metrics, "endpoint_info")] == [LOCAL.url]


def test_the_earliest_time_that_a_step_waits_for_is_shown_while_one_waits():
    soon, late = (datetime(2026, 11, 23, hour, tzinfo=UTC) for hour in (1, 2))
    steps = tuple(ttl_step().deferred(Reason.NOT_BEFORE, "once an hour", until) for until in (late, soon))
    loop_status, metrics = loop_state(table(steps=steps))
    assert [value for _, value in samples(metrics, "table_not_before_timestamp_seconds")] == [soon.timestamp()]
    loop_status.finish(report(table(steps=(ttl_step().deferred(Reason.BUSY, "busy"),))))
    assert samples(metrics, "table_not_before_timestamp_seconds") == []
