"""Values of the wrong type: nothing is coerced."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.documents import H, defs, key
from support.folders import SOUND, sentences, write

CASES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "a number as table name": (
        {"table_name": 12345},
        ['users.json:2:2: table_name: expected a text, found the number 12345. Write a text in quotes: "12345".'],
    ),
    "a list as table name": (
        {"table_name": ["users"]},
        ["users.json:2:2: table_name: expected a text, found a list. Write a text."],
    ),
    "true as billing mode": (
        {"billing_mode": True},
        [
            (
                "users.json:15:2: billing_mode: invalid value: true; expected PAY_PER_REQUEST or PROVISIONED. "
                "Write one of these."
            )
        ],
    ),
    "a lower-case billing mode": (
        {"billing_mode": "pay_per_request"},
        [
            (
                "users.json:15:2: billing_mode: invalid value 'pay_per_request'; expected PAY_PER_REQUEST or "
                "PROVISIONED. Did you mean PAY_PER_REQUEST?"
            )
        ],
    ),
    "a billing mode that does not exist": (
        {"billing_mode": "FREE"},
        [
            (
                "users.json:15:2: billing_mode: invalid value 'FREE'; expected PAY_PER_REQUEST or PROVISIONED. "
                "Write one of these."
            )
        ],
    ),
    "a mapping as key schema": (
        {"key_schema": {"pk": "HASH"}},
        ["users.json:3:2: key_schema: expected a list, found a mapping. Write a list."],
    ),
    "a text as key element": (
        {"key_schema": ["pk"]},
        ["users.json:4:3: key_schema[0]: expected a mapping, found the text 'pk'. Write its fields as a mapping."],
    ),
    "a key element without key type": (
        {"key_schema": [{"AttributeName": "pk"}]},
        ["users.json:4:3: key_schema[0].key_type: is required. Add key_type."],
    ),
    "a key type that does not exist": (
        {"key_schema": key(("pk", "SORT"))},
        [("users.json:6:4: key_schema[0].KeyType: invalid value 'SORT'; expected HASH or RANGE. Did you mean RANGE?")],
    ),
    "a lower-case key type": (
        {"key_schema": key(("pk", "hash"))},
        [("users.json:6:4: key_schema[0].KeyType: invalid value 'hash'; expected HASH or RANGE. Did you mean HASH?")],
    ),
    "an attribute type that does not exist": (
        {"attribute_definitions": [{"AttributeName": "pk", "AttributeType": "String"}]},
        [
            (
                "users.json:12:4: attribute_definitions[0].AttributeType: invalid value 'String'; expected S, N "
                "or B. Did you mean S?"
            )
        ],
    ),
    "an attribute type that no key can have": (
        {"attribute_definitions": [{"AttributeName": "pk", "AttributeType": "BOOL"}]},
        [
            (
                "users.json:12:4: attribute_definitions[0].AttributeType: invalid value 'BOOL'; expected S, N or "
                "B. Write one of these."
            )
        ],
    ),
    "an empty attribute name": (
        {"key_schema": key(("", H)), "attribute_definitions": defs("")},
        [
            "users.json:5:4: key_schema[0].AttributeName: is empty. Give it a value.",
            "users.json:11:4: attribute_definitions[0].AttributeName: is empty. Give it a value.",
        ],
    ),
    "an attribute name of 256 characters": (
        {"key_schema": key(("a" * 256, H)), "attribute_definitions": defs("a" * 256)},
        [
            (
                "users.json:5:4: key_schema[0].AttributeName: has 256 characters, more than 255. Shorten it to 255 "
                "characters."
            ),
            (
                "users.json:11:4: attribute_definitions[0].AttributeName: has 256 characters, more than 255. "
                "Shorten it to 255 characters."
            ),
        ],
    ),
    "throughput as a text": (
        {"provisioned_throughput": {"read_capacity_units": "5", "write_capacity_units": 5}},
        [
            (
                "users.json:16:3: provisioned_throughput.read_capacity_units: expected a whole number, found the "
                "text '5'. "
                "Write a whole number, without quotes."
            )
        ],
    ),
    "throughput as true": (
        {"provisioned_throughput": {"read_capacity_units": True, "write_capacity_units": 5}},
        [
            (
                "users.json:16:3: provisioned_throughput.read_capacity_units: expected a whole number, found "
                "true. Write a "
                "whole number, without quotes."
            )
        ],
    ),
    "throughput with a fraction": (
        {"provisioned_throughput": {"read_capacity_units": 5.5, "write_capacity_units": 5}},
        [
            (
                "users.json:16:3: provisioned_throughput.read_capacity_units: expected a whole number, found the "
                "number 5.5. Write a whole number, without quotes."
            )
        ],
    ),
    "throughput of a whole fraction": (
        {"provisioned_throughput": {"read_capacity_units": 5.0, "write_capacity_units": 5}},
        [
            (
                "users.json:16:3: provisioned_throughput.read_capacity_units: expected a whole number, found the "
                "number 5.0. Write a whole number, without quotes."
            )
        ],
    ),
    "throughput of zero": (
        {"provisioned_throughput": {"read_capacity_units": 0, "write_capacity_units": -1}},
        [
            "users.json:16:3: provisioned_throughput.read_capacity_units: 0 is less than 1. Write 1 or more.",
            "users.json:17:3: provisioned_throughput.write_capacity_units: -1 is less than 1. Write 1 or more.",
        ],
    ),
    "half a throughput": (
        {"provisioned_throughput": {"ReadCapacityUnits": 5}},
        [("users.json:15:2: provisioned_throughput.write_capacity_units: is required. Add write_capacity_units.")],
    ),
    "throughput as a number": (
        {"provisioned_throughput": 5},
        [
            (
                "users.json:15:2: provisioned_throughput: expected a mapping, found the number 5. Write its "
                "fields as a mapping."
            )
        ],
    ),
    "deletion protection as a text": (
        {"deletion_protection_enabled": "yes"},
        [
            (
                "users.json:15:2: deletion_protection_enabled: expected true or false, found the text 'yes'. "
                "Write true or "
                "false, without quotes."
            )
        ],
    ),
    "deletion protection as one": (
        {"deletion_protection_enabled": 1},
        [
            (
                "users.json:15:2: deletion_protection_enabled: expected true or false, found the "
                "number 1. Write true or "
                "false, without quotes."
            )
        ],
    ),
    "a description that is no text": (
        {"description": 5},
        ['users.json:15:2: description: expected a text, found the number 5. Write a text in quotes: "5".'],
    ),
}
"""Changes of the smallest sound document (None removes a field), and every sentence they lead to."""


@pytest.mark.parametrize("case", CASES)
def test_a_bad_document_is_reported_with_file_line_field_reason_and_remedy(case: str, tmp_path: Path) -> None:
    changes, expected = CASES[case]
    document = {field: value for field, value in (SOUND | changes).items() if value is not None}
    assert sentences(write(tmp_path / "app", {"users.json": document})) == expected
