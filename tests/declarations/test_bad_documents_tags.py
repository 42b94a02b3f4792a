"""Tags that TagResource refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.folders import SOUND, sentences, write

CASES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "fifty-one tags": (
        {"tags": {f"key{i}": "x" for i in range(51)}},
        ["users.json:15:2: tags: has 51 tags. DynamoDB allows 50 a table."],
    ),
    "a tag with the reserved prefix": (
        {"tags": {"aws:owner": "x"}},
        ["users.json:16:3: tags.aws:owner: invalid key 'aws:owner'; the prefix aws: is reserved. Rename the tag."],
    ),
    "a tag with an empty key": (
        {"tags": {"": "x"}},
        ['users.json:16:3: tags."": has 0 characters. Use 1 to 128 characters.'],
    ),
    "a tag key of 129 characters": (
        {"tags": {"k" * 129: "x"}},
        [(f"users.json:16:3: tags.{129 * 'k'}: has 129 characters. Use 1 to 128 characters.")],
    ),
    "a tag value of 257 characters": (
        {"tags": {"team": "x" * 257}},
        ["users.json:16:3: tags.team: has 257 characters. Use at most 256 characters."],
    ),
    "a number as tag value": (
        {"tags": {"cost-center": 4711}},
        ['users.json:16:3: tags.cost-center: expected a text, found the number 4711. Write a text in quotes: "4711".'],
    ),
    "a tag given twice": (
        {"tags": [{"Key": "team", "Value": "a"}, {"Key": "team", "Value": "b"}]},
        ["users.json:21:4: tags[1].Key: duplicate key 'team'. Keep one of them."],
    ),
    "a tag without value": ({"Tags": [{"Key": "team"}]}, ["users.json:16:3: Tags[0].value: is required. Add value."]),
    "a text as tags": (
        {"tags": "team=a"},
        ["users.json:15:2: tags: expected a list, found the text 'team=a'. Write a list."],
    ),
}
"""Changes of the smallest sound document (None removes a field), and every sentence they lead to."""


@pytest.mark.parametrize("case", CASES)
def test_a_bad_document_is_reported_with_file_line_field_reason_and_remedy(case: str, tmp_path: Path) -> None:
    changes, expected = CASES[case]
    document = {field: value for field, value in (SOUND | changes).items() if value is not None}
    assert sentences(write(tmp_path / "app", {"users.json": document})) == expected
