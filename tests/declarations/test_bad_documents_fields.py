"""Fields that are missing, misspelt, given twice, or not managed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.documents import H, index, key
from support.folders import SOUND, sentences, write
from support.known_fields import TABLE_FIELDS

CASES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "no table name": (
        {"table_name": None},
        ["users.json:1:1: table_name: is required. Add table_name: the name of the table."],
    ),
    "no key schema": (
        {"key_schema": None},
        [
            (
                'users.json:1:1: key_schema: is required. Add key_schema, such as [{"AttributeName": "pk", '
                '"KeyType": "HASH"}].'
            )
        ],
    ),
    "no attribute definitions": (
        {"attribute_definitions": None},
        [
            (
                "users.json:1:1: attribute_definitions: is required. Add attribute_definitions, such as "
                '[{"AttributeName": "pk", "AttributeType": "S"}].'
            )
        ],
    ),
    "everything but the name missing": (
        {"key_schema": None, "attribute_definitions": None},
        [
            (
                'users.json:1:1: key_schema: is required. Add key_schema, such as [{"AttributeName": "pk", '
                '"KeyType": "HASH"}].'
            ),
            (
                "users.json:1:1: attribute_definitions: is required. Add attribute_definitions, such as "
                '[{"AttributeName": "pk", "AttributeType": "S"}].'
            ),
        ],
    ),
    "empty key schema": (
        {"key_schema": []},
        [
            (
                "users.json:3:2: key_schema: is empty. Add key_schema, such as "
                '[{"AttributeName": "pk", "KeyType": "HASH"}].'
            )
        ],
    ),
    "empty definitions": (
        {"attribute_definitions": []},
        [
            (
                "users.json:9:2: attribute_definitions: is empty. Add attribute_definitions, such as "
                '[{"AttributeName": "pk", "AttributeType": "S"}].'
            )
        ],
    ),
    "empty table name": (
        {"table_name": ""},
        ["users.json:2:2: table_name: is empty. Add table_name: the name of the table."],
    ),
    "misspelt billing_mode": (
        {"billing_mod": "PAY_PER_REQUEST"},
        ["users.json:15:2: billing_mod: unknown field. Did you mean `billing_mode`?"],
    ),
    "the beginning of a field": (
        {"stream": {"StreamEnabled": True}},
        ["users.json:15:2: stream: unknown field. Did you mean `stream_specification`?"],
    ),
    "the beginning of a field, as AWS spells it": (
        {"Stream": {"StreamEnabled": True}},
        ["users.json:15:2: Stream: unknown field. Did you mean `StreamSpecification`?"],
    ),
    "the beginning of a field that is there": (
        {"table": "users"},
        [f"users.json:15:2: table: unknown field. Known fields: {TABLE_FIELDS}."],
    ),
    "misspelt BillingMode": (
        {"BillingModee": "PAY_PER_REQUEST"},
        ["users.json:15:2: BillingModee: unknown field. Did you mean `BillingMode`?"],
    ),
    "misspelt table_name": (
        {"table_name": None, "tabel_name": "users"},
        ["users.json:14:2: tabel_name: unknown field. Did you mean `table_name`?"],
    ),
    "misspelt key_schema": (
        {"key_schema": None, "keyschema": key(("pk", H))},
        ["users.json:9:2: keyschema: unknown field. Did you mean `key_schema`?"],
    ),
    "a field nobody knows": (
        {"colour": "blue"},
        [(f"users.json:15:2: colour: unknown field. Known fields: {TABLE_FIELDS}.")],
    ),
    "a misspelt field inside a key element": (
        {"key_schema": [{"AtributeName": "pk", "KeyType": H}]},
        ["users.json:5:4: key_schema[0].AtributeName: unknown field. Did you mean `AttributeName`?"],
    ),
    "a misspelt field inside an index": (
        {"global_secondary_indexes": [{**index(), "projections": {}}]},
        [("users.json:27:4: global_secondary_indexes[0].projections: unknown field. Did you mean `projection`?")],
    ),
    "both spellings of one field": (
        {"TableName": "users"},
        [("users.json:15:2: TableName: duplicate of table_name. Keep table_name or TableName, not both.")],
    ),
    "both spellings of deletion protection": (
        {"deletion_protection": True, "DeletionProtectionEnabled": True},
        [
            (
                "users.json:16:2: DeletionProtectionEnabled: duplicate of deletion_protection. Keep "
                "deletion_protection or DeletionProtectionEnabled, not both."
            )
        ],
    ),
    "an import is not managed": (
        {"ImportSourceSpecification": {}},
        [
            (
                "users.json:15:2: ImportSourceSpecification: DynamoDB has this field, but this release does not "
                "manage it. "
                "Remove it; the live value stays as it is."
            )
        ],
    ),
    "what DescribeTable tells cannot be declared": (
        {"TableStatus": "ACTIVE", "ItemCount": 0},
        [
            "users.json:15:2: TableStatus: is read-only. Remove it.",
            "users.json:16:2: ItemCount: is read-only. Remove it.",
        ],
    ),
}
"""Changes of the smallest sound document (None removes a field), and every sentence they lead to."""


@pytest.mark.parametrize("case", CASES)
def test_a_bad_document_is_reported_with_file_line_field_reason_and_remedy(case: str, tmp_path: Path) -> None:
    changes, expected = CASES[case]
    document = {field: value for field, value in (SOUND | changes).items() if value is not None}
    assert sentences(write(tmp_path / "app", {"users.json": document})) == expected


def test_the_list_of_known_fields_is_shown_once_and_a_close_name_each_time(tmp_path: Path) -> None:
    other = {**SOUND, "table_name": "orders", "zzz": 1, "biling_mode": "x"}
    write(tmp_path, {"orders.json": other, "users.json": {**SOUND, "qqqq": 1, "zzz": 2, "tagz": []}})
    first, *others = sentences(tmp_path)
    assert [each.partition("Known fields: ")[2] != "" for each in (first, *others)].count(True) == 1
    assert "zzz: unknown field. Known fields: table_name, key_schema, " in "\n".join((first, *others))
    assert sum("The first such error lists the known fields." in each for each in others) == 2
    assert (
        sum("Did you mean `billing_mode`?" in each or "Did you mean `tags`?" in each for each in (first, *others)) == 2
    )


def test_a_short_list_of_fields_is_shown_each_time(tmp_path: Path) -> None:
    keys = [{"AttributeName": "pk", "KeyType": "HASH", "qqqq": 1, "zzzz": 2}]
    write(tmp_path, {"users.json": {**SOUND, "key_schema": keys}})
    assert sum("Known fields: attribute_name, key_type." in each for each in sentences(tmp_path)) == 2
