"""The daemon under a service manager, and the check of an init container, on a real endpoint."""

from __future__ import annotations

import signal
import socket
from pathlib import Path

import pytest
from support.daemon import Daemon
from support.endpoints import Live, free_port
from support.tool import Tool
from support.waiting import PATIENCE

USERS = """
table_name: users
key_schema: [{AttributeName: pk, KeyType: HASH}]
attribute_definitions: [{AttributeName: pk, AttributeType: S}]
"""


@pytest.fixture
def tool(moto: Live, tmp_path: Path) -> Tool:
    """One table with a seed; nothing exists yet."""
    made = Tool(moto.url, tmp_path)
    made.write("users.yaml", USERS)
    made.write("seeds/users.json", '[{"pk": "1"}]')
    return made


def test_systemd_follows_the_life_of_the_daemon(
    tool: Tool, moto: Live, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind("notify")
        manager.settimeout(PATIENCE)
        monkeypatch.setenv("NOTIFY_SOCKET", "notify")
        monkeypatch.setenv("WATCHDOG_USEC", "400000")

        seen: list[str] = []

        def until(line: str, times: int = 1) -> None:
            # The pass and the heartbeat send from two threads, so that only the order within one of them is fixed.
            while seen.count(line) < times:
                seen.extend(manager.recv(4096).decode().splitlines())

        with Daemon(tmp_path, moto.url, INTERVAL="1h") as daemon:
            until("READY=1")
            assert moto.client.scan(TableName="users")["Count"] == 1
            until("STATUS=1 of 1 tables in sync")
            until("WATCHDOG=1")
            daemon._process.send_signal(signal.SIGHUP)
            until("RELOADING=1")
            until("READY=1", times=2)
            daemon._process.send_signal(signal.SIGTERM)
            until("STOPPING=1")


def test_tables_that_are_active_and_seeded_are_ready_without_a_daemon(tool: Tool) -> None:
    absent = tool.run("healthcheck", "--tables", "users", "--wait", "0s")
    assert (absent.exit_code, absent.stdout) == (1, "not ready: users: does not exist\n")
    assert tool.once().exit_code == 0
    tool.write("orders.yaml", USERS.replace("users", "orders"))
    ready = tool.run("healthcheck", "--tables", "users", "--wait", "0s", "-o", "json")
    assert (ready.exit_code, '"ready": true' in ready.stdout) == (0, True)
    both = tool.run("healthcheck", "--tables", "users, orders", "--wait", "0s")
    assert (both.exit_code, both.stdout) == (1, "not ready: orders: does not exist\n")
    assert tool.once().exit_code == 0
    told = tool.run("healthcheck", "--tables", "users, orders", "--wait", "0s").stdout
    assert told == "ready: users, orders; no seed in these declarations, so none was waited for: orders\n"


def test_a_table_whose_seed_is_not_written_is_not_ready(tool: Tool, moto: Live) -> None:
    moto.client.create_table(
        TableName="users",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    waits = tool.run("healthcheck", "--tables", "users", "--wait", "0s")
    assert (waits.exit_code, waits.stdout) == (1, "not ready: users: its seed is not written yet\n")


def test_drift_does_not_make_a_table_unready(tool: Tool) -> None:
    assert tool.once().exit_code == 0
    tool.write("users.yaml", USERS + "time_to_live: {AttributeName: expires, Enabled: true}\n")
    assert tool.run("healthcheck", "--tables", "users", "--wait", "0s").exit_code == 0


def test_it_waits_for_a_table_that_comes_later(tool: Tool, moto: Live, tmp_path: Path) -> None:
    with Daemon(tmp_path, moto.url):
        assert tool.run("healthcheck", "--tables", "users", "--wait", "100s").exit_code == 0


def test_it_never_writes(tool: Tool, moto: Live) -> None:
    tool.run("healthcheck", "--tables", "users", "--wait", "0s")
    assert moto.client.list_tables()["TableNames"] == []


@pytest.mark.parametrize(
    ("names", "sentence"), [("nobody", "nobody"), (" , ", "--tables: no table is named.")], ids=["unknown", "none"]
)
def test_a_name_that_is_not_declared_is_an_error(names: str, sentence: str, tool: Tool) -> None:
    done = tool.run("healthcheck", "--tables", names)
    assert done.exit_code == 1
    assert sentence in done.stderr


def test_an_endpoint_that_is_down_is_an_error_after_the_wait(tool: Tool) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    done = tool.run("healthcheck", "--tables", "users", "--wait", "0s", "--endpoint-url", url)
    assert done.exit_code == 1
    assert "Nothing answers at" in done.stderr
