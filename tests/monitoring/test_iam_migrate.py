"""The policy for migrations holds what real runs of ``migrate`` send, and can neither put nor delete an item."""

from __future__ import annotations

import json
from pathlib import Path

from monitoring.test_iam_policies import STATE, Run, allowed
from support.endpoints import Live
from support.markdown import ROOT
from support.proxy import RecordingProxy

POLICY = json.loads((ROOT / "deploy" / "iam" / "migrate.json").read_text(encoding="utf-8"))
ACTIONS = {action for statement in POLICY["Statement"] for action in statement["Action"]}
MIGRATION = """\
table = "users"
where = "attribute_not_exists(#m)"
names = {"#m": "migrated"}


def up(item):
    return {"migrated": True}


def down(item):
    return {"migrated": None}
"""
USERS = """\
table_name: users
key_schema: [{AttributeName: id, KeyType: HASH}]
attribute_definitions: [{AttributeName: id, AttributeType: S}]
"""


def test_migrating_needs_no_more_than_the_policies_to_manage_and_to_migrate(local: Live, tmp_path: Path) -> None:
    (tmp_path / "desired_state").mkdir()
    (tmp_path / "desired_state" / "users.yaml").write_text(USERS)
    (tmp_path / "migrations").mkdir()
    (tmp_path / "migrations" / "0001_mark.py").write_text(MIGRATION)
    with RecordingProxy(local.url) as proxy:
        run = Run(tmp_path, proxy)
        run("--once")
        local.client.put_item(TableName="users", Item={"id": {"S": "a"}})
        proxy.clear()
        run("migrate", "up", "--dry-run", expect=2)
        run("migrate", "up")
        run("migrate", "status")
        run("migrate", "verify")
        run("migrate", "down", "--yes")
        sent = run.sent(state=False)
        assert {"dynamodb:Scan", "dynamodb:UpdateItem"} <= sent
        assert sent <= ACTIONS | allowed("manage", state=False)
        assert {action for action in sent if action not in allowed("observe")} <= ACTIONS
        assert run.sent(state=True) <= allowed("manage")


def test_it_neither_puts_nor_deletes_and_never_touches_the_state_alone() -> None:
    assert {action for action in ACTIONS if "Put" in action or "Delete" in action or "Batch" in action} == set()
    assert all(STATE not in str(statement["Resource"]) for statement in POLICY["Statement"])
