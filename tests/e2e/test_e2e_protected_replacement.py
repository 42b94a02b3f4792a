"""A protected table whose key changes, on DynamoDB Local: what keeps it, and the way on that each message names."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from e2e.renamed_shop import table
from support.endpoints import Live
from support.shop import Shop

PROTECT = "lifecycle: {protect: true}"
ITEMS = [{"id": {"S": f"o{number}"}, "customer": {"S": f"c{number % 2}"}} for number in range(4)]
KEYS = "customer id"
HOLD = ("--replace-hold", "1h")


class Orders(Shop):
    """``orders`` has a file; another table is declared in one of its own."""

    def declare(self, *lines: str, keys: str = "id") -> None:
        (self.folder / "desired_state" / "orders.yaml").write_text(table("orders", *lines, keys=keys))

    def declare_no_orders(self) -> None:
        (self.folder / "desired_state" / "orders.yaml").unlink()

    @property
    def all_items(self) -> list[dict[str, object]]:
        return sorted(ITEMS, key=json.dumps)

    @property
    def deletes_nothing(self) -> bool:
        return self.tables == ["orders", "orders-g2", "other"]


@pytest.fixture
def shop(local: Live, tmp_path: Path) -> Orders:
    orders = Orders(local, tmp_path)
    (tmp_path / "desired_state" / "other.yaml").write_text(table("other"))
    return orders


def begun(shop: Orders, *lines: str) -> None:
    """A managed table with items, and ``lines`` in its declaration."""
    shop.declare(*lines)
    shop.tool("--once")
    shop.put("orders", *ITEMS)


def switched(shop: Orders, *lines: str, code: int = 2) -> str:
    """Another key, and the name means another table; what the switch says."""
    shop.declare(*lines, keys=KEYS)
    shop.tool("replace", "orders", "--beside", "--yes", code=2)
    return shop.tool("replace", "orders", "--switch", code=code)


def test_protection_that_is_removed_together_with_the_key_change_does_not_stop_the_end(shop: Orders) -> None:
    begun(shop, PROTECT)
    said = switched(shop, code=0)
    assert "1 replaced, 0 deleted" in said
    assert shop.tables == ["orders-g2", "other"]
    assert shop.held("orders-g2") == shop.all_items
    assert "In sync" in shop.tool("preview", "--expect-no-changes")


def test_the_same_edit_is_replaced_under_its_own_name(shop: Orders) -> None:
    begun(shop, PROTECT)
    shop.declare(PROTECT, keys=KEYS)
    assert "lifecycle.protect: false" in shop.tool("replace", "orders", "--yes", code=1)
    assert shop.held("orders") == shop.all_items
    shop.declare(keys=KEYS)
    assert "1 replaced" in shop.tool("replace", "orders", "--yes")
    assert shop.tables == ["orders", "other"]
    assert shop.held("orders") == shop.all_items


@pytest.mark.parametrize("way", ["declaration", "keep"])
def test_a_plan_and_a_run_name_the_protection_of_the_former_table_and_both_ways_on(shop: Orders, way: str) -> None:
    begun(shop, PROTECT)
    switched(shop, PROTECT)
    for words, code in ((("preview",), 0), (("status",), 0), (("--once",), 2), (("up", "--yes"), 2)):
        said = shop.tool(*words, code=code)
        assert "its declaration says lifecycle.protect" in said, words
        ways = "lifecycle.protect: false in the declaration of orders; or `reconciler replace orders --keep`"
        assert f"allow with: {ways}" in said, words
        assert "1 to replace" not in said, words
        assert shop.deletes_nothing, words
    if way == "keep":
        shop.tool("replace", "orders", "--keep", "--yes")
        assert shop.held("orders") == shop.all_items
    else:
        shop.declare("lifecycle: {protect: false}", keys=KEYS)
        shop.tool("--once")
        assert shop.tables == ["orders-g2", "other"]
    assert shop.held("orders-g2") == shop.all_items
    assert "In sync" in shop.tool("preview", "--expect-no-changes")


def test_the_former_table_is_shown_as_one_that_is_only_deleted(shop: Orders) -> None:
    begun(shop)
    switched(shop, PROTECT)
    shop.declare(keys=KEYS)
    plan, status = shop.tool("preview"), shop.tool("status")
    assert "\n- orders  (former generation of orders, replaced by orders-g2)" in plan
    assert "delete, DeleteTable: orders-g2 has its 4 items" in plan
    assert "has taken the place of orders: finish" in plan
    assert "0 to update, 1 to replace, 0 to delete" in plan
    assert "delete orders: orders-g2 has its items. To stop it, run `reconciler replace orders --keep`." in status
    for said in (plan, status):
        assert "created again" not in said
        assert "former declaration" not in said
        assert "orders-g2 is being replaced by" not in " ".join(said.split())
    document = json.loads(shop.tool("preview", "-o", "json"))
    (step,) = next(each for each in document["tables"] if each["name"] == "orders")["steps"]
    assert (step["action"], step["operation"], step["status"]) == ("delete", "DeleteTable", "ready")
    # What was shown as a deletion is confirmed as one.
    assert "1 replaced, 0 deleted" in shop.tool("up", "--yes")
    assert shop.tables == ["orders-g2", "other"]
    assert shop.held("orders-g2") == shop.all_items


def test_protection_outlives_a_declaration_that_goes_after_the_switch(shop: Orders) -> None:
    """The former table was recorded without protection, so the record has to follow the declaration until the end."""
    begun(shop)
    switched(shop, PROTECT)
    shop.declare_no_orders()
    for words, code in ((("--once", "--prune-grace", "0s"), 2), (("preview",), 0)):
        said = shop.tool(*words, code=code)
        assert "the declaration of orders, which is gone, protects orders" in said
        assert "lifecycle.protect: false in its restored declaration" in said
        assert shop.deletes_nothing
    shop.declare(keys=KEYS)
    shop.tool("--once")
    assert shop.tables == ["orders-g2", "other"]


def test_deletion_protection_of_the_former_table_names_a_way_that_reaches_it(shop: Orders) -> None:
    begun(shop, "deletion_protection_enabled: true")
    said = switched(shop, "deletion_protection_enabled: true")
    command = "aws dynamodb update-table --table-name orders --no-deletion-protection-enabled"
    assert f"`{command}`; or `reconciler replace orders --keep`" in said
    shop.declare("deletion_protection_enabled: false", keys=KEYS)
    # The declared name means the new table, so the declaration alone changes nothing of the former one.
    assert command in shop.tool("--once", code=2)
    assert shop.deletes_nothing
    shop.live.client.update_table(TableName="orders", DeletionProtectionEnabled=False)
    shop.tool("--once")
    assert shop.tables == ["orders-g2", "other"]


def test_an_adopted_table_stays_after_the_switch_and_keep_ends_it(shop: Orders) -> None:
    shop.live.client.create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    begun(shop)
    said = switched(shop)
    assert "this stack did not create the table, so it is never deleted" in said
    assert "allow with: `reconciler replace orders --keep`" in said
    assert "on_existing" not in said
    shop.tool("replace", "orders", "--keep", "--yes")
    assert shop.deletes_nothing
    assert shop.held("orders") == shop.held("orders-g2") == shop.all_items
    assert "In sync" in shop.tool("preview", "--expect-no-changes")
