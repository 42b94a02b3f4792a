"""``seed`` and ``status`` beside a running daemon that holds the lease: they ask it, and say so."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.daemon import Daemon
from support.endpoints import Live
from support.folders import SOUND, write

ITEMS = [{"pk": str(number)} for number in range(5)]


@pytest.fixture
def daemon(tmp_path: Path, moto: Live) -> Iterator[Daemon]:
    """A daemon that has created and seeded its table, and holds the lease until its next pass."""
    write(
        tmp_path, {"desired_state/users.yaml": json.dumps(SOUND), "desired_state/seeds/users.json": json.dumps(ITEMS)}
    )
    with Daemon(tmp_path, moto.url, INTERVAL="1h") as started:
        started.until(lambda: '"ready":true' in started.get("/api/v1/status").replace(" ", ""), "ready")
        yield started


def test_seed_asks_the_daemon_and_says_so(daemon: Daemon, moto: Live) -> None:
    moto.client.delete_item(TableName="users", Key={"pk": {"S": "3"}})
    done = daemon.command("seed")
    assert done.returncode == 0, done.stderr
    assert f"The daemon at http://127.0.0.1:{daemon.port} (lease: " in done.stderr
    assert "did the seeding, because it holds the lease." in done.stderr
    assert done.stdout == "Done: 1 table: 1 item written, 4 present.\n"
    assert moto.client.get_item(TableName="users", Key={"pk": {"S": "3"}})["Item"]


def test_seed_as_json_is_the_document_of_the_daemon(daemon: Daemon) -> None:
    done = daemon.command("seed", "users", "-o", "json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["tables"][0]["name"] == "users"


def test_status_shows_the_next_run_of_the_daemon(daemon: Daemon) -> None:
    done = daemon.command("status")
    assert f"by the daemon at http://127.0.0.1:{daemon.port}" in done.stdout, done.stdout + done.stderr
    assert json.loads(daemon.command("status", "-o", "json").stdout)["next_run"]["next_pass"].endswith("Z")
