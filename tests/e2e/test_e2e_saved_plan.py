"""A saved plan on a real endpoint: applied as it was reviewed, or refused without a write."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.endpoints import Live
from support.tool import Run, Tool

TABLE = """
table_name: users
key_schema: [{AttributeName: pk, KeyType: HASH}]
attribute_definitions: [{AttributeName: pk, AttributeType: S}]
"""
TTL = TABLE + "time_to_live: {AttributeName: expires, Enabled: true}\n"
OTHER_KEY = TABLE.replace("AttributeType: S", "AttributeType: N")


@pytest.fixture
def tool(moto: Live, tmp_path: Path) -> Tool:
    """A folder with one table, which does not exist yet."""
    made = Tool(moto.url, tmp_path)
    made.write("users.yaml", TABLE)
    return made


def tables(live: Live) -> set[str]:
    return set(live.client.list_tables()["TableNames"]) - {"reconciler_state"}


def saved(tool: Tool, *words: str, **variables: str) -> Path:
    done = tool.run("preview", *words, "--out", "plan.json", **variables)
    assert done.exit_code == 0, done.stderr
    assert "Apply exactly this plan with: reconciler up plan.json" in done.stderr
    return tool.folder / "plan.json"


def apply(tool: Tool, *words: str, **variables: str) -> Run:
    return tool.run("up", "plan.json", "--yes", *words, **variables)


def refused(tool: Tool, what: str, *words: str, **variables: str) -> str:
    done = apply(tool, *words, **variables)
    assert done.exit_code == 1
    assert f"plan.json: {what} changed since the plan was saved" in done.stderr
    assert "Nothing was changed." in done.stderr
    return done.stderr


def test_a_plan_is_applied_and_then_it_is_used_up(moto: Live, tool: Tool) -> None:
    tool.write("seeds/users.json", '[{"pk": "1"}]')
    plan = json.loads(saved(tool).read_text())
    assert plan["report"]["summary"]["create"] == 1
    done = apply(tool)
    assert (done.exit_code, tables(moto)) == (0, {"users"}), done.stderr
    assert moto.client.scan(TableName="users")["Count"] == 1
    refused(tool, "the plan")


def test_a_plan_of_named_tables_touches_no_other(moto: Live, tool: Tool) -> None:
    tool.write("orders.yaml", TABLE.replace("users", "orders"))
    saved(tool, "orders")
    assert apply(tool).exit_code == 0
    assert tables(moto) == {"orders"}


def test_a_changed_declaration_is_refused(moto: Live, tool: Tool) -> None:
    saved(tool)
    tool.write("users.yaml", TTL)
    refused(tool, "the declarations or seeds")
    assert tables(moto) == set()


def test_a_changed_seed_is_refused_though_the_plan_is_the_same(moto: Live, tool: Tool) -> None:
    tool.write("seeds/users.json", '[{"pk": "1"}]')
    saved(tool)
    tool.write("seeds/users.json", '[{"pk": "2"}]')
    refused(tool, "the declarations or seeds")
    assert tables(moto) == set()


def test_a_changed_table_is_refused(moto: Live, tool: Tool) -> None:
    assert tool.once().exit_code == 0
    tool.write("users.yaml", TTL)
    saved(tool)
    moto.client.delete_table(TableName="users")
    refused(tool, "the plan")
    assert tables(moto) == set()


def test_a_policy_that_allows_more_is_another_plan(moto: Live, tool: Tool) -> None:
    assert tool.once().exit_code == 0
    moto.client.put_item(TableName="users", Item={"pk": {"S": "mine"}})
    tool.write("users.yaml", OTHER_KEY)
    saved(tool)
    refused(tool, "the plan", RECONCILER_DATA_LOSS="allow")
    assert moto.client.scan(TableName="users")["Count"] == 1


def test_what_the_plan_shows_as_blocked_stays_blocked_whatever_the_answer(moto: Live, tool: Tool) -> None:
    assert tool.once().exit_code == 0
    moto.client.put_item(TableName="users", Item={"pk": {"S": "mine"}})
    tool.write("users.yaml", OTHER_KEY)
    saved(tool, "users")
    done = apply(tool)
    assert moto.client.scan(TableName="users")["Count"] == 1
    assert done.exit_code == 2, done.stdout


@pytest.mark.parametrize(
    ("what", "words", "variables"),
    [
        ("the stack", ("--stack", "other"), {}),
        ("the environment", ("--environment", "prod"), {}),
        ("the region", ("--region", "eu-west-1"), {}),
    ],
)
def test_another_scope_is_refused(
    what: str, words: tuple[str, ...], variables: dict[str, str], moto: Live, tool: Tool
) -> None:
    saved(tool, "--stack", "shop", "--region", "us-east-1")
    given = {"--stack": "shop", "--region": "us-east-1"} | dict([words])
    refused(tool, what, *(word for pair in given.items() for word in pair), **variables)
    assert tables(moto) == set()


def test_another_endpoint_is_refused_and_both_are_named(moto: Live, tool: Tool) -> None:
    saved(tool)
    other = moto.url.replace("127.0.0.1", "localhost")
    sentence = refused(tool, "the endpoint", "--endpoint-url", other)
    assert f"it was {moto.url} and is {other}" in sentence


def test_a_stack_that_was_suspended_since_stays_suspended(moto: Live, tool: Tool) -> None:
    assert tool.once().exit_code == 0
    tool.write("users.yaml", TTL)
    saved(tool)
    assert tool.run("suspend").exit_code == 0
    refused(tool, "whether the stack is suspended")
    assert "suspended" in tool.run("status").stdout


@pytest.mark.parametrize("member", ["plan", "account", "version"])
def test_the_file_is_never_trusted(member: str, moto: Live, tool: Tool) -> None:
    plan = saved(tool)
    content: dict[str, Any] = json.loads(plan.read_text())
    content["compared"][member] = "x"
    plan.write_text(json.dumps(content))
    assert apply(tool).exit_code == 1
    assert tables(moto) == set()


def test_steps_that_are_written_into_the_file_are_not_carried_out(moto: Live, tool: Tool) -> None:
    assert tool.once().exit_code == 0
    tool.write("users.yaml", TTL)
    plan = saved(tool)
    content = json.loads(plan.read_text())
    content["report"]["tables"][0]["steps"][0] |= {"action": "delete", "operation": "DeleteTable"}
    plan.write_text(json.dumps(content))
    assert apply(tool).exit_code == 0
    assert tables(moto) == {"users"}
