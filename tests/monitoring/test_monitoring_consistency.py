"""The panels of the overview never contradict one another, through everything that can happen to a table.

The metrics of a scripted sequence of passes are given to promtool, one scrape a minute, with the queries of the panels.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dashboard_queries
import pytest
from prometheus_client.parser import text_string_to_metric_families
from ruamel.yaml import YAML
from support.markdown import ROOT
from support.panels import expressions, filled
from support.prometheus import promtool
from support.sample_reports import report, table

from reconciler.engine.loop_status import LoopStatus
from reconciler.engine.state import EngineState
from reconciler.metrics import Metrics
from reconciler.model.report import NOT_DRIFTED, TableReport, TableStatus

QUERIES = {
    title.removesuffix(" A"): filled(expression)
    for title, expression in expressions(json.loads((ROOT / "monitoring" / "dashboards" / "drift.json").read_text()))
}
TTL = {"drifted": ("ttl",)}
STORY: tuple[tuple[str, TableReport | None, str | None], ...] = (
    ("in sync", table("audit"), None),
    ("somebody changes it", table("audit", TableStatus.DRIFTED, **TTL), None),
    ("it is repaired", table("audit", TableStatus.PENDING, **TTL), None),
    ("in sync again", table("audit"), None),
    ("other keys are declared, and it holds items", table("audit", TableStatus.BLOCKED, drifted=("keys",)), None),
    ("still blocked", table("audit", TableStatus.BLOCKED, drifted=("keys",)), None),
    ("a call fails", table("audit", TableStatus.ERROR, error="throttled"), None),
    ("the endpoint is down", table("audit", TableStatus.ERROR, error="down"), "down"),
    ("blocked again", table("audit", TableStatus.BLOCKED, drifted=("keys",)), None),
    ("it is released", table("audit", TableStatus.RELEASED, drifted=("keys",)), None),
    ("it is missing", table("audit", TableStatus.MISSING, drifted=("keys", "billing")), None),
    ("it is created and waits for its seed", table("audit", TableStatus.PENDING, seed_pending=True), None),
    ("all is well", table("audit"), None),
    ("its declaration is removed", None, None),
)
OTHER = table("users")


def scraped() -> list[dict[str, float]]:
    """Each sample of each minute of the story, by its name with labels."""
    state, loop_status = EngineState(), LoopStatus("default")
    metrics, found = Metrics(loop_status), []
    for minute, (_, audit, error) in enumerate(STORY):
        now = datetime.fromtimestamp(60 * minute, UTC)
        tables = [OTHER]
        if audit is not None:
            # What the engine does at the end of a pass.
            tables.append(replace(audit, drift_since=state.drift_start(audit, now)))
        loop_status.finish(replace(report(*tables, error=error, endpoint_up=error is None), started=now, finished=now))
        found.append(
            {
                _series(sample.name, sample.labels): sample.value
                for family in text_string_to_metric_families(metrics.exposition("")[1].decode())
                for sample in family.samples
                if sample.name.startswith("dynamodb_reconciler_table")
            }
        )
    return found


def _series(name: str, labels: dict[str, str]) -> str:
    given = {"job": "reconciler", "instance": "a:8002", **labels}
    return f"{name}{{{','.join(f'{label}={json.dumps(value)}' for label, value in given.items())}}}"


def complaints(folder: Path, expected: list[dict[str, Any]]) -> str:
    """What promtool has to say about these expectations; empty if all hold."""
    minutes = scraped()
    series = [
        {"series": name, "values": " ".join(str(minute.get(name, "stale")) for minute in minutes)}
        for name in sorted({name for minute in minutes for name in minute})
    ]
    case = {"name": "story", "interval": "1m", "input_series": series, "promql_expr_test": expected}
    with (folder / "story.yaml").open("w") as file:
        YAML().dump({"rule_files": [], "evaluation_interval": "1m", "tests": [case]}, file)
    ran = promtool("test", "rules", str(folder / "story.yaml"))
    return "" if ran.returncode == 0 else ran.stdout + ran.stderr


def at(minute: int, expression: str, *values: float) -> dict[str, Any]:
    """The expression has these values, without labels, at this minute of the story."""
    samples = [{"labels": "{}", "value": value} for value in values]
    return {"expr": expression, "eval_time": f"{minute}m", "exp_samples": samples}


def contradiction(out_of_sync: str) -> str:
    """Something has drifted for a time, and no table is out of sync."""
    return f"({QUERIES['Oldest drift']} >= 0) and on () ({out_of_sync} == 0)"


def test_while_a_drift_has_an_age_a_table_is_out_of_sync(tmp_path: Path) -> None:
    minutes = range(len(STORY))
    assert complaints(tmp_path, [at(minute, contradiction(QUERIES["Out of sync"])) for minute in minutes]) == ""


def test_a_blocked_table_was_the_contradiction(tmp_path: Path) -> None:
    """The former panel counted drifted, missing and pending tables, while a blocked one kept its start of drift."""
    former = filled(dashboard_queries.of_status("drifted|missing|pending"))
    blocked = [minute for minute, (_, audit, _) in enumerate(STORY) if audit and audit.status is TableStatus.BLOCKED]
    said = complaints(tmp_path, [at(minute, contradiction(former)) for minute in blocked])
    assert said.count("expr:") == len(blocked)


@pytest.mark.parametrize("minute", range(len(STORY)), ids=[title for title, _, _ in STORY])
def test_in_sync_and_out_of_sync_add_up(minute: int, tmp_path: Path) -> None:
    _, audit, _ = STORY[minute]
    out = audit is not None and audit.status not in NOT_DRIFTED
    released = audit is not None and audit.status is TableStatus.RELEASED
    in_sync = 1 + (audit is not None and not out and not released)
    checks = [at(minute, QUERIES["Out of sync"], int(out)), at(minute, QUERIES["In sync"], in_sync)]
    for title, status in (("Blocked", TableStatus.BLOCKED), ("Failing", TableStatus.ERROR)):
        checks.append(at(minute, QUERIES[title], int(audit is not None and audit.status is status)))
    assert complaints(tmp_path, checks) == ""


def test_the_age_of_a_drift_goes_on_while_the_table_cannot_be_read(tmp_path: Path) -> None:
    began = next(minute for minute, (title, _, _) in enumerate(STORY) if title.startswith("other keys"))
    ages = [at(began + minutes, QUERIES["Oldest drift"], 60 * minutes) for minutes in range(5)]
    assert complaints(tmp_path, [*ages, at(began + 5, QUERIES["Oldest drift"])]) == "", (
        "nobody waits for a released table"
    )


def test_the_recorded_series_and_the_panel_count_the_same_statuses() -> None:
    rules = (ROOT / "monitoring" / "rules.yaml").read_text(encoding="utf-8")
    assert f'status=~"{dashboard_queries.OUT_OF_SYNC}"' in rules
    counted = set(dashboard_queries.OUT_OF_SYNC.split("|"))
    assert counted == {status.value for status in TableStatus} - {status.value for status in NOT_DRIFTED}
