"""A daemon whose next pass is far away shows at once what other processes do: a suspension, and a replacement."""

from __future__ import annotations

import json
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path

from support.daemon import Daemon
from support.endpoints import Live

TABLE = """\
table_name: users
key_schema: [{AttributeName: pk, KeyType: HASH}]
attribute_definitions: [{AttributeName: pk, AttributeType: S}]
"""
GAUGE = 'dynamodb_reconciler_suspended{environment="default"}'


def shown(daemon: Daemon) -> tuple[bool, bool, bool]:
    """What JSON, metrics and page say."""
    data = json.loads(daemon.get("/api/v1/status"))["data"]
    return data["suspended"], f"{GAUGE} 1.0" in daemon.get("/metrics"), 'id="suspended"' in daemon.get("/")


def test_page_metrics_and_events_show_it_without_a_pass(endpoint: Live, tmp_path: Path) -> None:
    (tmp_path / "desired_state").mkdir()
    (tmp_path / "desired_state" / "users.yaml").write_text(TABLE)
    with Daemon(tmp_path, endpoint.url, INTERVAL="1h") as daemon:
        daemon.until(lambda: '"in_sync"' in daemon.get("/api/v1/status"), "in sync")
        assert shown(daemon) == (False, False, False)
        with urllib.request.urlopen(f"http://{daemon.target}/api/v1/events", timeout=30) as events:
            assert daemon.command("suspend").returncode == 0
            names = (line.decode().strip() for line in events)
            assert next(line for line in names if line == "event: suspension")
            assert json.loads(next(line for line in names if line.startswith("data:"))[5:]) == {"suspended": True}
        daemon.until(lambda: shown(daemon) == (True, True, True), "suspended", seconds=10)
        assert daemon.command("resume").returncode == 0
        daemon.until(lambda: shown(daemon) == (False, False, False), "resumed", seconds=10)
        triggers = [run["trigger"] for run in json.loads(daemon.get("/api/v1/runs"))["data"]["runs"]]
        assert set(triggers) <= {"start", "followup"}


def is_quiet(daemon: Daemon) -> bool:
    """Whether the next pass is so far away that no page shows its findings by chance."""
    text = daemon.get("/api/v1/status")
    due = json.loads(text)["data"]["next_pass"] if text else None
    return due is not None and datetime.fromisoformat(due) - datetime.now(UTC) > timedelta(seconds=45)


def test_the_page_shows_at_once_that_another_process_has_a_replacement_ready(endpoint: Live, tmp_path: Path) -> None:
    (tmp_path / "desired_state").mkdir()
    (tmp_path / "desired_state" / "users.yaml").write_text(TABLE)
    with Daemon(tmp_path, endpoint.url, INTERVAL="1h", MODE="observe") as daemon:
        assert daemon.command("up", "--yes", "--mode", "enforce").returncode == 0
        endpoint.client.put_item(TableName="users", Item={"pk": {"S": "1"}, "mail": {"S": "m"}})
        (tmp_path / "desired_state" / "users.yaml").write_text(TABLE.replace("pk", "mail"))
        daemon.until(lambda: "after its grace period" in daemon.get("/"), "the pass after the change")
        daemon.until(lambda: is_quiet(daemon), "no more passes")
        done = daemon.command("replace", "users", "--beside", "--yes", "--mode", "enforce")
        assert "It is ready to switch" in done.stdout, done.stderr
        daemon.until(lambda: "replace users --switch" in daemon.get("/"), "ready", seconds=10)
        page = daemon.get("/")
        assert "Since the last pass: users-g2 has all 1 item that users had when both were last compared" in page
        assert "after its grace period" not in page
