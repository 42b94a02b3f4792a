"""What a migration does with one item: conditions, refusals, and that it can be repeated."""

from __future__ import annotations

from decimal import Decimal

import pytest
from mover.migrations import migration

from reconciler.mover.item_change import MOST_TERMS, ItemChange, ItemFault, Untouched, change_of
from reconciler.mover.migration_file import ReadItem
from reconciler.mover.ports import Where

KEY = ("pk",)
ITEM = {"pk": {"S": "a"}, "name": {"S": "Ann Lee"}, "age": {"N": "41"}}


def change(up, item=ITEM, direction="up", **members) -> ItemChange:
    found = change_of(migration(up=up, **members), direction, item, KEY)
    assert isinstance(found, ItemChange)
    return found


def fault(up, item=ITEM, direction="up", **members) -> str:
    with pytest.raises(ItemFault) as raised:
        change_of(migration(up=up, **members), direction, item, KEY)
    return f"{raised.value.line}: {raised.value}"


def test_an_update_expects_what_was_read_and_what_it_replaces():
    update = change(lambda item: {"status": "old" if item["age"] > 40 else "young", "name": None}).update
    assert update.key == {"pk": {"S": "a"}}
    assert update.expected == {"age": {"N": "41"}, "name": {"S": "Ann Lee"}, "status": None}
    assert (update.set, update.remove) == ({"status": {"S": "old"}}, ("name",))


def test_an_attribute_that_was_looked_for_must_still_be_absent():
    update = change(lambda item: {} if "archived" in item else {"status": "active"}).update
    assert update.expected == {"archived": None, "status": None}


def test_reading_with_get_counts_as_reading():
    assert change(lambda item: {"status": item.get("kind", "active")}).update.expected == {"kind": None, "status": None}


def test_going_through_the_item_expects_all_of_it():
    update = change(lambda item: {"size": len([name for name in item if name != "size"])}).update
    assert update.expected == {"age": {"N": "41"}, "name": {"S": "Ann Lee"}, "size": None}


def test_what_done_and_where_read_is_expected_too():
    update = change(lambda item: {"status": "x"}, selects=lambda item: item["age"], done=lambda item: "status" in item)
    assert set(update.update.expected) == {"age", "status"}


def test_where_is_a_condition_of_the_update_going_up_and_not_going_down():
    where = Where("attribute_not_exists(#s)", {"#s": "status"})
    assert change(lambda item: {"status": "x"}, where=where).update.where == where
    down = change(
        lambda item: {}, {**ITEM, "status": {"S": "x"}}, "down", down=lambda item: {"status": None}, where=where
    )
    assert down.update.where is None


@pytest.mark.parametrize(
    "up",
    [lambda item: {}, lambda item: {"age": 41}, lambda item: {"age": Decimal("41.0")}, lambda item: {"x": None}],
)
def test_what_changes_nothing_is_done(up):
    assert change_of(migration(up=up), "up", ITEM, KEY) is Untouched.DONE


def test_a_set_in_another_order_is_the_same_value():
    item = {**ITEM, "tags": {"SS": ["b", "a"]}}
    assert change_of(migration(up=lambda item: {"tags": {"a", "b"}}), "up", item, KEY) is Untouched.DONE


def test_where_as_a_function_leaves_items_out():
    assert change_of(migration(selects=lambda item: item["age"] > 50), "up", ITEM, KEY) is Untouched.SKIPPED


def test_done_leaves_items_out_and_down_leaves_out_what_is_not_done():
    done = migration(done=lambda item: "status" in item, down=lambda item: {"status": None})
    assert change_of(done, "up", {**ITEM, "status": {"S": "x"}}, KEY) is Untouched.DONE
    assert change_of(done, "down", ITEM, KEY) is Untouched.DONE


def test_every_type_reads_as_in_boto3_and_writes_back():
    item = {
        "pk": {"S": "a"},
        "l": {"L": [{"N": "1.5"}, {"NULL": True}, {"BOOL": False}]},
        "m": {"M": {"b": {"B": b"\x00"}}},
        "ss": {"SS": ["x"]},
        "ns": {"NS": ["1", "2"]},
        "bs": {"BS": [b"y"]},
        "null": {"NULL": True},
    }
    seen = dict(ReadItem(item))
    assert seen == {
        "pk": "a",
        "l": [Decimal("1.5"), None, False],
        "m": {"b": b"\x00"},
        "ss": {"x"},
        "ns": {Decimal(1), Decimal(2)},
        "bs": {b"y"},
        "null": None,
    }
    assert change_of(migration(up=dict), "up", item, KEY) is Untouched.DONE


