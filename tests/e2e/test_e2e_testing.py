"""Tests in any language reset the tables of a daemon over HTTP: with the recipes of the guide, as they are printed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.bundled_daemon import BUNDLED, Daemon
from support.endpoints import Live
from support.waiting import eventually


@pytest.fixture
def daemon(tmp_path: Path, endpoint: Live) -> Iterator[Daemon]:
    """A daemon beside an emulator that lets tests reset items."""
    shutil.copytree(BUNDLED, tmp_path / "desired_state")
    daemon = Daemon(tmp_path, endpoint.url, RECONCILER_TESTING="true")
    try:
        eventually(lambda: daemon.get("/readyz")[0] == 200)
        yield daemon
    finally:
        daemon.end()


def users(endpoint: Live) -> list[Any]:
    found = endpoint.client.scan(TableName="users", ConsistentRead=True)["Items"]
    return sorted(found, key=lambda item: item["pk"]["S"])


def disturb(endpoint: Live) -> None:
    """What a test of an application does."""
    first = users(endpoint)[0]["pk"]
    endpoint.client.put_item(TableName="users", Item={"pk": {"S": "of a test"}})
    endpoint.client.put_item(TableName="users", Item={"pk": first, "changed": {"BOOL": True}})
    endpoint.client.delete_item(TableName="users", Key={"pk": users(endpoint)[-1]["pk"]})


def test_a_reset_and_a_snapshot(daemon: Daemon, endpoint: Live) -> None:
    seed = users(endpoint)
    disturb(endpoint)
    status, answer = daemon.post("testing/snapshot")
    assert (status, answer["success"]) == (200, True)
    disturbed = users(endpoint)
    assert disturbed != seed
    status, answer = daemon.post("testing/reset", {"content": "seed"})
    assert (status, answer["success"]) == (200, True)
    assert users(endpoint) == seed
    assert "2 tables reset" in answer["message"]
    daemon.post("testing/reset", {"content": "empty", "tables": ["users"]})
    assert users(endpoint) == []
    daemon.post("testing/reset")
    assert users(endpoint) == disturbed
    endpoint.client.delete_table(TableName="users")
    assert daemon.post("testing/reset", {"content": "seed"})[0] == 200
    assert users(endpoint) == seed
