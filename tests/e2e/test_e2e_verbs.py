"""restore and rebuild-index on real endpoints, as a user calls them and an independent client sees it."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.endpoints import Live
from support.tool import Tool

TABLE = """
table_name: users
key_schema: [{AttributeName: pk, KeyType: HASH}]
attribute_definitions:
  - {AttributeName: pk, AttributeType: S}
  - {AttributeName: mail, AttributeType: S}
global_secondary_indexes:
  - index_name: by_mail
    key_schema: [{AttributeName: mail, KeyType: HASH}]
    projection: {projection_type: KEYS_ONLY}
"""
MOVED = TABLE.replace("by_mail", "by_mail-v2").replace("KEYS_ONLY", "ALL")


def seen(live: Live, table: str = "users") -> dict[str, str]:
    found = live.client.describe_table(TableName=table)["Table"].get("GlobalSecondaryIndexes", [])
    return {index["IndexName"]: index["Projection"]["ProjectionType"] for index in found}


def items(live: Live, table: str) -> set[str]:
    return {item["pk"]["S"] for item in live.client.scan(TableName=table)["Items"]}


def test_a_deleted_table_comes_back_from_the_backup_that_was_made_before(moto: Live, tmp_path: Path) -> None:
    tool = Tool(moto.url, tmp_path)
    tool.write("users.yaml", TABLE)
    tool.write("other.yaml", TABLE.replace("users", "other"))
    assert tool.once().exit_code == 0
    moto.client.put_item(TableName="users", Item={"pk": {"S": "mine"}, "mail": {"S": "m"}})
    (tmp_path / "desired_state" / "users.yaml").unlink()
    assert tool.once().exit_code == 0
    assert "users" not in moto.client.list_tables()["TableNames"]
    done = tool.run("restore", "users", "--from", "latest", "--to", "users")
    assert (done.exit_code, items(moto, "users")) == (0, {"mine"}), done.stderr
    tool.write("users.yaml", TABLE)
    assert tool.once().exit_code == 0
    assert items(moto, "users") == {"mine"}


def test_what_a_table_held_at_a_time_becomes_a_new_table(moto: Live, tmp_path: Path) -> None:
    tool = Tool(moto.url, tmp_path)
    tool.write("users.yaml", TABLE)
    assert tool.once().exit_code == 0
    moto.client.put_item(TableName="users", Item={"pk": {"S": "mine"}, "mail": {"S": "m"}})
    refused = tool.run("restore", "users", "--at", "latest", "--to", "users-2")
    assert (refused.exit_code, "is not enabled" in refused.stderr) == (1, True)
    recovery = {"PointInTimeRecoveryEnabled": True}
    moto.client.update_continuous_backups(TableName="users", PointInTimeRecoverySpecification=recovery)
    done = tool.run("restore", "users", "--at", "latest", "--to", "users-2", "-o", "json")
    assert (done.exit_code, items(moto, "users-2")) == (0, {"mine"}), done.stderr
    moto.client.put_item(TableName="users-2", Item={"pk": {"S": "later"}, "mail": {"S": "m"}})
    again = tool.run("restore", "users", "--at", "latest", "--to", "users-2")
    assert (again.exit_code, items(moto, "users-2")) == (0, {"mine", "later"}), again.stderr
    refused = tool.run("restore", "users", "--at", "latest", "--to", "users")
    assert (refused.exit_code, "already exists" in refused.stderr) == (1, True)


def test_dynamodb_local_has_no_backups_and_restore_reports_it(local: Live, tmp_path: Path) -> None:
    tool = Tool(local.url, tmp_path)
    tool.write("users.yaml", TABLE)
    assert tool.once().exit_code == 0
    refused = tool.run("restore", "users", "--from", "latest", "--to", "users-2")
    assert (refused.exit_code, "has no backups" in refused.stderr) == (1, True)


@pytest.mark.parametrize("where", [pytest.param("local", marks=pytest.mark.dynamodb_local), "moto"])
def test_an_index_is_replaced_by_another_one(where: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    live: Live = request.getfixturevalue(where)
    tool = Tool(live.url, tmp_path)
    tool.write("users.yaml", TABLE)
    assert tool.once().exit_code == 0
    tool.write("users.yaml", TABLE.replace("KEYS_ONLY", "ALL"))
    first = tool.run("rebuild-index", "users", "by_mail", "--yes")
    assert first.exit_code == 2, first.stderr
    assert "does not have it instead of by_mail" in first.stdout
    assert seen(live) == {"by_mail": "KEYS_ONLY", "by_mail-v2": "ALL"}
    assert tool.preview_expecting_no_changes().exit_code == 0, "the loop leaves both alone meanwhile"
    tool.write("users.yaml", MOVED)
    second = tool.run("rebuild-index", "users", "by_mail", "--yes")
    assert second.exit_code == 0, second.stderr
    assert seen(live) == {"by_mail-v2": "ALL"}
    assert tool.preview_expecting_no_changes().exit_code == 0
