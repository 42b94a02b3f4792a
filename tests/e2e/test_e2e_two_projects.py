"""Two independent projects at one endpoint, and a table whose key changes: no item is lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.endpoints import Live
from support.tool import Run, Tool

TABLE = (
    "TableName: {name}\nKeySchema: [{{AttributeName: {key}, KeyType: HASH}}]\nAttributeDefinitions:\n"
    "  - {{AttributeName: {key}, AttributeType: S}}\nBillingMode: PAY_PER_REQUEST\n"
)


class Project(Tool):
    """A folder of its own, with no stack named."""

    def run(self, *words: str, **variables: str) -> Run:
        return super().run(*words, **{"RECONCILER_STACK": "", **variables})


def project(live: Live, folder: Path, *tables: str, key: str = "pk") -> Project:
    made = Project(live.url, folder)
    for name in tables:
        made.write(f"{name}.yaml", TABLE.format(name=name, key=key))
    return made


def put(live: Live, table: str, *keys: str) -> None:
    for key in keys:
        live.client.put_item(TableName=table, Item={"pk": {"S": key}})


def items(live: Live, table: str) -> list[Any]:
    return sorted(item["pk"]["S"] for item in live.client.scan(TableName=table, ConsistentRead=True)["Items"])


@pytest.mark.dynamodb_local
def test_init_and_once_in_a_second_project_do_not_touch_the_first_one(local: Live, tmp_path: Path) -> None:
    first = project(local, tmp_path / "a", "orders")
    assert first.once().exit_code == 0
    put(local, "orders", "1", "2")
    second = Project(local.url, tmp_path / "b")
    second.folder.mkdir()
    assert second.run("init").exit_code == 0
    done = second.once()
    assert done.exit_code == 0, done.stdout + done.stderr
    assert items(local, "orders") == ["1", "2"]
    assert first.once().exit_code == 0
    assert second.run("destroy", "--yes").exit_code == 0
    assert local.client.list_tables()["TableNames"] == ["orders", "reconciler_state"]


def test_a_table_declared_by_both_belongs_to_the_first(endpoint: Live, tmp_path: Path) -> None:
    live = endpoint
    first, second = project(live, tmp_path / "a", "orders"), project(live, tmp_path / "b", "orders", "carts")
    assert first.once().exit_code == 0
    put(live, "orders", "1")
    blocked = second.once()
    assert (blocked.exit_code, "stack a, environment default" in blocked.stdout) == (2, True)
    (second.folder / "desired_state" / "orders.yaml").unlink()
    assert second.once().exit_code == 0
    assert items(live, "orders") == ["1"]


def test_earlier_state_is_transferred_where_its_tables_are_declared(endpoint: Live, tmp_path: Path) -> None:
    live = endpoint
    first, second = project(live, tmp_path / "a", "orders"), project(live, tmp_path / "b", "carts", "drafts")
    assert first.run("--once", RECONCILER_STACK="default").exit_code == 0
    both = project(live, tmp_path / "both", "orders", "carts", "drafts")
    assert both.run("--once", RECONCILER_STACK="default").exit_code == 0
    put(live, "orders", "1")
    preview = first.run("preview", "--expect-no-changes")
    assert (preview.exit_code, "will be transferred from default/default to a/default" in preview.stderr) == (0, True)
    moved = first.once()
    assert (moved.exit_code, "was transferred from default/default to a/default" in moved.stderr) == (0, True)
    assert "transferred" not in first.once().stderr
    assert second.once().exit_code == 0
    assert items(live, "orders") == ["1"]
    (second.folder / "desired_state" / "drafts.yaml").unlink()
    pruned = second.once()
    assert (pruned.exit_code, "1 deleted" in pruned.stdout) == (0, True), "it is theirs now, and prunes as before"
    assert "drafts" not in live.client.list_tables()["TableNames"]


def test_another_key_is_shown_and_waits_for_consent(endpoint: Live, tmp_path: Path) -> None:
    live = endpoint
    shop = project(live, tmp_path / "shop", "orders")
    assert shop.once().exit_code == 0
    put(live, "orders", *map(str, range(50)))
    project(live, tmp_path / "shop", "orders", key="id")
    blocked = shop.once()
    assert blocked.exit_code == 2
    for way in ("`reconciler up orders`", "lifecycle.allow_data_loss: true", "RECONCILER_DATA_LOSS=allow"):
        assert way in blocked.stdout
    assert len(items(live, "orders")) == 50
    assert shop.run("up").exit_code == 1, "no terminal, and no --yes"
    assert len(items(live, "orders")) == 50
    unnamed = shop.run("up", "--yes")
    assert (unnamed.exit_code, "`reconciler up orders`" in unnamed.stdout) == (2, True)
    assert len(items(live, "orders")) == 50
    done = shop.run("up", "orders", "--yes")
    assert (done.exit_code, "0 created, 0 updated, 1 replaced, 0 deleted, 0 seeded" in done.stdout) == (0, True)
    assert live.client.describe_table(TableName="orders")["Table"]["KeySchema"][0]["AttributeName"] == "id"


def test_a_table_with_its_seed_alone_is_replaced_as_before(endpoint: Live, tmp_path: Path) -> None:
    live = endpoint
    shop = project(live, tmp_path / "shop", "orders")
    shop.write("seeds/orders.json", '[{"pk": "1"}, {"pk": "2"}]')
    assert shop.once().exit_code == 0
    project(live, tmp_path / "shop", "orders", key="id")
    shop.write("seeds/orders.json", '[{"id": "1"}]')
    done = shop.once()
    assert (done.exit_code, "0 created, 0 updated, 1 replaced, 0 deleted, 1 seeded" in done.stdout) == (0, True)


def test_a_second_project_of_one_shared_stack_takes_no_table_with_items(endpoint: Live, tmp_path: Path) -> None:
    live = endpoint
    first, second = project(live, tmp_path / "a", "orders"), project(live, tmp_path / "b", "carts")
    assert first.run("--once", RECONCILER_STACK="shared").exit_code == 0
    put(live, "orders", "1")
    blocked = second.run("--once", RECONCILER_STACK="shared")
    assert blocked.exit_code == 2
    assert "blocked (foreign_declarations)" in blocked.stdout, "the file of the other folder declares it"
    for path in (tmp_path / "a").rglob("orders.*"):
        path.unlink()
    for _ in range(2):
        blocked = second.run("--once", RECONCILER_STACK="shared")
        assert blocked.exit_code == 2
        assert "renamed_from: orders" in blocked.stdout, "it may be the same project, whose one table was renamed"
        assert "if these declarations are another project's, RECONCILER_STACK=NAME" in blocked.stdout
    assert items(live, "orders") == ["1"]
    assert second.run("up", "--yes", RECONCILER_STACK="shared").exit_code == 2, "nobody named orders"
    assert items(live, "orders") == ["1"]
    assert second.run("up", "orders", "--yes", RECONCILER_STACK="shared").exit_code == 0
    assert "orders" not in live.client.list_tables()["TableNames"]


@pytest.mark.parametrize("shared", ["posts.yaml", "users.yaml"], ids=["nothing is shared", "a table is shared"])
def test_folders_of_one_name_lose_no_items_to_one_another(shared: str, endpoint: Live, tmp_path: Path) -> None:
    live = endpoint
    first = project(live, tmp_path / "x" / "backend", "users", "invoices")
    assert first.once().exit_code == 0
    put(live, "invoices", "1", "2")
    second = project(live, tmp_path / "y" / "backend", "posts", shared.removesuffix(".yaml"))
    for _ in range(2):
        blocked = second.once()
        assert (blocked.exit_code, "foreign_declarations" in blocked.stdout) == (2, True), blocked.stdout
        if shared == "users.yaml":
            assert str((tmp_path / "x" / "backend").resolve()) in blocked.stdout
            assert "`reconciler up invoices`" in blocked.stdout
            assert "RECONCILER_STACK=backend" in blocked.stdout
    assert second.run("destroy", "--yes").exit_code == 2
    assert items(live, "invoices") == ["1", "2"]
    if shared == "users.yaml":
        assert second.run("up", "invoices", "--yes").exit_code == 0
        assert "invoices" not in live.client.list_tables()["TableNames"]


def test_a_project_around_another_one_of_its_name_takes_no_table_with_items(endpoint: Live, tmp_path: Path) -> None:
    inner = project(endpoint, tmp_path / "backend" / "backend", "users", "invoices")
    assert inner.once().exit_code == 0
    put(endpoint, "invoices", "1")
    outer = project(endpoint, tmp_path / "backend", "posts", "users")
    for _ in range(2):
        blocked = outer.once()
        assert (blocked.exit_code, "foreign_declarations" in blocked.stdout) == (2, True), blocked.stdout
    assert items(endpoint, "invoices") == ["1"]


def test_a_moved_project_converges_and_prunes_its_own_tables(endpoint: Live, tmp_path: Path) -> None:
    live = endpoint
    shop = project(live, tmp_path / "old" / "shop", "users", "invoices")
    assert shop.once().exit_code == 0
    put(live, "invoices", "1")
    (tmp_path / "new").mkdir()
    (tmp_path / "old" / "shop").rename(tmp_path / "new" / "shop")
    moved = project(live, tmp_path / "new" / "shop", "users", "invoices")
    assert moved.once().exit_code == 0
    (moved.folder / "desired_state" / "invoices.yaml").unlink()
    assert moved.once().exit_code == 0
    assert "invoices" not in live.client.list_tables()["TableNames"]


def test_a_name_that_changes_in_its_file_waits_for_consent(endpoint: Live, tmp_path: Path) -> None:
    live = endpoint
    shop = project(live, tmp_path / "shop", "invoices", "users")
    assert shop.once().exit_code == 0
    put(live, "invoices", "1")
    shop.write("invoices.yaml", TABLE.format(name="bills", key="pk"))
    for _ in range(2):
        blocked = shop.once()
        assert blocked.exit_code == 2
        assert "invoices.yaml declares bills instead; DynamoDB cannot rename a table" in blocked.stdout
    assert items(live, "invoices") == ["1"]
    assert items(live, "bills") == []
    assert shop.run("up", "invoices", "--yes").exit_code == 0
    assert "invoices" not in live.client.list_tables()["TableNames"]
    assert shop.once().exit_code == 0
