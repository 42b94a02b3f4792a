"""TOML declarations: every way to write a table, the line of every value, and what is refused."""

# ruff: noqa: E501 - sentences are quoted whole

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from support.own_documents import load, sentences

from reconciler.parsing.source_location import Path as FieldPath
from reconciler.parsing.toml_text import read_toml

ORDERS = """table_name = "orders"
key_schema = [{ AttributeName = "pk", KeyType = "HASH" }]
attribute_definitions = [{ AttributeName = "pk", AttributeType = "S" }]
"""
LINES = '''# a comment with = and [brackets]
table_name = "orders"  # "another" = 'one'
"quoted key" = 1
a.b . "c.d" = true
text = """
not = "a pair"
[nor a table]"""
literal = \'\'\'
x = 1
\'\'\'
list = [
  1, # one
  "two, three",
  { four = 4, five = [5,
    6] },
]
empty = []
inline = {}

[tags]
team = "core"
'literal.key' = 0x1F

[deep.er]
at = -1.5e3
[[index]]
name = "a"
[index.projection]
type = "ALL"
[[index]]
name = "b"
[[index.key]]
kind = "HASH"
[[index.key]]
kind = "RANGE"
[index.projection]
type = "KEYS_ONLY"
'''
EXPECTED: dict[FieldPath, int] = {
    ("table_name",): 2,
    ("quoted key",): 3,
    ("a", "b", "c.d"): 4,
    ("text",): 5,
    ("literal",): 8,
    ("list",): 11,
    ("list", 0): 12,
    ("list", 1): 13,
    ("list", 2, "four"): 14,
    ("list", 2, "five", 1): 15,
    ("empty",): 17,
    ("inline",): 18,
    ("tags",): 20,
    ("tags", "team"): 21,
    ("tags", "literal.key"): 22,
    ("deep", "er"): 24,
    ("deep", "er", "at"): 25,
    ("index", 0, "name"): 27,
    ("index", 0, "projection", "type"): 29,
    ("index", 1): 30,
    ("index", 1, "name"): 31,
    ("index", 1, "key", 0, "kind"): 33,
    ("index", 1, "key", 1, "kind"): 35,
    ("index", 1, "projection", "type"): 37,
}


@pytest.mark.parametrize("path", EXPECTED, ids=str)
def test_every_value_has_its_line(path: FieldPath) -> None:
    assert read_toml(LINES).lines[path] == EXPECTED[path]


def test_values_are_those_of_the_standard_library() -> None:
    assert read_toml(LINES).value == tomllib.loads(LINES)


@pytest.mark.parametrize("text", [LINES, LINES.replace("\n", "\r\n")])
def test_source_texts_of_numbers_are_kept(text: str) -> None:
    literals = read_toml(text).literals
    assert literals["tags", "literal.key"] == "0x1F"
    assert (literals["quoted key",], literals["a", "b", "c.d"], literals["deep", "er", "at"]) == ("1", "true", "-1.5e3")
    assert literals["list", 0] == "1"


def test_every_path_of_a_value_has_a_line() -> None:
    parsed = read_toml(LINES)
    stack: list[tuple[FieldPath, object]] = [((), parsed.value)]
    while stack:
        path, value = stack.pop()
        assert path in parsed.lines
        if isinstance(value, dict):
            stack += [((*path, key), item) for key, item in value.items()]
        elif isinstance(value, list):
            stack += [((*path, place), item) for place, item in enumerate(value)]


def test_a_table_is_declared(tmp_path: Path) -> None:
    text = (
        ORDERS
        + """
[time_to_live]
attribute = "expires_at"

[[global_secondary_indexes]]
IndexName = "by_pk"
KeySchema = [{ AttributeName = "pk", KeyType = "HASH" }]
Projection.ProjectionType = "ALL"
"""
    )
    declaration = load(tmp_path, {"orders.TOML": text}).named("orders")
    assert [index.name for index in declaration.spec.global_indexes or ()] == ["by_pk"]
    assert str(declaration.origin) == "orders.TOML:1"


