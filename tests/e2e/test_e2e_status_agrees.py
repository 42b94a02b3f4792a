"""``status`` and the page of the daemon say the same of each table; ``up`` says why items are lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from support import forked
from support.daemon import Daemon
from support.endpoints import Live
from support.waiting import PATIENCE

TABLE = """\
table_name: {name}
key_schema: [{{AttributeName: {key}, KeyType: HASH}}]
attribute_definitions: [{{AttributeName: {key}, AttributeType: S}}]
"""
NAMES = ("kept", "gone", "fits", "unfit")


def declare(folder: Path, name: str, key: str = "pk") -> None:
    (folder / "desired_state").mkdir(exist_ok=True)
    (folder / "desired_state" / f"{name}.yaml").write_text(TABLE.format(name=name, key=key))


def outcome(report: dict[str, Any]) -> dict[str, tuple[str, list[tuple[str, str, str]]]]:
    """Status of each table, and status and reason of each step."""
    return {
        table["name"]: (
            table["status"],
            [(step["action"], step["status"], step["reason"]) for step in table["steps"]],
        )
        for table in report["tables"]
        if table["name"] in NAMES
    }


def reported(daemon: Daemon) -> Any:
    """The last report of the daemon."""
    text = daemon.get("/api/v1/status")
    return json.loads(text)["data"]["report"] if text else None


def test_status_and_page_agree_during_the_grace_period(endpoint: Live, tmp_path: Path) -> None:
    for name in NAMES:
        declare(tmp_path, name)
    where = ("--endpoint-url", endpoint.url)
    assert forked.run("--once", *where, folder=tmp_path, timeout=PATIENCE).returncode == 0
    for name in NAMES:
        endpoint.client.put_item(
            TableName=name, Item={"pk": {"S": "1"}, **({"id": {"S": "1"}} if name == "fits" else {})}
        )
    (tmp_path / "desired_state" / "gone.yaml").unlink()
    declare(tmp_path, "fits", "id")
    declare(tmp_path, "unfit", "id")
    expected = {
        "kept": ("in_sync", []),
        "gone": ("pending", [("delete", "deferred", "prune_grace")]),
        "fits": ("pending", [("replace", "deferred", "prune_grace")]),
        "unfit": ("blocked", [("replace", "blocked", "data_loss")]),
    }
    with Daemon(tmp_path, endpoint.url) as daemon:
        daemon.until(lambda: reported(daemon), "the first pass")
        assert outcome(reported(daemon)) == expected
        words = ("status", "-o", "json", *where, "--http-port", str(daemon.port))
        ended = forked.run(*words, folder=tmp_path, timeout=PATIENCE)
        assert outcome(json.loads(ended.stdout)) == expected, ended.stderr
    counted = "0 to create, 0 to update, 1 to replace, 1 to delete, 0 to seed"
    for command in ("status", "preview"):
        assert counted in forked.run(command, *where, folder=tmp_path, timeout=PATIENCE).stdout
    # `preview` goes on to show what a one-shot run would do now.
    now = json.loads(forked.run("preview", "-o", "json", *where, folder=tmp_path, timeout=PATIENCE).stdout)
    assert outcome(now)["gone"] == ("drifted", [("delete", "ready", None)])
    assert endpoint.client.scan(TableName="gone")["Count"] == 1


def test_up_says_why_the_items_of_a_table_cannot_be_kept(endpoint: Live, tmp_path: Path) -> None:
    declare(tmp_path, "why")
    where = ("--endpoint-url", endpoint.url)
    assert forked.run("--once", *where, folder=tmp_path, timeout=PATIENCE).returncode == 0
    for number in range(4):
        endpoint.client.put_item(TableName="why", Item={"pk": {"S": str(number)}})
    declare(tmp_path, "why", "author")
    ended = forked.run("up", "why", "--yes", *where, folder=tmp_path, timeout=PATIENCE)
    assert ended.returncode == 0, ended.stderr
    shown = " ".join(ended.stdout.split())
    plan = shown[: shown.index("Plan:")]
    assert "its items are lost, because the declared table cannot hold them all: 4 items without author" in plan
    keys = endpoint.client.describe_table(TableName="why")["Table"]["KeySchema"]
    assert [key["AttributeName"] for key in keys] == ["author"]
