"""The commands for seeds, on DynamoDB Local, while the table has another key than its declaration."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from e2e.renamed_shop import table
from support.endpoints import Live
from support.shop import Shop

SEED = [{"id": f"o{number}", "customer": f"c{number}", "total": number} for number in range(3)]


class Orders(Shop):
    """``orders`` has a file and a seed."""

    def declare(self, keys: str) -> None:
        (self.folder / "desired_state" / "orders.yaml").write_text(table("orders", keys=keys))

    def seed(self, items: list[dict[str, object]]) -> None:
        folder = self.folder / "desired_state" / "seeds"
        folder.mkdir(exist_ok=True)
        (folder / "orders.json").write_text(json.dumps(items))


@pytest.fixture
def shop(local: Live, tmp_path: Path) -> Orders:
    return Orders(local, tmp_path)


@pytest.mark.parametrize(
    "words", [("seed",), ("seed", "--update"), ("seed", "--verify"), ("clear", "--yes")], ids=" ".join
)
def test_a_key_that_waits_is_refused_before_the_first_item(shop: Orders, words: tuple[str, ...]) -> None:
    shop.seed(SEED)
    shop.declare("id")
    shop.tool("--once")
    # An item that lacks the declared key: a condition on that key would let a write replace it.
    shop.put("orders", {"id": {"S": "o9"}, "note": {"S": "of the application"}})
    before = shop.held("orders")
    shop.declare("customer id")
    shop.seed([*SEED[:2], {"id": "o2", "customer": "c2", "total": 77}, {"id": "o9", "customer": "c9", "total": 9}])
    said = shop.tool(*words, code=1)
    assert "the key of the table is id (S), and customer (S) and id (S) is declared" in said
    assert "`reconciler replace orders` gives it the declared key" in said
    assert "ValidationException" not in said
    assert shop.held("orders") == before
    shop.declare("id")
    shop.seed(SEED)
    assert "In sync" in shop.tool("preview", "--expect-no-changes")
    assert "3 items as in seeds/orders.json" in shop.tool("seed", "--verify")
