"""A table that is replaced beside itself, on DynamoDB Local: items that yield, cancellations, and changed declarations.

What an independent client sees of both tables decides, and what the tool says about it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.endpoints import Live
from support.shop import Shop

from reconciler.cli.app import main

BY_ID = """\
table_name: orders
key_schema: [{AttributeName: id, KeyType: HASH}]
attribute_definitions: [{AttributeName: id, AttributeType: S}]
"""
BY_CUSTOMER = """\
table_name: orders
key_schema: [{AttributeName: customer, KeyType: HASH}]
attribute_definitions: [{AttributeName: customer, AttributeType: S}]
"""
BY_BOTH = """\
table_name: orders
key_schema: [{AttributeName: customer, KeyType: HASH}, {AttributeName: id, KeyType: RANGE}]
attribute_definitions: [{AttributeName: customer, AttributeType: S}, {AttributeName: id, AttributeType: S}]
"""
OTHER = """\
table_name: other
key_schema: [{AttributeName: id, KeyType: HASH}]
attribute_definitions: [{AttributeName: id, AttributeType: S}]
"""
HOLD = ("--replace-hold", "1h")


class Orders(Shop):
    """Each of its tables has a file."""

    def declare(self, text: str | None, name: str = "orders") -> None:
        path = self.folder / "desired_state" / f"{name}.yaml"
        if text is None:
            path.unlink()
        else:
            path.write_text(text)

    def keys(self, table: str) -> list[str]:
        schema = self.live.client.describe_table(TableName=table)["Table"]["KeySchema"]
        return [element["AttributeName"] for element in schema]


@pytest.fixture
def shop(local: Live, tmp_path: Path) -> Orders:
    return Orders(local, tmp_path)


def order(number: int, customer: int, total: int = 0) -> dict[str, Any]:
    return {"id": {"S": f"o{number}"}, "customer": {"S": f"c{customer}"}, "total": {"N": str(total or number)}}


def sort(*items: dict[str, Any]) -> list[dict[str, Any]]:
    return sorted(items, key=json.dumps)


FOUR = (order(1, 1), order(2, 1), order(3, 2), order(4, 3))
"""Two of them have one customer."""


def ready(shop: Orders, after: str, *words: str, items: tuple[dict[str, Any], ...] = FOUR) -> None:
    """The table with items, and another one beside it that has all of them."""
    shop.declare(BY_ID)
    shop.tool("--once")
    for item in items:
        shop.put("orders", item)
    shop.declare(after)
    said = shop.tool("replace", "orders", "--beside", "--yes", *words, code=2)
    assert "It is ready to switch" in said


def test_status_says_of_each_run_what_it_changed(shop: Orders) -> None:
    ready(shop, BY_BOTH)
    shop.tool("replace", "orders", "--switch", *HOLD)
    runs = [line for line in shop.tool("status").splitlines() if line.startswith("run ")]
    for run, words in zip(runs, ("hold", "ready", "Created orders"), strict=True):
        assert words in run
    assert "replace  changed  Worked on the replacement of orders (hold)" in runs[0]
    assert "replace  drifted  Worked on the replacement of orders (ready); 1 blocked" in runs[1]
    assert "once  changed  Created orders" in runs[2]


# Migrations


def test_migrations_beside_a_replacement_reach_both_tables(shop: Orders) -> None:
    """One corrects an item that the new table cannot hold; one runs before the switch, and one during the hold."""

    def migration(name: str, body: str) -> None:
        path = shop.folder / "migrations" / f"{name}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"table = 'orders'\n\n\ndef up(item):\n    return {body}\n")

    shop.declare(BY_ID)
    shop.tool("--once")
    for item in FOUR:
        shop.put("orders", item)
    shop.declare(BY_BOTH)
    shop.tool("replace", "orders", "--beside", "--yes", code=2)
    shop.put("orders", {"id": {"S": "o5"}, "total": {"N": "5"}})
    blocked = shop.tool("replace", "orders", "--yes", code=2)
    assert "customer" in blocked
    migration("0001_customer", "{} if 'customer' in item else {'customer': 'c9'}")
    shop.tool("migrate", "up")
    shop.tool("replace", "orders", "--resume", code=2)
    migration("0002_paid", "{'paid': True}")
    shop.tool("migrate", "up")
    shop.tool("replace", "orders", "--switch", *HOLD)
    assert "0002_paid: applied to orders-g2" in shop.tool("migrate", "status")
    migration("0003_sent", "{'sent': True}")
    shop.tool("migrate", "up")
    shop.tool("--once", *HOLD)
    for table in ("orders", "orders-g2"):
        held = shop.held(table)
        assert len(held) == 5, table
        assert all(item["paid"] == item["sent"] == {"BOOL": True} for item in held), table
    assert "0 left to change" in shop.tool("migrate", "verify")
    shop.tool("replace", "orders", "--cancel", *HOLD)
    assert all(item["sent"] == {"BOOL": True} for item in shop.held("orders"))
    assert "0003_sent: applied to orders," in shop.tool("migrate", "status")


# Items that yield

RULES = {
    "newest": (("--on-conflict", "newest", "--newest-by", "total"), FOUR[1], FOUR[0]),
    "keep-first": (("--on-conflict", "keep-first"), FOUR[0], FOUR[1]),
}


@pytest.mark.parametrize("rule", RULES)
def test_items_that_yielded_do_not_hold_back_the_end(shop: Orders, rule: str) -> None:
    words, stays, _ = RULES[rule]
    ready(shop, BY_CUSTOMER, *words)
    said = shop.tool("replace", "orders", "--switch")
    assert "without 1 item that yielded to another one of the same key" in said
    assert shop.tables == ["orders-g2"]
    assert shop.held("orders-g2") == sort(stays, *FOUR[2:])
    assert "In sync" in shop.tool("preview", "--expect-no-changes")


@pytest.mark.parametrize("rule", RULES)
def test_cancel_in_the_hold_returns_to_a_table_that_still_has_what_yielded(shop: Orders, rule: str) -> None:
    words, _, _ = RULES[rule]
    ready(shop, BY_CUSTOMER, *words)
    shop.tool("replace", "orders", "--switch", *HOLD)
    late = order(9, 9)
    shop.put("orders-g2", late)
    shop.tool("replace", "orders", "--cancel", *HOLD)
    assert shop.tables == ["orders"]
    assert shop.held("orders") == sort(*FOUR, late)


def test_finish_deletes_a_table_with_nothing_but_items_that_yielded(shop: Orders) -> None:
    ready(shop, BY_CUSTOMER, *RULES["newest"][0])
    shop.tool("replace", "orders", "--switch", *HOLD)
    document = json.loads(shop.tool("preview", "-o", "json", *HOLD))
    assert document["tables"][0]["generation"]["yielded"] == 1
    shop.put("orders-g2", order(9, 9))
    shop.tool("replace", "orders", "--finish", *HOLD)
    assert shop.tables == ["orders-g2"]
    assert shop.held("orders-g2") == sort(*FOUR[1:], order(9, 9))


WRITES = {
    "an item that yielded, changed": order(1, 1, total=100),
    "an item that yielded, under another customer": order(1, 8),
}


@pytest.mark.parametrize("write", WRITES)
def test_a_write_to_the_old_table_after_the_switch_is_never_taken_for_one_that_yielded(
    shop: Orders, write: str
) -> None:
    ready(shop, BY_CUSTOMER, *RULES["newest"][0])
    shop.tool("replace", "orders", "--switch", *HOLD)
    shop.put("orders", WRITES[write])
    assert "1 item written to the former table after the switch" in shop.tool(
        "replace", "orders", "--finish", *HOLD, code=2
    )
    assert WRITES[write] in shop.held("orders")
    assert shop.tables == ["orders", "orders-g2"]
    assert "written to the former table" in shop.tool("replace", "orders", "--cancel", *HOLD, code=2)
    assert shop.tables == ["orders", "orders-g2"]
    shop.tool("replace", "orders", "--keep", "--yes", *HOLD)
    assert WRITES[write] in shop.held("orders")


def test_an_item_that_yielded_is_written_to_the_new_table_and_deleted_there(shop: Orders) -> None:
    """It counts as any other item from then on: it comes to the old table, and goes there too."""
    ready(shop, BY_CUSTOMER, *RULES["newest"][0])
    shop.tool("replace", "orders", "--switch", *HOLD)
    shop.put("orders-g2", FOUR[0])
    shop.tool("--once", *HOLD)
    assert shop.held("orders") == sort(FOUR[0], *FOUR[2:])
    shop.live.client.delete_item(TableName="orders-g2", Key={"customer": {"S": "c1"}})
    shop.tool("--once", *HOLD)
    assert shop.held("orders") == sort(*FOUR[2:])
    shop.tool("replace", "orders", "--cancel", *HOLD)
    assert shop.held("orders") == sort(*FOUR[2:])


def test_an_item_that_yielded_and_is_in_the_new_table_again_leaves_the_way_back_open(shop: Orders) -> None:
    ready(shop, BY_CUSTOMER, *RULES["newest"][0])
    shop.tool("replace", "orders", "--switch", *HOLD)
    shop.put("orders-g2", FOUR[0])
    shop.tool("replace", "orders", "--cancel", *HOLD)
    assert shop.tables == ["orders"]
    assert shop.held("orders") == sort(FOUR[0], *FOUR[2:])


def test_the_new_table_gets_another_item_with_the_former_key_of_one_that_yielded(shop: Orders) -> None:
    ready(shop, BY_CUSTOMER, *RULES["newest"][0])
    shop.tool("replace", "orders", "--switch", *HOLD)
    moved = order(1, 5)
    shop.put("orders-g2", moved)
    shop.tool("replace", "orders", "--cancel", *HOLD)
    assert shop.held("orders") == sort(moved, *FOUR[1:])


# A cancellation


def test_a_cancelled_replacement_replaced_nothing(shop: Orders) -> None:
    ready(shop, BY_BOTH)
    shop.tool("replace", "orders", "--cancel")
    latest = next(line for line in shop.tool("status").splitlines() if line.startswith("run "))
    assert "Cancelled the replacement of orders" in latest
    assert "Replaced" not in latest


@pytest.mark.parametrize("words", [("--once",), ("up", "--yes"), ("up", "--yes", "orders")], ids=" ".join)
def test_what_was_cancelled_does_not_begin_again_by_itself(shop: Orders, words: tuple[str, ...]) -> None:
    ready(shop, BY_BOTH)
    shop.tool("replace", "orders", "--cancel")
    for _ in range(2):
        said = shop.tool(*words, code=2)
        assert "its replacement was cancelled" in said
        assert "`reconciler replace orders`" in said
    assert (shop.tables, shop.keys("orders")) == (["orders"], ["id"])
    assert shop.held("orders") == sort(*FOUR)
    assert "its replacement was cancelled" in shop.tool("preview")
    assert "replace" in shop.tool("status")


@pytest.mark.parametrize("setting", [("--data-loss", "allow"), ("--data-loss", "emulator")], ids=" ".join)
def test_no_setting_begins_it_again(shop: Orders, setting: tuple[str, ...]) -> None:
    ready(shop, BY_BOTH)
    shop.tool("replace", "orders", "--cancel")
    shop.tool("--once", *setting, code=2)
    assert shop.held("orders") == sort(*FOUR)


def test_a_cancelled_replacement_begins_again_when_a_person_asks(shop: Orders) -> None:
    ready(shop, BY_BOTH)
    shop.tool("replace", "orders", "--cancel")
    assert "1 replaced" in shop.tool("replace", "orders", "--yes")
    assert (shop.tables, shop.keys("orders")) == (["orders"], ["customer", "id"])
    assert shop.held("orders") == sort(*FOUR)


def test_a_cancelled_replacement_begins_again_with_another_declaration(shop: Orders) -> None:
    ready(shop, BY_CUSTOMER, *RULES["newest"][0])
    shop.tool("replace", "orders", "--cancel")
    shop.declare(BY_BOTH)
    assert "1 replaced" in shop.tool("--once")
    assert shop.held("orders") == sort(*FOUR)


def test_a_replacement_under_its_own_name_stays_cancelled_too(shop: Orders) -> None:
    shop.declare(BY_ID)
    shop.tool("--once")
    for item in FOUR:
        shop.put("orders", item)
    shop.declare(BY_BOTH)
    shop.live.client.create_table(
        TableName="blocker",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    shop.tool("replace", "orders", "--beside", "--yes", code=2)
    shop.tool("replace", "orders", "--cancel")
    assert shop.tables == ["blocker", "orders"]
    assert "its replacement was cancelled" in shop.tool("--once", code=2)


# Decisions


def test_another_key_that_is_declared_before_the_switch_is_refused(shop: Orders) -> None:
    ready(shop, BY_BOTH)
    shop.declare(BY_CUSTOMER)
    said = shop.tool("replace", "orders", "--switch", code=1)
    assert "declared otherwise by now than orders-g2 was created" in said
    assert "--cancel" in said
    assert shop.tables == ["orders", "orders-g2"]
    assert "declared otherwise by now" in shop.tool("preview")
    shop.declare(BY_BOTH)
    shop.tool("replace", "orders", "--switch")
    assert (shop.tables, shop.held("orders-g2")) == (["orders-g2"], sort(*FOUR))


def test_a_local_index_that_is_declared_before_the_switch_is_refused(shop: Orders) -> None:
    ready(shop, BY_BOTH)
    index = (
        "local_secondary_indexes:\n  - IndexName: by_total\n    KeySchema: [{AttributeName: customer, KeyType: HASH},"
        " {AttributeName: total, KeyType: RANGE}]\n    Projection: {ProjectionType: ALL}\n"
    )
    shop.declare(
        BY_BOTH.replace("AttributeType: S}]", "AttributeType: S}, {AttributeName: total, AttributeType: N}]") + index
    )
    said = shop.tool("replace", "orders", "--switch", code=1)
    assert "by_total" in said or "local_indexes" in said
    assert shop.tables == ["orders", "orders-g2"]


def test_the_switch_waits_for_a_paused_replacement_to_be_resumed(shop: Orders) -> None:
    ready(shop, BY_BOTH)
    shop.tool("replace", "orders", "--pause", code=2)
    assert "is paused; `reconciler replace orders --resume` first" in shop.tool("replace", "orders", "--switch", code=1)
    assert "paused" in shop.tool("preview")
    assert shop.tables == ["orders", "orders-g2"]
    shop.tool("replace", "orders", "--resume", code=2)
    shop.tool("replace", "orders", "--switch")
    assert (shop.tables, shop.held("orders-g2")) == (["orders-g2"], sort(*FOUR))


@pytest.mark.parametrize("others", [True, False], ids=["other tables are declared", "nothing else is declared"])
def test_cancel_needs_no_declaration(shop: Orders, others: bool) -> None:
    if others:
        shop.declare(OTHER, "other")
    ready(shop, BY_BOTH)
    shop.declare(None)
    if others:
        assert "its declaration is gone" in shop.tool("preview")
    shop.tool("replace", "orders", "--cancel")
    assert shop.tables == (["orders", "other"] if others else ["orders"])
    assert shop.held("orders") == sort(*FOUR)
    shop.declare(BY_BOTH)
    assert "its replacement was cancelled" in shop.tool("--once", code=2)


def test_cancel_without_any_declaration_leaves_all_other_tables(shop: Orders) -> None:
    """As if the folder of the declarations were not mounted."""
    shop.declare(OTHER, "other")
    ready(shop, BY_BOTH)
    shop.declare(None)
    shop.declare(None, "other")
    shop.tool("replace", "orders", "--cancel", "--prune-grace", "0s")
    assert shop.tables == ["orders", "other"]
    state = [item for item in shop.held("reconciler_state") if item["record"]["S"] == "table#other"]
    assert all("forgotten_since" not in item and "unwanted_since" not in item for item in state)
    assert "contains no table declaration" in shop.tool("--once", "--prune-grace", "0s", code=1)
    assert shop.tables == ["orders", "other"]


@pytest.mark.parametrize("others", [True, False], ids=["other tables are declared", "nothing else is declared"])
@pytest.mark.parametrize("option", ["--cancel", "--keep"])
def test_the_hold_ends_without_a_declaration(shop: Orders, option: str, others: bool) -> None:
    if others:
        shop.declare(OTHER, "other")
    ready(shop, BY_BOTH)
    shop.tool("replace", "orders", "--switch", *HOLD)
    late = order(9, 9)
    shop.put("orders-g2", late)
    shop.declare(None)
    shop.tool("replace", "orders", option, "--yes", *HOLD)
    left = ["orders"] if option == "--cancel" else ["orders", "orders-g2"]
    assert shop.tables == [*left, *(["other"] if others else [])]
    for table in left:
        assert shop.held(table) == sort(*FOUR, late)


# The rate


def test_a_rate_belongs_to_the_work_beside_a_table_and_can_be_changed(shop: Orders) -> None:
    ready(shop, BY_BOTH, "--max-wcu", "50", "--max-rcu", "100")
    shop.tool("replace", "orders", "--pause", code=2)
    late = order(9, 9)
    shop.put("orders", late)
    assert "It is ready to switch" in shop.tool("replace", "orders", "--resume", "--max-wcu", "20", code=2)
    assert shop.held("orders-g2") == sort(*FOUR, late)
    assert "not to --switch" in shop.tool("replace", "orders", "--switch", "--max-wcu", "20", code=1)
    shop.tool("replace", "orders", "--switch")
    assert (shop.tables, shop.held("orders-g2")) == (["orders-g2"], sort(*FOUR, late))


def test_a_rate_is_refused_where_the_table_is_replaced_under_its_own_name(shop: Orders) -> None:
    shop.declare(BY_ID)
    shop.tool("--once")
    shop.put("orders", FOUR[0])
    shop.declare(BY_BOTH)
    assert "on an emulator, add --beside" in shop.tool("replace", "orders", "--yes", "--max-wcu", "20", code=1)
    assert (shop.tables, shop.keys("orders"), shop.held("orders")) == (["orders"], ["id"], [FOUR[0]])


def test_the_old_table_is_shown_as_the_former_generation_and_not_as_undeclared(shop: Orders) -> None:
    ready(shop, BY_BOTH)
    shop.tool("replace", "orders", "--switch", *HOLD)
    said = shop.tool("replace", "orders", "--finish", *HOLD)
    assert "\n- orders  (former generation of orders, replaced by orders-g2)  (created by stack default)\n" in said
    assert shop.tables == ["orders-g2"]


# Ready to switch


def test_every_command_says_that_only_the_switch_is_left(shop: Orders) -> None:
    """A preview, which works on nothing, says the same as a pass that has repeated the changes."""
    ready(shop, BY_BOTH)
    waiting = "0 to replace, 0 to delete, 0 to seed; 1 blocked; 1 replacement ready to switch"
    command = "`reconciler replace orders --switch`"
    assert f"{waiting}: {command}." in shop.tool("preview", "--expect-no-changes", code=2)
    assert f"{waiting}: {command}." in shop.tool("status")
    once = shop.tool("--once", code=2)
    assert f"0 replaced, 0 deleted, 0 seeded; 1 blocked; 1 replacement ready to switch: {command}." in once
    documents = [json.loads(shop.tool("preview", "-o", "json")), json.loads(shop.tool("--once", "-o", "json", code=2))]
    for document in documents:
        assert (document["summary"]["replace"], document["summary"]["blocked"], document["verdict"]) == (
            0,
            1,
            "drifted",
        )
        (step,) = document["tables"][0]["steps"]
        assert (step["status"], step["reason"], step["allow_with"]) == ("blocked", "replacing", command)
        assert document["tables"][0]["generation"]["phase"] == "ready"


def test_up_repeats_the_changes_of_a_table_that_is_ready_to_switch(shop: Orders) -> None:
    ready(shop, BY_BOTH)
    late = order(9, 9)
    shop.put("orders", late)
    assert "1 replacement ready to switch" in shop.tool("up", "--yes", code=2)
    assert shop.held("orders-g2") == sort(*FOUR, late)


def test_a_table_that_is_ready_and_declared_otherwise_names_the_way_out_and_no_switch(shop: Orders) -> None:
    ready(shop, BY_BOTH)
    shop.declare(BY_CUSTOMER)
    for words in (("preview",), ("status",)):
        said = shop.tool(*words)
        assert "allow with: `reconciler replace orders --cancel`" in said
        assert "0 to replace" in said
        assert "ready to switch" not in said


def test_a_suspended_stack_says_at_once_that_the_switch_waits_for_it(shop: Orders) -> None:
    ready(shop, BY_BOTH)
    shop.tool("suspend")
    said = shop.tool("replace", "orders", "--switch", code=2)
    assert "The stack is suspended: orders-g2 takes the place of orders after `reconciler resume`." in said
    assert "The stack is suspended, so no table was changed. What was decided is recorded" in said
    assert "nothing was written" not in said
    for each in (said, shop.tool("preview")):
        after = "The stack is suspended; after `reconciler resume` orders-g2 takes the place of orders"
        assert after in " ".join(each.split())
        assert "`reconciler replace orders` goes on" not in each
    assert shop.tables == ["orders", "orders-g2"]
    shop.tool("resume")
    for words in (("preview",), ("status",)):
        said = " ".join(shop.tool(*words).split())
        assert "In the next run orders-g2 takes the place of orders, as was decided" in said
    shop.tool("--once")
    assert (shop.tables, shop.held("orders-g2")) == (["orders-g2"], sort(*FOUR))


# Writers that nothing stops


def test_a_switch_on_a_terminal_asks_whether_the_writers_have_stopped(
    shop: Orders, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ready(shop, BY_BOTH)
    monkeypatch.chdir(shop.folder)
    monkeypatch.setattr("reconciler.cli.console.Console.interactive", property(lambda _: True))
    asked: list[str] = []

    def answered(answer: bool) -> None:
        monkeypatch.setattr("typer.confirm", lambda words, **_: asked.append(words) or answer)

    answered(False)
    words = ["replace", "orders", "--switch", "--endpoint-url", shop.live.url]
    assert main(words) == 1
    assert "stop all of its writers first" in " ".join(asked[0].split())
    assert "Nothing was changed." in capsys.readouterr().err
    assert shop.tables == ["orders", "orders-g2"]
    answered(True)
    assert main(words) == 0
    assert shop.tables == ["orders-g2"]
    assert len(asked) == 2


@pytest.mark.parametrize(
    "words", [(), ("--yes",), ("--without-fence",)], ids=["no terminal", "--yes", "--without-fence"]
)
def test_a_switch_that_asks_nothing_says_what_is_lost(shop: Orders, words: tuple[str, ...]) -> None:
    ready(shop, BY_BOTH)
    said = shop.tool("replace", "orders", "--switch", *words)
    assert "Writes to orders are not denied: what is written to it from now on is missing in orders-g2" in said
    assert "stop its writers" not in said
    assert shop.tables == ["orders-g2"]


# The history


@pytest.mark.parametrize("words", [("up", "--yes"), ("--once",)], ids=" ".join)
def test_a_run_that_finds_blocked_steps_alone_is_in_the_history(shop: Orders, words: tuple[str, ...]) -> None:
    ready(shop, BY_BOTH)
    shop.tool("replace", "orders", "--cancel")
    before = len(json.loads(shop.tool("status", "-o", "json"))["runs"])
    shop.tool(*words, code=2)
    newest, *_ = runs = json.loads(shop.tool("status", "-o", "json"))["runs"]
    assert len(runs) == before + 1
    assert (newest["trigger"], newest["verdict"], newest["wrote"]) == (words[0].strip("-"), "drifted", False)
    assert newest["summary"]["blocked"] == 1


# A deletion that waited


def by_id(*items: dict[str, Any]) -> list[dict[str, Any]]:
    return sorted(items, key=lambda each: str(each["id"]["S"]))


def protect(shop: Orders, table: str, *, on: bool) -> None:
    shop.live.client.update_table(TableName=table, DeletionProtectionEnabled=on)


def switched_but_not_deleted(shop: Orders) -> None:
    """The declared name means the new table; somebody has protected the former one, so it is still there."""
    ready(shop, BY_BOTH)
    protect(shop, "orders", on=True)
    said = shop.tool("replace", "orders", "--switch", code=2)
    assert "blocked (protected)" in said
    assert shop.tables == ["orders", "orders-g2"]


def test_a_write_to_the_former_table_before_its_deletion_came_is_found(shop: Orders) -> None:
    switched_but_not_deleted(shop)
    late = order(9, 9)
    shop.put("orders", late)
    protect(shop, "orders", on=False)
    for _ in range(2):
        said = shop.tool("--once", code=2)
        assert "1 item written to the former table after the switch" in said
        assert by_id(*shop.held("orders")) == by_id(*FOUR, late)
    shop.tool("replace", "orders", "--keep", "--yes")
    assert shop.tables == ["orders", "orders-g2"]
    assert by_id(*shop.held("orders")) == by_id(*FOUR, late)
    assert "In sync" in shop.tool("preview", "--expect-no-changes")


def test_a_former_table_that_nobody_wrote_to_is_deleted_late(shop: Orders) -> None:
    switched_but_not_deleted(shop)
    shop.put("orders-g2", order(1, 1, total=77))
    shop.put("orders-g2", order(9, 9))
    shop.live.client.delete_item(TableName="orders-g2", Key={"customer": {"S": "c3"}, "id": {"S": "o4"}})
    protect(shop, "orders", on=False)
    shop.tool("--once")
    assert shop.tables == ["orders-g2"]
    assert by_id(*shop.held("orders-g2")) == by_id(order(1, 1, total=77), order(9, 9), *FOUR[1:3])


def test_a_former_table_stays_where_the_new_one_is_gone(shop: Orders) -> None:
    switched_but_not_deleted(shop)
    shop.live.client.delete_table(TableName="orders-g2")
    protect(shop, "orders", on=False)
    shop.tool("--once", code=2)
    assert "orders" in shop.tables
    assert by_id(*shop.held("orders")) == by_id(*FOUR)


def returned_but_not_deleted(shop: Orders) -> None:
    """The declared name means the old table again; somebody has protected the new one, so it is still there."""
    ready(shop, BY_BOTH)
    shop.tool("replace", "orders", "--switch", *HOLD)
    shop.put("orders-g2", order(5, 5))
    shop.tool("--once")
    protect(shop, "orders-g2", on=True)
    shop.tool("replace", "orders", "--cancel", code=2)
    assert shop.tables == ["orders", "orders-g2"]
    assert by_id(*shop.held("orders")) == by_id(*FOUR, order(5, 5))


def test_a_write_to_the_new_table_after_the_way_back_is_found(shop: Orders) -> None:
    returned_but_not_deleted(shop)
    late = order(9, 9)
    shop.put("orders-g2", late)
    protect(shop, "orders-g2", on=False)
    for _ in range(2):
        said = shop.tool("--once", code=2)
        assert "1 item written to the new table after the way back" in said
        assert late in shop.held("orders-g2")
    shop.tool("replace", "orders", "--keep", "--yes", code=2)
    assert late in shop.held("orders-g2")


def test_a_new_table_that_nobody_wrote_to_after_the_way_back_is_deleted_late(shop: Orders) -> None:
    returned_but_not_deleted(shop)
    shop.put("orders", order(1, 1, total=77))
    shop.put("orders", order(6, 6))
    shop.live.client.delete_item(TableName="orders", Key={"id": {"S": "o4"}})
    shop.live.client.delete_item(TableName="orders-g2", Key={"customer": {"S": "c2"}, "id": {"S": "o3"}})
    protect(shop, "orders-g2", on=False)
    shop.tool("--once", code=2)
    assert shop.tables == ["orders"]
    assert by_id(*shop.held("orders")) == by_id(order(1, 1, total=77), *FOUR[1:3], order(5, 5), order(6, 6))