def test_a_list_that_is_changed_in_place_and_returned_is_a_change():
    def up(item):
        if "new" not in item["tags"]:
            item["tags"].append("new")
        return {"tags": item["tags"]}

    item = {**ITEM, "tags": {"L": [{"S": "old"}]}}
    update = change(up, item).update
    assert update.set == {"tags": {"L": [{"S": "old"}, {"S": "new"}]}}
    assert update.expected == {"tags": {"L": [{"S": "old"}]}}


def test_a_null_that_is_given_back_stays():
    item = {**ITEM, "nick": {"NULL": True}}
    assert change_of(migration(up=lambda item: {"nick": item["nick"]}), "up", item, KEY) is Untouched.DONE


@pytest.mark.parametrize(
    ("up", "words"),
    [
        (lambda item: None, "5: up() returned NoneType; expected a dict of changes."),
        (lambda item: ["status"], "up() returned list; expected a dict"),
        (lambda item: {"pk": "b"}, "5: up() changes the key attribute pk, which no update can do."),
        (lambda item: {"pk": None}, "up() changes the key attribute pk"),
        (lambda item: {"x": set()}, "up() x is an empty set"),
        (lambda item: {"x": object()}, "up() x has the unsupported Python type object"),
        (lambda item: {"x": float("nan")}, "up() x invalid number nan"),
        (lambda item: {"": 1}, "invalid attribute name ''"),
        (lambda item: {7: 1}, "invalid attribute name 7"),
        (lambda item: {"x": "y" * 500_000}, "up() makes the item 500"),
        (lambda item: {"x": nested(40)}, "up() nests 4"),
        (lambda item: {"x": item["missing"]}, "up() raised KeyError: 'missing'. Correct it"),
        (lambda item: item.update(x=1), "up() raised AttributeError"),
        (lambda item: {"n": len([item.get(f"a{number}") for number in range(200)])}, "depends on 201 attributes"),
    ],
)
def test_what_an_update_cannot_do_is_a_fault_at_its_function(up, words):
    assert words in fault(up)


def test_the_item_cannot_be_changed_in_place():
    def up(item):
        item["status"] = "active"

    assert "up() raised TypeError" in fault(up)


def nested(levels):
    return [nested(levels - 1)] if levels else 1


@pytest.mark.parametrize(
    ("up", "words"),
    [
        (lambda item: {"age": item["age"] + 1}, "up() changes age again in its own result"),
        (
            lambda item: {"first": item["name"].split()[0], "name": None},
            "up() fails on its own result: up() raised KeyError",
        ),
    ],
)
def test_what_cannot_be_repeated_is_refused(up, words):
    said = fault(up)
    assert words in said
    assert "Add done(item)" in said


def test_done_makes_it_repeatable():
    split = change(lambda item: {"first": item["name"].split()[0], "name": None}, done=lambda item: "name" not in item)
    assert split.update.remove == ("name",)


def test_done_that_stays_false_does_not():
    assert "changes age again" in fault(lambda item: {"age": item["age"] + 1}, done=lambda item: False)


@pytest.mark.parametrize(
    ("expression", "repeatable"),
    [
        ("attribute_exists(#n)", True),
        ("#n <> :none", False),
        ("attribute_exists(#n) AND attribute_exists(age)", True),
        ("attribute_exists(#n) OR attribute_exists(age)", False),
        ("size(#n) > :zero", False),
        ("#n.a = :none", False),
    ],
)
def test_a_where_that_certainly_leaves_the_result_out_makes_it_repeatable(expression, repeatable):
    where = Where(expression, {"#n": "name"}, {":none": {"S": ""}, ":zero": {"N": "0"}})
    up = lambda item: {"first": item["name"].split()[0], "name": None}  # noqa: E731
    if repeatable:
        assert change(up, where=where).update.where == where
    else:
        assert "fails on its own result" in fault(up, where=where)


def test_down_must_be_repeatable_as_well():
    item = {**ITEM, "status": {"S": "x"}}
    assert "down() changes age again" in fault(None, item, "down", down=lambda item: {"age": item["age"] - 1})


def test_as_many_attributes_as_a_condition_holds_are_allowed():
    update = change(lambda item: {"n": len([item.get(f"a{number}") for number in range(MOST_TERMS - 1)])}).update
    assert len(update.expected) == MOST_TERMS


def test_the_line_of_an_exception_is_that_in_the_file(tmp_path):
    path = tmp_path / "0001_add_status.py"
    path.write_text("def up(item):\n    x = 1\n    return {'s': item['none']}\n")
    namespace = {}
    exec(compile(path.read_text(), str(path), "exec"), namespace)  # noqa: S102
    assert fault(namespace["up"]).startswith("3: up() raised KeyError: 'none'")
