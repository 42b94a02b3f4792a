"""References in declarations: keys, cycles, and items of seeds that name no item."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.folders import DEFINITIONS, KEY, SOUND, load, sentences, write

from reconciler.declarations.references import seed_orphans
from reconciler.model.desired import Reference

USERS: dict[str, Any] = {
    **SOUND,
    "attribute_definitions": [*DEFINITIONS, {"attribute_name": "mail", "attribute_type": "S"}],
    "global_secondary_indexes": [
        {
            "index_name": "by_mail",
            "key_schema": [{"attribute_name": "mail", "key_type": "HASH"}],
            "projection": {"projection_type": "ALL"},
        }
    ],
}


def orders(*references: Any) -> dict[str, Any]:
    return {**SOUND, "table_name": "orders", "references": list(references)}


def warnings(folder: Path) -> list[str]:
    return list(seed_orphans(load(folder).declarations))


def test_a_reference_has_a_key(tmp_path: Path) -> None:
    write(
        tmp_path, {"users.json": USERS, "orders.json": orders({"table": "users", "attribute": "mail", "key": "mail"})}
    )
    assert load(tmp_path).declarations[0].references == (Reference("users", "mail", "mail"),)


@pytest.mark.parametrize(
    ("reference", "sentence"),
    [
        (
            {"table": "users", "attribute": "owner", "key": "name"},
            (
                "orders.json:19:4: references[0].key: 'name' is not the partition key of users or of one of its global "
                "indexes. Use one of: pk, mail."
            ),
        ),
        (
            {"table": "users", "key": "pk"},
            (
                "orders.json:18:4: references[0].key: is given without attribute. "
                "Add attribute: the attribute of this table that holds the key."
            ),
        ),
        (
            {"table": "user", "attribute": "owner", "key": "pk"},
            "orders.json:17:4: references[0].table: table 'user' is not declared. Did you mean `users`?",
        ),
    ],
    ids=["another attribute", "no attribute", "no such table"],
)
def test_a_key_that_nothing_can_be_found_by_is_an_error(tmp_path: Path, reference: Any, sentence: str) -> None:
    write(tmp_path, {"users.json": USERS, "orders.json": orders(reference)})
    assert sentences(tmp_path) == [sentence]


def test_a_cycle_is_a_warning_that_names_its_tables_and_the_order(tmp_path: Path) -> None:
    write(tmp_path, {"users.json": {**USERS, "references": ["orders"]}, "orders.json": orders("users")})
    assert load(tmp_path).warnings == (
        (
            "orders.json:1:1: the references form a cycle (orders → users → orders); the "
            "tables are seeded in the order "
            "users, orders"
        ),
    )


def test_a_table_that_refers_to_itself_is_no_cycle(tmp_path: Path) -> None:
    write(tmp_path, {"orders.json": orders({"table": "orders", "attribute": "parent"})})
    assert load(tmp_path).warnings == ()


def test_an_item_of_a_seed_that_names_no_item_is_a_warning_with_its_line(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "users.json": USERS,
            "orders.json": orders(
                {"table": "users", "attribute": "owner"}, {"table": "users", "attribute": "mail", "key": "mail"}
            ),
            "seeds/users.json": '[{"pk": "u1", "mail": "a@b"},\n {"pk": "u2"}]',
            "seeds/orders.json": (
                '[{"pk": "o1", "owner": "u1", "mail": "a@b"},\n'
                ' {"pk": "o2", "owner": "u9"},\n'
                ' {"pk": "o3", "mail": "z"},\n'
                ' {"pk": "o4", "owner": ["u1", "u7", null]},\n'
                ' {"pk": "o5", "owner": 1},\n'
                ' {"pk": "o6"}]'
            ),
        },
    )
    assert warnings(tmp_path) == [
        (
            "seeds/orders.json:2:2: item pk='o2': owner 'u9' is not the pk of any item in seeds/users.json. "
            "Add that item, or correct owner."
        ),
        (
            "seeds/orders.json:4:2: item pk='o4': owner 'u7' is not the pk of any item in seeds/users.json. "
            "Add that item, or correct owner."
        ),
        (
            "seeds/orders.json:5:2: item pk='o5': owner 1 is not the pk of any item in seeds/users.json. "
            "Add that item, or correct owner."
        ),
        (
            "seeds/orders.json:3:2: item pk='o3': mail 'z' is not the mail of any item in seeds/users.json. "
            "Add that item, or correct mail."
        ),
    ]


def test_equal_numbers_are_equal_in_every_notation(tmp_path: Path) -> None:
    numbered = {"attribute_definitions": [{"attribute_name": "pk", "attribute_type": "N"}], "key_schema": KEY}
    write(
        tmp_path,
        {
            "users.json": {**SOUND, **numbered},
            "orders.json": orders({"table": "users", "attribute": "owner"}),
            "seeds/users.json": '[{"pk": 1.50}]',
            "seeds/orders.json": '[{"pk": "o1", "owner": 1.5}]',
        },
    )
    assert warnings(tmp_path) == []


def test_a_table_without_a_seed_may_hold_anything(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "users.json": USERS,
            "orders.json": orders({"table": "users", "attribute": "owner"}),
            "seeds/orders.json": '[{"pk": "o1", "owner": "u1"}]',
        },
    )
    assert warnings(tmp_path) == []


def test_many_items_are_counted_instead_of_named(tmp_path: Path) -> None:
    lines = ",\n".join(f'{{"pk": "o{number}", "owner": "gone"}}' for number in range(30))
    write(
        tmp_path,
        {
            "users.json": USERS,
            "orders.json": orders({"table": "users", "attribute": "owner"}),
            "seeds/users.json": '[{"pk": "u1"}]',
            "seeds/orders.json": f"[{lines}]",
        },
    )
    found = warnings(tmp_path)
    assert len(found) == 21
    assert found[-1] == ("seeds/orders.json: 10 more values of owner are not the pk of any item in seeds/users.json.")
