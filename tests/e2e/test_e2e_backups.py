"""Backups on moto, checked by an independent client: on schedule, and before a table is deleted."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from simulation.simulated_engine import ListSource
from support.endpoints import Live
from support.fakes import FakeClock
from support.specs import declaration, spec
from support.tool import Tool

from reconciler.model.backups import Backups
from reconciler.model.report import Verdict
from reconciler.settings import load
from reconciler.wiring import App

TABLE = """
table_name: {name}
key_schema: [{{AttributeName: pk, KeyType: HASH}}]
attribute_definitions: [{{AttributeName: pk, AttributeType: S}}]
"""


@pytest.fixture
def tool(moto: Live, tmp_path: Path) -> Tool:
    return Tool(moto.url, tmp_path)


def names(moto: Live, table: str) -> list[str]:
    return [backup["BackupName"] for backup in moto.client.list_backups(TableName=table)["BackupSummaries"]]


def test_a_table_with_items_is_backed_up_before_it_is_deleted(moto: Live, tool: Tool) -> None:
    tool.write("users.yaml", TABLE.format(name="users"))
    tool.write("orders.yaml", TABLE.format(name="orders"))
    assert tool.once().exit_code == 0
    moto.client.put_item(TableName="orders", Item={"pk": {"S": "mine"}})
    (tool.folder / "desired_state" / "orders.yaml").unlink()
    assert tool.once().exit_code == 0
    assert moto.client.list_tables()["TableNames"] == ["reconciler_state", "users"]
    (name,) = names(moto, "orders")
    assert name.startswith("orders-before-delete-")


def test_the_schedule_is_kept_and_only_ours_are_pruned(moto: Live, tmp_path: Path) -> None:
    settings = load({"endpoint_url": moto.url}, one_shot=True)
    app = App(settings, one_shot=True, read_only=False, endpoint_url=moto.url)
    source, clock = ListSource(), FakeClock(datetime.now(UTC))
    app.__dict__["source"] = source
    app.reconciler.ports = replace(app.reconciler.ports, clock=clock)
    source.declarations = (declaration(spec(backups=Backups("0 * * * *", 1))),)
    assert app.converge("once").verdict is Verdict.IN_SYNC
    assert names(moto, "subject") == []
    moto.client.create_backup(TableName="subject", BackupName="by-hand")
    seen = []
    for _ in range(3):
        clock.advance(3600)
        assert app.converge("once").verdict is Verdict.IN_SYNC
        seen.append(sorted(set(names(moto, "subject")) - {"by-hand"}))
        assert "by-hand" in names(moto, "subject")
    app.close()
    assert [len(ours) for ours in seen] == [1, 1, 1]
    assert len({name for ours in seen for name in ours}) == 3