REFUSED: dict[str, tuple[str, list[str]]] = {
    "a misspelled field": (
        ORDERS + "\n[lifecycle]\nprotct = true\n",
        ["orders.toml:6:1: lifecycle.protct: unknown field. Did you mean `protect`?"],
    ),
    "a number for a text": (
        ORDERS + "[tags]\nteam = 1_0\n",
        ['orders.toml:5:1: tags.team: expected a text, found the number 1_0. Write a text in quotes: "1_0".'],
    ),
    "a number with a base": (
        ORDERS + "[time_to_live]\nattribute = 'at'\n[point_in_time_recovery]\ndays = 0x1F\n",
        [
            "orders.toml:7:1: point_in_time_recovery.days: ambiguous number 0x1F; it is read as 31. Write a plain decimal number."
        ],
    ),
    "a date": (
        ORDERS + "[tags]\nsince = 2024-01-01\n",
        ['orders.toml:5:1: unsupported date 2024-01-01. Write a text in quotes: "2024-01-01".'],
    ),
    "a number that is infinite": (
        ORDERS + "[auto_scaling.read]\nmin = 1\nmax = 5\ntarget = inf\n",
        ['orders.toml:7:1: invalid number inf. Write a finite number, or a text in quotes: "inf".'],
    ),
    "a key twice": (
        ORDERS + "\ntable_name = 'users'\n",
        ["orders.toml:5:21: is not TOML: cannot overwrite a value. Correct the syntax."],
    ),
    "a key without a value": (
        ORDERS + "tags =\n",
        ["orders.toml:4:7: is not TOML: invalid value. Correct the syntax."],
    ),
    "a text that does not end": (
        ORDERS + 'description = "orders\n',
        ["orders.toml:4:22: is not TOML: illegal character '\\n'. Correct the syntax."],
    ),
    "YAML in a TOML file": (
        "table_name: orders\n",
        ["orders.toml:1:11: is not TOML: expected '=' after a key in a key/value pair. Correct the syntax."],
    ),
    "no keys": (
        'table_name = "orders"\n',
        [
            'orders.toml:1:1: key_schema: is required. Add key_schema, such as [{"AttributeName": "pk", "KeyType": "HASH"}].',
            'orders.toml:1:1: attribute_definitions: is required. Add attribute_definitions, such as [{"AttributeName": "pk", "AttributeType": "S"}].',
        ],
    ),
    "a table under a name": (
        "[orders]\n" + ORDERS,
        [
            "orders.toml:4:1: field attribute_definitions of a table is not allowed under orders. Move the fields of the table to the top level of the document, or move the file out of the folder."
        ],
    ),
    "a list of tables": (
        "[[tables]]\n" + ORDERS,
        [
            "orders.toml:4:1: field attribute_definitions of a table is not allowed under tables[0]. Move the fields of the table to the top level of the document, or move the file out of the folder."
        ],
    ),
    "nothing but comments": (
        "# table_name = 'orders'\n# key_schema = []\n",
        [
            "orders.toml:1:1: declares nothing; its declaration is commented out. Uncomment the declaration, or remove the file if its table should be deleted."
        ],
    ),
    "an empty file": ("", ["orders.toml: is empty; it may be in the middle of being saved. Fill it or remove it."]),
    "a file of another kind": (
        "\x00",
        ["orders.toml:1:1: contains NUL characters; it may be UTF-16 or incomplete. Save it as UTF-8."],
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_toml_is_refused_with_its_line(case: str, tmp_path: Path) -> None:
    text, expected = REFUSED[case]
    assert sentences(tmp_path, {"orders.toml": text}) == expected


def test_toml_of_other_tools_is_named(tmp_path: Path) -> None:
    (tmp_path / "ruff.toml").write_text("line-length = 120\n", encoding="utf-8")
    assert load(tmp_path, {"orders.toml": ORDERS}).warnings == ("ruff.toml: declares nothing: it has no table field",)
