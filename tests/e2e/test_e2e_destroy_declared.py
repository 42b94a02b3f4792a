"""``destroy`` obeys the declarations as they are now, not only as the last run recorded them."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.endpoints import Live
from support.tool import Tool

TABLE = (
    "TableName: {name}\nKeySchema: [{{AttributeName: {key}, KeyType: HASH}}]\nAttributeDefinitions:\n"
    "  - {{AttributeName: {key}, AttributeType: S}}\nBillingMode: PAY_PER_REQUEST\n"
)


def in_sync(live: Live, folder: Path, **more: str) -> Tool:
    """A project with two tables, each with three items; ``more`` is added to the declarations, by table."""
    tool = Tool(live.url, folder)
    for name in ("orders", "carts"):
        tool.write(f"{name}.yaml", TABLE.format(name=name, key="pk") + more.get(name, ""))
    assert tool.once().exit_code == 0
    for name in ("orders", "carts"):
        for key in "abc":
            live.client.put_item(TableName=name, Item={"pk": {"S": key}})
    return tool


def declare(tool: Tool, more: str, *, name: str = "orders", key: str = "pk") -> None:
    tool.write("orders.yaml", TABLE.format(name=name, key=key) + more)


def count(live: Live, table: str) -> int:
    return len(live.client.scan(TableName=table, ConsistentRead=True)["Items"])


@pytest.mark.parametrize(
    "change",
    [
        ("lifecycle: { protect: true }\n", "pk", "its declaration says lifecycle.protect"),
        ("lifecycle: { protect: true }\n", "id", "its declaration says lifecycle.protect"),
        ("DeletionProtectionEnabled: true\n", "pk", "its declaration turns deletion protection on"),
        ("lifecycle: { on_existing: observe }\n", "pk", "the declaration says to observe this table only"),
    ],
    ids=["protect", "protect and another key", "deletion protection", "observe"],
)
@pytest.mark.parametrize("words", [(), ("orders",)], ids=["all tables", "this table"])
def test_what_is_declared_since_the_last_run_keeps_the_table(
    endpoint: Live, tmp_path: Path, change: tuple[str, str, str], words: tuple[str, ...]
) -> None:
    more, key, reason = change
    tool = in_sync(endpoint, tmp_path)
    declare(tool, more, key=key)
    done = tool.run("destroy", *words, "--yes")
    assert (done.exit_code, reason in done.stdout) == (2, True), done.stdout
    assert count(endpoint, "orders") == 3
    assert ("carts" in endpoint.client.list_tables()["TableNames"]) is bool(words)


def test_a_table_declared_as_renamed_and_protected_is_kept(endpoint: Live, tmp_path: Path) -> None:
    tool = in_sync(endpoint, tmp_path)
    declare(tool, "renamed_from: orders\nlifecycle: { protect: true }\n", name="purchases")
    done = tool.run("destroy", "--yes")
    assert (done.exit_code, "its declaration says lifecycle.protect" in done.stdout) == (2, True), done.stdout
    assert count(endpoint, "orders") == 3


def test_protection_that_no_run_has_taken_off_yet_holds_and_says_how_to_end_it(endpoint: Live, tmp_path: Path) -> None:
    tool = in_sync(endpoint, tmp_path, orders="lifecycle: { protect: true }\n")
    declare(tool, "lifecycle: { protect: false }\n")
    done = tool.run("destroy", "orders", "--yes")
    assert done.exit_code == 2
    assert "its declaration said lifecycle.protect when it was last carried out" in done.stdout
    assert "allow with: `reconciler up orders` first" in " ".join(done.stdout.split())
    assert count(endpoint, "orders") == 3
    assert tool.run("up", "orders", "--yes").exit_code == 0
    assert tool.run("destroy", "orders", "--yes").exit_code == 0
    assert "orders" not in endpoint.client.list_tables()["TableNames"]


@pytest.mark.parametrize("command", ["--once", "up --yes", "destroy --yes"])
def test_a_table_that_was_last_declared_to_be_observed_stays_after_its_file_went(
    endpoint: Live, tmp_path: Path, command: str
) -> None:
    tool = in_sync(endpoint, tmp_path)
    declare(tool, "lifecycle: { on_existing: observe }\n")
    assert tool.once().exit_code == 0
    (tool.folder / "desired_state" / "orders.yaml").unlink()
    done = tool.run(*command.split())
    text = " ".join(done.stdout.split())
    assert (done.exit_code, count(endpoint, "orders")) == (2, 3), done.stdout
    assert "the declaration that was last carried out says to observe this table only" in text
    assert "lifecycle.on_existing: adopt in a declaration of it; run once, then remove it" in text


def test_an_observed_table_is_deleted_after_a_declaration_without_it_was_carried_out(
    endpoint: Live, tmp_path: Path
) -> None:
    tool = in_sync(endpoint, tmp_path, orders="lifecycle: { on_existing: observe }\n")
    declare(tool, "")
    done = tool.run("destroy", "orders", "--yes")
    assert (done.exit_code, count(endpoint, "orders")) == (2, 3)
    assert "said to observe this table only when it was last carried out" in " ".join(done.stdout.split())
    assert tool.run("up", "orders", "--yes").exit_code == 0
    (tool.folder / "desired_state" / "orders.yaml").unlink()
    assert tool.once().exit_code == 0
    assert "orders" not in endpoint.client.list_tables()["TableNames"]


def test_what_nothing_protects_is_destroyed(endpoint: Live, tmp_path: Path) -> None:
    tool = in_sync(endpoint, tmp_path)
    assert tool.run("destroy", "--yes").exit_code == 0
    assert not {"orders", "carts"} & set(endpoint.client.list_tables()["TableNames"])
