"""Inputs that were once accepted silently with another meaning or none: each is reported now."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from support.class_files import GET_SCHEMA, GET_TABLE_NAME, HEAD, SCHEMA
from support.folders import SOUND, load, sentences, write
from support.yaml_documents import DOC

CLASS = HEAD + SCHEMA + GET_SCHEMA
CARTS = CLASS.replace("users", "carts").replace("Users", "Carts")
OTHER = {"orders.json": {**SOUND, "table_name": "orders"}}


def indented(text: str) -> str:
    return "".join(f"    {line}\n" for line in text.splitlines())


LOST: dict[str, tuple[str, str]] = {
    "nested in another declaration": (CARTS + indented(CLASS), "tables.py:10:5: UsersTable: is defined in CartsTable"),
    "nested in a plain class": ("class Tables:\n" + indented(CLASS), "tables.py:2:5: UsersTable: is defined in Tables"),
    "in a list": (
        f"def made():\n{indented(CLASS)}    return UsersTable\n\n\nTABLES = [made()]\n",
        "UsersTable: is defined in TABLES",
    ),
    "in a mapping": (
        f"def made():\n{indented(CLASS)}    return UsersTable\n\n\nTABLES = {{'users': made()}}\n",
        "UsersTable: is defined in TABLES",
    ),
    "deleted after it was put into a tuple": (
        f"{CLASS}\n\nTABLES = (UsersTable,)\ndel UsersTable\n",
        "UsersTable: is defined in TABLES",
    ),
    "behind a swallowed ImportError": (
        f"try:\n    import no_such_module_here\n\n{indented(CLASS)}except ImportError:\n    pass\n",
        (
            "tables.py:4:5: UsersTable: was not created when the module was loaded, because a try statement "
            "swallowed an exception"
        ),
    ),
    "behind any swallowed exception, beside another": (
        f"{CARTS}\n\ntry:\n    raise ValueError\n\n{indented(CLASS)}except Exception:\n    pass\n",
        "UsersTable: was not created when the module was loaded, because a try statement swallowed an exception",
    ),
    "an empty name": (
        CLASS + GET_TABLE_NAME + "        return ''\n",
        "tables.py:1:1: get_table_name: returns an empty text. Return the name of the table.",
    ),
    "a seed that is a list": (
        CLASS + "    seed = [{'pk': '1'}]\n",
        "tables.py:1:1: seed: expected a method, found a list.",
    ),
    "a seed that is a text": (
        CLASS + "    seed = 'seeds/users.json'\n",
        "tables.py:1:1: seed: expected a method, found a str",
    ),
}


@pytest.mark.parametrize("case", LOST)
def test_a_class_that_declares_nothing_is_reported(case: str, tmp_path: Path) -> None:
    text, reported = LOST[case]
    found = sentences(write(tmp_path, {**OTHER, "tables.py": text}))
    assert len(found) == 1, found
    assert reported in found[0]


KEPT: dict[str, str] = {
    "a class listed as well": f"{CLASS}\n\nTABLES = [UsersTable]\n",
    "a fallback in a try": (
        f"try:\n    import no_such_module_here\n\n{indented(CLASS)}except ImportError:\n\n{indented(CLASS)}"
    ),
    "a class made in a try": f"try:\n{indented(CLASS)}except ImportError:\n    raise\n",
    "a plain class inside": CLASS + "\n    class Meta:\n        ordering = 1\n",
    "a registry of helpers": f"{CLASS}\n\nclass Helper:\n    pass\n\n\nHELPERS = {{'a': Helper}}\n",
    "no seed": CLASS + "    seed = None\n",
}


@pytest.mark.parametrize("case", KEPT)
def test_what_declares_its_table_is_read(case: str, tmp_path: Path) -> None:
    desired = load(write(tmp_path, {**OTHER, "tables.py": KEPT[case]}))
    assert [each.spec.name for each in desired.declarations] == ["orders", "users"]


NAMES = ["users-undefined", "users-null", "users-None", "users_nil", "undefined-users", "a.None.b", "null_users"]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_with_a_missing_value_is_refused(name: str, tmp_path: Path) -> None:
    (found,) = sentences(write(tmp_path, {"users.json": {**SOUND, "table_name": name}}))
    assert f"table_name: invalid name {name!r}; it contains " in found


@pytest.mark.parametrize("name", ["nullable-users", "users-nonexistent", "undefinedness", "vanilla", "none-users"])
def test_a_similar_but_valid_name_is_accepted(name: str, tmp_path: Path) -> None:
    assert load(write(tmp_path, {"users.json": {**SOUND, "table_name": name}})).declarations[0].spec.name == name


def test_the_text_of_an_object_is_refused(tmp_path: Path) -> None:
    assert sentences(write(tmp_path, {"users.json": {**SOUND, "table_name": "users-[object Object]"}}))


@pytest.mark.parametrize(
    "name", ["pk ", " pk", "pk\u200b", "\ufeffpk", "p\u00adk", "pk\t", "pk\u00a0", "pk\n", "p\u202ek"]
)
def test_a_key_attribute_that_is_not_what_it_looks_like_is_refused(name: str, tmp_path: Path) -> None:
    keys = {
        "key_schema": [{"AttributeName": name, "KeyType": "HASH"}],
        "attribute_definitions": [{"AttributeName": name, "AttributeType": "S"}],
    }
    found = sentences(write(tmp_path, {"users.json": {**SOUND, **keys}}))
    assert len(found) == 1
    assert "key_schema[0].AttributeName: invalid name " in found[0]


NUMBERS = ["0x10", "010", "0o10", "-05", "00", "007"]


@pytest.mark.parametrize("number", NUMBERS)
def test_a_number_that_is_not_written_as_a_decimal_is_refused(number: str, tmp_path: Path) -> None:
    text = f"{DOC}billing_mode: PROVISIONED\nprovisioned_throughput:\n  ReadCapacityUnits: {number}\n"
    found = sentences(write(tmp_path, {"users.yaml": f"{text}  WriteCapacityUnits: 5\n"}))
    assert len(found) == 1, found
    refused = r"(ambiguous number|-?\d+ is less than 1)\b"
    assert re.match(rf"users\.yaml:6:3: provisioned_throughput\.ReadCapacityUnits: {refused}", found[0])


@pytest.mark.parametrize(
    "text", ["sse: {key: }\n", "sse:\n  key:\n", "sse: {KMSMasterKeyId: null}\n", "sse: {key: ~}\n"]
)
def test_an_empty_key_of_encryption_is_refused(text: str, tmp_path: Path) -> None:
    (found,) = sentences(write(tmp_path, {"users.yaml": DOC + text}))
    assert ": is empty. Give it a value; leave it out for alias/aws/dynamodb" in found


ASIDE = "x-users:\n" + "".join(f"  {line}\n" for line in DOC.replace("users", "people").splitlines())
ASIDES = {
    "alone in its file": {"users.yaml": ASIDE},
    "beside another table": {"more.yaml": DOC + ASIDE},
    "in a list": {"more.yaml": DOC + "x-tables: [{table_name: a_b, key_schema: []}]\n"},
    "in JSON": {"more.json": {"x-table": {**SOUND, "table_name": "people"}}},
    "in a document of its own": {"more.yaml": f"{DOC}---\n{ASIDE}"},
}


@pytest.mark.parametrize("case", ASIDES)
def test_a_table_under_an_extension_key_is_named(case: str, tmp_path: Path) -> None:
    files: dict[str, Any] = {**OTHER, **ASIDES[case]}
    (warning,) = load(write(tmp_path, files)).warnings
    assert "contains a table that nothing refers to; the table is not declared" in warning


def test_a_table_that_an_alias_refers_to_is_not_named(tmp_path: Path) -> None:
    text = ASIDE.replace("x-users:", "x-users: &base") + "<<: *base\ntable_name: users\n"
    assert load(write(tmp_path, {"users.yaml": text})).warnings == ()


@pytest.mark.parametrize(
    ("key", "remedy"),
    [("x_keys", "x-keys"), ("X-keys", "x-keys"), ("_keys", "x-keys"), (".keys", "x-keys"), ("anchors", "x-anchors")],
)
def test_an_invalid_anchor_key_is_reported_with_the_required_prefix(key: str, remedy: str, tmp_path: Path) -> None:
    (found,) = sentences(write(tmp_path, {"users.yaml": DOC + f"{key}: 1\n"}))
    assert f"{key}: unknown field. Did you mean `{remedy}`? Top-level keys for anchors or notes begin with x-" in found


SEEDS: dict[str, tuple[str, str, str]] = {
    "only comments": ("yaml", "# - pk: a\n", "contains no items, only comments or empty documents"),
    "only marks": ("yaml", "---\n---\n", "contains no items"),
    "null": ("yaml", "null\n", "contains no items"),
    "items": ("json", '{"items": [{"pk": "a"}]}', "has its items under items"),
    "data": ("json", '{"data": [{"pk": "a"}]}', 'Write only the list, [{…}, {…}], without {"data": …} around it.'),
    "rows in YAML": ("yaml", "rows:\n- pk: a\n", "has its items under rows"),
    "Records": ("json", '{"Records": []}', "has its items under Records"),
}


@pytest.mark.parametrize("case", SEEDS)
def test_a_seed_without_items_in_the_expected_place_is_reported(case: str, tmp_path: Path) -> None:
    suffix, text, reported = SEEDS[case]
    (found,) = sentences(write(tmp_path, {"users.json": SOUND, f"seeds/users.{suffix}": text}))
    assert reported in found


@pytest.mark.parametrize(
    ("suffix", "text"),
    [
        ("json", '{"RequestItems": {"users": [{"PutRequest": {"Item": {"pk": {"S": "a"}}}}]}}'),
        ("yaml", "RequestItems:\n  users:\n  - PutRequest: {Item: {pk: {S: a}}}\n"),
        (
            "json",
            (
                '{"RequestItems": {"users": [{"PutRequest": {"Item": {"pk": {"S": "a"}}}}]},'
                ' "ReturnConsumedCapacity": "TOTAL"}'
            ),
        ),
        ("json", '{"users": [{"PutRequest": {"Item": {"pk": {"S": "a"}}}}]}'),
    ],
)
def test_a_whole_request_is_a_seed(suffix: str, text: str, tmp_path: Path) -> None:
    seed = load(write(tmp_path, {"users.json": SOUND, f"seeds/users.{suffix}": text})).declarations[0].seed
    assert seed is not None
    assert seed.items == ({"pk": {"S": "a"}},)


def test_an_explicit_empty_list_is_a_seed_of_none(tmp_path: Path) -> None:
    seed = load(write(tmp_path, {"users.json": SOUND, "seeds/users.yaml": "[]\n"})).declarations[0].seed
    assert seed is not None
    assert seed.items == ()


TOOLS: dict[str, tuple[str, str]] = {
    "a state of Terraform": (
        "json",
        '{"version": 4, "resources": [{"type": "aws_dynamodb_table", "name": "users", "instances": []}]}',
    ),
    "Crossplane": (
        "yaml",
        (
            "apiVersion: dynamodb.aws.upbound.io/v1beta1\nkind: Table\nmetadata: {name: users}\n"
            "spec: {forProvider: {hashKey: pk, attribute: [{name: pk, type: S}]}}\n"
        ),
    ),
    "a resource of Kubernetes without keys": ("yaml", "apiVersion: dynamodb.services.k8s.aws/v1\nkind: Table\n"),
    "name and hashKey": ("yaml", "name: users\nhashKey: pk\n"),
    "name and hash_key": ("json", '{"name": "users", "hash_key": "pk"}'),
    "the CDK": ("json", '{"users": {"partitionKey": {"name": "pk", "type": "S"}}}'),
    "Pulumi": ("yaml", "things: {users: {type: 'aws:dynamodb:Table', properties: {}}}\n"),
    "Serverless": ("yaml", "users: {primary_key: pk}\n"),
}


@pytest.mark.parametrize("case", TOOLS)
def test_a_table_of_another_tool_is_an_error(case: str, tmp_path: Path) -> None:
    suffix, text = TOOLS[case]
    (found,) = sentences(write(tmp_path, {**OTHER, f"users.{suffix}": text}))
    assert "looks like the table format of another tool" in found
    assert "Declare the table with table_name, key_schema and attribute_definitions" in found
