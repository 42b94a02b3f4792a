"""Common mistakes in JSON: spellings of other languages, commas, comments, read-only fields."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.folders import SOUND, sentences, write

CASES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "single quotes": (
        {"users.json": "{'table_name': 'users'}"},
        ["users.json:1:2: is not JSON: a key in double quotes is expected. Correct the syntax."],
    ),
    "keys without quotes": (
        {"users.json": '{table_name: "users"}'},
        ["users.json:1:2: is not JSON: a key in double quotes is expected. Correct the syntax."],
    ),
    "quotes of a word processor": (
        {"users.json": '{\u201ctable_name\u201d: "users"}'},
        ["users.json:1:2: is not JSON: a key in double quotes is expected. Correct the syntax."],
    ),
    "a space that does not break": (
        {"users.json": '{\u00a0"table_name": "users"}'},
        ["users.json:1:2: is not JSON: a key in double quotes is expected. Correct the syntax."],
    ),
    "True of Python": (
        {"users.json": '{"deletion_protection": True}'},
        ["users.json:1:25: is not JSON: a value is expected. Correct the syntax."],
    ),
    "None of Python": (
        {"users.json": '{"table_name": None}'},
        ["users.json:1:16: is not JSON: a value is expected. Correct the syntax."],
    ),
    "undefined of JavaScript": (
        {"users.json": '{"table_name": undefined}'},
        ["users.json:1:16: is not JSON: a value is expected. Correct the syntax."],
    ),
    "infinity": (
        {"users.json": '{"table_name": Infinity}'},
        ["users.json:1:16: is not JSON: a value is expected. Correct the syntax."],
    ),
    "minus infinity": (
        {"users.json": '{"table_name": -Infinity}'},
        ["users.json:1:16: is not JSON: a value is expected. Correct the syntax."],
    ),
    "a number with a leading zero": (
        {"users.json": '{"table_name": 007}'},
        ["users.json:1:17: is not JSON: ',' is expected. Correct the syntax."],
    ),
    "a number with a plus": (
        {"users.json": '{"table_name": +1}'},
        ["users.json:1:16: is not JSON: a value is expected. Correct the syntax."],
    ),
    "a number that begins with its point": (
        {"users.json": '{"table_name": .5}'},
        ["users.json:1:16: is not JSON: a value is expected. Correct the syntax."],
    ),
    "a line break in a text": (
        {"users.json": '{"table_name": "us\ners"}'},
        [
            (
                "users.json:1:19: is not JSON: a text contains a line break, a tab or another control character. "
                "Correct the syntax."
            )
        ],
    ),
    "a tab in a text": (
        {"users.json": '{"table_name": "us\ters"}'},
        [
            (
                "users.json:1:19: is not JSON: a text contains a line break, a tab or another control character. "
                "Correct the syntax."
            )
        ],
    ),
    "a path of Windows": (
        {"users.json": '{"description": "C:\\data"}'},
        ["users.json:1:20: is not JSON: a text contains an invalid escape. Correct the syntax."],
    ),
    "half a code point": (
        {"users.json": '{"table_name": "\\u12"}'},
        ["users.json:1:18: is not JSON: \\u is not followed by four hexadecimal digits. Correct the syntax."],
    ),
    "half a surrogate pair in a name": (
        {"users.json": {**SOUND, "table_name": "us\ud800ers"}},
        [
            (
                "users.json:2:2: table_name: invalid name 'us\\ud800ers'; it contains '\\ud800'. Use only a-z, A-Z, "
                "0-9, _ . and -."
            )
        ],
    ),
    "no colon": (
        {"users.json": '{"table_name" "users"}'},
        ["users.json:1:15: is not JSON: ':' is expected. Correct the syntax."],
    ),
    "no comma between two lines": (
        {"users.json": '{"table_name": "users"\n "key_schema": []}'},
        ["users.json:2:2: is not JSON: ',' is expected. Correct the syntax."],
    ),
    "two commas": (
        {"users.json": '{"table_name": "users",, "key_schema": []}'},
        ["users.json:1:24: is not JSON: a key in double quotes is expected. Correct the syntax."],
    ),
    "a semicolon": (
        {"users.json": '{"table_name": "users"; "key_schema": []}'},
        ["users.json:1:23: is not JSON: ',' is expected. Correct the syntax."],
    ),
    "brackets closed in the wrong order": (
        {"users.json": '{"key_schema": [}]'},
        ["users.json:1:17: is not JSON: a value is expected. Correct the syntax."],
    ),
    "a bracket too many": (
        {"users.json": '{"table_name": "users"}}'},
        ["users.json:1:24: is not JSON: unexpected text after the end of the document. Correct the syntax."],
    ),
    "a trailing comma in a list": (
        {"users.json": '{"key_schema": [{"AttributeName": "pk"},]}'},
        ["users.json:1:41: is not JSON: a value is expected. Correct the syntax."],
    ),
    "a comment over several lines": (
        {"users.json": '/* users */\n{"table_name": "users"}'},
        ["users.json:1:1: is not JSON: a value is expected. Correct the syntax."],
    ),
    "a comment behind": (
        {"users.json": '{"table_name": "users"} // users'},
        ["users.json:1:25: is not JSON: unexpected text after the end of the document. Correct the syntax."],
    ),
    "a capacity of five thousand digits": (
        {
            "users.json": json.dumps(
                {**SOUND, "provisioned_throughput": {"read_capacity_units": 5, "write_capacity_units": "W"}}
            ).replace('"W"', "9" * 5000)
        },
        [
            (
                "users.json:1:212: provisioned_throughput.write_capacity_units: expected a whole number, found a "
                "number of 5000 digits. Write a whole number, without quotes."
            )
        ],
    ),
    "the marks of a merge conflict": (
        {"users.json": '<<<<<<< HEAD\n{"table_name": "users"}'},
        ["users.json:1:1: contains merge conflict markers. Resolve the conflict."],
    ),
    "a page of HTML": (
        {"users.json": "<!DOCTYPE html>"},
        ["users.json:1:1: is not JSON: a value is expected. Correct the syntax."],
    ),
    "a text": (
        {"users.json": '"users"'},
        [("users.json:1:1: expected a mapping. Write one table per document; put seeds into seeds/.")],
    ),
    "a number": (
        {"users.json": "5"},
        [("users.json:1:1: expected a mapping. Write one table per document; put seeds into seeds/.")],
    ),
    "what DescribeTable told": (
        {"users.json": {**SOUND, "TableStatus": "ACTIVE", "ItemCount": 5}},
        [
            "users.json:15:2: TableStatus: is read-only. Remove it.",
            "users.json:16:2: ItemCount: is read-only. Remove it.",
        ],
    ),
    "the billing mode as DescribeTable tells it": (
        {"users.json": {**SOUND, "BillingModeSummary": {"BillingMode": "PROVISIONED"}}},
        [('users.json:15:2: BillingModeSummary: is read-only. Write "BillingMode": "PROVISIONED" in its place.')],
    ),
    "one field in CamelCase and in snake_case": (
        {"users.json": {"TableName": "users", **SOUND}},
        [("users.json:3:2: table_name: duplicate of TableName. Keep TableName or table_name, not both.")],
    ),
    "fields in lowerCamelCase": (
        {"users.json": {**SOUND, "billingMode": "PAY_PER_REQUEST"}},
        ["users.json:15:2: billingMode: unknown field. Did you mean `billing_mode`?"],
    ),
    "fields with hyphens": (
        {"users.json": {**SOUND, "billing-mode": "PAY_PER_REQUEST"}},
        ["users.json:15:2: billing-mode: unknown field. Did you mean `billing_mode`?"],
    ),
    "an empty name of a field": (
        {"users.json": {**SOUND, "lifecycle": {"": 1}}},
        [
            (
                'users.json:16:3: lifecycle."": unknown field. Known fields: protect, ignore_changes, on_existing, '
                "allow_data_loss."
            )
        ],
    ),
    "a maximum of minus ninety digits": (
        {
            "users.json": json.dumps({**SOUND, "on_demand_throughput": {"max_read_request_units": "W"}}).replace(
                '"W"', "-" + "9" * 90
            )
        },
        [
            (
                "users.json:1:184: on_demand_throughput.max_read_request_units: a number of 90 digits is less than "
                "-1. Write -1 or more."
            )
        ],
    ),
}
"""The files of a folder, and every sentence they lead to."""


@pytest.mark.parametrize("case", CASES)
def test_a_mistake_in_json_is_reported_with_its_line(case: str, tmp_path: Path) -> None:
    files, expected = CASES[case]
    assert sentences(write(tmp_path / "app", files)) == expected
