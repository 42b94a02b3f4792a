"""What people get wrong in seeds of YAML and CSV, and in packed ones."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest
from support.folders import sentences, write
from support.seed_files import USERS, as_csv, as_yaml

CASES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "YAML with a tab": (
        as_yaml("- pk: a\n\tn: 1\n"),
        [("seeds/users.yaml:2: is not YAML: found character '\\t' that cannot start any token. Correct the syntax.")],
    ),
    "YAML with true for a key": (
        as_yaml("- pk: no\n- pk: true\n"),
        [
            (
                "seeds/users.yaml:2: [1].pk: is of type BOOL, but the table's key has type S. "
                'Write a text in quotes: "true".'
            )
        ],
    ),
    "YAML with a number for a key": (
        as_yaml("- pk: 12345\n"),
        [
            (
                "seeds/users.yaml:1: [0].pk: is of type N, but the table's key has type S. "
                'Write a text in quotes: "12345".'
            )
        ],
    ),
    "YAML with one date for two keys": (
        as_yaml("- pk: 2026-01-01\n- pk: 2026-01-01\n"),
        ["seeds/users.yaml:2: [1]: has the same key as item [0] on line 1: '2026-01-01'. Keep one of the two."],
    ),
    "YAML with infinity": (
        as_yaml("- pk: a\n  n: .inf\n"),
        [
            (
                "seeds/users.yaml:2: has .inf, which is no number of DynamoDB. "
                'Write a finite number, or a text in quotes: ".inf".'
            )
        ],
    ),
    "YAML with not a number": (
        as_yaml("- pk: a\n  n: .nan\n"),
        [
            (
                "seeds/users.yaml:2: has .nan, which is no number of DynamoDB. "
                'Write a finite number, or a text in quotes: ".nan".'
            )
        ],
    ),
    "YAML with an empty set": (
        as_yaml("- pk: a\n  s: !!set {}\n"),
        [
            (
                "seeds/users.yaml:1: [0].s: is an empty set, which DynamoDB refuses. Leave the attribute out, "
                "or use a list."
            )
        ],
    ),
    "YAML with a set of a text and a number": (
        as_yaml("- pk: a\n  s: !!set {x, 1}\n"),
        [
            (
                "seeds/users.yaml:1: [0].s: is a set of mixed or unfit types. Let a set hold only texts, "
                "numbers or binary."
            )
        ],
    ),
    "YAML that is a text": (
        as_yaml("hello\n"),
        [
            (
                "seeds/users.yaml:1: is neither a list of items, nor what a scan prints (Items), nor a BatchWriteItem "
                "request. Write the items as a list, each with its attributes."
            )
        ],
    ),
    "YAML with items by their keys": (
        as_yaml("a: {pk: a}\n"),
        [
            (
                "seeds/users.yaml:1: is neither a list of items, nor what a scan prints (Items), nor a BatchWriteItem "
                "request. Write the items as a list, each with its attributes."
            )
        ],
    ),
    "YAML with an item that contains itself": (
        as_yaml("- &a\n  pk: a\n  me: *a\n"),
        ["seeds/users.yaml:1: has an anchor that contains itself. Remove the alias."],
    ),
    "YAML with a huge exponent": (
        as_yaml("- pk: a\n  n: 1e999\n"),
        [
            (
                "seeds/users.yaml:1: [0].n: is 1.000E+999, outside the range of DynamoDB's numbers. Stay "
                "between 1E-130 and 9.99E+125."
            )
        ],
    ),
    "YAML with four thousand hexadecimal digits": (
        as_yaml(f"- pk: a\n  n: 0x{'f' * 4000}\n"),
        ["seeds/users.yaml:2: has 0xffffffffffffffffff…, which is no number that fits anywhere. Shorten it."],
    ),
    "YAML with an unknown tag": (
        as_yaml("- pk: !Ref a\n"),
        ["seeds/users.yaml:1: has the tag !Ref, which is not read here. Write the value itself."],
    ),
    "CSV with semicolons": (
        as_csv("pk;name\na;Ada\n"),
        [("seeds/users.csv:2: [0].pk: is missing, which is a key attribute. Every item of users has pk, a text (S).")],
    ),
    "CSV with tabs": (
        as_csv("pk\tname\na\tAda\n"),
        [("seeds/users.csv:2: [0].pk: is missing, which is a key attribute. Every item of users has pk, a text (S).")],
    ),
    "CSV without a header": (
        as_csv("a,Ada\nb,Grace\n"),
        [("seeds/users.csv:2: [0].pk: is missing, which is a key attribute. Every item of users has pk, a text (S).")],
    ),
    "CSV with a space behind a quote": (
        as_csv('pk,name\n"a" ,Ada\n'),
        ["seeds/users.csv:2: is not CSV: ',' expected after '\"'. Correct the quotes."],
    ),
    "CSV with quotes inside of quotes": (
        as_csv('pk,name\na,"Ada "the" first"\n'),
        ["seeds/users.csv:2: is not CSV: ',' expected after '\"'. Correct the quotes."],
    ),
    "CSV with a decimal comma": (
        as_csv('pk,n:N\na,"1,5"\n'),
        ["seeds/users.csv:2: has '1,5' in the column n, which is not a number. Correct it."],
    ),
    "CSV with not a number": (
        as_csv("pk,n:N\na,NaN\n"),
        ["seeds/users.csv:2: [0].n: is NaN, which is no number of DynamoDB. Write a finite number."],
    ),
    "CSV with a number of 39 digits": (
        as_csv("pk,n:N\na," + "1" * 39 + "\n"),
        ["seeds/users.csv:2: [0].n: has 39 digits, more than 38. Write it as a text, or round it."],
    ),
    "CSV with a type that does not exist": (
        as_csv("pk,n:NUMBER\na,5\n"),
        [
            (
                "seeds/users.csv:1: has the column 'n:NUMBER', whose type is not S, N, B, BOOL or JSON. Write "
                "n:N for numbers, n:JSON for lists and mappings, n for texts."
            )
        ],
    ),
    "CSV with a type in lower case": (
        as_csv("pk,n:n\na,5\n"),
        [
            (
                "seeds/users.csv:1: has the column 'n:n', whose type is not S, N, B, BOOL or JSON. Write n:N "
                "for numbers, n:JSON for lists and mappings, n for texts."
            )
        ],
    ),
    "CSV with a type that no cell can have": (
        as_csv("pk,tags:SS\na,x\n"),
        [
            (
                "seeds/users.csv:1: has the column 'tags:SS', whose type is not S, N, B, BOOL or JSON. Write "
                "tags:N for numbers, tags:JSON for lists and mappings, tags for texts."
            )
        ],
    ),
    "CSV with another type for the key": (
        as_csv("pk:N\n5\n"),
        ["seeds/users.csv:2: [0].pk: is of type N, but the table's key has type S. Write a text (S)."],
    ),
    "CSV with yes for true": (
        as_csv("pk,on:BOOL\na,yes\n"),
        ["seeds/users.csv:2: has 'yes' in the column on, which is not true or false. Correct it."],
    ),
    "CSV with JSON that is cut": (
        as_csv("pk,j:JSON\na,{\n"),
        ["seeds/users.csv:2: has '{' in the column j, which is not JSON. Correct it."],
    ),
    "CSV with JSON nested without end": (
        as_csv("pk,j:JSON\na," + "[" * 100_000 + "\n"),
        [
            (
                "seeds/users.csv:2: has '[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[' in the column j, which is "
                "not JSON. Correct it."
            )
        ],
    ),
    "CSV with a cell of two megabytes": (
        as_csv("pk,x\na," + "x" * 2_000_000 + "\n"),
        ["seeds/users.csv:2: is not CSV: field larger than field limit (1048576). Correct the quotes."],
    ),
    "CSV with an item of more than 400 KB": (
        as_csv("pk,x\na," + "x" * 500_000 + "\n"),
        [
            (
                "seeds/users.csv:2: [0]: is 500004 bytes long, more than 409600 (400 KB). Split it, or move "
                "the bulk elsewhere."
            )
        ],
    ),
    "CSV with an empty key": (
        as_csv("pk,x\n,1\n"),
        [("seeds/users.csv:2: [0].pk: is missing, which is a key attribute. Every item of users has pk, a text (S).")],
    ),
    "CSV with one key twice": (
        as_csv("pk\na\n\na\n"),
        ["seeds/users.csv:4: [1]: has the same key as item [0] on line 2: 'a'. Keep one of the two."],
    ),
    "CSV with a short row behind a cell of three lines": (
        as_csv('pk,x\na,"1\n2\n3"\nb\n'),
        ["seeds/users.csv:5: has 1 cells where the header has 2. Give each row as many cells as the header."],
    ),
    "CSV with line ends of old Macs": (
        as_csv("pk,n:N\ra,1\rb,x\r"),
        ["seeds/users.csv:3: has 'x' in the column n, which is not a number. Correct it."],
    ),
    "a packed seed of five bytes": (
        {**USERS, "seeds/users.json.gz": gzip.compress(b'[{"pk": "a"}]', mtime=0)[:5]},
        ["seeds/users.json.gz: is cut short: its gzip stream does not end. Write the file again."],
    ),
    "a packed seed of no bytes": (
        {**USERS, "seeds/users.json.gz": b""},
        ["seeds/users.json.gz: is empty, as a file looks while it is being saved. Fill it or remove it."],
    ),
    "a packed seed with garbage behind": (
        {**USERS, "seeds/users.json.gz": gzip.compress(b"[]", mtime=0) + b"garbage"},
        ["seeds/users.json.gz: is not gzip, as its name says. Compress it, or drop .gz from the name."],
    ),
    "a packed seed with a wrong checksum": (
        {**USERS, "seeds/users.json.gz": gzip.compress(b"[]", mtime=0)[:-8] + b"\0" * 8},
        ["seeds/users.json.gz: is not gzip, as its name says. Compress it, or drop .gz from the name."],
    ),
    "a packed seed of nothing": (
        {**USERS, "seeds/users.json.gz": gzip.compress(b"", mtime=0)},
        ["seeds/users.json.gz: is empty, as a file looks while it is being saved. Fill it or remove it."],
    ),
    "a packed seed that is packed twice": (
        {
            **USERS,
            "seeds/users.json.gz": gzip.compress(gzip.compress(b'[{"pk": "a"}]', mtime=0), mtime=0),
        },
        ["seeds/users.json.gz:1: is not UTF-8. Save it as UTF-8."],
    ),
    "a ZIP archive": (
        {**USERS, "seeds/users.json.gz": b"PK\x03\x04abcdef"},
        ["seeds/users.json.gz: is not gzip, as its name says. Compress it, or drop .gz from the name."],
    ),
    "packed lines of which the second is cut": (
        {
            **USERS,
            "seeds/users.jsonl.gz": gzip.compress(b'{"pk": "a"}\n{"pk": "b"', mtime=0),
        },
        ["seeds/users.jsonl.gz:2: is not JSON: ',' is expected. Write one item a line."],
    ),
    "a packed CSV with a short row": (
        {**USERS, "seeds/users.csv.gz": gzip.compress(b"pk,x\na\n", mtime=0)},
        ["seeds/users.csv.gz:2: has 1 cells where the header has 2. Give each row as many cells as the header."],
    ),
}
"""The files of a folder, and every sentence they lead to."""


@pytest.mark.parametrize("case", CASES)
def test_a_slip_in_a_yaml_csv_or_packed_seed_is_told_at_its_line(case: str, tmp_path: Path) -> None:
    files, expected = CASES[case]
    assert sentences(write(tmp_path / "app", files)) == expected
