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
from support import drift_scenario as story
from support.daemon import Daemon
from support.endpoints import DynamoDBLocal, dynamodb_local_or_skip
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


class Stage(NamedTuple):
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
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    program("prometheus")
    folder = tmp_path_factory.mktemp("observability")
    story.declare(folder)
    with (
        dynamodb_local_or_skip() as server,
        RecordingProxy(server.url) as proxy,
        Daemon(folder, proxy.url, DATA_LOSS="never") as daemon,
        Prometheus(folder, daemon.target, hurried(folder)) as prometheus,
    ):
        yield Stage(server, proxy, daemon, prometheus)


def test_1_no_alert_fires_while_everything_is_in_sync(stage: Stage) -> None:
    stage.daemon.until(lambda: stage.count("in_sync") == len(story.TABLES), "everything in sync")
    stage.daemon.until(lambda: stage.prometheus.query("sum(dynamodb_reconciler_tables) == 6"), "scraped")
    stage.daemon.until(lambda: not stage.prometheus.firing(), "the alerts of the start end")


def test_2_drift_of_every_kind_is_counted_by_facet_and_repaired(stage: Stage) -> None:
    def found(table: str, facet: str) -> float:
        return sum(stage.samples("drift_detected_total", table=table, facet=facet))

    before = {pair: found(*pair) for pair in DRIFTED_FACETS}
    story.make_drift(stage.server.client())
    story.want_other_keys(stage.daemon.folder)
    stage.daemon.until(lambda: all(found(*pair) == count + 1 for pair, count in before.items()), f"one more: {before}")
    stage.daemon.until(lambda: stage.count("in_sync") == len(story.TABLES) - 1, "the rest repaired")
    stage.daemon.until(lambda: stage.samples("table_blocked", table=story.BLOCKED), "audit blocked")
    stage.daemon.until(lambda: stage.samples("unmanaged_tables") == [1.0], "the stranger counted")
    stage.fires("TableBlocked")


def test_3_a_suspended_loop_reports_the_drift_of_each_table(stage: Stage) -> None:
    assert stage.daemon.command("suspend").returncode == 0
    stage.daemon.until(lambda: stage.samples("suspended") == [1.0], "suspended")
    story.drop_the_unmanaged_table(stage.server.client())
    story.make_drift(stage.server.client())
    story.delete_a_table(stage.server.client())
    stage.fires("TableDrifted", "Suspended")
    reported = {
        alert["labels"].get("table")
        for alert in stage.prometheus.api("alerts")["alerts"]
        if alert["labels"]["alertname"] == ALERT + "TableDrifted"
    }
    stage.daemon.until(lambda: stage.count("missing") == 1, "the deleted table is missing")
    assert reported >= {"users", "orders"}
    drifted = stage.prometheus.query("dynamodb_reconciler_table_drift == 1")
    seen = {(series["metric"]["table"], series["metric"]["facet"]) for series in drifted}
    assert seen >= DRIFTED_FACETS - {("projects", "billing")}


def test_4_refused_and_throttled_requests_are_counted(stage: Stage) -> None:
    def refuse(request: Recorded) -> tuple[int, str] | None:
        if request.operation == "DescribeTable" and "sessions" in request.tables:
            return 400, "ThrottlingException"
        if request.operation == "UpdateTable" and "orders" in request.tables:
            return 400, "ValidationException"
        return None

    stage.proxy.answer_instead = refuse
    assert stage.daemon.command("resume").returncode == 0
    stage.fires("TableFailing", "Throttled", "ActionsFailing")


@pytest.mark.parametrize(("name", "expression"), list(expressions(BOARD)), ids=[n for n, _ in expressions(BOARD)])
def test_5_every_query_of_the_dashboard_returns_series(stage: Stage, name: str, expression: str) -> None:
    query = filled(expression)
    stage.daemon.until(lambda: stage.prometheus.query(query) or _over_time(stage, query), f"{name}: {query}")


def _over_time(stage: Stage, query: str) -> bool:
    """Whether a graph over the story so far would show anything."""
    series = stage.prometheus.query_range(query, 120)
    return any(value != "NaN" for one in series for _, value in one["values"])


@pytest.mark.parametrize("variable", [v for v in BOARD["templating"]["list"] if v["type"] == "query"])
def test_5_every_variable_of_the_dashboard_has_values(stage: Stage, variable: dict[str, Any]) -> None:
    found = re.fullmatch(r"label_values\((.*), (\w+)\)", variable["query"])
    assert found is not None
    values = stage.prometheus.api(f"label/{found[2]}/values?match[]=" + quote(filled(found[1])))
    assert values
    if found[2] == "table":
        assert set(values) == set(story.TABLES)


def test_6_the_dashboard_can_be_drawn_from_the_answers(stage: Stage, tmp_path: Path) -> None:
    url, target = f"http://127.0.0.1:{stage.prometheus.port}", tmp_path / "drift.png"
    assert dashboard_picture.main([url, str(target), "60"]) == 0
    assert target.read_bytes().startswith(b"\x89PNG")
    assert target.stat().st_size > 100_000


def test_6_a_slow_pass_is_found_by_the_exemplar_of_its_duration(stage: Stage) -> None:
    query = "dynamodb_reconciler_pass_duration_seconds_bucket"
    stage.daemon.until(lambda: stage.prometheus.api("query_exemplars", query=query, **_window()), "exemplars")
    [series, *_] = stage.prometheus.api("query_exemplars", query=query, **_window())
    assert series["exemplars"][0]["labels"]["pass_id"]


def _window() -> dict[str, str]:
    return {"start": str(time.time() - 300), "end": str(time.time())}


def test_6_promtool_accepts_the_metrics_of_the_daemon(stage: Stage) -> None:
    lines = stage.daemon.get("/metrics").splitlines()
    ours = "\n".join(line for line in lines if "dynamodb_reconciler_" in line) + "\n"
    checked = promtool("check", "metrics", text=ours)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


def test_7_broken_declarations_and_stalled_passes_raise_alerts(stage: Stage) -> None:
    (stage.daemon.folder / "desired_state" / "users.json").write_text("{", encoding="utf-8")
    stage.fires("ConfigInvalid", "PassStalled")


def test_8_an_unreachable_endpoint_raises_an_alert(stage: Stage) -> None:
    stage.server.stop()
    stage.fires("EndpointDown")


def test_9_a_stopped_daemon_raises_an_alert(stage: Stage) -> None:
    stage.daemon.stop()
    stage.fires("Absent")
