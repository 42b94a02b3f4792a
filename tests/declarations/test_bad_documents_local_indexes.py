"""Local indexes that CreateTable refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.documents import WITH_SORT_KEY, H, R, T, defs, index, key
from support.folders import SOUND, sentences, write

CASES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "a local index on a table without sort key": (
        {
            "attribute_definitions": defs("pk", "sk"),
            "local_secondary_indexes": [index("by_sk", keys=(("pk", H), ("sk", R)))],
        },
        [
            (
                "users.json:19:2: local_secondary_indexes: requires a table with a sort key. Add a RANGE element to "
                "key_schema, or use global indexes."
            )
        ],
    ),
    "a local index with another partition key": (
        {
            "key_schema": key(("pk", H), ("sk", R)),
            "attribute_definitions": defs("pk", "sk", "x"),
            "local_secondary_indexes": [index("by_sk", keys=(("x", H), ("sk", R)))],
        },
        [
            (
                "users.json:30:4: local_secondary_indexes[0].key_schema: invalid partition key 'x'. Use that of the "
                "table, 'pk'."
            )
        ],
    ),
    "a local index without sort key": (
        {**WITH_SORT_KEY, "local_secondary_indexes": [index("by_sk", keys=(("pk", H),))]},
        [
            (
                "users.json:26:4: local_secondary_indexes[0].key_schema: has no RANGE element. Add the sort key of "
                "the index."
            )
        ],
    ),
    "six local indexes": (
        {
            **WITH_SORT_KEY,
            "local_secondary_indexes": [index(f"index_{i}", keys=(("pk", H), ("sk", R))) for i in range(6)],
        },
        ["users.json:23:2: local_secondary_indexes: has 6 indexes. DynamoDB allows 5 a table."],
    ),
    "throughput of a local index": (
        {
            **WITH_SORT_KEY,
            "local_secondary_indexes": [index("by_sk", keys=(("pk", H), ("sk", R)), provisioned_throughput=T)],
        },
        [
            (
                "users.json:39:4: local_secondary_indexes[0].provisioned_throughput: unknown field. Known fields: "
                "index_name, key_schema, projection."
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
