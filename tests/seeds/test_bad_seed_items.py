"""Items that do not fit their table, or that DynamoDB cannot hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.folders import sentences, write
from support.seed_files import BINARY, COMPOSITE, USERS, as_json, nest

CASES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "a missing key": (
        as_json('[\n {"pk": "a"},\n {"id": "b"}\n]'),
        [
            (
                "seeds/users.json:3:2: [1].pk: is required, because it is a key attribute. Add pk, a text (S), "
                "to each item of users."
            )
        ],
    ),
    "a missing sort key": (
        {**COMPOSITE, "seeds/users.json": '[{"pk": "a"}]'},
        [
            (
                "seeds/users.json:1:2: [0].n: is required, because it is a key attribute. Add n, a number (N), "
                "to each item of users."
            )
        ],
    ),
    "a key of the wrong type": (
        as_json('[\n {"pk": 5}\n]'),
        ["seeds/users.json:2:2: [0].pk: has type N, but the table's key has type S. Write a text (S)."],
    ),
    "a sort key of the wrong type": (
        {**COMPOSITE, "seeds/users.json": '[{"pk": "a", "n": "1"}]'},
        ["seeds/users.json:1:2: [0].n: has type S, but the table's key has type N. Write a number (N)."],
    ),
    "an index key of the wrong type": (
        {**COMPOSITE, "seeds/users.json": '[{"pk": "a", "n": 1, "email": null}]'},
        [("seeds/users.json:1:2: [0].email: has type NULL, but the key of an index has type S. Write a text (S).")],
    ),
    "an empty index key": (
        {**COMPOSITE, "seeds/users.json": '[{"pk": "a", "n": 1, "email": ""}]'},
        ["seeds/users.json:1:2: [0].email: is empty, but it is the key of an index. Give it a value."],
    ),
    "an empty key": (
        as_json('[{"pk": ""}]'),
        ["seeds/users.json:1:2: [0].pk: is empty, but it is the table's key. Give it a value."],
    ),
    "an empty binary key": (
        {**BINARY, "seeds/users.json": '[{"pk": {"B": ""}}]'},
        ["seeds/users.json:1:2: [0].pk: is empty, but it is the table's key. Give it a value."],
    ),
    "a key that is not base64": (
        {**BINARY, "seeds/users.json": '[{"pk": {"B": "a"}}]'},
        ["seeds/users.json:1:2: [0].pk: invalid value of type B; expected base64. Write base64."],
    ),
    "a key of 2,049 bytes": (
        as_json('[{"pk": "' + "é" * 1024 + 'a"}]'),
        ["seeds/users.json:1:2: [0].pk: is 2049 bytes long, more than 2048. Shorten the key."],
    ),
    "a duplicate key": (
        as_json('[\n {"pk": "a", "x": 1},\n {"pk": "b"},\n {"pk": "a", "x": 2}\n]'),
        ["seeds/users.json:4:2: [2]: duplicate key 'a', also in item [0] on line 2. Keep one of the two."],
    ),
    "a duplicate key in two spellings of a number": (
        {**COMPOSITE, "seeds/users.json": '[\n{"pk": "a", "n": 1},\n{"pk": "a", "n": 1.0}]'},
        ["seeds/users.json:3:1: [1]: duplicate key 'a', '1', also in item [0] on line 2. Keep one of the two."],
    ),
    "an item of more than 400 KB": (
        as_json('[{"pk": "a", "x": "' + "x" * 409600 + '"}]'),
        [
            (
                "seeds/users.json:1:2: [0]: is 409604 bytes long, more than 409600 (400 KB). Split it, or store the "
                "large values elsewhere."
            )
        ],
    ),
    "an item nested 33 levels deep": (
        {**USERS, "seeds/users.json": [{"pk": "a", "x": nest(33)}]},
        ["seeds/users.json:2:2: [0]: is nested 33 levels deep. DynamoDB allows 32 levels."],
    ),
    "an item nested deeper than Python recurses, though it can be parsed": (
        {**USERS, "seeds/users.json": [{"pk": "a", "x": nest(450)}]},
        ["seeds/users.json:2:2: [0]: is nested 450 levels deep. DynamoDB allows 32 levels."],
    ),
    "DynamoDB JSON nested 200 levels deep": (
        as_json('[{"pk": {"S": "a"}, "x": ' + '{"L": [' * 200 + '{"S": "b"}' + "]}" * 200 + "}]"),
        ["seeds/users.json:1:2: [0]: is nested 200 levels deep. DynamoDB allows 32 levels."],
    ),
    "an item nested without end": (
        as_json('[{"pk": "a", "x": ' + "[" * 20000),
        ["seeds/users.json: is nested too deeply. Use fewer levels."],
    ),
    "a number of 39 digits": (
        as_json('[{"pk": "a", "x": ' + "1" * 39 + "}]"),
        ["seeds/users.json:1:2: [0].x: has 39 digits, more than 38. Write it as a text, or round it."],
    ),
    "a number beyond the range": (
        as_json('[{"pk": "a", "x": 1e126}]'),
        [
            (
                "seeds/users.json:1:2: [0].x: is 1.000E+126, outside the range of numbers in DynamoDB. Write a "
                "number between 1E-130 and 9.99E+125."
            )
        ],
    ),
    "a number too small": (
        as_json('[{"pk": "a", "x": 1e-131}]'),
        [
            (
                "seeds/users.json:1:2: [0].x: is 1.000E-131, outside the range of numbers in DynamoDB. Write a "
                "number between 1E-130 and 9.99E+125."
            )
        ],
    ),
    "NaN": (
        as_json('[{"pk": "a", "x": NaN}]'),
        ["seeds/users.json:1:2: invalid number NaN. Write a finite number."],
    ),
    "a malformed number in DynamoDB JSON": (
        as_json('[{"pk": {"S": "a"}, "x": {"N": "12a"}}]'),
        ["seeds/users.json:1:2: [0].x: expected a number, found '12a'. Write a number."],
    ),
    "an empty number in DynamoDB JSON": (
        as_json('[{"pk": {"S": "a"}, "x": {"N": ""}}]'),
        ["seeds/users.json:1:2: [0].x: expected a number, found ''. Write a number."],
    ),
    "infinity in DynamoDB JSON": (
        as_json('[{"pk": {"S": "a"}, "x": {"N": "Infinity"}}]'),
        ["seeds/users.json:1:2: [0].x: invalid number Infinity. Write a finite number."],
    ),
    "a number as S in DynamoDB JSON": (
        as_json('[{"pk": {"S": 5}}]'),
        ["seeds/users.json:1:2: [0].pk: invalid value of type S; expected a text. Write a text."],
    ),
    "a text as BOOL in DynamoDB JSON": (
        as_json('[{"pk": {"S": "a"}, "x": {"BOOL": "true"}}]'),
        [("seeds/users.json:1:2: [0].x: invalid value of type BOOL; expected true or false. Write true or false.")],
    ),
    "false as NULL in DynamoDB JSON": (
        as_json('[{"pk": {"S": "a"}, "x": {"NULL": false}}]'),
        ["seeds/users.json:1:2: [0].x: invalid value of type NULL; expected true. Write true."],
    ),
    "an unknown type deep in DynamoDB JSON": (
        as_json('[{"pk": {"S": "a"}, "x": {"M": {"y": {"L": [{"X": 1}]}}}}]'),
        [
            (
                "seeds/users.json:1:2: [0].x.y[0]: expected an attribute value in DynamoDB JSON. Write one type and "
                'its value, as {"S": "text"}; types are S, N, B, BOOL, NULL, M, L, SS, NS, BS.'
            )
        ],
    ),
    "a list as M in DynamoDB JSON": (
        as_json('[{"pk": {"S": "a"}, "x": {"M": []}}]'),
        ["seeds/users.json:1:2: [0].x: invalid value of type M; expected a mapping. Write a mapping."],
    ),
    "a mapping as L in DynamoDB JSON": (
        as_json('[{"pk": {"S": "a"}, "x": {"L": {}}}]'),
        ["seeds/users.json:1:2: [0].x: invalid value of type L; expected a list. Write a list."],
    ),
    "a text as SS in DynamoDB JSON": (
        as_json('[{"pk": {"S": "a"}, "x": {"SS": "abc"}}]'),
        ["seeds/users.json:1:2: [0].x: invalid value of type SS; expected a list. Write a list."],
    ),
    "an empty set": (
        as_json('[{"pk": {"S": "a"}, "x": {"SS": []}}]'),
        [
            (
                "seeds/users.json:1:2: [0].x: is an empty set, which DynamoDB does not accept. Leave the "
                "attribute out, or "
                "use a list."
            )
        ],
    ),
    "a set with a duplicate": (
        as_json('[{"pk": {"S": "a"}, "x": {"NS": ["1", "1.0"]}}]'),
        ["seeds/users.json:1:2: [0].x: is a set with a duplicate value. Keep each value once."],
    ),
    "a set with the wrong type": (
        as_json('[{"pk": {"S": "a"}, "x": {"NS": ["one"]}}]'),
        ["seeds/users.json:1:2: [0].x: expected a number, found 'one'. Write a number."],
    ),
    "half a surrogate pair": (
        as_json('[{"pk": "a", "x": "\\ud800"}]'),
        [
            (
                "seeds/users.json:1:2: [0].x: contains half of a surrogate pair, which is not a "
                "character. Correct the text."
            )
        ],
    ),
    "an attribute without a name": (
        as_json('[{"pk": "a", "": 1}]'),
        ["seeds/users.json:1:2: [0]: invalid attribute name ''. Use texts as attribute names."],
    ),
    "an item that is a list": (
        as_json('[["a"]]'),
        ["seeds/users.json:1:2: [0]: expected a mapping of attributes. Write each item as a mapping."],
    ),
    "an item that is a text": (
        as_json('["a"]'),
        ["seeds/users.json:1:2: [0]: expected a mapping of attributes. Write each item as a mapping."],
    ),
}
"""The files of a folder, and every sentence they lead to."""


@pytest.mark.parametrize("case", CASES)
def test_a_bad_item_is_reported_with_file_line_field_reason_and_remedy(case: str, tmp_path: Path) -> None:
    files, expected = CASES[case]
    assert sentences(write(tmp_path / "app", files)) == expected
