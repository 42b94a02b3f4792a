"""Items that Faker generates: repeatable, with unique keys, of every type, and true to what they refer to."""

# ruff: noqa: E501 - sentences are quoted whole

from __future__ import annotations

import sys
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from support.folders import sentences, write

from reconciler.declarations.folder import FolderSource
from reconciler.declarations.references import seed_orphans
from reconciler.model.desired import DesiredState, Item

KEYS = "key_schema: [{AttributeName: pk, KeyType: HASH}]\n"
DEFINED = "attribute_definitions: [{AttributeName: pk, AttributeType: S}]\n"


def table(generate: str, name: str = "users", more: str = "") -> str:
    return f"table_name: {name}\n{KEYS}{DEFINED}{more}seed:\n  generate: {generate}\n"


def load(folder: Path, environment: str | None = None, **files: str) -> DesiredState:
    write(folder, {f"{name}.yaml": text for name, text in files.items()})
    return FolderSource(str(folder), environment).load()


def items(folder: Path, environment: str | None = None, **files: str) -> list[Item]:
    (declaration,) = load(folder, environment, **files).declarations
    assert declaration.seed is not None
    return list(declaration.seed.items)


def test_the_same_declaration_gives_the_same_items_in_every_load(tmp_path: Path) -> None:
    text = table("{count: 20, fields: {pk: uuid4, name: name, age: {provider: random_int, args: {min: 1, max: 9}}}}")
    first = load(tmp_path / "a", users=text).declarations[0].seed
    other = load(tmp_path / "b" / "other_project", users=text).declarations[0].seed
    assert first is not None
    assert other is not None
    assert (len(first.items), first.digest, first.source) == (20, other.digest, "users.yaml seed.generate")


@pytest.mark.parametrize("difference", ["seed", "table", "environment"])
def test_another_number_table_or_environment_gives_other_items(difference: str, tmp_path: Path) -> None:
    text = table("{count: 3, fields: {pk: uuid4}}")
    before = items(tmp_path / "a", users=text)
    changed = {
        "seed": lambda: items(tmp_path / "b", users=table("{count: 3, seed: 1, fields: {pk: uuid4}}")),
        "table": lambda: items(tmp_path / "b", users=table("{count: 3, fields: {pk: uuid4}}", "carts")),
        "environment": lambda: items(tmp_path / "b", "prod", users=text),
    }
    assert before != changed[difference]()


VALUES: dict[str, tuple[str, Any]] = {
    "a provider": ("{provider: pystr_format, args: {string_format: 'x#'}}", None),
    "a constant": ("{value: {a: [1, true]}}", {"M": {"a": {"L": [{"N": "1"}, {"BOOL": True}]}}}),
    "a number": ("5", {"N": "5"}),
    "a truth": ("true", {"BOOL": True}),
    "one of a list": ("{choice: [blue]}", {"S": "blue"}),
    "a sequence of texts": ("{sequence: 'u-{n:03}'}", {"S": "u-001"}),
    "a sequence of numbers": ("{sequence: 100}", {"N": "100"}),
    "a text as a number": ("{value: '1.50', type: N}", {"N": "1.5"}),
    "a number as a text": ("{value: 7, type: S}", {"S": "7"}),
    "a text as binary": ("{value: ab, type: B}", {"B": b"ab"}),
    "a list": ("{list: {value: a}, count: 2}", {"L": [{"S": "a"}, {"S": "a"}]}),
    "a mapping": ("{fields: {city: {value: Bonn}}, type: M}", {"M": {"city": {"S": "Bonn"}}}),
    "a date of a fixed range": (
        "{provider: date_between_dates, args: {date_start: 2024-01-31, date_end: 2024-01-31}}",
        {"S": "2024-01-31"},
    ),
}


