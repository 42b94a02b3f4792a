"""YAML and JSON that cannot be read, or that declare something else than tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.folders import sentences, write
from support.known_fields import TABLE_FIELDS
from support.yaml_documents import BOMB, DOC

CASES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "YAML that does not parse": (
        {"users.yaml": "table_name: [users\n"},
        ["users.yaml:2:1: is not YAML: expected ',' or ']', but got '<stream end>'. Correct the syntax."],
    ),
    "YAML with a tab": (
        {"users.yaml": "table_name: users\n\tkey_schema: []\n"},
        [("users.yaml:2:1: is not YAML: found character '\\t' that cannot start any token. Correct the syntax.")],
    ),
    "YAML with a duplicate key": (
        {"users.yaml": DOC + "table_name: people\n"},
        ["users.yaml:4:1: duplicate key 'table_name'. Keep one of them."],
    ),
    "YAML with a duplicate key deep inside": (
        {"users.yaml": DOC + "tags:\n  team: a\n  team: b\n"},
        ["users.yaml:6:3: duplicate key 'team'. Keep one of them."],
    ),
    "YAML with an anchor in itself": (
        {"users.yaml": DOC + "tags: &t\n  team: *t\n"},
        ["users.yaml:4:7: has an anchor that refers to itself. Remove the alias."],
    ),
    "YAML with an alias that is not there": (
        {"users.yaml": DOC + "tags: *nothing\n"},
        ["users.yaml:4:7: is not YAML: found undefined alias 'nothing'. Correct the syntax."],
    ),
    "YAML with aliases that multiply": (
        {"users.yaml": DOC + BOMB},
        ["users.yaml:4:10: its aliases expand beyond the limit. Write the values out."],
    ),
    "YAML with a Python object": (
        {"users.yaml": "table_name: !!python/object/apply:os.system [date]\n"},
        [("users.yaml:1:13: unsupported tag tag:yaml.org,2002:python/object/apply:os.system. Write the value itself.")],
    ),
    "YAML with an unknown tag": (
        {"users.yaml": DOC + "description: !Env HOME\n"},
        ["users.yaml:4:14: unsupported tag !Env. Write the value itself."],
    ),
    "YAML with a merge of a text": (
        {"users.yaml": DOC + "<<: users\n"},
        ["users.yaml:4:5: << must refer to a mapping. Use << with an alias of a mapping."],
    ),
    "YAML with a list as key": (
        {"users.yaml": DOC + "? [a, b]\n: 1\n"},
        ["users.yaml:4:3: has a key that is a list or a mapping. Use texts as keys."],
    ),
    "YAML with a number as key": (
        {"users.yaml": DOC + "5: five\n"},
        [(f"users.yaml:4:1: 5: unknown field. Known fields: {TABLE_FIELDS}.")],
    ),
    "YAML with infinity": (
        {"users.yaml": DOC + "tags: {size: .inf}\n"},
        ['users.yaml:4:14: invalid number .inf. Write a finite number, or a text in quotes: ".inf".'],
    ),
    "YAML with yes": (
        {"users.yaml": DOC + "deletion_protection: yes\n"},
        [
            (
                "users.yaml:4:1: deletion_protection: expected true or false, found the text "
                "'yes'. Write true or false, "
                "without quotes."
            )
        ],
    ),
    "YAML nested without end": (
        {"users.yaml": DOC + "tags: " + "[" * 1500 + "\n"},
        ["users.yaml: is nested too deeply. Use fewer levels."],
    ),
    "YAML with a control character": (
        {"users.yaml": DOC + 'description: "a\x01b"\n'},
        [("users.yaml:4:16: is not YAML: it contains the invalid character U+0001. Remove it.")],
    ),
    "YAML that is a list": (
        {"users.yaml": "- users\n"},
        [("users.yaml:1:1: expected a mapping. Write one table per document; put seeds into seeds/.")],
    ),
    "YAML that is a text": (
        {"users.yaml": "users\n"},
        [("users.yaml:1:1: expected a mapping. Write one table per document; put seeds into seeds/.")],
    ),
    "an empty YAML file": (
        {"users.yaml": ""},
        ["users.yaml: is empty; it may be in the middle of being saved. Fill it or remove it."],
    ),
    "a YAML file of blanks": (
        {"users.yaml": "\n  \n"},
        ["users.yaml: is empty; it may be in the middle of being saved. Fill it or remove it."],
    ),
    "a second YAML document with a fault": (
        {"users.yaml": DOC + "---\n" + DOC.replace("users", "people").replace("HASH", "RANGE")},
        ["users.yaml:6:1: key_schema: has 0 HASH elements. Use exactly 1."],
    ),
    "two YAML documents of one table": (
        {"users.yaml": DOC + "---\n" + DOC},
        [
            (
                "users.yaml:5:1: table_name: duplicate table name 'users'; users.yaml:1:1 declares it as well. Remove "
                "or rename one of the two."
            )
        ],
    ),
    "YAML in Latin-1": (
        {"users.yaml": (DOC + "description: caf\xe9\n").encode("latin-1")},
        ["users.yaml:4:17: is not UTF-8. Save it as UTF-8."],
    ),
    "JSON that does not parse": (
        {"users.json": '{"table_name": "users",\n "key_schema": [}\n'},
        ["users.json:2:17: is not JSON: a value is expected. Correct the syntax."],
    ),
    "JSON with a trailing comma": (
        {"users.json": '{"table_name": "users",\n}\n'},
        ["users.json:2:1: is not JSON: a key in double quotes is expected. Correct the syntax."],
    ),
    "JSON with a comment": (
        {"users.json": '// users\n{"table_name": "users"}\n'},
        ["users.json:1:1: is not JSON: a value is expected. Correct the syntax."],
    ),
    "JSON with a duplicate key": (
        {"users.json": '{"table_name": "users",\n "table_name": "people"}\n'},
        ["users.json:2:2: duplicate key 'table_name'. Keep one of them."],
    ),
    "JSON cut short": (
        {"users.json": '{"table_name": "users",\n "key_schema": [{"Attr'},
        ["users.json:2:18: is not JSON: a text has no closing quote. Correct the syntax."],
    ),
    "JSON with NaN": (
        {"users.json": '{"table_name": NaN}'},
        ["users.json:1:16: is not JSON: a value is expected. Correct the syntax."],
    ),
    "JSON with two documents": (
        {"users.json": '{"table_name": "users"}\n{"table_name": "people"}\n'},
        ["users.json:2:1: is not JSON: unexpected text after the end of the document. Correct the syntax."],
    ),
    "JSON nested without end": ({"users.json": "[" * 5000}, ["users.json: is nested too deeply. Use fewer levels."]),
    "JSON that is a list": (
        {"users.json": '["users"]'},
        [("users.json:1:1: expected a mapping. Write one table per document; put seeds into seeds/.")],
    ),
    "an empty JSON file": (
        {"users.json": ""},
        ["users.json: is empty; it may be in the middle of being saved. Fill it or remove it."],
    ),
}
"""The files of a folder, and every sentence they lead to."""


@pytest.mark.parametrize("case", CASES)
def test_a_text_that_cannot_be_read_is_reported_with_its_line(case: str, tmp_path: Path) -> None:
    files, expected = CASES[case]
    assert sentences(write(tmp_path / "app", files)) == expected
