"""Tags that are handed back, features that are left in place, and orphans, on real endpoints."""

from __future__ import annotations

import json
from pathlib import Path

from support.endpoints import Live
from support.tool import Tool

KEYS = """
key_schema: [{attribute_name: pk, key_type: HASH}]
attribute_definitions: [{attribute_name: pk, attribute_type: S}]
"""
USERS = "table_name: users" + KEYS
TTL = "time_to_live: {enabled: true, attribute_name: expires}\n"
TASKS = "table_name: tasks" + KEYS + "references: [{table: users, attribute: owner}]\n"
LINE = "ttl: no longer declared, left in place; to remove it, declare `time_to_live: {enabled: false}`"


def test_tags_are_removed_once_they_are_not_declared(moto: Live, tmp_path: Path) -> None:
    tool = Tool(moto.url, tmp_path)
    tool.write("users.yaml", USERS + "tags: {team: a, cost: b}\n")
    assert tool.once().exit_code == 0
    tool.write("users.yaml", USERS)
    assert "UntagResource" in tool.run("preview").stdout
    assert tool.once().exit_code == 0
    assert tool.preview_expecting_no_changes().exit_code == 0
    arn = moto.client.describe_table(TableName="users")["Table"]["TableArn"]
    left = {tag["Key"] for tag in moto.client.list_tags_of_resource(ResourceArn=arn)["Tags"]}
    assert left == {"dynamodb-reconciler:owner"}


def test_a_feature_is_left_in_place_until_it_is_declared_off(endpoint: Live, tmp_path: Path) -> None:
    tool = Tool(endpoint.url, tmp_path)
    tool.write("users.yaml", USERS + TTL)
    assert tool.once().exit_code == 0
    tool.write("users.yaml", USERS)
    assert tool.once().exit_code == 0
    shown = tool.preview_expecting_no_changes()
    assert (shown.exit_code, LINE in shown.stdout) == (0, True)
    assert LINE in tool.run("status").stdout
    (told,) = json.loads(tool.run("preview", "-o", "json").stdout)["tables"]
    assert (told["status"], told["left_in_place"][0]["path"]) == ("in_sync", "ttl")
    tool.write("users.yaml", USERS + "time_to_live: {enabled: false}\n")
    assert tool.once().exit_code == 0
    tool.write("users.yaml", USERS)
    assert tool.once().exit_code == 0
    assert "left in place" not in tool.run("preview").stdout


def test_an_imported_table_is_in_sync_and_its_tags_stay(moto: Live, tmp_path: Path) -> None:
    moto.client.create_table(
        TableName="users",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        Tags=[{"Key": "team", "Value": "a"}],
    )
    tool = Tool(moto.url, tmp_path)
    (tmp_path / "desired_state").mkdir()
    imported = tool.run("import", "users", "--format", "yaml")
    assert imported.exit_code == 0, imported.stderr
    assert tool.once().exit_code == 0
    (path,) = (tmp_path / "desired_state").rglob("*.yaml")
    path.write_text(USERS, encoding="utf-8")
    assert tool.once().exit_code == 0
    shown = tool.preview_expecting_no_changes()
    assert (shown.exit_code, "tags.team: no longer declared, left in place" in shown.stdout) == (0, True)
    arn = moto.client.describe_table(TableName="users")["Table"]["TableArn"]
    assert {"Key": "team", "Value": "a"} in moto.client.list_tags_of_resource(ResourceArn=arn)["Tags"]


def test_orphans_are_found(endpoint: Live, tmp_path: Path) -> None:
    tool = Tool(endpoint.url, tmp_path)
    tool.write("users.yaml", USERS)
    tool.write("tasks.yaml", TASKS)
    assert tool.once().exit_code == 0
    endpoint.client.put_item(TableName="users", Item={"pk": {"S": "u1"}})
    for name, owner in (("t1", "u1"), ("t2", "u9")):
        endpoint.client.put_item(TableName="tasks", Item={"pk": {"S": name}, "owner": {"S": owner}})
    found = tool.run("check-references")
    assert found.exit_code == 2, found.stderr
    assert found.stdout.splitlines()[:2] == [
        "tasks.owner → users.pk: 2 items, 2 values, 1 orphan",
        "  pk='t2': owner 'u9' names no item",
    ]
    endpoint.client.delete_item(TableName="tasks", Key={"pk": {"S": "t2"}})
    assert tool.run("check-references", "tasks", "--sample", "10").exit_code == 0
