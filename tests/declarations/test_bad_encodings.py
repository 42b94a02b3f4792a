"""Files in another encoding than UTF-8, or with bytes that no text holds."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from support.class_files import GET_SCHEMA, HEAD, SCHEMA
from support.folders import SOUND, sentences, write
from support.seed_files import USERS
from support.yaml_documents import DOC

CASES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "YAML in UTF-16": (
        {"users.yaml": DOC.encode("utf-16")},
        ["users.yaml:1:1: is not UTF-8. Save it as UTF-8."],
    ),
    "YAML in UTF-16 without its mark": (
        {"users.yaml": DOC.encode("utf-16-le")},
        ["users.yaml:1:2: contains NUL characters; it may be UTF-16 or incomplete. Save it as UTF-8."],
    ),
    "JSON in UTF-16": (
        {"users.json": json.dumps(SOUND).encode("utf-16")},
        ["users.json:1:1: is not UTF-8. Save it as UTF-8."],
    ),
    "JSON in UTF-32": (
        {"users.json": json.dumps(SOUND).encode("utf-32")},
        ["users.json:1:1: is not UTF-8. Save it as UTF-8."],
    ),
    "JSON in Windows-1252": (
        {"users.json": b'{"table_name": "users",\n "description": "caf\xe9"}'},
        ["users.json:2:21: is not UTF-8. Save it as UTF-8."],
    ),
    "JSON whose last character is cut in half": (
        {"users.json": b'{"table_name": "us\xc3'},
        ["users.json:1:19: is not UTF-8. Save it as UTF-8."],
    ),
    "YAML of NUL bytes, as a file that was never written out": (
        {"users.yaml": b"\0" * 64},
        ["users.yaml:1:1: contains NUL characters; it may be UTF-16 or incomplete. Save it as UTF-8."],
    ),
    "JSON of NUL bytes": (
        {"users.json": b"\0" * 64},
        ["users.json:1:1: contains NUL characters; it may be UTF-16 or incomplete. Save it as UTF-8."],
    ),
    "JSON with NUL in a text": (
        {"users.json": b'{\n"table_name": "us\0ers"}'},
        ["users.json:2:18: contains NUL characters; it may be UTF-16 or incomplete. Save it as UTF-8."],
    ),
    "YAML with NUL in a text": (
        {"users.yaml": DOC + 'description: "a\0b"\n'},
        ["users.yaml:4:16: contains NUL characters; it may be UTF-16 or incomplete. Save it as UTF-8."],
    ),
    "YAML with a byte order mark and nothing else": (
        {"users.yaml": b"\xef\xbb\xbf"},
        ["users.yaml: is empty; it may be in the middle of being saved. Fill it or remove it."],
    ),
    "JSON with a byte order mark and nothing else": (
        {"users.json": b"\xef\xbb\xbf\n"},
        ["users.json: is empty; it may be in the middle of being saved. Fill it or remove it."],
    ),
    "a class file with a byte order mark and nothing else": (
        {"users_table.py": b"\xef\xbb\xbf"},
        ["users_table.py: is empty; it may be in the middle of being saved. Fill it or remove it."],
    ),
    "a class file in UTF-16": (
        {"users_table.py": (HEAD + SCHEMA + GET_SCHEMA).encode("utf-16")},
        ["users_table.py: is not Python: source code string cannot contain null bytes. Correct the syntax."],
    ),
    "a class file in an encoding that nobody knows": (
        {"users_table.py": "# -*- coding: klingon -*-\n" + HEAD + SCHEMA},
        ["users_table.py: is not Python: unknown encoding: klingon. Correct the syntax."],
    ),
    "half a byte order mark": (
        {"users.yaml": b"\xef\xbb\xbf\xef\xbb" + DOC.encode()},
        ["users.yaml:1:1: is not UTF-8. Save it as UTF-8."],
    ),
    "YAML that is packed": (
        {"users.yaml": gzip.compress(DOC.encode(), mtime=0)},
        ["users.yaml:1:2: is not UTF-8. Save it as UTF-8."],
    ),
    "YAML with an escape character": (
        {"users.yaml": DOC + "description: \x1b[31mred\n"},
        ["users.yaml:4:14: is not YAML: it contains the invalid character U+001B. Remove it."],
    ),
    "a CSV seed in UTF-16": (
        {**USERS, "seeds/users.csv": "pk\na\n".encode("utf-16")},
        ["seeds/users.csv:1:1: is not UTF-8. Save it as UTF-8."],
    ),
    "JSON lines in UTF-16 without its mark": (
        {**USERS, "seeds/users.jsonl": '{"pk": "a"}\n'.encode("utf-16-le")},
        [("seeds/users.jsonl:1:2: contains NUL characters; it may be UTF-16 or incomplete. Save it as UTF-8.")],
    ),
    "JSON lines with Latin-1 in the second": (
        {**USERS, "seeds/users.jsonl": b'{"pk": "a"}\n{"pk": "\xe9"}\n'},
        ["seeds/users.jsonl:2:9: is not UTF-8. Save it as UTF-8."],
    ),
    "a CSV seed with NUL": (
        {**USERS, "seeds/users.csv": b"pk\na\0b\n"},
        [("seeds/users.csv:2:2: contains NUL characters; it may be UTF-16 or incomplete. Save it as UTF-8.")],
    ),
    "a CSV seed with a byte order mark and nothing else": (
        {**USERS, "seeds/users.csv": b"\xef\xbb\xbf"},
        ["seeds/users.csv: is empty; it may be in the middle of being saved. Fill it or remove it."],
    ),
    "a pickled seed": (
        {**USERS, "seeds/users.json": b"\x80\x04\x95\x10"},
        ["seeds/users.json:1:1: is not UTF-8. Save it as UTF-8."],
    ),
}
"""The files of a folder, and every sentence they lead to."""


@pytest.mark.parametrize("case", CASES)
def test_a_file_in_another_encoding_is_reported_with_its_line(case: str, tmp_path: Path) -> None:
    files, expected = CASES[case]
    assert sentences(write(tmp_path / "app", files)) == expected
