"""Folders that are not what they were, as a user runs the tool on DynamoDB Local: no table goes with them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from support.class_files import BASE_NAME, GET_SCHEMA, HEAD, SCHEMA
from support.endpoints import Live
from support.tool import Tool

USERS = HEAD + BASE_NAME + SCHEMA + GET_SCHEMA
ORDERS = USERS.replace("users", "orders").replace("UsersTable", "OrdersTable")
RESOURCE = "Users:\n  Type: AWS::DynamoDB::Table\n  Properties:\n    TableName: users\n"


def described(tool: Tool, live: Live) -> None:
    answer = live.client.describe_table(TableName="users")
    answer.pop("ResponseMetadata")
    (tool.folder / "desired_state" / "users_table.py").unlink()
    tool.write("users.json", json.dumps(answer, default=str))


def without_schema(tool: Tool, live: Live) -> None:
    tool.write("users_table.py", HEAD + GET_SCHEMA)


def in_capitals(tool: Tool, live: Live) -> None:
    (tool.folder / "desired_state" / "users_table.py").rename(tool.folder / "desired_state" / "users_table.PY")


def a_resource(tool: Tool, live: Live) -> None:
    (tool.folder / "desired_state" / "users_table.py").unlink()
    tool.write("users.yml", RESOURCE)


def something_else(tool: Tool, live: Live) -> None:
    tool.write("users_table.py", "KEY = 'pk'\n")


def no_folder(tool: Tool, live: Live) -> None:
    (tool.folder / "desired_state").rename(tool.folder / "elsewhere")


CHANGES: dict[str, Callable[[Tool, Live], None]] = {
    each.__name__: each for each in (described, without_schema, in_capitals, a_resource, something_else, no_folder)
}


@pytest.mark.dynamodb_local
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_folder_that_is_not_understood_deletes_nothing(
    change: Callable[[Tool, Live], None], local: Live, tmp_path: Path
) -> None:
    tool = Tool(local.url, tmp_path / "app")
    tool.write("users_table.py", USERS)
    tool.write("orders_table.py", ORDERS)
    assert tool.once().exit_code == 0
    local.client.put_item(TableName="users", Item={"pk": {"S": "theirs"}})
    change(tool, local)
    done = tool.run("--once")
    assert done.exit_code == 1, done.stdout
    assert local.client.scan(TableName="users", ConsistentRead=True)["Count"] == 1
    assert "orders" in local.client.list_tables()["TableNames"]
