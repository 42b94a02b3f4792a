"""Names that DynamoDB refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.documents import WITH_SORT_KEY, H, R, index
from support.folders import SOUND, sentences, write

from reconciler.declarations.names import name_problem

CASES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "a table name of two characters": (
        {"table_name": "us"},
        ["users.json:2:2: table_name: invalid name 'us'; it has 2 characters. Use 3 to 255 characters."],
    ),
    "a table name of 256 characters": (
        {"table_name": "u" * 256},
        [
            (
                "users.json:2:2: table_name: invalid name "
                "'uuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuu...'; it has 256 characters. Use 3 to "
                "255 characters."
            )
        ],
    ),
    "a table name with a space": (
        {"table_name": "my users"},
        ["users.json:2:2: table_name: invalid name 'my users'; it contains ' '. Use only a-z, A-Z, 0-9, _ . and -."],
    ),
    "a table name with a slash and a letter beyond ASCII": (
        {"table_name": "app/üsers"},
        [
            (
                "users.json:2:2: table_name: invalid name 'app/üsers'; it contains '/', 'ü'. Use only a-z, A-Z, "
                "0-9, _ . and -."
            )
        ],
    ),
    "the name of the state table": (
        {"table_name": "reconciler_state"},
        [
            (
                "users.json:2:2: table_name: invalid name 'reconciler_state'; it is the name of the state table. Use "
                "another name."
            )
        ],
    ),
    "an index name of two characters": (
        {"global_secondary_indexes": [index("by")]},
        [
            (
                "users.json:17:4: global_secondary_indexes[0].index_name: invalid name 'by'; it has 2 "
                "characters. Use 3 to 255 "
                "characters."
            )
        ],
    ),
    "an index name with a colon": (
        {"global_secondary_indexes": [index("by:email")]},
        [
            (
                "users.json:17:4: global_secondary_indexes[0].index_name: invalid name 'by:email'; it contains "
                "':'. Use only "
                "a-z, A-Z, 0-9, _ . and -."
            )
        ],
    ),
    "two global indexes of one name": (
        {"global_secondary_indexes": [index(), index()]},
        [
            (
                "users.json:29:4: global_secondary_indexes[1].index_name: duplicate index name 'by_email'. Give "
                "each index its own name."
            )
        ],
    ),
    "a local and a global index of one name": (
        {
            **WITH_SORT_KEY,
            "global_secondary_indexes": [index()],
            "local_secondary_indexes": [index(keys=(("pk", H), ("sk", R)))],
        },
        [
            (
                "users.json:39:4: local_secondary_indexes[0].index_name: duplicate index name 'by_email'. Give each "
                "index its own name."
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


def test_a_name_of_one_character_is_counted_in_the_singular() -> None:
    assert name_problem("a") == ("invalid name 'a'; it has 1 character", "Use 3 to 255 characters.")
    assert name_problem("ab") == ("invalid name 'ab'; it has 2 characters", "Use 3 to 255 characters.")
