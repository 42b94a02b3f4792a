"""Debian's Prometheus scrapes the daemon on DynamoDB Local while a story of drift goes on: panels, variables, alerts.

The rules are those of ``monitoring/rules.yaml`` with their waits cut to seconds; the waits themselves are held by
``rules_test.yaml``.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import dashboard_picture
import pytest
from support import drift_scenario as scenario
from support.daemon import Daemon
from support.endpoints import DynamoDBLocal
from support.markdown import ROOT
from support.panels import expressions, filled
from support.prometheus import Prometheus, program, promtool
from support.proxy import Recorded, RecordingProxy

pytestmark = [pytest.mark.dynamodb_local, pytest.mark.timeout(300)]
MONITORING = ROOT / "monitoring"
BOARD: dict[str, Any] = json.loads((MONITORING / "dashboards" / "drift.json").read_text(encoding="utf-8"))
ALERT = "DynamoDBReconciler"
DRIFTED_FACETS = {("users", "ttl"), ("orders", "stream"), ("invoices", "global_indexes")} | {
    ("sessions", "deletion_protection"),
    ("projects", "billing"),
}


class DriftSetup(NamedTuple):
    """What the tests look at."""

    server: DynamoDBLocal
    proxy: RecordingProxy
    daemon: Daemon
    prometheus: Prometheus

    def samples(self, name: str, **labels: str) -> list[float]:
        """The values of a metric as the daemon shows it right now."""
        pattern = re.compile(rf"^dynamodb_reconciler_{name}\{{(.*)\}} (\S+)$", re.MULTILINE)
        wanted = {f'{label}="{value}"' for label, value in labels.items()}
        return [float(number) for given, number in pattern.findall(self.daemon.get("/metrics")) if _has(given, wanted)]

    def count(self, status: str) -> float:
        return sum(self.samples("tables", status=status))

    def fires(self, *names: str) -> None:
        """Wait until all of these alerts fire."""
        wanted = {ALERT + name for name in names}
        self.daemon.until(lambda: wanted <= self.prometheus.firing(), f"{names} of {self.prometheus.firing()}")


def _has(given: str, wanted: set[str]) -> bool:
    return wanted <= set(given.split(","))


def hurried(folder: Path) -> Path:
    """The rules with every wait of 2 seconds and every window of 10."""
    text = (MONITORING / "rules.yaml").read_text(encoding="utf-8")
    text = re.sub(r"(?m)^( +for: )\w+$", r"\g<1>2s", text).replace("[10m]", "[10s]")
    (folder / "rules.yaml").write_text(text, encoding="utf-8")
    return folder / "rules.yaml"


@pytest.fixture(scope="module")
def drift_setup(module_local: DynamoDBLocal, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DriftSetup]:
    program("prometheus")
    folder = tmp_path_factory.mktemp("observability")
    scenario.declare(folder)
    with (
        RecordingProxy(module_local.url) as proxy,
        Daemon(folder, proxy.url, DATA_LOSS="never") as daemon,
        Prometheus(folder, daemon.target, hurried(folder)) as prometheus,
    ):
        yield DriftSetup(module_local, proxy, daemon, prometheus)


def test_1_no_alert_fires_while_everything_is_in_sync(drift_setup: DriftSetup) -> None:
    drift_setup.daemon.until(lambda: drift_setup.count("in_sync") == len(scenario.TABLES), "everything in sync")
    drift_setup.daemon.until(lambda: drift_setup.prometheus.query("sum(dynamodb_reconciler_tables) == 6"), "scraped")
    drift_setup.daemon.until(lambda: not drift_setup.prometheus.firing(), "the alerts of the start end")


def test_2_drift_of_every_kind_is_counted_by_facet_and_repaired(drift_setup: DriftSetup) -> None:
    def found(table: str, facet: str) -> float:
        return sum(drift_setup.samples("drift_detected_total", table=table, facet=facet))

    before = {pair: found(*pair) for pair in DRIFTED_FACETS}
    scenario.make_drift(drift_setup.server.client())
    scenario.want_other_keys(drift_setup.daemon.folder)
    drift_setup.daemon.until(
        lambda: all(found(*pair) == count + 1 for pair, count in before.items()), f"one more: {before}"
    )
    drift_setup.daemon.until(lambda: drift_setup.count("in_sync") == len(scenario.TABLES) - 1, "the rest repaired")
    drift_setup.daemon.until(lambda: drift_setup.samples("table_blocked", table=scenario.BLOCKED), "audit blocked")
    drift_setup.daemon.until(lambda: drift_setup.samples("unmanaged_tables") == [1.0], "the stranger counted")
    drift_setup.fires("TableBlocked")


def test_3_a_suspended_loop_reports_the_drift_of_each_table(drift_setup: DriftSetup) -> None:
    assert drift_setup.daemon.command("suspend").returncode == 0
    drift_setup.daemon.until(lambda: drift_setup.samples("suspended") == [1.0], "suspended")
    scenario.drop_the_unmanaged_table(drift_setup.server.client())
    scenario.make_drift(drift_setup.server.client())
    scenario.delete_a_table(drift_setup.server.client())
    drift_setup.fires("TableDrifted", "Suspended")
    reported = {
        alert["labels"].get("table")
        for alert in drift_setup.prometheus.api("alerts")["alerts"]
        if alert["labels"]["alertname"] == ALERT + "TableDrifted"
    }
    drift_setup.daemon.until(lambda: drift_setup.count("missing") == 1, "the deleted table is missing")
    assert reported >= {"users", "orders"}
    drifted = drift_setup.prometheus.query("dynamodb_reconciler_table_drift == 1")
    seen = {(series["metric"]["table"], series["metric"]["facet"]) for series in drifted}
    assert seen >= DRIFTED_FACETS - {("projects", "billing")}


def test_4_refused_and_throttled_requests_are_counted(drift_setup: DriftSetup) -> None:
    def refuse(request: Recorded) -> tuple[int, str] | None:
        if request.operation == "DescribeTable" and "sessions" in request.tables:
            return 400, "ThrottlingException"
        if request.operation == "UpdateTable" and "orders" in request.tables:
            return 400, "ValidationException"
        return None

    drift_setup.proxy.answer_instead = refuse
    assert drift_setup.daemon.command("resume").returncode == 0
    drift_setup.fires("TableFailing", "Throttled", "ActionsFailing")


QUERIES = [(name, expression) for name, expression in expressions(BOARD) if "table_replacement_" not in expression]
"""No table of the story is replaced: the series of a replacement are asked for in tests/metrics."""


@pytest.mark.parametrize(("name", "expression"), QUERIES, ids=[name for name, _ in QUERIES])
def test_5_every_query_of_the_dashboard_returns_series(drift_setup: DriftSetup, name: str, expression: str) -> None:
    query = filled(expression)
    drift_setup.daemon.until(
        lambda: drift_setup.prometheus.query(query) or _over_time(drift_setup, query), f"{name}: {query}"
    )


def _over_time(drift_setup: DriftSetup, query: str) -> bool:
    """Whether a graph over the story so far would show anything."""
    series = drift_setup.prometheus.query_range(query, 120)
    return any(value != "NaN" for one in series for _, value in one["values"])


@pytest.mark.parametrize("variable", [v for v in BOARD["templating"]["list"] if v["type"] == "query"])
def test_5_every_variable_of_the_dashboard_has_values(drift_setup: DriftSetup, variable: dict[str, Any]) -> None:
    found = re.fullmatch(r"label_values\((.*), (\w+)\)", variable["query"])
    assert found is not None
    values = drift_setup.prometheus.api(f"label/{found[2]}/values?match[]=" + quote(filled(found[1])))
    assert values
    if found[2] == "table":
        assert set(values) == set(scenario.TABLES)


def test_6_the_dashboard_can_be_drawn_from_the_answers(drift_setup: DriftSetup, tmp_path: Path) -> None:
    url, target = f"http://127.0.0.1:{drift_setup.prometheus.port}", tmp_path / "drift.png"
    assert dashboard_picture.main([url, str(target), "60"]) == 0
    assert target.read_bytes().startswith(b"\x89PNG")
    assert target.stat().st_size > 100_000


def test_6_a_slow_pass_is_found_by_the_exemplar_of_its_duration(drift_setup: DriftSetup) -> None:
    query = "dynamodb_reconciler_pass_duration_seconds_bucket"
    drift_setup.daemon.until(
        lambda: drift_setup.prometheus.api("query_exemplars", query=query, **_window()), "exemplars"
    )
    [series, *_] = drift_setup.prometheus.api("query_exemplars", query=query, **_window())
    assert series["exemplars"][0]["labels"]["pass_id"]


def _window() -> dict[str, str]:
    return {"start": str(time.time() - 300), "end": str(time.time())}


def test_6_promtool_accepts_the_metrics_of_the_daemon(drift_setup: DriftSetup) -> None:
    lines = drift_setup.daemon.get("/metrics").splitlines()
    ours = "\n".join(line for line in lines if "dynamodb_reconciler_" in line) + "\n"
    checked = promtool("check", "metrics", text=ours)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


def test_7_broken_declarations_and_stalled_passes_raise_alerts(drift_setup: DriftSetup) -> None:
    (drift_setup.daemon.folder / "desired_state" / "users.json").write_text("{", encoding="utf-8")
    drift_setup.fires("ConfigInvalid", "PassStalled")


def test_8_an_unreachable_endpoint_raises_an_alert(drift_setup: DriftSetup) -> None:
    drift_setup.server.stop()
    drift_setup.fires("EndpointDown")


def test_9_a_stopped_daemon_raises_an_alert(drift_setup: DriftSetup) -> None:
    drift_setup.daemon.stop()
    drift_setup.fires("Absent")
