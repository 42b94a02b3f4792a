"""A table that is declared under another name keeps its items, on DynamoDB Local. Each odd case by name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from e2e.renamed_shop import THREE, RenamedShop, begun, table
from support.endpoints import Live


@pytest.fixture
def shop(local: Live, tmp_path: Path) -> RenamedShop:
    return RenamedShop(local, tmp_path)


@pytest.mark.parametrize(
    "words", [("--once",), ("up", "--yes"), ("replace", "purchases", "--yes")], ids=lambda words: words[0]
)
def test_the_items_move_to_the_new_name(shop: RenamedShop, words: tuple[str, ...]) -> None:
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


QUESTIONS = {
    "the old table goes": ((), 0, "Both tables are compared, then orders is deleted.", ["purchases"]),
    "the old table stays": (("--keep",), 0, "then orders stays and is no longer managed.", ["orders", "purchases"]),
    "beside": (
        ("--beside",),
        2,
        "orders stays in use until `reconciler replace purchases --switch`.",
        ["orders", "purchases"],
    ),
}


@pytest.mark.parametrize("case", QUESTIONS)
def test_the_question_says_what_becomes_of_the_old_table(shop: RenamedShop, case: str) -> None:
    words, code, said, left = QUESTIONS[case]
    begun(shop)
    shop.declare(table("purchases", former="orders"))
    output = shop.tool("replace", "purchases", "--yes", *words, code=code)
    assert said in output
    assert ("--switch" in output) is (case == "beside")
    assert (shop.tables, shop.held("purchases")) == (left, THREE)


def test_the_question_says_how_many_items_are_dropped(shop: RenamedShop) -> None:
    begun(shop)
    shop.declare(table("purchases", former="orders", keys="customer"))
    refused = shop.tool("replace", "purchases", "--yes", code=1)
    assert "`reconciler replace purchases --on-conflict newest --newest-by ATTRIBUTE`" in refused
    said = shop.tool("replace", "purchases", "--yes", "--on-conflict", "newest", "--newest-by", "id")
    assert "purchases is created and gets 2 of the 3 items of orders" in said
    assert "1 item is dropped: of items that share a key of the new table, the one with the greatest id is kept" in said
    assert (shop.tables, {each["id"]["S"] for each in shop.held("purchases")}) == (["purchases"], {"o1", "o2"})


def test_the_plan_shows_another_key_and_the_order_of_the_work(shop: RenamedShop) -> None:
    begun(shop)
    shop.declare(table("purchases", former="orders", keys="customer id"))
    plan = shop.tool("preview")
    assert 'table_name: "orders" → "purchases"' in plan
    assert "+ AttributeName: customer, KeyType: HASH, AttributeType: S" in plan
    assert "before: purchases is created as declared, the items are copied to it" in plan
    assert "created again" not in plan
    (found,) = json.loads(shop.tool("preview", "-o", "json"))["tables"]
    assert [(change["path"], change["unsafe"]) for change in found["changes"]] == [("keys", None)]
    assert "created again" not in shop.tool("status")


def test_status_says_that_a_table_beside_it_waits_for_the_switch(shop: RenamedShop) -> None:
    begun(shop)
    shop.declare(table("purchases", former="orders"))
    shop.tool("replace", "purchases", "--beside", "--yes", code=2)
    for command in ("status", "preview"):
        said = shop.tool(command)
        assert "purchases has all 3 items that orders had when both were last compared" in said
        assert "allow with: `reconciler replace purchases --switch`" in said
    shop.tool("replace", "purchases", "--pause", code=2)
    assert "allow with: `reconciler replace purchases --resume`" in shop.tool("status")


def test_another_name_and_another_key_are_one_move(shop: RenamedShop) -> None:
    begun(shop)
    shop.declare(table("purchases", former="orders", keys="customer id"))
    shop.tool("--once")
    assert (shop.tables, shop.held("purchases")) == (["purchases"], THREE)


def test_items_that_do_not_fit_the_new_key_stay(shop: RenamedShop) -> None:
    begun(shop)
    shop.put("orders", {"id": {"S": "odd"}})
    shop.declare(table("purchases", former="orders", keys="customer id"))
    said = shop.tool("--once", code=2)
    assert "purchases cannot hold all items of orders: 1 item without customer" in said
    assert (shop.tables, len(shop.held("orders"))) == (["orders"], 4)


@pytest.mark.parametrize("setting", [("--data-loss", "allow"), ("--data-loss", "emulator")], ids=lambda words: words[1])
def test_no_setting_drops_the_items(shop: RenamedShop, setting: tuple[str, ...]) -> None:
    begun(shop)
    shop.declare(table("purchases", former="orders"))
    shop.tool("--once", *setting)
    assert (shop.tables, shop.held("purchases")) == (["purchases"], THREE)


def test_data_loss_never_leaves_it_to_a_person(shop: RenamedShop) -> None:
    begun(shop)
    shop.declare(table("purchases", former="orders"))
    said = shop.tool("--once", "--data-loss", "never", code=2)
    assert "`reconciler replace purchases`" in said
    assert (shop.tables, shop.held("orders")) == (["orders"], THREE)
    shop.tool("replace", "purchases", "--yes", "--data-loss", "never")
    assert (shop.tables, shop.held("purchases")) == (["purchases"], THREE)


def test_beside_waits_for_the_switch_and_may_be_cancelled(shop: RenamedShop) -> None:
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


def test_a_pending_move_is_no_removal(shop: RenamedShop) -> None:
    begun(shop)
    shop.declare(table("purchases", former="orders"))
    said = shop.tool("--once", "--data-loss", "never", "--prune-grace", "0s", code=2)
    assert "0 deleted" in said
    assert "`reconciler release" not in said
    assert (shop.tables, shop.held("orders")) == (["orders"], THREE)


def test_a_chain_of_names_moves_one_by_one(shop: RenamedShop) -> None:
    begun(shop)
    for former, name in (("orders", "purchases"), ("purchases", "sales"), ("sales", "orders")):
        shop.declare(table(name, former=former))
        shop.tool("--once")
        assert (shop.tables, shop.held(name)) == ([name], THREE)
    assert "In sync" in shop.tool("preview", "--expect-no-changes")


def test_a_table_of_a_later_generation_is_renamed(shop: RenamedShop) -> None:
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


def test_a_new_environment_has_no_former_table(shop: RenamedShop) -> None:
    shop.declare(table("purchases", former="orders"))
    shop.tool("--once")
    assert shop.tables == ["purchases"]


def test_a_target_that_exists_already_is_refused_and_the_former_table_kept(shop: RenamedShop) -> None:
    begun(shop)
    shop.create("purchases")
    shop.declare(table("purchases", former="orders"))
    assert "purchases exists already" in shop.tool("--once", "--prune-grace", "0s", code=2)
    assert "purchases exists already" in shop.tool("replace", "purchases", "--yes", code=1)
    assert (shop.tables, shop.held("orders")) == (["orders", "purchases"], THREE)


def test_a_target_of_this_stack_keeps_the_former_table_from_being_pruned(shop: RenamedShop) -> None:
    begun(shop, table("purchases"))
    shop.declare(table("purchases", former="orders"))
    for _ in range(2):
        said = shop.tool("--once", "--prune-grace", "0s", "--data-loss", "allow", code=2)
        assert "exists already, so the items cannot move to it" in said
    assert (shop.tables, shop.held("orders")) == (["orders", "purchases"], THREE)


def test_a_former_table_that_is_gone_is_told_and_nothing_is_created_empty(shop: RenamedShop) -> None:
    begun(shop)
    shop.declare(table("purchases", former="orders"))
    shop.live.client.delete_table(TableName="orders")
    said = shop.tool("--once", code=2)
    assert "orders, which purchases is declared to be renamed from, does not exist" in said
    assert shop.tables == []
    shop.declare(table("purchases"))
    shop.tool("--once")
    assert shop.tables == ["purchases"]


def test_a_former_table_of_nobody_is_told_and_nothing_is_created_empty(shop: RenamedShop) -> None:
    shop.create("orders")
    shop.put("orders", *THREE)
    shop.declare(table("purchases", former="orders"))
    assert "orders exists, and this stack does not manage it" in shop.tool("--once", code=2)
    assert (shop.tables, shop.held("orders")) == (["orders"], THREE)


def test_a_former_table_of_another_stack_is_told_and_nothing_is_created_empty(shop: RenamedShop) -> None:
    shop.declare(table("orders"))
    shop.tool("--once", "--stack", "theirs")
    shop.put("orders", *THREE)
    shop.declare(table("purchases", former="orders"))
    said = shop.tool("--once", "--stack", "ours", code=2)
    assert "orders exists, and it belongs to" in said
    assert "theirs" in said
    assert (shop.tables, shop.held("orders")) == (["orders"], THREE)


def test_what_is_advised_for_a_table_of_another_stack_moves_its_items(shop: RenamedShop) -> None:
    shop.declare(table("orders"))
    shop.tool("--once", "--stack", "theirs")
    shop.put("orders", *THREE)
    shop.declare(table("purchases", former="orders"))
    said = " ".join(shop.tool("--once", "--stack", "ours", code=2).split())
    release = "reconciler release orders"
    owned = "a declaration of orders with lifecycle.on_existing: own and `reconciler --once`, then this one again"
    assert f"`RECONCILER_STACK=theirs {release}`, then {owned}" in said
    shop.tool("release", "orders", "--stack", "theirs")
    # Nobody manages it now: the rest of the advice stays.
    assert f"allow with: {owned}" in " ".join(shop.tool("--once", "--stack", "ours", code=2).split())
    shop.declare(table("orders", "lifecycle: {on_existing: own}"))
    shop.tool("--once", "--stack", "ours")
    shop.declare(table("purchases", former="orders"))
    shop.tool("--once", "--stack", "ours")
    assert (shop.tables, shop.held("purchases")) == (["purchases"], THREE)


def test_a_table_that_does_not_exist_is_not_called_as_declared(shop: RenamedShop) -> None:
    begun(shop)
    shop.declare(table("orders"), table("new"))
    said = shop.tool("replace", "new", "--yes", code=1)
    assert "new does not exist, so there is nothing to replace; `reconciler up new` creates it" in said
    shop.create("taken")
    shop.declare(table("orders"), table("renamed", former="taken"))
    said = " ".join(shop.tool("replace", "renamed", "--yes", code=1).split())
    assert "renamed does not exist, so there is nothing to replace, and it is not created: taken exists" in said
    assert "as declared" not in said


def test_both_names_declared_are_an_error(shop: RenamedShop) -> None:
    begun(shop)
    shop.declare(table("orders"), table("purchases", former="orders"))
    said = shop.tool("validate", code=1)
    assert "still declares the table orders" in said
    assert "desired_state/shop.yaml" in said
    assert shop.tables == ["orders"]


def test_two_tables_with_one_former_name_are_an_error(shop: RenamedShop) -> None:
    shop.declare(table("a", former="orders"), table("b", former="orders"))
    assert "duplicate renamed_from 'orders'" in shop.tool("validate", code=1)


def test_a_table_is_not_renamed_from_its_own_name(shop: RenamedShop) -> None:
    shop.declare(table("orders", former="orders"))
    assert "expected another name than table_name" in shop.tool("validate", code=1)


def test_the_former_name_has_the_suffix_of_the_environment(shop: RenamedShop) -> None:
    shop.declare(table("orders"))
    shop.tool("--once", "--environment", "test")
    shop.put("orders-test", *THREE)
    shop.declare(table("purchases", former="orders"))
    shop.tool("--once", "--environment", "test")
    assert (shop.tables, shop.held("purchases-test")) == (["purchases-test"], THREE)


def test_a_former_name_that_is_declared_in_mid_work_is_forgotten_without_harm(shop: RenamedShop) -> None:
    begun(shop)
    shop.declare(table("purchases", former="orders"))
    shop.tool("replace", "purchases", "--beside", "--yes", code=2)
    shop.declare(table("purchases"))
    shop.tool("replace", "purchases", "--switch")
    assert (shop.tables, shop.held("purchases")) == (["purchases"], THREE)


def test_seeds_features_and_indexes_come_with_the_new_name(shop: RenamedShop) -> None:
    seeds = shop.folder / "desired_state" / "seeds"
    seeds.mkdir()
    more = (
        "time_to_live_specification: { Enabled: true, AttributeName: expires }",
        "stream_specification: { StreamEnabled: true, StreamViewType: NEW_IMAGE }",
        "global_secondary_indexes:",
        "  - IndexName: by_id",
        "    KeySchema: [{ AttributeName: id, KeyType: HASH }]",
        "    Projection: { ProjectionType: ALL }",
    )
    (seeds / "orders.json").write_text('[{"id": "s1"}, {"id": "s2"}]')
    shop.declare(table("orders", *more))
    shop.tool("--once")
    shop.live.client.delete_item(TableName="orders", Key={"id": {"S": "s2"}})
    shop.put("orders", *THREE)
    (seeds / "orders.json").rename(seeds / "purchases.json")
    shop.declare(table("purchases", *more, former="orders"))
    shop.tool("--once")
    assert (shop.tables, shop.held("purchases")) == (["purchases"], [*THREE, {"id": {"S": "s1"}}])
    client = shop.live.client
    live = client.describe_table(TableName="purchases")["Table"]
    assert live["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    assert [index["IndexName"] for index in live["GlobalSecondaryIndexes"]] == ["by_id"]
    expiry = client.describe_time_to_live(TableName="purchases")["TimeToLiveDescription"]
    assert (expiry["TimeToLiveStatus"], expiry["AttributeName"]) == ("ENABLED", "expires")
    assert "In sync" in shop.tool("preview", "--expect-no-changes")
    assert shop.held("purchases") == [*THREE, {"id": {"S": "s1"}}]


def test_tags_and_backups_come_with_the_new_name(moto: Live, tmp_path: Path) -> None:
    shop = RenamedShop(moto, tmp_path)
    more = (
        "tags: { team: shop }",
        "point_in_time_recovery_specification: { PointInTimeRecoveryEnabled: true }",
    )
    shop.declare(table("orders", *more))
    shop.tool("--once")
    shop.put("orders", *THREE)
    shop.declare(table("purchases", *more, former="orders"))
    shop.tool("--once")
    assert (shop.tables, shop.held("purchases")) == (["purchases"], THREE)
    client = shop.live.client
    arn = client.describe_table(TableName="purchases")["Table"]["TableArn"]
    tags = {tag["Key"]: tag["Value"] for tag in client.list_tags_of_resource(ResourceArn=arn)["Tags"]}
    assert tags["team"] == "shop"
    found = client.describe_continuous_backups(TableName="purchases")["ContinuousBackupsDescription"]
    assert found["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"
    assert "In sync" in shop.tool("preview", "--expect-no-changes")


INDEX = """\
global_secondary_indexes:
  - IndexName: by_id
    KeySchema: [{AttributeName: id, KeyType: HASH}]
    Projection: {ProjectionType: ALL}"""


def test_an_index_that_is_no_longer_declared_is_named_and_needs_leave(shop: RenamedShop) -> None:
    begun(shop)
    shop.declare(table("orders", INDEX))
    shop.tool("--once")
    shop.declare(table("purchases", former="orders"))
    said = "global_indexes.by_id is not declared, so the new table does not have it"
    assert said in shop.tool("preview")
    assert "RECONCILER_DISRUPTION=allow" in shop.tool("--once", "--disruption", "never", code=2)
    assert shop.tables == ["orders"]
    shop.tool("--once")
    assert (shop.tables, shop.held("purchases")) == (["purchases"], THREE)


def test_many_items_move_page_by_page(shop: RenamedShop) -> None:
    begun(shop)
    body = "x" * 3_000
    for number in range(40):
        many = [
            {"PutRequest": {"Item": {"id": {"S": f"m{number}-{place}"}, "customer": {"S": "c"}, "body": {"S": body}}}}
            for place in range(25)
        ]
        assert not shop.live.client.batch_write_item(RequestItems={"orders": many})["UnprocessedItems"]
    before = shop.held("orders")
    shop.declare(table("purchases", former="orders"))
    shop.tool("--once")
    assert shop.tables == ["purchases"]
    assert shop.held("purchases") == before


def test_a_former_name_that_no_table_can_have_is_an_error(shop: RenamedShop) -> None:
    shop.declare(table("purchases", former="or/ders"))
    said = shop.tool("validate", code=1)
    assert "renamed_from: invalid name 'or/ders'" in said


def test_the_formats_of_other_tools_say_that_they_lack_the_field(shop: RenamedShop) -> None:
    shop.declare(table("purchases", former="orders"))
    for form in ("terraform", "json"):
        assert "renamed_from" in shop.tool("export", "purchases", "--format", form)
    template = shop.folder / "template.yaml"
    shop.tool("export", "--format", "cloudformation", "--to", str(template))
    (shop.folder / "desired_state" / "shop.yaml").unlink()
    template.rename(shop.folder / "desired_state" / "template.yaml")
    shop.create("orders")
    assert "orders exists, and this stack does not manage it" in shop.tool("--once", code=2)
    assert shop.tables == ["orders"]


@pytest.mark.parametrize("rekeyed", ["before the rename", "with the rename", "never"])
def test_a_seed_that_was_cleared_stays_cleared_under_the_new_name(shop: RenamedShop, rekeyed: str) -> None:
    seeds = shop.folder / "desired_state" / "seeds"
    seeds.mkdir()
    (seeds / "orders.json").write_text(json.dumps([{"id": "s1", "c": "c"}, {"id": "s2", "c": "c"}]))
    shop.declare(table("orders"))
    shop.tool("--once")
    shop.tool("clear", "--yes")
    assert shop.held("orders") == []
    if rekeyed == "before the rename":
        shop.declare(table("orders", keys="c id"))
        shop.tool("--once")
        assert shop.held("orders") == []
    (seeds / "orders.json").rename(seeds / "purchases.json")
    shop.declare(table("purchases", former="orders", keys="id" if rekeyed == "never" else "c id"))
    for _ in range(3):
        shop.tool("--once")
        assert (shop.tables, shop.held("purchases")) == (["purchases"], [])
    assert "In sync" in shop.tool("preview")


def test_the_only_table_declared_under_another_name_is_kept_and_renamed_from_is_named(shop: RenamedShop) -> None:
    begun(shop)
    for name in ("orders", "purchases"):
        folder = shop.folder / "desired_state"
        for file in folder.glob("*.yaml"):
            file.unlink()
        (folder / f"{name}.yaml").write_text(table(name))
        if name == "orders":
            shop.tool("--once")
    for words in (("preview",), ("--once",), ("preview",)):
        said = " ".join(shop.tool(*words, code=0 if words == ("preview",) else 2).split())
        assert "allow with: renamed_from: orders in the declaration that is to get its items; or" in said, said
    assert shop.held("orders") == THREE