@pytest.mark.parametrize("case", VALUES)
def test_a_field_has_its_type(case: str, tmp_path: Path) -> None:
    field, expected = VALUES[case]
    (item,) = items(tmp_path, users=table(f"{{count: 1, fields: {{pk: uuid4, x: {field}}}}}"))
    assert item["x"] == expected if expected is not None else item["x"].keys() == {"S"}


def test_keys_are_unique_even_where_a_provider_repeats_itself(tmp_path: Path) -> None:
    text = table("{count: 60, fields: {pk: {provider: random_int, args: {min: 1, max: 64}, type: S}}}")
    found = [item["pk"]["S"] for item in items(tmp_path, users=text)]
    assert len(set(found)) == len(found) == 60


def test_references_name_items_of_the_other_table(tmp_path: Path) -> None:
    orders = table(
        (
            "{count: 30, fields: {pk: uuid4, owner: {reference: users}, mail: {reference: "
            "{table: users, attribute: mail}}}}"
        ),
        "orders",
        "references: [{table: users, attribute: owner}]\n",
    )
    users = table("{count: 5, fields: {pk: uuid4, mail: email}}")
    state = load(tmp_path, orders=orders, users=users)
    seeds = {each.base_name: list(each.seed.items) for each in state.declarations if each.seed}
    mails = {item["pk"]["S"]: item["mail"] for item in seeds["users"]}
    assert all(mails[item["owner"]["S"]] == item["mail"] for item in seeds["orders"])
    assert seed_orphans(state.declarations) == ()


def test_a_reference_may_name_a_seed_that_is_a_file(tmp_path: Path) -> None:
    write(tmp_path, {"seeds/users.json": '[{"pk": "only"}]'})
    state = load(
        tmp_path,
        users=f"table_name: users\n{KEYS}{DEFINED}",
        orders=table("{count: 2, fields: {pk: uuid4, owner: {reference: users}}}", "orders"),
    )
    (orders,) = [each for each in state.declarations if each.base_name == "orders"]
    assert orders.seed is not None
    assert [item["owner"] for item in orders.seed.items] == [{"S": "only"}] * 2


def test_a_document_may_add_generated_items_to_a_template(tmp_path: Path) -> None:
    template = (
        "Resources:\n  Users:\n    Type: AWS::DynamoDB::Table\n    Properties:\n      TableName: users\n"
        "      BillingMode: PAY_PER_REQUEST\n      KeySchema: [{AttributeName: pk, KeyType: HASH}]\n"
        "      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]\n"
    )
    companion = "table_name: users\nseed: {generate: {count: 4, fields: {pk: uuid4}}}\n"
    assert len(items(tmp_path, template=template, companion=companion)) == 4


