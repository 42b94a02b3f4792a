"""``seed`` and ``status`` beside a running daemon that holds the lease: they ask it, and say so."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.daemon import Daemon
from support.endpoints import Live
from support.folders import SOUND, write
from support.waiting import eventually

LEASE = {"scope": {"S": "default/default"}, "record": {"S": "lease"}}
ITEMS = [{"pk": str(number)} for number in range(5)]


@pytest.fixture
def daemon(tmp_path: Path, moto: Live) -> Iterator[Daemon]:
    """A daemon that has created and seeded its table, and whose lease is recorded as held, as during a pass."""
    write(
        tmp_path, {"desired_state/users.yaml": json.dumps(SOUND), "desired_state/seeds/users.json": json.dumps(ITEMS)}
    )
    with Daemon(tmp_path, moto.url, INTERVAL="1h") as started:
        started.until(lambda: '"ready":true' in started.get("/api/v1/status").replace(" ", ""), "ready")
        until_released(moto)
        moto.client.update_item(
            TableName="reconciler_state",
            Key=LEASE,
            UpdateExpression="SET released = :no",
            ExpressionAttributeValues={":no": {"BOOL": False}},
        )
        yield started


def until_released(moto: Live) -> None:
    def lease() -> Any:
        return moto.client.get_item(TableName="reconciler_state", Key=LEASE, ConsistentRead=True)["Item"]

    eventually(lambda: lease().get("released") == {"BOOL": True}, lambda: str(lease()))


def test_commands_beside_an_idle_daemon_do_not_wait(tmp_path: Path, moto: Live) -> None:
    """It has just written, notices nothing for an hour, and is asked by none of these commands."""
    write(
        tmp_path, {"desired_state/users.yaml": json.dumps(SOUND), "desired_state/seeds/users.json": json.dumps(ITEMS)}
    )
    with Daemon(tmp_path, moto.url, INTERVAL="1h") as daemon:
        daemon.until(lambda: '"ready":true' in daemon.get("/api/v1/status").replace(" ", ""), "ready")
        until_released(moto)
        for words in (("clear", "--yes", "-o", "junit"), ("seed", "--update"), ("up", "--yes")):
            if words[0] == "up":
                moto.client.delete_table(TableName="users")
            done = daemon.command(*words)
            assert done.returncode == 0, done.stderr
            assert "lease" not in done.stderr
        assert moto.client.scan(TableName="users", ConsistentRead=True)["Count"] == len(ITEMS)


def test_seed_asks_the_daemon_and_says_so(daemon: Daemon, moto: Live) -> None:
    moto.client.delete_item(TableName="users", Key={"pk": {"S": "3"}})
    done = daemon.command("seed")
    assert done.returncode == 0, done.stderr
    assert f"The daemon at http://127.0.0.1:{daemon.port} (lease: " in done.stderr
    assert "did the seeding, because it holds the lease." in done.stderr
    assert done.stdout == "Done: 1 table: 1 item written, 4 present.\n"
    assert moto.client.get_item(TableName="users", Key={"pk": {"S": "3"}})["Item"]


def test_clear_asks_the_daemon_and_says_so(daemon: Daemon, moto: Live) -> None:
    moto.client.put_item(TableName="users", Item={"pk": {"S": "mine"}})
    done = daemon.command("clear", "--yes")
    assert done.returncode == 0, done.stderr
    assert "removed the items, because it holds the lease." in done.stderr
    assert done.stdout == "Done: 1 table: 5 items removed, 0 kept.\n"
    assert moto.client.scan(TableName="users", ConsistentRead=True)["Items"] == [{"pk": {"S": "mine"}}]


def test_seed_as_json_is_the_document_of_the_daemon(daemon: Daemon) -> None:
    done = daemon.command("seed", "users", "-o", "json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["tables"][0]["name"] == "users"


def test_status_shows_the_next_run_of_the_daemon(daemon: Daemon) -> None:
    done = daemon.command("status")
    assert f"by the daemon at http://127.0.0.1:{daemon.port}" in done.stdout, done.stdout + done.stderr
    assert json.loads(daemon.command("status", "-o", "json").stdout)["next_run"]["next_pass"].endswith("Z")


def test_runs_of_other_processes_show_after_the_next_pass_of_the_daemon(tmp_path: Path, moto: Live) -> None:
    write(
        tmp_path, {"desired_state/users.yaml": json.dumps(SOUND), "desired_state/seeds/users.json": json.dumps(ITEMS)}
    )
    with Daemon(tmp_path, moto.url, INTERVAL="1s") as daemon:
        daemon.until(lambda: '"ready":true' in daemon.get("/api/v1/status").replace(" ", ""), "ready")
        # In this format the command does not ask the daemon, which may be at work.
        daemon.until(lambda: daemon.command("clear", "--yes", "-o", "junit").returncode == 0, "clear")

        def runs() -> list[tuple[str, bool]]:
            return [(run["verb"], run["wrote"]) for run in json.loads(daemon.get("/api/v1/runs"))["data"]["runs"]]

        daemon.until(lambda: ("clear", True) in runs(), "clear is shown")
        assert runs().count(("clear", True)) == 1
        assert "Cleared users" in daemon.get("/")
        made = {run["verb"]: run for run in json.loads(daemon.get("/api/v1/runs"))["data"]["runs"]}
        processes = {verb: run["process"].split(":") for verb, run in made.items()}
        assert processes["pass"] == [socket.gethostname(), str(daemon.pid)]
        assert processes["clear"][0] == socket.gethostname() != processes["clear"][1] != str(daemon.pid)
        assert f"<dd>{socket.gethostname()}:{daemon.pid}</dd>" in daemon.get(f"/runs/{made['pass']['id']}")
        assert f"  by {socket.gethostname()}:{daemon.pid}" in daemon.command("status").stdout
        daemon.until(lambda: runs()[0][0] == "pass", "another pass")
        assert runs().count(("clear", True)) == 1
        stored = moto.client.scan(TableName="reconciler_state", ConsistentRead=True)["Items"]
        wrote = [item for item in stored if item["record"]["S"].startswith("run#") and item["wrote"]["BOOL"]]
        assert sum(each for _, each in runs()) == len(wrote), "its own runs are shown once"
