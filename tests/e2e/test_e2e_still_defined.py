"""A table whose definition is still in the folder keeps its items, whatever keeps the definition from being read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.endpoints import Live
from support.tool import Tool

KEYS = (
    "      BillingMode: PAY_PER_REQUEST\n      KeySchema: [{AttributeName: pk, KeyType: HASH}]\n"
    "      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]\n"
)
TEMPLATE = (
    "Parameters:\n  Stage: {Type: String, Default: dev}\nConditions:\n  Live: !Equals [!Ref Stage, dev]\nResources:\n"
    f"  Carts:\n    Type: AWS::DynamoDB::Table\n    Properties:\n      TableName: carts\n{KEYS}"
)
USERS = f"  Users:\n    Type: AWS::DynamoDB::Table\n    Condition: Live\n    Properties:\n%s{KEYS}"
SUB, DERIVED = USERS % "      TableName: !Sub app-${AWS::StackName}-users\n", USERS % ""


def commented_out(tool: Tool, users: str) -> tuple[str, ...]:
    tool.write("template.yaml", TEMPLATE + "".join(f"#{line}\n" for line in users.splitlines()))
    return ()


def with_another_parameter(tool: Tool, users: str) -> tuple[str, ...]:
    del tool, users
    return ("--parameter", "Stage=test")


CHANGES: dict[str, Callable[[Tool, str], tuple[str, ...]]] = {
    "commented out": commented_out,
    "a condition that does not hold": with_another_parameter,
}


@pytest.mark.parametrize("users", [SUB, DERIVED], ids=["a computed name", "a derived name"])
@pytest.mark.parametrize("change", CHANGES)
def test_a_computed_table_that_is_still_defined_keeps_its_item(
    change: str, users: str, endpoint: Live, tmp_path_factory: pytest.TempPathFactory
) -> None:
    tool = Tool(endpoint.url, tmp_path_factory.mktemp("shop"))
    tool.write("template.yaml", TEMPLATE + users)
    assert tool.once().exit_code == 0
    (name,) = [name for name in endpoint.client.list_tables()["TableNames"] if name.lower().endswith("users")]
    endpoint.client.put_item(TableName=name, Item={"pk": {"S": "mine"}})
    words = CHANGES[change](tool, users)
    done = tool.run("--once", *words)
    assert endpoint.client.scan(TableName=name)["Items"] == [{"pk": {"S": "mine"}}]
    assert done.exit_code != 0
    assert "template.yaml" in done.stderr
    assert f"reconciler release {name}" in done.stderr
    tool.write("template.yaml", TEMPLATE)
    assert tool.run("--once", *words).exit_code == 0
    assert name not in endpoint.client.list_tables()["TableNames"]


def test_a_service_without_a_file_that_it_includes_keeps_the_item(endpoint: Live, tmp_path: Path) -> None:
    tool = Tool(endpoint.url, tmp_path)
    carts = "".join(f"  {line}\n" for line in TEMPLATE.partition("Resources:\n")[2].splitlines())
    head = "service: shop\nprovider: {name: aws}\nresources:\n  - ${file(users.yml)}\n  - Resources:\n"
    tool.write("serverless.yml", head + "".join(f"  {line}\n" for line in carts.splitlines()))
    tool.write("users.yml", "Resources:\n" + USERS.replace("    Condition: Live\n", "") % "      TableName: users\n")
    done = tool.once()
    assert done.exit_code == 0, done.stderr
    endpoint.client.put_item(TableName="users", Item={"pk": {"S": "mine"}})
    (tmp_path / "desired_state" / "users.yml").unlink()
    done = tool.once()
    assert endpoint.client.scan(TableName="users")["Items"] == [{"pk": {"S": "mine"}}]
    assert done.exit_code != 0
    assert "includes users.yml, which is not in the folder" in done.stderr
    assert "serverless.yml:4" in done.stderr
