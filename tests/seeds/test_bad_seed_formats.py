"""JSON lines, YAML and CSV seeds that cannot be read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.folders import sentences, write
from support.seed_files import as_csv, as_yaml, json_lines

CASES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "a JSON line that does not parse": (
        json_lines('{"pk": "a"}\n\n{"pk": \n'),
        ["seeds/users.jsonl:3:1: is not JSON: a value is expected. Write one item per line."],
    ),
    "a JSON line with two items": (
        json_lines('{"pk": "a"}{"pk": "b"}\n'),
        [
            (
                "seeds/users.jsonl:1:12: is not JSON: unexpected text after the end of the "
                "document. Write one item per line."
            )
        ],
    ),
    "a JSON line with a duplicate attribute": (
        json_lines('{"pk": "a"}\n{"pk": "b", "pk": "c"}\n'),
        ["seeds/users.jsonl:2:1: duplicate key 'pk'. Keep one of them."],
    ),
    "a JSON line without key": (
        json_lines('{"pk": "a"}\n\n{"x": 1}\n'),
        [
            (
                "seeds/users.jsonl:3:1: [1].pk: is required, because it is a key attribute. Add pk, a text (S), to "
                "each item of users."
            )
        ],
    ),
    "a YAML seed that does not parse": (
        as_yaml("- pk: a\n- pk: [\n"),
        [
            (
                "seeds/users.yaml:3:1: is not YAML: expected the node content, but found "
                "'<stream end>'. Correct the syntax."
            )
        ],
    ),
    "a YAML seed with a duplicate attribute": (
        as_yaml("- pk: a\n  pk: b\n"),
        ["seeds/users.yaml:2:3: duplicate key 'pk'. Keep one of them."],
    ),
    "a YAML seed with a number as key": (
        as_yaml("- pk: a\n- pk: 007\n"),
        [
            (
                'seeds/users.yaml:2:3: ambiguous number 007 in [1].pk. Write "007" in quotes for '
                "a text, or 7 for a number."
            )
        ],
    ),
    "a YAML seed with a number of 39 digits": (
        as_yaml("- pk: a\n- pk: b\n  x: " + "1" * 39),
        ["seeds/users.yaml:2:3: [1].x: has 39 digits, more than 38. Write it as a text, or round it."],
    ),
    "a YAML seed with a number as attribute name": (
        as_yaml("- pk: a\n  1: b\n"),
        [("seeds/users.yaml:1:3: [0]: invalid attribute name Decimal('1'). Use texts as attribute names.")],
    ),
    "a CSV row that is too long": (
        as_csv("pk,name\na,b\nc,d,e\n"),
        [
            (
                "seeds/users.csv:3:1: has 3 cells, but the header has 2. Give each row the same number of cells "
                "as the header."
            )
        ],
    ),
    "a CSV row that is too short": (
        as_csv("pk,name\na\n"),
        [
            (
                "seeds/users.csv:2:1: has 1 cells, but the header has 2. Give each row the same number of cells "
                "as the header."
            )
        ],
    ),
    "a CSV row without key": (
        as_csv("pk,name\na,b\n,c\n"),
        [
            (
                "seeds/users.csv:3:1: [1].pk: is required, because it is a key attribute. Add pk, a text (S), to "
                "each item of users."
            )
        ],
    ),
    "a CSV column given twice": (
        as_csv("pk,name,name\na,b,c\n"),
        ["seeds/users.csv:1:9: duplicate column 'name'. Give each column its own name."],
    ),
    "a CSV column without name": (
        as_csv("pk,\na,b\n"),
        ["seeds/users.csv:1:4: has a column without a name. Give each column its own name."],
    ),
    "a CSV cell that is no number": (
        as_csv("pk,age:N\na,old\n"),
        ["seeds/users.csv:2:3: invalid value 'old' in column age; expected a number. Correct it."],
    ),
    "a CSV cell that is neither true nor false": (
        as_csv("pk,on:BOOL\na,yes\n"),
        ["seeds/users.csv:2:3: invalid value 'yes' in column on; expected true or false. Correct it."],
    ),
    "a CSV cell that is not even ASCII where base64 is wanted": (
        as_csv("pk,raw:B\na,é\n"),
        ["seeds/users.csv:2:3: invalid value 'é' in column raw; expected base64. Correct it."],
    ),
    "a CSV cell that is not base64": (
        as_csv("pk,raw:B\na,!\n"),
        ["seeds/users.csv:2:3: invalid value '!' in column raw; expected base64. Correct it."],
    ),
    "a CSV cell that is not JSON": (
        as_csv("pk,more:JSON\na,{x\n"),
        ["seeds/users.csv:2:3: invalid value '{x' in column more; expected JSON. Correct it."],
    ),
    "a CSV with an open quote": (
        as_csv('pk,name\na,"b\n'),
        ["seeds/users.csv:2:1: is not CSV: unexpected end of data. Correct the quotes."],
    ),
}
"""The files of a folder, and every sentence they lead to."""


@pytest.mark.parametrize("case", CASES)
def test_a_bad_seed_is_reported_with_its_line(case: str, tmp_path: Path) -> None:
    files, expected = CASES[case]
    assert sentences(write(tmp_path / "app", files)) == expected