REFUSED: dict[str, tuple[str, str]] = {
    "a misspelt provider": (
        "{count: 1, fields: {pk: emial}}",
        (
            "users.yaml:5:33: seed.generate.fields.pk: Faker has no provider 'emial'. Did you mean `email`? "
            "For a constant, write {value: …}."
        ),
    ),
    "the present time": (
        "{count: 1, fields: {pk: uuid4, at: date_time}}",
        (
            "users.yaml:5:44: seed.generate.fields.at: date_time depends on the current time, so the items would change. "
            "Use date_between with start_date and end_date as dates, such as 2024-01-31."
        ),
    ),
    "a range that moves": (
        "{count: 1, fields: {pk: uuid4, at: {provider: date_between, args: {start_date: -30d}}}}",
        (
            "users.yaml:5:49: seed.generate.fields.at.provider: date_between depends on the current time, so the items "
            "would change. Use date_between with start_date and end_date as dates, such as 2024-01-31."
        ),
    ),
    "no key": (
        "{count: 1, fields: {name: name}}",
        "users.yaml:5:24: seed.generate.fields: does not make pk, a key attribute. Add pk: uuid4, for example.",
    ),
    "two kinds": (
        "{count: 1, fields: {pk: {value: a, choice: [b]}}}",
        (
            "users.yaml:5:33: seed.generate.fields.pk: has choice and value. Write one of provider, sequence, choice, "
            "value, reference, list or fields."
        ),
    ),
    "a misspelt kind": (
        "{count: 1, fields: {pk: {provder: uuid4}}}",
        "users.yaml:5:38: seed.generate.fields.pk.provder: unknown field. Did you mean `provider`?",
    ),
    "too few keys": (
        "{count: 3, fields: {pk: {choice: [a, b]}}}",
        (
            'users.yaml:5:3: seed.generate makes only 2 different keys for 3 items. Make pk of {sequence: "item-{n}"} or '
            "uuid4, or lower count."
        ),
    ),
    "a table that is not declared": (
        "{count: 1, fields: {pk: {reference: usrs}}}",
        (
            "users.yaml:5:38: seed.generate.fields.pk.reference: table 'usrs' is not declared. Name a declared table that "
            "has a seed."
        ),
    ),
    "its own items": (
        "{count: 1, fields: {pk: {reference: users}}}",
        (
            "users.yaml:5:38: seed.generate.fields.pk.reference: refers to its own items: users → users. Remove one of "
            "the references."
        ),
    ),
    "a sequence without its number": (
        "{count: 1, fields: {pk: {sequence: user}}}",
        (
            "users.yaml:5:38: seed.generate.fields.pk.sequence: has no place for the number. "
            'Write {n}, as in "user-{n:04}".'
        ),
    ),
    "no items": (
        "{count: 0, fields: {pk: uuid4}}",
        "users.yaml:5:14: seed.generate.count: 0 is less than 1. Write 1 or more.",
    ),
    "a key of another type": (
        "{count: 1, fields: {pk: {sequence: 1}}}",
        "users.yaml:5:3: [0].pk: has type N, but the table's key has type S. Write a text (S).",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_generated_is_an_error_with_its_place(case: str, tmp_path: Path) -> None:
    generate, expected = REFUSED[case]
    assert sentences(write(tmp_path, {"users.yaml": table(generate)})) == [expected]


def test_a_provider_that_refuses_its_arguments_is_named(tmp_path: Path) -> None:
    text = table("{count: 1, fields: {pk: {provider: random_int, args: {min: 5, max: 1}, type: S}}}")
    (sentence,) = sentences(write(tmp_path, {"users.yaml": text}))
    assert sentence.startswith(
        "users.yaml:5:3: seed.generate.fields.pk: random_int of Faker refuses its arguments: empty range"
    )
    assert sentence.endswith(". Correct args.")


def test_a_file_beside_generated_items_is_an_error(tmp_path: Path) -> None:
    files = {"users.yaml": table("{count: 1, fields: {pk: uuid4}}"), "seeds/users.json": '[{"pk": "a"}]'}
    assert sentences(write(tmp_path, files)) == [
        "users.yaml:5:3: seed.generate: duplicate seed: seed.generate and seeds/users.json. Keep one of the two."
    ]


def test_without_the_extra_the_error_has_the_line_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "faker", None)
    install = "pip install '.[faker]' in a checkout of dynamodb-reconciler."
    found = sentences(write(tmp_path, {"users.yaml": table("{count: 1, fields: {pk: uuid4}}")}))
    assert found == [f"users.yaml:5:3: seed.generate: needs the extra `faker`. Install it: {install}"]


def test_items_are_stored_as_they_are_made_and_never_held_together(tmp_path: Path) -> None:
    """20 MB of items; a million of them fit into the memory of a process for the same reason."""
    text = table(f"{{count: 10000, fields: {{pk: uuid4, pad: {{sequence: '{'x' * 2000}-{{n}}'}}}}}}")
    write(tmp_path, {"users.yaml": text})
    tracemalloc.start()
    try:
        (declaration,) = FolderSource(str(tmp_path), None).load().declarations
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert declaration.seed is not None
    assert len(declaration.seed.items) == 10_000
    assert peak < 12_000_000, f"{peak:,} bytes"
