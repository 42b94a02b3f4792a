"""What people get wrong in seeds of JSON: lines, keys, numbers, types, wrappings of other tools."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.folders import sentences, write
from support.seed_files import BINARY, COMPOSITE, as_json, json_lines

CASES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "JSON lines that are one list": (
        json_lines('[{"pk": "a"},\n{"pk": "b"}]\n'),
        ["seeds/users.jsonl:1:1: is not JSON: a value is expected. Write one item per line."],
    ),
    "JSON lines with commas at their ends": (
        json_lines('{"pk": "a"},\n{"pk": "b"}\n'),
        [
            (
                "seeds/users.jsonl:1:12: is not JSON: unexpected text after the end of the "
                "document. Write one item per line."
            )
        ],
    ),
    "JSON lines of which the third is cut": (
        json_lines('{"pk": "a"}\n\n{"pk": "b"\n'),
        ["seeds/users.jsonl:3:1: is not JSON: ',' is expected. Write one item per line."],
    ),
    "JSON lines in single quotes": (
        json_lines("{'pk': 'a'}\n"),
        ["seeds/users.jsonl:1:2: is not JSON: a key in double quotes is expected. Write one item per line."],
    ),
    "JSON lines with NaN": (
        json_lines('{"pk": "a", "n": NaN}\n'),
        ["seeds/users.jsonl:1:1: invalid number NaN. Write a finite number."],
    ),
    "JSON lines with a number for an item": (
        json_lines("5\n"),
        ["seeds/users.jsonl:1:1: [0]: expected a mapping of attributes. Write each item as a mapping."],
    ),
    "JSON lines with null for an item": (
        json_lines("null\n"),
        ["seeds/users.jsonl:1:1: [0]: expected a mapping of attributes. Write each item as a mapping."],
    ),
    "JSON lines nested without end": (
        json_lines('{"pk": "a"}\n' + "[" * 100_000 + "\n"),
        ["seeds/users.jsonl:2:1: is nested too deeply. Use fewer levels."],
    ),
    "JSON lines of which one is DynamoDB JSON": (
        json_lines('{"pk": "a"}\n{"pk": {"S": "b"}}\n'),
        [
            (
                "seeds/users.jsonl:2:1: could be plain items or DynamoDB JSON: some values look like one, some "
                'like the other. State the format in the declaration: seed: {"format": "plain"} or "dynamodb-json".'
            )
        ],
    ),
    "JSON lines of which two have one key": (
        json_lines('{"pk": "a"}\n{"pk": "b"}\n{"pk": "a"}\n'),
        ["seeds/users.jsonl:3:1: [2]: duplicate key 'a', also in item [0] on line 1. Keep one of the two."],
    ),
    "a key that is a number": (
        json_lines('{"pk": 5}\n'),
        ["seeds/users.jsonl:1:1: [0].pk: has type N, but the table's key has type S. Write a text (S)."],
    ),
    "a key that is null": (
        json_lines('{"pk": null}\n'),
        ["seeds/users.jsonl:1:1: [0].pk: has type NULL, but the table's key has type S. Write a text (S)."],
    ),
    "a key that is true": (
        json_lines('{"pk": true}\n'),
        ["seeds/users.jsonl:1:1: [0].pk: has type BOOL, but the table's key has type S. Write a text (S)."],
    ),
    "a key that is a list": (
        json_lines('{"pk": ["a"]}\n'),
        ["seeds/users.jsonl:1:1: [0].pk: has type L, but the table's key has type S. Write a text (S)."],
    ),
    "a key with a space in its name": (
        json_lines('{"pk ": "a"}\n'),
        [
            (
                "seeds/users.jsonl:1:1: [0].pk: is required, because it is a key attribute. Add pk, a text (S), to "
                "each item of users."
            )
        ],
    ),
    "a key in capitals": (
        json_lines('{"PK": "a"}\n'),
        [
            (
                "seeds/users.jsonl:1:1: [0].pk: is required, because it is a key attribute. Add pk, a text (S), to "
                "each item of users."
            )
        ],
    ),
    "an item one byte too large": (
        json_lines('{"pk": "a", "x": "' + "x" * (400 * 1024 - 3) + '"}\n'),
        [
            (
                "seeds/users.jsonl:1:1: [0]: is 409601 bytes long, more than 409600 (400 KB). Split it, or store "
                "the large values elsewhere."
            )
        ],
    ),
    "a binary key of 2,100 bytes": (
        {**BINARY, "seeds/users.jsonl": '{"pk": {"B": "' + "QUFB" * 700 + '"}}\n'},
        ["seeds/users.jsonl:1:1: [0].pk: is 2100 bytes long, more than 2048. Shorten the key."],
    ),
    "a text for a binary key": (
        {**BINARY, "seeds/users.jsonl": '{"pk": "text"}\n'},
        ["seeds/users.jsonl:1:1: [0].pk: has type S, but the table's key has type B. Write binary (B)."],
    ),
    "every fault of a composite key": (
        {
            **COMPOSITE,
            "seeds/users.jsonl": '{"pk": "a", "n": 1}\n{"pk": "a", "n": 1.0}\n{"pk": "a", "n": "1"}\n{"n": 3}\n'
            '{"pk": "b"}\n'
            '{"pk": "c", "n": 4, "email": 5}\n{"pk": "c", "n": 5, "email": null}\n{"pk": "c", "n": 6, "email": ""}\n',
        },
        [
            "seeds/users.jsonl:2:1: [1]: duplicate key 'a', '1', also in item [0] on line 1. Keep one of the two.",
            "seeds/users.jsonl:3:1: [2].n: has type S, but the table's key has type N. Write a number (N).",
            (
                "seeds/users.jsonl:4:1: [3].pk: is required, because it is a key attribute. Add pk, a text (S), to "
                "each item of users."
            ),
            (
                "seeds/users.jsonl:5:1: [4].n: is required, because it is a key attribute. Add n, a number (N), to "
                "each item of users."
            ),
            "seeds/users.jsonl:6:1: [5].email: has type N, but the key of an index has type S. Write a text (S).",
            ("seeds/users.jsonl:7:1: [6].email: has type NULL, but the key of an index has type S. Write a text (S)."),
            "seeds/users.jsonl:8:1: [7].email: is empty, but it is the key of an index. Give it a value.",
        ],
    ),
    "items by their keys": (
        as_json('{"a": {"pk": "a"}}'),
        [
            (
                "seeds/users.json:1:1: expected a list of items, the output of a scan (Items) or a BatchWriteItem "
                "request. Write the items as a list, each with its attributes."
            )
        ],
    ),
    "null": (
        as_json("null"),
        [
            (
                "seeds/users.json:1:1: expected a list of items, the output of a scan (Items) or a BatchWriteItem "
                "request. Write the items as a list, each with its attributes."
            )
        ],
    ),
    "a list in the list": (
        as_json('[[{"pk": "a"}]]'),
        ["seeds/users.json:1:2: [0]: expected a mapping of attributes. Write each item as a mapping."],
    ),
    "null in the list": (
        as_json('[{"pk": "a"}, null]'),
        ["seeds/users.json:1:15: [1]: expected a mapping of attributes. Write each item as a mapping."],
    ),
    "minus infinity": (
        as_json('[{"pk": "a", "n": -Infinity}]'),
        ["seeds/users.json:1:2: invalid number -Infinity. Write a finite number."],
    ),
    "a number beyond all numbers": (
        as_json('[{"pk": "a", "n": 1e9999999999999999999}]'),
        ["seeds/users.json:1:2: '1e9999999999999999999' is not a number. Correct the number."],
    ),
    "a number of five thousand digits": (
        as_json('[{"pk": "a", "n": ' + "1" * 5000 + "}]"),
        ["seeds/users.json:1:2: [0].n: has 5000 digits, more than 38. Write it as a text, or round it."],
    ),
    "a comment": (
        as_json('[\n // users\n {"pk": "a"}]'),
        ["seeds/users.json:2:2: is not JSON: a value is expected. Correct the syntax."],
    ),
    "a request without its item": (
        as_json('{"users": [{"PutRequest": {}}]}'),
        [
            (
                "seeds/users.json:1:12: contains a request that is not a put of an item. Write each request as "
                '{"PutRequest": {"Item": {…}}}.'
            )
        ],
    ),
    "a request for two tables": (
        as_json('{"users": [], "orders": [{"PutRequest": {"Item": {"pk": {"S": "a"}}}}]}'),
        [
            (
                "seeds/users.json:1:26: contains a request for table 'orders'; expected 'users'. Name the table "
                "users, or rename the file."
            )
        ],
    ),
    "a request in the wrapping of the API": (
        as_json('{"RequestItems": {"carts": [{"PutRequest": {"Item": {"pk": {"S": "a"}}}}]}}'),
        [
            (
                "seeds/users.json:1:1: contains a request for table 'carts'; expected 'users'. "
                "Name the table users, or "
                "rename the file."
            )
        ],
    ),
    "two types for one value": (
        as_json('[{"pk": {"S": "a", "N": "1"}}]'),
        ["seeds/users.json:1:2: [0].pk: has type M, but the table's key has type S. Write a text (S)."],
    ),
    "a type in lower case": (
        as_json('[{"pk": {"s": "a"}}]'),
        ["seeds/users.json:1:2: [0].pk: has type M, but the table's key has type S. Write a text (S)."],
    ),
    "a number with a decimal comma": (
        as_json('[{"pk": {"S": "a"}, "n": {"N": "1,5"}}]'),
        ["seeds/users.json:1:2: [0].n: expected a number, found '1,5'. Write a number."],
    ),
    "a number with an underscore": (
        as_json('[{"pk": {"S": "a"}, "n": {"N": "1_000"}}]'),
        ["seeds/users.json:1:2: [0].n: expected a number, found '1_000'. Write a number."],
    ),
    "a hexadecimal number": (
        as_json('[{"pk": {"S": "a"}, "n": {"N": "0x10"}}]'),
        ["seeds/users.json:1:2: [0].n: expected a number, found '0x10'. Write a number."],
    ),
    "a number in digits of another script": (
        as_json('[{"pk": {"S": "a"}, "n": {"N": "\u0661"}}]'),
        ["seeds/users.json:1:2: [0].n: expected a number, found '\u0661'. Write a number."],
    ),
    "true for a number": (
        as_json('[{"pk": {"S": "a"}, "n": {"N": true}}]'),
        [
            (
                "seeds/users.json:1:2: [0].n: invalid value of type N; expected a number in quotes. Write a "
                "number in quotes."
            )
        ],
    ),
    "binary in the alphabet of URLs": (
        as_json('[{"pk": {"S": "a"}, "b": {"B": "_-8="}}]'),
        ["seeds/users.json:1:2: [0].b: invalid value of type B; expected base64. Write base64."],
    ),
    "binary without its padding": (
        as_json('[{"pk": {"S": "a"}, "b": {"B": "aGk"}}]'),
        ["seeds/users.json:1:2: [0].b: invalid value of type B; expected base64. Write base64."],
    ),
    "a number for binary": (
        as_json('[{"pk": {"S": "a"}, "b": {"B": 5}}]'),
        ["seeds/users.json:1:2: [0].b: invalid value of type B; expected base64. Write base64."],
    ),
    "a set of numbers that holds one twice": (
        as_json('[{"pk": {"S": "a"}, "s": {"NS": ["1", "1.0"]}}]'),
        ["seeds/users.json:1:2: [0].s: is a set with a duplicate value. Keep each value once."],
    ),
    "a set of binary that is not base64": (
        as_json('[{"pk": {"S": "a"}, "s": {"BS": ["?"]}}]'),
        ["seeds/users.json:1:2: [0].s: invalid value of type B; expected base64. Write base64."],
    ),
    "null for a set": (
        as_json('[{"pk": {"S": "a"}, "s": {"SS": null}}]'),
        ["seeds/users.json:1:2: [0].s: invalid value of type SS; expected a list. Write a list."],
    ),
    "one for null": (
        as_json('[{"pk": {"S": "a"}, "x": {"NULL": 1}}]'),
        ["seeds/users.json:1:2: [0].x: invalid value of type NULL; expected true. Write true."],
    ),
    "a plain value in a typed map": (
        as_json('[{"pk": {"S": "a"}, "m": {"M": {"x": 5}}}]'),
        [
            (
                "seeds/users.json:1:2: [0].m.x: expected an attribute value in DynamoDB JSON. Write one type and "
                'its value, as {"S": "text"}; types are S, N, B, BOOL, NULL, M, L, SS, NS, BS.'
            )
        ],
    ),
    "a plain value in a typed list": (
        as_json('[{"pk": {"S": "a"}, "l": {"L": [5]}}]'),
        [
            (
                "seeds/users.json:1:2: [0].l[0]: expected an attribute value in DynamoDB JSON. Write one type and "
                'its value, as {"S": "text"}; types are S, N, B, BOOL, NULL, M, L, SS, NS, BS.'
            )
        ],
    ),
    "an empty name in a typed map": (
        as_json('[{"pk": {"S": "a"}, "m": {"M": {"": {"S": "x"}}}}]'),
        ["seeds/users.json:1:2: [0].m: invalid attribute name ''. Use texts as attribute names."],
    ),
}
"""The files of a folder, and every sentence they lead to."""


@pytest.mark.parametrize("case", CASES)
def test_a_mistake_in_a_json_seed_is_reported_with_its_line(case: str, tmp_path: Path) -> None:
    files, expected = CASES[case]
    assert sentences(write(tmp_path / "app", files)) == expected
