"""Changed and damaged folders, as a user runs the tool on DynamoDB Local: no table is deleted."""

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


def described_without_keys(tool: Tool, live: Live) -> None:
    answer = live.client.describe_table(TableName="users")
    del answer["ResponseMetadata"], answer["Table"]["KeySchema"]
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


def moved(tool: Tool, to: str) -> None:
    target = tool.folder / "desired_state" / to
    target.parent.mkdir(exist_ok=True)
    (tool.folder / "desired_state" / "users_table.py").rename(target)


def hidden(tool: Tool, live: Live) -> None:
    moved(tool, ".users_table.py")


def in_a_hidden_folder(tool: Tool, live: Live) -> None:
    moved(tool, ".old/users_table.py")


def as_a_stub(tool: Tool, live: Live) -> None:
    moved(tool, "users_table.pyi")


def as_a_document(tool: Tool, live: Live) -> None:
    moved(tool, "notes.md")


def in_pycache(tool: Tool, live: Live) -> None:
    moved(tool, "__pycache__/kept")


def in_comments_of_another(tool: Tool, live: Live) -> None:
    (tool.folder / "desired_state" / "users_table.py").unlink()
    tool.write("orders_table.py", ORDERS + "".join(f"# {line}\n" for line in USERS.splitlines()))


def nested_in_another(tool: Tool, live: Live) -> None:
    (tool.folder / "desired_state" / "users_table.py").unlink()
    tool.write("orders_table.py", ORDERS + "".join(f"    {line}\n" for line in USERS.splitlines()))


def under_a_condition(tool: Tool, live: Live) -> None:
    (tool.folder / "desired_state" / "users_table.py").unlink()
    inner = "".join(f"    {line}\n" for line in USERS.splitlines())
    tool.write("orders_table.py", f"import os\n\n\n{ORDERS}\n\nif os.environ.get('NOT_SET'):\n{inner}")


CHANGES: dict[str, Callable[[Tool, Live], None]] = {
    each.__name__: each
    for each in (
        *(
            described_without_keys,
            without_schema,
            in_capitals,
            a_resource,
            something_else,
            no_folder,
            hidden,
            in_a_hidden_folder,
        ),
        *(as_a_stub, as_a_document, in_pycache, in_comments_of_another, nested_in_another, under_a_condition),
    )
}


@pytest.mark.dynamodb_local
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_an_unreadable_folder_deletes_nothing(
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


@pytest.mark.dynamodb_local
def test_the_output_of_describe_table_declares_the_table_that_it_shows(local: Live, tmp_path: Path) -> None:
    tool = Tool(local.url, tmp_path / "app")
    tool.write("users_table.py", USERS)
    assert tool.once().exit_code == 0
    local.client.put_item(TableName="users", Item={"pk": {"S": "theirs"}})
    answer = local.client.describe_table(TableName="users")
    del answer["ResponseMetadata"]
    (tool.folder / "desired_state" / "users_table.py").unlink()
    tool.write("users.json", json.dumps(answer, default=str))
    assert tool.once().exit_code == 0
    assert local.client.scan(TableName="users", ConsistentRead=True)["Count"] == 1


TEMPLATE = """Parameters: {Stage: {Type: String}}
Resources:
  Orders:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: !Sub 'orders-${Stage}'
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]
      KeySchema: [{AttributeName: pk, KeyType: HASH}]
"""


@pytest.mark.dynamodb_local
def test_a_table_that_the_template_declares_with_other_parameters_keeps_its_items(local: Live, tmp_path: Path) -> None:
    tool = Tool(local.url, tmp_path / "app")
    tool.write("template.yaml", TEMPLATE)
    for stage, expected in (("prod", 0), ("dev", 2), ("prod", 2), ("dev", 2)):
        assert tool.run("--once", "--parameter", f"Stage={stage}").exit_code == expected
        local.client.put_item(TableName=f"orders-{stage}", Item={"pk": {"S": "theirs"}})
    for stage in ("prod", "dev"):
        assert local.client.scan(TableName=f"orders-{stage}", ConsistentRead=True)["Count"] == 1


@pytest.mark.dynamodb_local
def test_a_declaration_that_is_removed_everywhere_removes_its_table(local: Live, tmp_path: Path) -> None:
    tool = Tool(local.url, tmp_path / "app")
    tool.write("users_table.py", USERS)
    tool.write("orders_table.py", ORDERS)
    assert tool.once().exit_code == 0
    moved(tool, ".users_table.py")
    refused = tool.run("--once")
    assert refused.exit_code == 1
    assert ".users_table.py:" in refused.stdout + refused.stderr
    assert "users" in local.client.list_tables()["TableNames"]
    (tool.folder / "desired_state" / ".users_table.py").unlink()
    assert tool.run("--once").exit_code == 0
    assert "users" not in local.client.list_tables()["TableNames"]


def test_every_command_shows_a_path_from_where_the_user_stands(moto: Live, tmp_path: Path) -> None:
    tool = Tool(moto.url, tmp_path)
    text = "table_name: orders\nkey_schema: [{AttributeName: pk, KeyType: HASH}]\n"
    sound = f"{text}attribute_definitions: [{{AttributeName: pk, AttributeType: S}}]\n"
    tool.write("shop/orders.yaml", sound)
    assert "+ orders  desired_state/shop/orders.yaml:1\n" in tool.run("preview").stdout
    assert "+ orders  desired_state/shop/orders.yaml:1\n" in tool.run("preview", "-o", "junit").stdout
    assert '"declaration": "shop/orders.yaml:1"' in tool.run("preview", "-o", "json").stdout
    assert "+ orders  desired_state/shop/orders.yaml:1\n" in tool.run("up", "--yes").stdout
    tool.write("shop/orders.yaml", f"{sound}biling_mode: PAY_PER_REQUEST\n")
    problem = "desired_state/shop/orders.yaml:4:1: biling_mode: unknown field."
    for words in (("validate",), ("preview",), ("up", "--yes"), ("--once",), ("status",), ("doctor",), ("seed",)):
        ended = tool.run(*words)
        said = ended.stdout + ended.stderr
        assert ended.exit_code == 1
        assert problem in said, words
        assert said.count("orders.yaml:4") == said.count("desired_state/shop/orders.yaml:4"), words
