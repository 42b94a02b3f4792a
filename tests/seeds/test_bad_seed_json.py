"""JSON seeds that cannot be read, or read in one way only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.folders import sentences, write
from support.seed_files import USERS, as_json, doc

CASES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "plain items and DynamoDB JSON mixed": (
        as_json('[\n {"pk": {"S": "a"}},\n {"pk": "b"}\n]'),
        [
            (
                "seeds/users.json:2:2: could be plain items or DynamoDB JSON: some values look like one, some like "
                'the other. State the format in the declaration: seed: {"format": "plain"} or "dynamodb-json".'
            )
        ],
    ),
    "a plain mapping that looks like a type": (
        as_json('[\n {"pk": "a",\n  "size": {"S": "small"}}\n]'),
        [
            (
                "seeds/users.json:2:2: could be plain items or DynamoDB JSON: some values look like one, some like "
                'the other. State the format in the declaration: seed: {"format": "plain"} or "dynamodb-json".'
            )
        ],
    ),
    "DynamoDB JSON said, plain items written": (
        {"users.json": doc(seed={"format": "dynamodb-json"}), "seeds/users.json": '[{"pk": "a"}]'},
        [
            (
                "seeds/users.json:1:2: [0].pk: expected an attribute value in DynamoDB JSON. Write one type and its "
                'value, as {"S": "text"}; types are S, N, B, BOOL, NULL, M, L, SS, NS, BS.'
            )
        ],
    ),
    "a JSON seed that does not parse": (
        as_json('[\n {"pk": "a"},\n {"pk": b}\n]'),
        ["seeds/users.json:3:9: is not JSON: a value is expected. Correct the syntax."],
    ),
    "a JSON seed without comma": (
        as_json('[{"pk": "a"}\n {"pk": "b"}]'),
        ["seeds/users.json:2:2: is not JSON: ',' or ']' is expected. Correct the syntax."],
    ),
    "a JSON seed with a trailing comma": (
        as_json('[{"pk": "a"},\n]'),
        ["seeds/users.json:2:1: is not JSON: a value is expected. Correct the syntax."],
    ),
    "a JSON seed cut short": (
        as_json('[{"pk": "a"},\n {"pk": "b"'),
        ["seeds/users.json:2:12: is not JSON: ',' is expected. Correct the syntax."],
    ),
    "a JSON seed with more behind": (
        as_json('[{"pk": "a"}]\n[]'),
        ["seeds/users.json:1:14: is not JSON: unexpected text after the end of the list. Correct the syntax."],
    ),
    "a JSON seed with a duplicate attribute": (
        as_json('[\n {"pk": "a", "x": 1, "x": 2}]'),
        ["seeds/users.json:2:2: duplicate key 'x'. Keep one of them."],
    ),
    "a JSON seed that is a text": (
        as_json('"users"'),
        [
            (
                "seeds/users.json:1:1: expected a list of items, the output of a scan (Items) or a BatchWriteItem "
                "request. Write the items as a list, each with its attributes."
            )
        ],
    ),
    "a JSON seed that is one item": (
        as_json('{"pk": "a"}'),
        [
            (
                "seeds/users.json:1:1: expected a list of items, the output of a scan (Items) or a BatchWriteItem "
                "request. Write the items as a list, each with its attributes."
            )
        ],
    ),
    "an empty seed file": (
        as_json(""),
        ["seeds/users.json: is empty; it may be in the middle of being saved. Fill it or remove it."],
    ),
    "a seed in Latin-1": (
        {**USERS, "seeds/users.json": '[{"pk": "é"}]'.encode("latin-1")},
        ["seeds/users.json:1:10: is not UTF-8. Save it as UTF-8."],
    ),
    "a request for another table": (
        as_json('{"orders": [{"PutRequest": {"Item": {"pk": {"S": "a"}}}}]}'),
        [
            (
                "seeds/users.json:1:13: contains a request for table 'orders'; expected 'users'. Name the table users, "
                "or rename the file."
            )
        ],
    ),
    "a request that deletes": (
        as_json('{"users": [{"DeleteRequest": {"Key": {"pk": {"S": "a"}}}}]}'),
        [
            (
                "seeds/users.json:1:12: contains a request that is not a put of an item. Write each request as "
                '{"PutRequest": {"Item": {…}}}.'
            )
        ],
    ),
    "a request with a plain item and a typed one": (
        as_json('{"users": [{"PutRequest": {"Item": {"pk": {"S": "a"}}}}, {"PutRequest": {"Item": {"pk": "b"}}}]}'),
        [
            (
                "seeds/users.json:1:12: could be plain items or DynamoDB JSON: some values look like one, some like "
                'the other. State the format in the declaration: seed: {"format": "plain"} or "dynamodb-json".'
            )
        ],
    ),
}
"""The files of a folder, and every sentence they lead to."""


@pytest.mark.parametrize("case", CASES)
def test_a_bad_json_seed_is_reported_with_its_line(case: str, tmp_path: Path) -> None:
    files, expected = CASES[case]
    assert sentences(write(tmp_path / "app", files)) == expected
