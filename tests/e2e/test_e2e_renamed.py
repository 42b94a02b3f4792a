"""A table that is declared under another name keeps its items, on DynamoDB Local. Each odd case by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support import forked
from support.endpoints import Live
from support.waiting import PATIENCE


def table(name: str, *, former: str | None = None, keys: str = "id") -> str:
    schema = ", ".join(
        f"{{AttributeName: {key}, KeyType: {kind}}}" for key, kind in zip(keys.split(), ("HASH", "RANGE"), strict=False)
    )
    types = ", ".join(f"{{AttributeName: {key}, AttributeType: S}}" for key in keys.split())
    renamed = f"renamed_from: {former}\n" if former else ""
    return f"table_name: {name}\n{renamed}key_schema: [{schema}]\nattribute_definitions: [{types}]\n"


class Shop:
    def __init__(self, live: Live, folder: Path) -> None:
        self.live, self.folder = live, folder
        (folder / "desired_state").mkdir()

    def declare(self, *texts: str) -> None:
        (self.folder / "desired_state" / "shop.yaml").write_text("---\n".join(texts))

    def tool(self, *words: str, code: int = 0) -> str:
        done = forked.run(*words, "--endpoint-url", self.live.url, folder=self.folder, timeout=PATIENCE)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def put(self, name: str, *items: dict[str, Any]) -> None:
        for item in items:
            self.live.client.put_item(TableName=name, Item=item)

    def create(self, name: str) -> None:
        self.live.client.create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )

    def held(self, name: str) -> list[dict[str, Any]]:
        pages = self.live.client.get_paginator("scan").paginate(TableName=name, ConsistentRead=True)
        return sorted((item for page in pages for item in page["Items"]), key=json.dumps)

    @property
    def tables(self) -> list[str]:
        return [name for name in self.live.client.list_tables()["TableNames"] if name != "reconciler_state"]


@pytest.fixture
def shop(local: Live, tmp_path: Path) -> Shop:
    return Shop(local, tmp_path)


THREE = [{"id": {"S": f"o{number}"}, "customer": {"S": f"c{number % 2}"}} for number in range(3)]


def begun(shop: Shop, *others: str) -> None:
    shop.declare(table("orders"), *others)
    shop.tool("--once")
    shop.put("orders", *THREE)


@pytest.mark.parametrize(
    "words", [("--once",), ("up", "--yes"), ("replace", "purchases", "--yes")], ids=lambda words: words[0]
)
def test_the_items_move_to_the_new_name(shop: Shop, words: tuple[str, ...]) -> None:
    begun(shop)
    shop.declare(table("purchases", former="orders"))
    said = shop.tool("preview")
    assert "becomes purchases; keeps its 3 items" in said
    assert shop.tables == ["orders"]
    shop.tool(*words)
    assert (shop.tables, shop.held("purchases")) == (["purchases"], THREE)
    assert "In sync" in shop.tool("preview", "--expect-no-changes")
    shop.declare(table("purchases"))
    assert "In sync" in shop.tool("preview", "--expect-no-changes")
    shop.tool("--once")
    assert (shop.tables, shop.held("purchases")) == (["purchases"], THREE)


def test_another_name_and_another_key_are_one_move(shop: Shop) -> None:
    begun(shop)
    shop.declare(table("purchases", former="orders", keys="customer id"))
    shop.tool("--once")
    assert (shop.tables, shop.held("purchases")) == (["purchases"], THREE)


def test_items_that_do_not_fit_the_new_key_stay(shop: Shop) -> None:
    begun(shop)
    shop.put("orders", {"id": {"S": "odd"}})
    shop.declare(table("purchases", former="orders", keys="customer id"))
    said = shop.tool("--once", code=2)
    assert "purchases cannot hold all items of orders: 1 item without customer" in said
    assert (shop.tables, len(shop.held("orders"))) == (["orders"], 4)


@pytest.mark.parametrize("setting", [("--data-loss", "allow"), ("--data-loss", "emulator")], ids=lambda words: words[1])
def test_no_setting_drops_the_items(shop: Shop, setting: tuple[str, ...]) -> None:
    begun(shop)
    shop.declare(table("purchases", former="orders"))
    shop.tool("--once", *setting)
    assert (shop.tables, shop.held("purchases")) == (["purchases"], THREE)


def test_data_loss_never_leaves_it_to_a_person(shop: Shop) -> None:
    begun(shop)
    shop.declare(table("purchases", former="orders"))
    said = shop.tool("--once", "--data-loss", "never", code=2)
    assert "`reconciler replace purchases`" in said
    assert (shop.tables, shop.held("orders")) == (["orders"], THREE)
    shop.tool("replace", "purchases", "--yes", "--data-loss", "never")
    assert (shop.tables, shop.held("purchases")) == (["purchases"], THREE)


def test_beside_waits_for_the_switch_and_may_be_cancelled(shop: Shop) -> None:
    begun(shop)
    shop.declare(table("purchases", former="orders"))
    assert "It is ready to switch" in shop.tool("replace", "purchases", "--beside", "--yes", code=2)
    late = {"id": {"S": "o9"}, "customer": {"S": "c9"}}
    shop.put("orders", late)
    shop.tool("replace", "purchases", "--cancel")
    assert (shop.tables, shop.held("orders")) == (["orders"], [*THREE, late])
    assert "`reconciler replace purchases`" in shop.tool("--once", code=2)
    assert shop.tables == ["orders"]
    shop.tool("replace", "purchases", "--beside", "--yes", code=2)
    shop.tool("replace", "purchases", "--switch")
    assert (shop.tables, shop.held("purchases")) == (["purchases"], [*THREE, late])


def test_a_pending_move_is_no_removal(shop: Shop) -> None:
    begun(shop)
    shop.declare(table("purchases", former="orders"))
    said = shop.tool("--once", "--data-loss", "never", "--prune-grace", "0s", code=2)
    assert "0 deleted" in said
    assert "`reconciler release" not in said
    assert (shop.tables, shop.held("orders")) == (["orders"], THREE)


def test_a_chain_of_names_moves_one_by_one(shop: Shop) -> None:
    begun(shop)
    for former, name in (("orders", "purchases"), ("purchases", "sales"), ("sales", "orders")):
        shop.declare(table(name, former=former))
        shop.tool("--once")
        assert (shop.tables, shop.held(name)) == ([name], THREE)
    assert "In sync" in shop.tool("preview", "--expect-no-changes")


def test_a_table_of_a_later_generation_is_renamed(shop: Shop) -> None:
    begun(shop)
    shop.declare(table("orders", keys="customer id"))
    shop.tool("replace", "orders", "--beside", "--yes", code=2)
    shop.tool("replace", "orders", "--switch")
    assert shop.tables == ["orders-g2"]
    shop.declare(table("purchases", former="orders", keys="customer id"))
    shop.tool("--once")
    assert (shop.tables, shop.held("purchases")) == (["purchases"], THREE)
    shop.declare(table("purchases", keys="customer id"), table("orders"))
    shop.tool("--once")
    assert shop.tables == ["orders", "purchases"]


def test_a_new_environment_has_no_former_table(shop: Shop) -> None:
    shop.declare(table("purchases", former="orders"))
    shop.tool("--once")
    assert shop.tables == ["purchases"]


def test_a_target_that_exists_already_is_refused_and_the_former_table_kept(shop: Shop) -> None:
    begun(shop)
    shop.create("purchases")
    shop.declare(table("purchases", former="orders"))
    assert "purchases exists already" in shop.tool("--once", "--prune-grace", "0s", code=2)
    assert "purchases exists already" in shop.tool("replace", "purchases", "--yes", code=1)
    assert (shop.tables, shop.held("orders")) == (["orders", "purchases"], THREE)


def test_a_target_of_this_stack_keeps_the_former_table_from_being_pruned(shop: Shop) -> None:
    begun(shop, table("purchases"))
    shop.declare(table("purchases", former="orders"))
    for _ in range(2):
        said = shop.tool("--once", "--prune-grace", "0s", "--data-loss", "allow", code=2)
        assert "exists already, so the items cannot move to it" in said
    assert (shop.tables, shop.held("orders")) == (["orders", "purchases"], THREE)


def test_a_former_table_that_is_gone_is_told_and_nothing_is_created_empty(shop: Shop) -> None:
    begun(shop)
    shop.declare(table("purchases", former="orders"))
    shop.live.client.delete_table(TableName="orders")
    said = shop.tool("--once", code=2)
    assert "orders, which purchases is declared to be renamed from, does not exist" in said
    assert shop.tables == []
    shop.declare(table("purchases"))
    shop.tool("--once")
    assert shop.tables == ["purchases"]


def test_a_former_table_of_nobody_is_told_and_nothing_is_created_empty(shop: Shop) -> None:
    shop.create("orders")
    shop.put("orders", *THREE)
    shop.declare(table("purchases", former="orders"))
    assert "orders exists, and this stack does not manage it" in shop.tool("--once", code=2)
    assert (shop.tables, shop.held("orders")) == (["orders"], THREE)


def test_a_former_table_of_another_stack_is_told_and_nothing_is_created_empty(shop: Shop) -> None:
    shop.declare(table("orders"))
    shop.tool("--once", "--stack", "theirs")
    shop.put("orders", *THREE)
    shop.declare(table("purchases", former="orders"))
    said = shop.tool("--once", "--stack", "ours", code=2)
    assert "orders exists, and it belongs to" in said
    assert "theirs" in said
    assert (shop.tables, shop.held("orders")) == (["orders"], THREE)


def test_both_names_declared_are_an_error(shop: Shop) -> None:
    begun(shop)
    shop.declare(table("orders"), table("purchases", former="orders"))
    said = shop.tool("validate", code=1)
    assert "still declares the table orders" in said
    assert "desired_state/shop.yaml" in said
    assert shop.tables == ["orders"]


def test_two_tables_with_one_former_name_are_an_error(shop: Shop) -> None:
    shop.declare(table("a", former="orders"), table("b", former="orders"))
    assert "duplicate renamed_from 'orders'" in shop.tool("validate", code=1)


def test_a_table_is_not_renamed_from_its_own_name(shop: Shop) -> None:
    shop.declare(table("orders", former="orders"))
    assert "expected another name than table_name" in shop.tool("validate", code=1)


def test_the_former_name_has_the_suffix_of_the_environment(shop: Shop) -> None:
    shop.declare(table("orders"))
    shop.tool("--once", "--environment", "test")
    shop.put("orders-test", *THREE)
    shop.declare(table("purchases", former="orders"))
    shop.tool("--once", "--environment", "test")
    assert (shop.tables, shop.held("purchases-test")) == (["purchases-test"], THREE)


def test_a_former_name_that_is_declared_in_mid_work_is_forgotten_without_harm(shop: Shop) -> None:
    begun(shop)
    shop.declare(table("purchases", former="orders"))
    shop.tool("replace", "purchases", "--beside", "--yes", code=2)
    shop.declare(table("purchases"))
    shop.tool("replace", "purchases", "--switch")
    assert (shop.tables, shop.held("purchases")) == (["purchases"], THREE)
