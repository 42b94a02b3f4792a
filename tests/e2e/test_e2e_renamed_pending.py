"""What nothing may do to a table that is to be renamed, while its items have not moved: on DynamoDB Local.

The move is refused, or begun and interrupted, or its records are lost. An independent client looks at both tables.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from e2e.renamed_shop import THREE, RenamedShop, begun, table
from support.endpoints import Live

EAGER = ("--prune", "owned", "--prune-grace", "0s", "--data-loss", "allow", "--max-deletes", "100")
"""Everything that lets a pass delete."""
LATE = {"id": {"S": "o9"}, "customer": {"S": "c9"}}
STATE = "reconciler_state"


@pytest.fixture
def shop(local: Live, tmp_path: Path) -> RenamedShop:
    return RenamedShop(local, tmp_path)


def eagerly(shop: RenamedShop, *words: str) -> str:
    """Two runs that may delete whatever is not declared; what the last one said."""
    shop.tool("--once", *EAGER, *words, code=2)
    return shop.tool("--once", *EAGER, *words, code=2)


# Somebody has the new name


def test_an_empty_table_of_somebody_is_refused_and_the_items_move_once_it_is_gone(shop: RenamedShop) -> None:
    begun(shop)
    shop.create("purchases")
    shop.declare(table("purchases", former="orders"))
    assert "purchases exists already" in eagerly(shop)
    assert (shop.tables, shop.held("orders"), shop.held("purchases")) == (["orders", "purchases"], THREE, [])
    shop.live.client.delete_table(TableName="purchases")
    shop.tool("--once")
    assert (shop.tables, shop.held("purchases")) == (["purchases"], THREE)


def test_a_table_of_somebody_with_items_keeps_them(shop: RenamedShop) -> None:
    begun(shop)
    shop.create("purchases")
    shop.put("purchases", LATE)
    shop.declare(table("purchases", former="orders"))
    assert "purchases exists already" in eagerly(shop)
    assert "purchases exists already" in shop.tool("replace", "purchases", "--yes", code=1)
    assert (shop.held("orders"), shop.held("purchases")) == (THREE, [LATE])


def test_a_table_of_another_stack_is_named_and_its_destroy_leaves_the_former_table(shop: RenamedShop) -> None:
    shop.declare(table("purchases"))
    shop.tool("--once", "--stack", "theirs")
    shop.declare(table("orders"))
    shop.tool("--once", "--stack", "ours")
    shop.put("orders", *THREE)
    shop.declare(table("purchases", former="orders"))
    said = eagerly(shop, "--stack", "ours")
    assert "purchases exists already and belongs to" in said
    assert "delete purchases" not in said
    assert (shop.tables, shop.held("orders")) == (["orders", "purchases"], THREE)
    shop.tool("destroy", "--yes", "--stack", "theirs")
    assert (shop.tables, shop.held("orders")) == (["orders"], THREE)
    shop.tool("--once", "--stack", "ours")
    assert (shop.tables, shop.held("purchases")) == (["purchases"], THREE)


def test_a_name_that_was_changed_without_the_field_is_mended_by_it(shop: RenamedShop) -> None:
    begun(shop)
    shop.declare(table("purchases"))
    assert "renamed_from: orders in the declaration that is to get its items" in shop.tool("--once", code=2)
    assert (shop.tables, shop.held("orders")) == (["orders", "purchases"], THREE)
    shop.declare(table("purchases", former="orders"))
    assert "delete purchases if it is empty, and the items move" in eagerly(shop)
    assert (shop.tables, shop.held("orders")) == (["orders", "purchases"], THREE)
    shop.live.client.delete_table(TableName="purchases")
    shop.tool("--once")
    assert (shop.tables, shop.held("purchases")) == (["purchases"], THREE)
    assert "In sync" in shop.tool("preview", "--expect-no-changes")


def test_a_file_that_is_renamed_with_its_table_loses_no_item(shop: RenamedShop) -> None:
    begun(shop)
    declared = shop.folder / "desired_state"
    (declared / "other.yaml").write_text(table("other"))
    shop.tool("--once")
    (declared / "shop.yaml").unlink()
    (declared / "purchases.yaml").write_text(table("purchases"))
    why = "shop.yaml is gone, and purchases is new, as after a rename; DynamoDB cannot rename a table"
    for words in (("preview",), ("--once",), ("preview",), ("--once",), ("up", "--yes")):
        said = " ".join(shop.tool(*words, code=0 if words == ("preview",) else 2).split())
        assert why in said, words
        assert "allow with: renamed_from: orders in the declaration that is to get its items" in said
        assert shop.held("orders") == THREE
    assert shop.tables == ["orders", "other", "purchases"]
    shop.live.client.delete_table(TableName="purchases")
    (declared / "purchases.yaml").write_text(table("purchases", former="orders"))
    shop.tool("--once")
    assert (shop.tables, shop.held("purchases")) == (["other", "purchases"], THREE)
    assert "In sync" in shop.tool("preview", "--expect-no-changes")


@pytest.mark.parametrize("words", [("up", "orders", "--yes"), ("--once", "--data-loss", "allow")], ids=["up", "allow"])
def test_a_file_that_is_renamed_with_its_table_loses_its_items_where_that_is_wanted(
    shop: RenamedShop, words: tuple[str, ...]
) -> None:
    begun(shop)
    declared = shop.folder / "desired_state"
    (declared / "other.yaml").write_text(table("other"))
    shop.tool("--once")
    (declared / "shop.yaml").unlink()
    (declared / "purchases.yaml").write_text(table("purchases"))
    shop.tool("--once", code=2)
    assert shop.held("orders") == THREE
    shop.tool(*words)
    assert shop.tables == ["other", "purchases"]


def test_a_wrong_former_name_is_told_before_the_empty_table_is_created(shop: RenamedShop) -> None:
    shop.declare(table("orders"), table("other"))
    shop.tool("--once")
    shop.declare(table("other"), table("purchases", former="ordres"))
    why = "shop.yaml:5: renamed_from: ordres does not exist here; purchases is created empty. Did you mean orders?"
    for words in (("preview",), ("preview", "-o", "markdown"), ("preview", "-o", "json")):
        said = " ".join(shop.tool(*words).replace("\\_", "_").split())
        assert why in said, said
    assert shop.tables == ["orders", "other"]
    assert why in " ".join(shop.tool("--once").split())
    assert "renamed_from: ordres" not in shop.tool("--once"), "once it is there, it is no news"


def test_a_wrong_former_name_creates_nothing_while_the_right_table_has_items(shop: RenamedShop) -> None:
    begun(shop, table("other"))
    shop.declare(table("other"), table("purchases", former="ordres"))
    for words in (("preview",), ("preview", "-o", "markdown"), ("preview", "-o", "json")):
        said = " ".join(shop.tool(*words).replace("\\_", "_").split())
        assert "renamed_from: ordres does not exist here, and orders, no longer declared, has items" in said
    shop.tool("--once", code=2)
    assert (shop.tables, shop.held("orders")) == (["orders", "other"], THREE)
    shop.declare(table("other"), table("purchases", former="orders"))
    shop.tool("--once")
    assert (shop.tables, shop.held("purchases")) == (["other", "purchases"], THREE)


def test_a_rename_is_counted_the_same_in_its_plan_and_its_result(shop: RenamedShop) -> None:
    begun(shop, table("other"))
    shop.declare(table("other"), table("purchases", former="orders"))
    assert "Plan: 0 to create, 0 to update, 1 to replace, 0 to delete, 0 to seed." in shop.tool("preview")
    assert "Done: 0 created, 0 updated, 1 replaced, 0 deleted, 0 seeded." in shop.tool("up", "--yes")
    assert (shop.tables, shop.held("purchases")) == (["other", "purchases"], THREE)


def test_a_released_table_that_was_deleted_since_is_no_obstacle(shop: RenamedShop) -> None:
    begun(shop, table("purchases"))
    shop.tool("release", "purchases")
    shop.live.client.delete_table(TableName="purchases")
    shop.declare(table("purchases", former="orders"))
    shop.tool("--once")
    assert (shop.tables, shop.held("purchases")) == (["purchases"], THREE)
    assert "In sync" in shop.tool("preview", "--expect-no-changes")


# Others, and what is said about the former table


def test_a_table_that_others_created_is_moved_by_a_person_only_and_kept(shop: RenamedShop) -> None:
    shop.create("orders")
    shop.put("orders", *THREE)
    shop.declare(table("orders"))
    shop.tool("--once")
    shop.declare(table("purchases", former="orders"))
    eagerly(shop)
    assert (shop.tables, shop.held("orders")) == (["orders"], THREE)
    shop.tool("replace", "purchases", "--yes", "--keep")
    assert (shop.tables, shop.held("orders"), shop.held("purchases")) == (["orders", "purchases"], THREE, THREE)
    assert "In sync" in shop.tool("--once", *EAGER)
    shop.declare(table("purchases"))
    assert "In sync" in shop.tool("--once", *EAGER)
    assert (shop.held("orders"), shop.held("purchases")) == (THREE, THREE)


def test_a_table_that_is_only_observed_does_not_move(shop: RenamedShop) -> None:
    begun(shop)
    shop.declare(table("purchases", "lifecycle: { on_existing: observe }", former="orders"))
    assert "observe this table only" in eagerly(shop)
    assert (shop.tables, shop.held("orders")) == (["orders"], THREE)


def test_a_protected_table_does_not_move_in_a_pass(shop: RenamedShop) -> None:
    shop.declare(table("orders", "lifecycle: { protect: true }"))
    shop.tool("--once")
    shop.put("orders", *THREE)
    shop.declare(table("purchases", "lifecycle: { protect: true }", former="orders"))
    assert "protect" in eagerly(shop)
    assert (shop.tables, shop.held("orders")) == (["orders"], THREE)


def test_a_table_with_deletion_protection_moves_once_the_declaration_turns_it_off(shop: RenamedShop) -> None:
    """By the line that the plan asks for, beside ``renamed_from``."""
    shop.declare(table("orders", "deletion_protection_enabled: true"))
    shop.tool("--once")
    shop.put("orders", *THREE)
    for more in ((), ("deletion_protection_enabled: true",)):
        shop.declare(table("purchases", *more, former="orders"))
        assert "allow with: deletion_protection_enabled: false in the declaration" in eagerly(shop)
        assert shop.live.client.describe_table(TableName="orders")["Table"]["DeletionProtectionEnabled"] is True
    shop.declare(table("purchases", "deletion_protection_enabled: false", former="orders"))
    planned = shop.tool("preview")
    assert "update deletion_protection, UpdateTable: as declared" in planned
    assert "deletion protection of orders is turned off first, as declared" in planned
    shop.tool("--once", *EAGER)
    assert (shop.tables, shop.held("purchases")) == (["purchases"], THREE)
    assert "In sync" in shop.tool("preview", "--expect-no-changes")


def test_items_that_do_not_fit_are_not_dropped_where_losing_them_is_allowed(shop: RenamedShop) -> None:
    begun(shop)
    shop.put("orders", {"id": {"S": "odd"}})
    allowed = "lifecycle: { allow_data_loss: true }"
    shop.declare(table("purchases", allowed, former="orders", keys="customer id"))
    assert "purchases cannot hold all items of orders: 1 item without customer" in eagerly(shop)
    shop.tool("up", "--yes", *EAGER, code=2)
    assert (shop.tables, len(shop.held("orders"))) == (["orders"], 4)


def test_a_run_over_other_tables_leaves_it_alone(shop: RenamedShop) -> None:
    begun(shop, table("other"))
    shop.declare(table("purchases", former="orders"), table("other"), table("third"))
    shop.tool("up", "third", "--yes", *EAGER)
    assert (shop.tables, shop.held("orders")) == (["orders", "other", "third"], THREE)
    shop.tool("up", "purchases", "--yes")
    assert (shop.tables, shop.held("purchases")) == (["other", "purchases", "third"], THREE)


@pytest.mark.parametrize("managed", [True, False], ids=["managed", "unmanaged"])
def test_the_new_name_is_not_created_with_many_new_tables(shop: RenamedShop, managed: bool) -> None:
    if managed:
        begun(shop)
    else:
        shop.create("orders")
        shop.put("orders", *THREE)
    shop.declare(table("purchases", former="orders"), *(table(f"new-{number:02}") for number in range(30)))
    shop.tool("--once", "--data-loss", "never", code=2)
    assert shop.tables == [*(f"new-{number:02}" for number in range(30)), "orders"]
    assert shop.held("orders") == THREE


def test_commands_mean_the_former_table_meanwhile(shop: RenamedShop) -> None:
    begun(shop)
    (shop.folder / "desired_state" / "seeds").mkdir()
    (shop.folder / "desired_state" / "seeds" / "purchases.json").write_text('[{"id": "s1"}]')
    shop.declare(table("purchases", former="orders"))
    shop.tool("seed", "purchases", "--data-loss", "never")
    assert shop.held("orders") == [*THREE, {"id": {"S": "s1"}}]
    assert shop.tables == ["orders"]


def test_a_table_that_is_being_replaced_itself_moves_once_that_is_given_up(shop: RenamedShop) -> None:
    begun(shop)
    shop.declare(table("orders", keys="customer id"))
    shop.tool("replace", "orders", "--beside", "--yes", code=2)
    shop.declare(table("purchases", former="orders", keys="customer id"))
    assert "orders is being replaced itself" in eagerly(shop)
    assert (shop.tables, shop.held("orders"), shop.held("orders-g2")) == (["orders", "orders-g2"], THREE, THREE)
    shop.tool("replace", "orders", "--cancel")
    shop.tool("replace", "purchases", "--yes")
    assert (shop.tables, shop.held("purchases")) == (["purchases"], THREE)


# The move has begun


def ready(shop: RenamedShop, *others: str) -> None:
    """The new table has all items, and waits for the switch."""
    begun(shop, *others)
    shop.declare(table("purchases", former="orders"), *others)
    assert "It is ready to switch" in shop.tool("replace", "purchases", "--beside", "--yes", code=2)
    assert shop.tables == ["orders", *(["other"] if others else []), "purchases"]


def test_passes_in_mid_move_delete_neither_table(shop: RenamedShop) -> None:
    ready(shop)
    shop.put("orders", LATE)
    eagerly(shop)
    assert (shop.held("orders"), shop.held("purchases")) == ([*THREE, LATE], [*THREE, LATE])


def test_a_declaration_that_goes_in_mid_move_deletes_neither_table(shop: RenamedShop) -> None:
    ready(shop, table("other"))
    shop.declare(table("other"))
    assert "its declaration is gone" in eagerly(shop)
    assert (shop.held("orders"), shop.held("purchases")) == (THREE, THREE)
    shop.tool("replace", "purchases", "--cancel")
    assert (shop.tables, shop.held("orders")) == (["orders", "other"], THREE)


def test_a_former_name_that_is_declared_again_in_mid_move_is_refused(shop: RenamedShop) -> None:
    ready(shop)
    shop.declare(table("purchases"), table("orders"))
    said = shop.tool("--once", *EAGER, code=1)
    assert "declares orders, which is a table of the replacement of purchases" in said
    assert (shop.held("orders"), shop.held("purchases")) == (THREE, THREE)


def test_a_cancelled_move_goes_back_to_the_former_declaration(shop: RenamedShop) -> None:
    ready(shop)
    shop.put("orders", LATE)
    shop.tool("replace", "purchases", "--cancel")
    eagerly(shop)
    assert (shop.tables, shop.held("orders")) == (["orders"], [*THREE, LATE])
    shop.declare(table("orders"))
    shop.tool("--once", *EAGER)
    assert "In sync" in shop.tool("preview", "--expect-no-changes")
    assert (shop.tables, shop.held("orders")) == (["orders"], [*THREE, LATE])


def test_the_hold_goes_back_to_the_former_table_with_what_was_written_since(shop: RenamedShop) -> None:
    ready(shop)
    shop.tool("replace", "purchases", "--switch", "--replace-hold", "1h")
    shop.put("purchases", LATE)
    shop.tool("--once", *EAGER, "--replace-hold", "1h")
    assert (shop.held("orders"), shop.held("purchases")) == ([*THREE, LATE], [*THREE, LATE])
    shop.tool("replace", "purchases", "--cancel")
    assert (shop.tables, shop.held("orders")) == (["orders"], [*THREE, LATE])
    eagerly(shop)
    assert (shop.tables, shop.held("orders")) == (["orders"], [*THREE, LATE])


# Records are lost


def forget_everything(shop: RenamedShop) -> None:
    """Somebody deletes the state table."""
    shop.live.client.update_table(TableName=STATE, DeletionProtectionEnabled=False)
    shop.live.client.delete_table(TableName=STATE)


def test_without_any_records_the_former_table_is_nobodys_and_nothing_is_created(shop: RenamedShop) -> None:
    begun(shop)
    shop.declare(table("purchases", former="orders"))
    forget_everything(shop)
    assert "orders exists" in eagerly(shop)
    assert (shop.tables, shop.held("orders")) == (["orders"], THREE)


def test_records_that_are_lost_in_mid_move_leave_both_tables_and_say_so(shop: RenamedShop) -> None:
    ready(shop)
    shop.put("orders", LATE)
    forget_everything(shop)
    assert "purchases may have a part of the items only" in eagerly(shop).replace("it may", "purchases may")
    assert (shop.held("orders"), shop.held("purchases")) == ([*THREE, LATE], THREE)
    assert "In sync" not in shop.tool("preview", code=0)
    shop.live.client.delete_table(TableName="purchases")
    shop.declare(table("orders"))
    shop.tool("--once")
    shop.declare(table("purchases", former="orders"))
    shop.tool("replace", "purchases", "--yes", "--keep")
    assert (shop.held("orders"), shop.held("purchases")) == ([*THREE, LATE], [*THREE, LATE])


def test_a_lost_record_of_the_move_alone_leaves_both_tables(shop: RenamedShop) -> None:
    ready(shop)
    shop.put("orders", LATE)
    lost = [
        item for item in shop.held(STATE) if "purchases" in item["record"]["S"] and "generation" in item["record"]["S"]
    ]
    assert len(lost) == 1
    shop.live.client.delete_item(TableName=STATE, Key={name: lost[0][name] for name in ("scope", "record")})
    assert "exists already, so the items cannot move to it" in eagerly(shop)
    assert (shop.held("orders"), shop.held("purchases")) == ([*THREE, LATE], THREE)


def test_an_environment_that_missed_a_name_keeps_its_table_and_is_told_of_the_field(shop: RenamedShop) -> None:
    begun(shop)
    shop.declare(table("sales", former="purchases"))
    assert "renamed_from: orders in the declaration that is to get its items" in shop.tool("--once", code=2)
    assert (shop.tables, shop.held("orders")) == (["orders"], THREE)
    shop.declare(table("sales", former="orders"))
    shop.tool("--once")
    assert (shop.tables, shop.held("sales")) == (["sales"], THREE)


def test_an_environment_may_have_a_former_name_of_its_own(shop: RenamedShop) -> None:
    shop.declare(table("orders"))
    shop.tool("--once", "--environment", "test")
    shop.put("orders-test", *THREE)
    shop.declare(table("sales", "environments: { test: { renamed_from: orders } }", former="purchases"))
    shop.tool("--once", "--environment", "test")
    assert (shop.tables, shop.held("sales-test")) == (["sales-test"], THREE)
