"""Global indexes and projections that CreateTable refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.documents import H, R, defs, index, key
from support.folders import SOUND, sentences, write

CASES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "an index without a name": (
        {"global_secondary_indexes": [index(index_name=None)]},
        ["users.json:16:3: global_secondary_indexes[0].index_name: is required. Add index_name."],
    ),
    "an index without keys": (
        {"global_secondary_indexes": [index(keys=())]},
        ["users.json:18:4: global_secondary_indexes[0].key_schema: has 0 HASH elements. Use 1 to 4."],
    ),
    "an index whose backfill is no migration": (
        {"global_secondary_indexes": [index(backfill="add_status.py")]},
        [
            (
                "users.json:27:4: global_secondary_indexes[0].backfill: invalid value 'add_status.py'; expected the "
                "name of a migration. Write the name of its file without .py, for example 0007_add_status."
            )
        ],
    ),
    "an index without projection": (
        {"global_secondary_indexes": [{"index_name": "by_email", "key_schema": key(("pk", H))}]},
        ["users.json:16:3: global_secondary_indexes[0].projection: is required. Add projection."],
    ),
    "an empty projection": (
        {"global_secondary_indexes": [{**index(), "projection": {}}]},
        [
            (
                "users.json:24:4: global_secondary_indexes[0].projection.projection_type: is "
                "required. Add projection_type."
            )
        ],
    ),
    "a projection that does not exist": (
        {"global_secondary_indexes": [index(kind="EVERYTHING")]},
        [
            (
                "users.json:25:5: global_secondary_indexes[0].projection.projection_type: invalid value "
                "'EVERYTHING'; expected ALL, KEYS_ONLY or INCLUDE. Write one of these."
            )
        ],
    ),
    "twenty-one global indexes": (
        {"global_secondary_indexes": [index(f"index_{i}") for i in range(21)]},
        ["users.json:15:2: global_secondary_indexes: has 21 indexes. DynamoDB allows 20 a table."],
    ),
    "an index of five HASH attributes": (
        {
            "attribute_definitions": defs("pk", "b", "c", "d", "e"),
            "global_secondary_indexes": [index(keys=tuple((a, H) for a in ("pk", "b", "c", "d", "e")))],
        },
        ["users.json:34:4: global_secondary_indexes[0].key_schema: has 5 HASH elements. Use 1 to 4."],
    ),
    "an index of five RANGE attributes": (
        {
            "attribute_definitions": defs("pk", "a", "b", "c", "d", "e"),
            "global_secondary_indexes": [index(keys=(("pk", H), *((a, R) for a in "abcde")))],
        },
        ["users.json:38:4: global_secondary_indexes[0].key_schema: has 5 RANGE elements. Use at most 4."],
    ),
    "an index with a HASH after a RANGE": (
        {
            "attribute_definitions": defs("pk", "a", "b"),
            "global_secondary_indexes": [index(keys=(("pk", H), ("a", R), ("b", H)))],
        },
        [
            (
                "users.json:26:4: global_secondary_indexes[0].key_schema: has a HASH element after a RANGE "
                "element. Put HASH first."
            )
        ],
    ),
    "an index that names an attribute twice": (
        {"attribute_definitions": defs("pk"), "global_secondary_indexes": [index(keys=(("pk", H), ("pk", R)))]},
        [
            (
                "users.json:18:4: global_secondary_indexes[0].key_schema: duplicate attribute 'pk'. Use each "
                "attribute only once per key."
            )
        ],
    ),
    "INCLUDE without attributes": (
        {"global_secondary_indexes": [index(kind="INCLUDE")]},
        [
            (
                "users.json:24:4: global_secondary_indexes[0].projection.non_key_attributes: is required when "
                "projection_type is INCLUDE. Name the attributes to copy, or use KEYS_ONLY."
            )
        ],
    ),
    "INCLUDE with an empty list": (
        {"global_secondary_indexes": [index(kind="INCLUDE", projection={"non_key_attributes": []})]},
        [
            (
                "users.json:26:5: global_secondary_indexes[0].projection.non_key_attributes: is required when "
                "projection_type is INCLUDE. Name the attributes to copy, or use KEYS_ONLY."
            )
        ],
    ),
    "attributes with ALL": (
        {"global_secondary_indexes": [index(kind="ALL", projection={"non_key_attributes": ["a"]})]},
        [
            (
                "users.json:26:5: global_secondary_indexes[0].projection.non_key_attributes: is not allowed when "
                "projection_type is ALL. "
                "Remove it, or use INCLUDE."
            )
        ],
    ),
    "attributes with KEYS_ONLY": (
        {"global_secondary_indexes": [index(kind="KEYS_ONLY", projection={"NonKeyAttributes": ["a"]})]},
        [
            (
                "users.json:26:5: global_secondary_indexes[0].projection.NonKeyAttributes: is not allowed when "
                "projection_type is "
                "KEYS_ONLY. Remove it, or use INCLUDE."
            )
        ],
    ),
    "twenty-one included attributes": (
        {
            "global_secondary_indexes": [
                index(kind="INCLUDE", projection={"non_key_attributes": [f"a{i}" for i in range(21)]})
            ]
        },
        [
            (
                "users.json:26:5: global_secondary_indexes[0].projection.non_key_attributes: lists 21 attributes. "
                "DynamoDB allows 20 an index; ALL has no limit."
            )
        ],
    ),
    "more than a hundred included attributes": (
        {
            "global_secondary_indexes": [
                index(f"index_{n}", kind="INCLUDE", projection={"non_key_attributes": [f"a{i}" for i in range(20)]})
                for n in range(6)
            ]
        },
        [
            (
                "users.json:15:2: global_secondary_indexes: project 120 attributes with INCLUDE. DynamoDB allows "
                "100 in all indexes of a table together."
            )
        ],
    ),
    "a number as included attribute": (
        {"global_secondary_indexes": [index(kind="INCLUDE", projection={"non_key_attributes": [1]})]},
        [
            (
                "users.json:27:6: global_secondary_indexes[0].projection.non_key_attributes[0]: expected a text, "
                'found the number 1. Write a text in quotes: "1".'
            )
        ],
    ),
    "a mapping of indexes": (
        {"global_secondary_indexes": {"by_email": {}}},
        ["users.json:15:2: global_secondary_indexes: expected a list, found a mapping. Write a list."],
    ),
}
"""Changes of the smallest sound document (None removes a field), and every sentence they lead to."""


@pytest.mark.parametrize("case", CASES)
def test_a_bad_document_is_reported_with_file_line_field_reason_and_remedy(case: str, tmp_path: Path) -> None:
    changes, expected = CASES[case]
    document = {field: value for field, value in (SOUND | changes).items() if value is not None}
    assert sentences(write(tmp_path / "app", {"users.json": document})) == expected
