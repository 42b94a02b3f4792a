"""A server that the user started: only an emulator, only tables of test runs, and only what differs is written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from support.endpoints import Live

from reconciler.model.identity import Endpoint, Flavor
from reconciler.pytest_plugin.backend import Refused
from reconciler.pytest_plugin.declared import Content, Declared, Server
from reconciler.pytest_plugin.options import Options
from reconciler.pytest_plugin.remote import RemoteBackend

URL = "http://127.0.0.1:8123"
USERS = """
TableName: users
KeySchema: [{AttributeName: pk, KeyType: HASH}]
AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]
BillingMode: PAY_PER_REQUEST
"""


@pytest.fixture
def options(tmp_path: Path) -> Options:
    """Options of a project with one seeded table."""
    (tmp_path / "desired_state" / "seeds").mkdir(parents=True)
    (tmp_path / "desired_state" / "users.yaml").write_text(USERS, encoding="utf-8")
    seed = "".join(f'{{"pk": "{number}"}}\n' for number in range(30))
    (tmp_path / "desired_state" / "seeds" / "users.jsonl").write_text(seed, encoding="utf-8")
    return Options(URL, explicit=True, root=tmp_path, desired_state="desired_state")


@pytest.mark.parametrize("flavor", [Flavor.AWS, Flavor.OTHER])
def test_what_is_no_emulator_is_refused(options: Options, monkeypatch: pytest.MonkeyPatch, flavor: Flavor) -> None:
    @contextmanager
    def opened(declared: Declared, server: Server) -> Iterator[Any]:
        yield SimpleNamespace(
            connection=SimpleNamespace(identify=lambda: Endpoint(URL, "us-east-1", "1", "aws", flavor))
        )

    monkeypatch.setattr(Declared, "opened", opened)
    monkeypatch.setattr(Declared, "converge", lambda *_, **__: pytest.fail("tables were created"))
    with pytest.raises(Refused, match=f"tests run at an emulator alone, and this is {flavor.value}"):
        RemoteBackend(options, Declared(options), "pytest").start()


def test_tables_that_no_test_run_created_are_refused(options: Options, moto: Live) -> None:

    moto.client.create_table(
        TableName="users",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    there = replace(options, server=moto.url)
    backend = RemoteBackend(there, Declared(there), "pytest")
    with pytest.raises(Refused, match="users exists there and was not created by a test run"):
        backend.start()
    backend.close()
    assert moto.client.list_tables()["TableNames"] == ["users"]


def test_a_process_waits_for_another_one_whose_tables_are_not_there_yet(
    options: Options, moto: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At a server that keeps access keys apart, the workers of xdist start at once and each has its own tables."""
    there = replace(options, server=moto.url)
    first, second = (RemoteBackend(there, Declared(there), key) for key in ("one", "two"))
    first._hold_server()
    monkeypatch.setattr("reconciler.pytest_plugin.remote.time.sleep", lambda _: first.leave())
    second._hold_server()
    second.leave()


def test_only_differences_are_written(options: Options, moto: Live) -> None:

    there = replace(options, server=moto.url)
    backend = RemoteBackend(there, Declared(there), "pytest")
    backend.start()
    try:
        backend.reset(Content.SEEDED)
        assert moto.client.scan(TableName="users", Select="COUNT")["Count"] == 30
        moto.client.put_item(TableName="users", Item={"pk": {"S": "1"}, "more": {"S": "x"}})
        moto.client.delete_item(TableName="users", Key={"pk": {"S": "2"}})
        moto.client.put_item(TableName="users", Item={"pk": {"S": "extra"}})
        kept = backend.snapshot()
        backend.reset(Content.EMPTY)
        assert moto.client.scan(TableName="users", Select="COUNT")["Count"] == 0
        backend.restore(kept)
        assert {item["pk"]["S"] for item in moto.client.scan(TableName="users")["Items"]} >= {"1", "extra"}
        backend.reset(Content.SEEDED)
        found = moto.client.scan(TableName="users")["Items"]
        assert sorted(int(item["pk"]["S"]) for item in found) == list(range(30))
        assert all(set(item) == {"pk"} for item in found)
    finally:
        backend.close()
    assert moto.client.list_tables()["TableNames"] == []
