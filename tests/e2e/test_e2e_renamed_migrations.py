"""Migrations of a table that is renamed stay applied under its new name, and further ones run, on DynamoDB Local."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from e2e.renamed_shop import THREE, RenamedShop, begun, table
from support.endpoints import Live

SET = """\
table = {table!r}


def up(item):
    return {{{name!r}: 1}}


def down(item):
    return {{{name!r}: None}}
"""


@pytest.fixture
def shop(local: Live, tmp_path: Path) -> RenamedShop:
    return RenamedShop(local, tmp_path)


def write(shop: RenamedShop, name: str, of: str) -> None:
    folder = shop.folder / "migrations"
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.py").write_text(SET.format(table=of, name=name.partition("_")[2]))


def renamed(shop: RenamedShop, *words: str) -> None:
    """Three items with one applied migration, moved to another name."""
    begun(shop)
    write(shop, "0001_first", "orders")
    shop.tool("migrate", "up", "--yes")
    shop.declare(table("purchases", former="orders"))
    shop.tool(*(words or ("up", "--yes")))


def held(shop: RenamedShop, **attributes: int) -> bool:
    """Whether each item has these attributes and no others."""
    added = {name: {"N": str(value)} for name, value in attributes.items()}
    return shop.held("purchases") == [{**item, **added} for item in THREE]


def agree(shop: RenamedShop, *pending: str) -> None:
    """What all commands say of the migrations: nothing is wrong, and these wait."""
    assert "warning" not in shop.tool("validate")
    code = 2 if pending else 0
    said = shop.tool("migrate", "status", code=code)
    assert "pending again" not in said
    assert [name for name in ("0001_first", "0002_second") if f"{name}: pending" in said] == list(pending)
    counted = shop.tool("status")
    assert ("is not applied" in counted) is bool(pending)


@pytest.mark.parametrize("words", [("up", "--yes"), ("replace", "purchases", "--yes")], ids=lambda words: words[0])
def test_what_was_applied_under_the_former_name_is_applied(shop: RenamedShop, words: tuple[str, ...]) -> None:
    renamed(shop, *words)
    agree(shop)
    assert "Nothing to do" in shop.tool("migrate", "up", "--yes")
    shop.tool("migrate", "verify")
    assert held(shop, first=1)


def test_a_later_file_with_either_name_runs(shop: RenamedShop) -> None:
    renamed(shop)
    write(shop, "0002_second", "orders")
    agree(shop, "0002_second")
    write(shop, "0002_second", "purchases")
    agree(shop, "0002_second")
    shop.tool("migrate", "up", "--dry-run", code=2)
    shop.tool("migrate", "up", "--yes")
    assert held(shop, first=1, second=1)
    shop.tool("migrate", "down", "--yes")
    shop.tool("migrate", "down", "--yes")
    assert held(shop)


def test_the_new_name_may_be_written_into_an_applied_file(shop: RenamedShop) -> None:
    renamed(shop)
    write(shop, "0001_first", "purchases")
    agree(shop)
    shop.declare(table("purchases"))
    agree(shop)
    assert held(shop, first=1)


def test_without_the_former_name_the_record_knows_the_table(shop: RenamedShop) -> None:
    """``validate`` asks no endpoint, so it cannot know; both name the same way on."""
    renamed(shop)
    shop.declare(table("purchases"))
    assert "Nothing to do" in shop.tool("migrate", "up", "--yes")
    said = shop.tool("validate", code=1)
    assert "unknown table 'orders'" in said
    assert "if orders was renamed, its new name, or declare renamed_from there." in said
    known = shop.tool("migrate", "status")
    assert "0001_first: applied to purchases" in known
    assert "warning: migrations/0001_first.py:1: table: 'orders' is not declared any more" in known
    assert "Write purchases there: `reconciler validate` knows no records" in known
    (warning,) = json.loads(shop.tool("migrate", "status", "-o", "json"))["warnings"]
    assert (warning["line"], warning["field"]) == (1, "table")
    write(shop, "0001_first", "purchases")
    agree(shop)
    assert "warning" not in shop.tool("migrate", "status")


def test_another_change_of_an_applied_file_is_an_error_still(shop: RenamedShop) -> None:
    renamed(shop)
    path = shop.folder / "migrations" / "0001_first.py"
    path.write_text(path.read_text().replace("orders", "purchases").replace(": 1}", ": 2}"))
    said = shop.tool("migrate", "up", "--yes", code=1)
    assert "was changed after it was applied to purchases" in said
    assert held(shop, first=1)


def test_another_table_in_an_applied_file_is_another_migration(shop: RenamedShop) -> None:
    begun(shop, table("others"))
    shop.put("others", THREE[0])
    write(shop, "0001_first", "orders")
    shop.tool("migrate", "up", "--yes")
    write(shop, "0001_first", "others")
    assert "0001_first: pending, because it was applied to another table, orders" in shop.tool(
        "migrate", "status", code=2
    )


def test_an_environment_in_the_names_changes_nothing(shop: RenamedShop) -> None:
    begun(shop)
    shop.tool("--environment", "dev", "--once")
    shop.put("orders-dev", *THREE)
    write(shop, "0001_first", "orders")
    shop.tool("--environment", "dev", "migrate", "up", "--yes")
    shop.declare(table("purchases", former="orders"))
    shop.tool("--environment", "dev", "up", "--yes")
    assert "Nothing to do" in shop.tool("--environment", "dev", "migrate", "up", "--yes")
    assert "first" in shop.held("purchases-dev")[0]
