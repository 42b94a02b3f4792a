"""Keys and attribute definitions that CreateTable refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.documents import H, R, defs, index, key
from support.folders import SOUND, sentences, write

CASES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "no HASH element": (
        {"key_schema": key(("pk", R))},
        ["users.json:3:2: key_schema: has 0 HASH elements. Use exactly 1."],
    ),
    "two HASH elements": (
        {"key_schema": key(("pk", H), ("p2", H)), "attribute_definitions": defs("pk", "p2")},
        ["users.json:3:2: key_schema: has 2 HASH elements. Use exactly 1."],
    ),
    "two RANGE elements": (
        {"key_schema": key(("pk", H), ("a", R), ("b", R)), "attribute_definitions": defs("pk", "a", "b")},
        ["users.json:3:2: key_schema: has 2 RANGE elements. Use at most 1."],
    ),
    "RANGE before HASH": (
        {"key_schema": key(("sk", R), ("pk", H)), "attribute_definitions": defs("pk", "sk")},
        ["users.json:3:2: key_schema: has a HASH element after a RANGE element. Put HASH first."],
    ),
    "one attribute for both keys": (
        {"key_schema": key(("pk", H), ("pk", R))},
        ["users.json:3:2: key_schema: duplicate attribute 'pk'. Use each attribute only once per key."],
    ),
    "a key attribute without definition": (
        {"key_schema": key(("pk", H), ("sk", R))},
        [
            (
                "users.json:9:4: key_schema[1].AttributeName: attribute 'sk' is not in attribute_definitions. Add "
                '{"AttributeName": "sk", "AttributeType": "S"} (or "N", "B") to attribute_definitions.'
            )
        ],
    ),
    "an index key without definition": (
        {"global_secondary_indexes": [index(keys=(("email", H),))]},
        [
            (
                "users.json:20:6: global_secondary_indexes[0].key_schema[0].attribute_name: attribute 'email' is "
                'not in attribute_definitions. Add {"AttributeName": "email", "AttributeType": "S"} (or "N", "B") '
                "to attribute_definitions."
            )
        ],
    ),
    "a definition that nothing uses": (
        {"attribute_definitions": defs("pk", "email")},
        [
            (
                "users.json:14:3: attribute_definitions[1]: attribute 'email' is not used in a key of the table or "
                "of an index. Remove it; attribute_definitions lists only key attributes."
            )
        ],
    ),
    "an attribute defined twice": (
        {"attribute_definitions": defs("pk", "pk")},
        ["users.json:14:3: attribute_definitions[1]: duplicate definition of 'pk'. Remove it."],
    ),
    "an attribute defined with two types": (
        {"attribute_definitions": [*defs("pk"), {"AttributeName": "pk", "AttributeType": "N"}]},
        [
            (
                "users.json:14:3: attribute_definitions[1]: conflicting types of 'pk': S and N. An attribute has "
                "one type; keep one of the two."
            )
        ],
    ),
}
"""Changes of the smallest sound document (None removes a field), and every sentence they lead to."""


@pytest.mark.parametrize("case", CASES)
def test_a_bad_document_is_reported_with_file_line_field_reason_and_remedy(case: str, tmp_path: Path) -> None:
    changes, expected = CASES[case]
    document = {field: value for field, value in (SOUND | changes).items() if value is not None}
    assert sentences(write(tmp_path / "app", {"users.json": document})) == expected
