"""How many series there are: by the detail chosen, measured for ten to thousands of tables, and as documented."""

from __future__ import annotations

import pytest
from support.markdown import ROOT
from support.sample_reports import T0, report, table, ttl_step
from support.scrape import samples

from reconciler.engine.loop_status import LoopStatus
from reconciler.metrics import Metrics
from reconciler.metrics.labels import TableDetail
from reconciler.model.plan import Action, Reason, Step
from reconciler.model.report import TableReport, TableStatus

FACETS = tuple(f"facet_{number}" for number in range(8))
STEPS = (
    ttl_step().blocked(Reason.DISRUPTION, "would interrupt readers"),
    ttl_step().deferred(Reason.NOT_BEFORE, "once an hour", T0),
)
PAGE = ROOT / "docs" / "reference" / "metrics.md"
FIXED = 200
"""At most so many series that no table adds to, without those of AWS operations and HTTP routes."""
DETAILS: tuple[TableDetail, ...] = ("full", "status", "none")


def worst(name: str) -> TableReport:
    """A table with every series that a table can have."""
    return table(
        name,
        TableStatus.BLOCKED,
        facets=FACETS,
        drifted=FACETS,
        drift_since=T0,
        steps=STEPS,
        billing_mode="PROVISIONED",
        item_count=1,
        size_bytes=1,
    )


def measured(count: int, detail: TableDetail) -> int:
    """Series of our own families with so many of the worst tables."""
    seen = report(*(worst(f"table-{number}") for number in range(count)), phases={"load": 0.1}, unmanaged=0)
    loop_status = LoopStatus("prod")
    loop_status.finish(seen)
    metrics = Metrics(loop_status, detail)
    metrics.pass_finished(seen)
    text = metrics.exposition("")[1].decode()
    return sum(line.startswith("dynamodb_reconciler_") for line in text.splitlines())


def series_a_table(detail: TableDetail) -> int:
    return measured(2, detail) - measured(1, detail)


@pytest.mark.parametrize("detail", DETAILS)
def test_every_table_adds_the_same_number_and_nothing_else_grows(detail):
    each = series_a_table(detail)
    fixed = measured(1, detail) - each
    assert fixed <= FIXED
    for count in (10, 500, 2500):
        assert measured(count, detail) == fixed + count * each


def test_a_table_has_at_most_31_series_and_two_for_each_facet():
    assert series_a_table("full") == 31 + 2 * len(FACETS)
    assert "at most 31 and two for each declared facet" in PAGE.read_text(encoding="utf-8")


def test_the_page_has_the_measured_numbers():
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    found = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines if _is_detail(line)]
    for detail, row in zip(DETAILS, found, strict=True):
        numbers = [series_a_table(detail), *(measured(count, detail) for count in (10, 500, 2500))]
        assert row == [f"`{detail}`", *(f"{number:,}" for number in numbers)]


def _is_detail(line: str) -> bool:
    return any(line.startswith(f"| `{detail}` |") for detail in DETAILS)


@pytest.mark.parametrize(("detail", "shown"), [("full", True), ("status", True), ("none", False)])
def test_status_drift_start_and_blocked_reason_stay_with_all_but_none(detail, shown):
    loop_status = LoopStatus("prod")
    loop_status.finish(report(worst("users")))
    metrics = Metrics(loop_status, detail)
    for name in ("table_status", "table_drift_start_timestamp_seconds", "table_blocked"):
        assert bool(samples(metrics, name)) is shown
    for name in ("table_drift", "table_info", "table_items", "table_size_bytes", "table_not_before_timestamp_seconds"):
        assert bool(samples(metrics, name)) is (detail == "full")
    assert [number for labels, number in samples(metrics, "tables") if labels["status"] == "blocked"] == [1]


@pytest.mark.parametrize("detail", ["status", "none"])
def test_counters_add_up_over_the_tables_and_name_none(detail):
    metrics = Metrics(LoopStatus("prod"), detail)
    first, second = worst("users"), table("orders", facets=FACETS, seed_written=3)
    metrics.pass_finished(report(first, second))
    for name in ("users", "orders"):
        metrics.step("pass-1", name, Step(Action.UPDATE, "ttl").done())
    done = {"action": "update", "result": "success", "environment": "prod", "table": ""}
    assert (done, 2) in samples(metrics, "actions_total")
    assert sum(number for _, number in samples(metrics, "drift_detected_total")) == len(FACETS)
    assert sum(number for _, number in samples(metrics, "seed_items_total")) == 3
    assert all(labels["table"] == "" for labels, _ in samples(metrics, "drift_detected_total"))
