"""A migration that was begun and stopped is not forgotten when its table is replaced or renamed, on DynamoDB Local."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from e2e.renamed_shop import RenamedShop, table
from support.endpoints import Live

ITEMS = [{"id": {"S": f"o{number:02}"}, "customer": {"S": f"c{number % 3}"}} for number in range(20)]
LAST = ITEMS[-1]["id"]["S"]
NAME = "0001_add_group"
STOPPED = f"""\
table = "orders"


def up(item):
    if item["id"] == "{LAST}":
        raise RuntimeError("stop")
    return {{"group": "a"}}


def down(item):
    return {{"group": None}}
"""
MENDED = STOPPED.replace("raise RuntimeError", "print")
BY_BOTH = table("orders", keys="customer id")
UNDER_OWN_NAME = (BY_BOTH, "orders", (("--once",),))
RENAMED = (table("purchases", former="orders"), "purchases", (("up", "--yes"),))
BESIDE = (BY_BOTH, "orders-g2", (("replace", "orders", "--beside", "--yes"), ("replace", "orders", "--switch")))
WAYS = {"under its own name": UNDER_OWN_NAME, "renamed": RENAMED, "beside": BESIDE}


@pytest.fixture
def shop(local: Live, tmp_path: Path) -> RenamedShop:
    return RenamedShop(local, tmp_path)


def write(shop: RenamedShop, text: str = STOPPED) -> Path:
    path = shop.folder / "migrations" / f"{NAME}.py"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path


def changed(shop: RenamedShop, name: str, items: int = len(ITEMS)) -> int:
    held = shop.held(name)
    assert len(held) == items
    return sum("group" in item for item in held)


def stopped(shop: RenamedShop) -> None:
    """A table whose migration failed at one item."""
    shop.declare(table("orders"))
    shop.tool("--once")
    shop.put("orders", *ITEMS)
    write(shop)
    assert "stop" in shop.tool("migrate", "up", code=1)
    assert changed(shop, "orders") == len(ITEMS) - 1
    assert f"{NAME} is begun on orders and not finished" in shop.tool("preview", "--expect-no-changes", code=2)


def moved(shop: RenamedShop, way: str) -> tuple[str, str]:
    """The name of the table that has the items then, and what the last command of the replacement said."""
    text, name, commands = WAYS[way]
    stopped(shop)
    shop.declare(text)
    said = ""
    for words in commands:
        said = shop.tool(*words, code=2 if "--beside" in words else 0)
    assert shop.tables == [name]
    return name, said


def test_a_begun_file_that_names_another_table_is_refused_until_it_is_finished(shop: RenamedShop) -> None:
    """Its next run would write the record anew: the first table would stay half migrated, and count as in sync."""
    stopped(shop)
    shop.declare(table("orders"), table("carts"))
    shop.tool("--once")
    write(shop, MENDED.replace('"orders"', '"carts"'))
    for words in (("migrate", "up"), ("migrate", "status")):
        said = shop.tool(*words, code=1)
        assert f"{NAME}.py:1: table: names carts by now, and was begun on orders, where it is not finished" in said
    assert f"{NAME} is begun on orders and not finished" in shop.tool("preview", "--expect-no-changes", code=2)
    assert changed(shop, "orders") == len(ITEMS) - 1
    write(shop, MENDED)
    shop.tool("migrate", "up")
    assert changed(shop, "orders") == len(ITEMS)
    write(shop, MENDED.replace('"orders"', '"carts"'))
    assert f"{NAME}: pending, because it was applied to another table, orders" in shop.tool("migrate", "status", code=2)


@pytest.mark.parametrize("way", WAYS)
def test_a_begun_migration_goes_with_the_items(shop: RenamedShop, way: str) -> None:
    name, said = moved(shop, way)
    begun = f"{NAME} is begun on {name} and not finished, and its table was replaced since"
    advice = "`reconciler migrate up` starts again at the first item"
    assert changed(shop, name) == len(ITEMS) - 1
    assert f"{begun}: {advice}" in said
    assert f"{begun}: {advice}" in shop.tool("--once")
    assert f"{begun}: {advice}" in shop.tool("preview", "--expect-no-changes", code=2)
    assert f"{begun}: {advice}" in shop.tool("status")
    said = shop.tool("migrate", "status", code=2)
    assert f"{NAME}: started, not finished, and its table was replaced since: {advice}" in said
    assert f"{NAME}: started" in shop.tool("migrate", "verify", code=2)
    # The item that stopped it is the only one left, whatever part of the table it is in now.
    shop.tool("migrate", "up", code=1)
    assert changed(shop, name) == len(ITEMS) - 1
    assert f"{NAME} is begun on {name} and not finished: " in shop.tool("preview", "--expect-no-changes", code=2)
    write(shop, MENDED)
    assert f"{NAME}: applied to {name} (1 changed, 19 done)" in shop.tool("migrate", "up")
    assert changed(shop, name) == len(ITEMS)
    assert "In sync" in shop.tool("preview", "--expect-no-changes")
    assert NAME in shop.tool("migrate", "status")


@pytest.mark.parametrize("way", WAYS)
def test_what_goes_on_at_once_says_that_it_starts_again(shop: RenamedShop, way: str) -> None:
    name, _ = moved(shop, way)
    path = write(shop)
    # The file is the same one: an item that somebody removed stops it no more.
    (key,) = (item for item in shop.held(name) if "group" not in item)
    names = [each["AttributeName"] for each in shop.live.client.describe_table(TableName=name)["Table"]["KeySchema"]]
    shop.live.client.delete_item(TableName=name, Key={each: key[each] for each in names})
    assert path.read_text() == STOPPED
    said = shop.tool("migrate", "up")
    assert f"{NAME}: applied to {name} (19 done), from the first item again, because its table was replaced" in said
    assert "In sync" in shop.tool("preview", "--expect-no-changes")


@pytest.mark.parametrize("way", WAYS)
def test_its_file_may_not_be_gone_then(shop: RenamedShop, way: str) -> None:
    name, _ = moved(shop, way)
    write(shop).unlink()
    said = shop.tool("migrate", "up", code=1)
    assert f"is gone, but it was begun on {name}" in said
    assert "and its file is gone: restore it" in shop.tool("preview", "--expect-no-changes", code=2)
    assert changed(shop, name) == len(ITEMS) - 1


@pytest.mark.parametrize("way", WAYS)
def test_one_that_is_being_undone_goes_on_being_undone(shop: RenamedShop, way: str) -> None:
    shop.declare(table("orders"))
    shop.tool("--once")
    shop.put("orders", *ITEMS)
    halting = MENDED.replace('    return {"group": None}', '    item["none"]\n    return {"group": None}')
    write(shop, halting)
    shop.tool("migrate", "up")
    shop.live.client.update_item(
        TableName="orders",
        Key={"id": ITEMS[0]["id"]},
        UpdateExpression="SET #n = :n",
        ExpressionAttributeNames={"#n": "none"},
        ExpressionAttributeValues={":n": {"S": ""}},
    )
    shop.tool("migrate", "down", "--yes", code=1)
    assert changed(shop, "orders") == len(ITEMS) - 1
    text, name, commands = WAYS[way]
    shop.declare(text)
    for words in commands:
        shop.tool(*words, code=2 if "--beside" in words else 0)
    said = shop.tool("preview", "--expect-no-changes", code=2)
    assert f"{NAME} is being undone on {name}, and its table was replaced since: `reconciler migrate down`" in said
    assert "is being undone" in shop.tool("migrate", "up", code=1)
    write(shop, MENDED)
    shop.tool("migrate", "down", "--yes")
    assert changed(shop, name) == 0
    assert "In sync" in shop.tool("preview", "--expect-no-changes")
    assert f"{NAME}: pending" in shop.tool("migrate", "status", code=2)


def test_back_in_the_former_table_no_item_is_passed_over(shop: RenamedShop) -> None:
    """How far the Scan of the former table came is worth nothing after all was undone in the other one."""
    hold = ("--replace-hold", "1h")
    shop.declare(table("orders"))
    shop.tool("--once")
    items = [{"id": {"S": f"o{number}"}, "customer": {"S": f"c{number}"}} for number in range(450)]
    shop.put_many("orders", items)
    (*_, last) = shop.live.client.scan(TableName="orders")["Items"]
    halted = {"halt": {"BOOL": True}}
    shop.put("orders", {**last, **halted})
    write(shop, STOPPED.replace(f'item["id"] == "{LAST}"', 'item.get("halt")'))
    shop.tool("migrate", "up", code=1)
    assert changed(shop, "orders", len(items)) == len(items) - 1
    shop.put("orders", last)
    shop.declare(BY_BOTH)
    shop.tool("replace", "orders", "--beside", "--yes", code=2)
    shop.tool("replace", "orders", "--switch", *hold)
    shop.tool("migrate", "up")
    shop.tool("migrate", "down", "--yes")
    shop.put_many("orders-g2", [{**item, **halted} for item in items])
    shop.tool("migrate", "up", code=1)
    shop.put_many("orders-g2", items)
    shop.tool("replace", "orders", "--cancel", *hold)
    assert shop.tables == ["orders"]
    assert changed(shop, "orders", len(items)) == 0
    assert f"{NAME} is begun on orders and not finished" in shop.tool("preview", "--expect-no-changes", *hold, code=2)
    assert f"{NAME}: applied to orders (450 changed)" in shop.tool("migrate", "up")
    assert changed(shop, "orders", len(items)) == len(items)


def test_items_that_were_lost_on_purpose_take_the_migration_with_them(shop: RenamedShop) -> None:
    stopped(shop)
    lossy = table("orders", "lifecycle: {allow_data_loss: true, on_existing: own}", keys="elsewhere")
    shop.declare(lossy)
    shop.tool("up", "--yes")
    assert shop.held("orders") == []
    assert "pending again" in shop.tool("migrate", "status", code=2)
    assert "is not applied" in shop.tool("status")
    shop.tool("preview", "--expect-no-changes")


def test_json_counts_the_table_after_a_replacement(shop: RenamedShop) -> None:
    moved(shop, "under its own name")
    document = json.loads(shop.tool("preview", "-o", "json"))
    assert [len(entry["migrations"]) for entry in document["tables"]] == [1]
