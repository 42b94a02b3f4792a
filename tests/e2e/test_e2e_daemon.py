"""The daemon as a container runs it: on DynamoDB Local, with restarts, signals and changed files."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from support import forked
from support.bundled_daemon import Daemon, items, names, ready, running, seeds, until
from support.endpoints import DynamoDBLocal, client, free_port, wipe
from support.waiting import PATIENCE

pytestmark = pytest.mark.dynamodb_local


@pytest.fixture
def server(module_local: DynamoDBLocal) -> DynamoDBLocal:
    """Without tables."""
    wipe(module_local.client())
    return module_local


def test_after_an_in_memory_endpoint_restarts_everything_is_back(server: DynamoDBLocal, tmp_path: Path) -> None:
    with running(tmp_path, server.url) as daemon:
        until(lambda: ready(daemon), daemon=daemon)
        dynamodb = server.client()
        assert items(dynamodb, "users") == seeds("users")
        server.restart()
        assert names(dynamodb) <= {"users", "projects_details", "reconciler_state"}
        until(lambda: items(dynamodb, "users") == seeds("users"), daemon=daemon)
        until(lambda: items(dynamodb, "projects_details") == seeds("projects_details"), daemon=daemon)
        assert daemon.process.poll() is None


def refused(daemon: Daemon) -> bool:
    body = daemon.get("/readyz")[1]
    return "NoAnswer" in body or "Nothing answers" in body or "refused" in body


def test_it_waits_for_an_endpoint_that_starts_later_and_reports_it(server: DynamoDBLocal, tmp_path: Path) -> None:
    server.stop()
    with running(tmp_path, server.url) as daemon:
        until(lambda: daemon.get("/livez")[0] == 200, daemon=daemon)
        assert daemon.get("/readyz")[0] == 503
        until(lambda: refused(daemon), daemon=daemon)
        assert daemon.get("/readyz")[0] == 503
        server.restart()
        until(lambda: ready(daemon), daemon=daemon)


def test_a_changed_declaration_is_seen_without_waiting_for_the_interval(server: DynamoDBLocal, tmp_path: Path) -> None:
    with running(tmp_path, server.url, RECONCILER_INTERVAL="1h") as daemon:
        until(lambda: ready(daemon), daemon=daemon)
        (tmp_path / "desired_state" / "orders.yaml").write_text(
            "table_name: orders\nkey_schema: [{AttributeName: id, KeyType: HASH}]\n"
            "attribute_definitions: [{AttributeName: id, AttributeType: S}]\n"
        )
        until(lambda: "orders" in names(server.client()), daemon=daemon)
        (tmp_path / "desired_state" / "orders.yaml").write_text("table_name: [\n")
        until(
            lambda: 'config_last_load_successful{environment="default"} 0.0' in daemon.get("/metrics")[1], daemon=daemon
        )
        assert "orders" in names(server.client())


def passes(daemon: Daemon) -> list[dict[str, Any]]:
    return [line for line in daemon.lines() if line["event"] == "pass"]


def test_sighup_makes_a_pass_and_sigterm_ends_it_cleanly(server: DynamoDBLocal, tmp_path: Path) -> None:
    with running(tmp_path, server.url, RECONCILER_INTERVAL="1h") as daemon:
        until(lambda: ready(daemon), daemon=daemon)
        server.client().delete_table(TableName="users")
        daemon.process.send_signal(signal.SIGHUP)
        until(lambda: items(server.client(), "users") == seeds("users"), daemon=daemon)
        until(lambda: {"start", "signal"} <= {line["trigger"] for line in passes(daemon)}, daemon=daemon)
        began = time.monotonic()
        assert daemon.end(signal.SIGTERM) == 143
        assert time.monotonic() - began < 10
        assert all(line["pass_id"] for line in passes(daemon))
    expires = server.client().get_item(
        TableName="reconciler_state", Key={"scope": {"S": "default/default"}, "record": {"S": "lease"}}
    )["Item"]["expires"]["S"]
    assert expires <= time.strftime("%Y-%m-%dT%H:%M:%S.999999+00:00", time.gmtime()), "the lease was given back"


def test_sigint_ends_it_with_130(server: DynamoDBLocal, tmp_path: Path) -> None:
    with running(tmp_path, server.url) as daemon:
        until(lambda: ready(daemon), daemon=daemon)
        assert daemon.end(signal.SIGINT) == 130


def test_a_removed_table_with_foreign_items_stays_after_the_grace_period(server: DynamoDBLocal, tmp_path: Path) -> None:
    with running(tmp_path, server.url, RECONCILER_PRUNE_GRACE="3s", RECONCILER_INTERVAL="1s") as daemon:
        until(lambda: ready(daemon), daemon=daemon)
        dynamodb = server.client()
        dynamodb.put_item(TableName="projects_details", Item={"pk": {"S": "precious"}})
        (tmp_path / "desired_state" / "table_configs" / "projects_table.py").unlink()
        until(lambda: _deferred(daemon), daemon=daemon)
        assert items(dynamodb, "projects_details") == seeds("projects_details") + 1
        until(lambda: "projects_details" not in names(dynamodb), daemon=daemon)


def _deferred(daemon: Daemon) -> bool:
    document = json.loads(daemon.get("/api/v1/status")[1])
    return "prune_grace" in json.dumps(document)


def test_the_page_names_the_tables_that_a_command_in_a_shell_changed(server: DynamoDBLocal, tmp_path: Path) -> None:
    with running(tmp_path, server.url, RECONCILER_MODE="observe", RECONCILER_INTERVAL="1s") as daemon:
        until(lambda: daemon.get("/livez")[0] == 200, daemon=daemon)
        forked.run("up", "--yes", "--endpoint-url", server.url, folder=tmp_path, timeout=PATIENCE)
        until(lambda: "Created projects_details and users" in daemon.get("/runs")[1], daemon=daemon)
        (run,) = (each for each in daemon.data("runs")["runs"] if each["trigger"] == "up" and each["wrote"])
        done = {(each["table"], each["action"]) for each in run["actions"] if each["fate"] == "done"}
        assert {("users", "create"), ("projects_details", "create")} <= done


def test_metrics_probes_and_page_agree(server: DynamoDBLocal, tmp_path: Path) -> None:
    with running(tmp_path, server.url, RECONCILER_MODE="observe") as daemon:
        until(lambda: 'tables{environment="default",status="missing"} 2.0' in daemon.get("/metrics")[1], daemon=daemon)
        status, metrics = daemon.get("/metrics")
        assert status == 200
        assert 'table_drift{environment="default",facet="keys",table="users"} 1.0' in metrics
        assert 'endpoint_up{environment="default"} 1.0' in metrics
        assert 'flavor="dynamodb-local"' in metrics
        assert daemon.get("/readyz")[0] == 503
        assert daemon.get("/")[0] == 200
        assert names(server.client()) == set(), "observe writes nothing, not even its state"


def test_healthcheck_says_what_readyz_says(server: DynamoDBLocal, tmp_path: Path) -> None:
    with running(tmp_path, server.url) as daemon:
        until(lambda: ready(daemon), daemon=daemon)
        command = [sys.executable, "-m", "reconciler", "healthcheck", "--http-port"]
        assert subprocess.run([*command, str(daemon.port)], cwd=tmp_path, check=False).returncode == 0
        assert subprocess.run([*command, str(free_port())], cwd=tmp_path, check=False).returncode == 1


def test_two_daemons_share_a_stack_and_one_acts(server: DynamoDBLocal, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    with running(first, server.url) as one, running(second, server.url) as two:
        until(lambda: ready(one) and ready(two), daemon=two)
        assert items(client(server.url), "users") == seeds("users")
        dynamodb = server.client()
        for _ in range(3):
            dynamodb.delete_table(TableName="users")
            until(lambda: items(dynamodb, "users") == seeds("users"), daemon=two)


def timeline(daemon: Daemon, name: str) -> list[tuple[str, list[str]]]:
    status, body = daemon.get(f"/api/v1/tables/{name}")
    changes = json.loads(body)["data"]["timeline"] if status == 200 else []
    return [(change["status"], change["drifted"]) for change in changes]


def test_after_a_restart_the_status_over_time_goes_on_and_the_gap_is_not_observed(
    server: DynamoDBLocal, tmp_path: Path
) -> None:
    settings = {"RECONCILER_INTERVAL": "1s", "RECONCILER_DATA_LOSS": "never"}
    with running(tmp_path, server.url, **settings) as daemon:
        until(lambda: ready(daemon), daemon=daemon)
        until(lambda: ("in_sync", []) in timeline(daemon, "users")[-1:], daemon=daemon)
        declared = tmp_path / "desired_state" / "more.yaml"
        declared.write_text(
            "table_name: more\nkey_schema: [{AttributeName: id, KeyType: HASH}]\n"
            "attribute_definitions: [{AttributeName: id, AttributeType: S}]\n"
        )
        until(lambda: "more" in names(server.client()), daemon=daemon)
        until(lambda: ("in_sync", []) in timeline(daemon, "more")[-1:], daemon=daemon)
        server.client().put_item(TableName="more", Item={"id": {"S": "1"}})
        declared.write_text(declared.read_text().replace("AttributeName: id", "AttributeName: other"))
        until(lambda: timeline(daemon, "more")[-1][0] == "blocked", daemon=daemon)
        seen = daemon.data("migrations/status")["last_pass"]
        until(lambda: daemon.data("migrations/status")["last_pass"] > seen, daemon=daemon)
        assert daemon.end() == 128 + signal.SIGTERM
    with running(tmp_path, server.url, **settings) as daemon:
        until(lambda: ready(daemon), daemon=daemon)
        until(lambda: len(timeline(daemon, "more")) > 1, daemon=daemon)
        found = timeline(daemon, "more")
        assert found[-3:] == [("blocked", ["keys"]), ("not_observed", []), ("blocked", ["keys"])]
        assert ("in_sync", []) in found
        assert timeline(daemon, "users")[-3:] == [("in_sync", []), ("not_observed", []), ("in_sync", [])]
        assert '<rect class="not_observed"' in daemon.get("/tables/users")[1]
        *_, blocked, gap, _ = daemon.data("tables/more")["timeline"]
        # The last pass of the first process was recorded when it ended.
        assert blocked["at"] < gap["at"]
