"""Two stacks and two environments as a user runs them, at one endpoint, seen by an independent client."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.class_files import BASE_NAME, GET_SCHEMA, HEAD, SCHEMA
from support.endpoints import Live
from support.tool import Tool

USERS = HEAD + BASE_NAME + SCHEMA + GET_SCHEMA
"""A class whose table has one name in every environment."""
STATES = {"one state table": "reconciler_state", "two state tables": "shop_state"}
SCOPES = {"another stack": {"RECONCILER_STACK": "shop"}, "another environment": {"RECONCILER_ENVIRONMENT": "prod"}}


def having(field: str) -> str:
    """The same class with one field more."""
    return USERS.replace('"table_name": "users",', f'"table_name": "users", {field},')


def two(live: Live, tmp_path: Path) -> tuple[Tool, Tool]:
    first, second = Tool(live.url, tmp_path / "first"), Tool(live.url, tmp_path / "second")
    first.write("users_table.py", USERS)
    first.write("seeds/users.json", '[{"pk": "ours"}]')
    second.write("users_table.py", having('"deletion_protection_enabled": True'))
    second.write("seeds/users.json", '[{"pk": "theirs"}]')
    assert first.once().exit_code == 0
    return first, second


def seen(live: Live) -> tuple[bool, list[str]]:
    """Whether the table is protected, and its items."""
    table = live.client.describe_table(TableName="users")["Table"]
    items = live.client.scan(TableName="users", ConsistentRead=True)["Items"]
    return table.get("DeletionProtectionEnabled", False), sorted(item["pk"]["S"] for item in items)


@pytest.mark.parametrize("scope", SCOPES.values(), ids=SCOPES)
@pytest.mark.parametrize("state", STATES.values(), ids=STATES)
def test_a_stack_neither_changes_nor_seeds_nor_deletes_tables_of_another(
    moto: Live, tmp_path: Path, scope: dict[str, str], state: str
) -> None:
    _, second = two(moto, tmp_path)
    there = {**scope, "RECONCILER_STATE_TABLE": state}
    blocked = second.run("--once", **there)
    assert (blocked.exit_code, "stack default, environment default" in blocked.stdout) == (2, True), blocked.stderr
    assert second.run("destroy", "--yes", **there).exit_code in (0, 2)
    assert seen(moto) == (False, ["ours"])


@pytest.mark.dynamodb_local
@pytest.mark.parametrize("scope", SCOPES.values(), ids=SCOPES)
def test_without_tags_the_state_table_that_both_share_decides(
    local: Live, tmp_path: Path, scope: dict[str, str]
) -> None:
    first, second = two(local, tmp_path)
    assert second.run("--once", **scope).exit_code == 2
    assert second.run("seed", **scope).exit_code == 1
    assert seen(local) == (False, ["ours"])
    assert first.run("release", "users").exit_code == 0
    assert second.run("--once", **scope).exit_code == 0
    assert seen(local) == (True, ["ours"])


def test_own_takes_a_table_over_from_a_stack_with_another_state_table(moto: Live, tmp_path: Path) -> None:
    first, second = two(moto, tmp_path)
    second.write("users_table.py", having('"lifecycle": {"on_existing": "own"}'))
    there = {"RECONCILER_STACK": "shop", "RECONCILER_STATE_TABLE": "shop_state"}
    assert second.run("--once", **there).exit_code == 0
    arn = moto.client.describe_table(TableName="users")["Table"]["TableArn"]
    tags = {tag["Key"]: tag["Value"] for tag in moto.client.list_tags_of_resource(ResourceArn=arn)["Tags"]}
    assert tags["dynamodb-reconciler:owner"].startswith("shop/default/")
    first.write("users_table.py", having('"deletion_protection_enabled": True'))
    blocked = first.run("--once")
    assert (blocked.exit_code, "stack shop, environment default" in blocked.stdout) == (2, True)
    assert first.run("destroy", "--yes").exit_code in (0, 2)
    assert seen(moto) == (False, ["ours"])
