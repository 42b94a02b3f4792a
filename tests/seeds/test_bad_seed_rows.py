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
        [("seeds/users.yaml:2:1: is not YAML: found character '\\t' that cannot start any token. Correct the syntax.")],
    ),
    "YAML with true for a key": (
        as_yaml("- pk: no\n- pk: true\n"),
        [
            (
                "seeds/users.yaml:2:3: [1].pk: has type BOOL, but the table's key has type S. "
                'Write a text in quotes: "true".'
            )
        ],
    ),
    "YAML with a number for a key": (
        as_yaml("- pk: 12345\n"),
        [
            (
                "seeds/users.yaml:1:3: [0].pk: has type N, but the table's key has type S. "
                'Write a text in quotes: "12345".'
            )
        ],
    ),
    "YAML with one date for two keys": (
        as_yaml("- pk: 2026-01-01\n- pk: 2026-01-01\n"),
        ["seeds/users.yaml:2:3: [1]: duplicate key '2026-01-01', also in item [0] on line 1. Keep one of the two."],
    ),
    "YAML with infinity": (
        as_yaml("- pk: a\n  n: .inf\n"),
        [('seeds/users.yaml:2:6: invalid number .inf. Write a finite number, or a text in quotes: ".inf".')],
    ),
    "YAML with not a number": (
        as_yaml("- pk: a\n  n: .nan\n"),
        [('seeds/users.yaml:2:6: invalid number .nan. Write a finite number, or a text in quotes: ".nan".')],
    ),
    "YAML with an empty set": (
        as_yaml("- pk: a\n  s: !!set {}\n"),
        [
            (
                "seeds/users.yaml:1:3: [0].s: is an empty set, which DynamoDB does not accept. "
                "Leave the attribute out, "
                "or use a list."
            )
        ],
    ),
    "YAML with a set of a text and a number": (
        as_yaml("- pk: a\n  s: !!set {x, 1}\n"),
        [
            (
                "seeds/users.yaml:1:3: [0].s: is a set with mixed or unsupported types. Put only texts, only "
                "numbers or only binary values into a set."
            )
        ],
    ),
    "YAML that is a text": (
        as_yaml("hello\n"),
        [
            (
                "seeds/users.yaml:1:1: expected a list of items, the output of a scan (Items) or a BatchWriteItem "
                "request. Write the items as a list, each with its attributes."
            )
        ],
    ),
    "YAML with items by their keys": (
        as_yaml("a: {pk: a}\n"),
        [
            (
                "seeds/users.yaml:1:1: expected a list of items, the output of a scan (Items) or a BatchWriteItem "
                "request. Write the items as a list, each with its attributes."
            )
        ],
    ),
    "YAML with an item that contains itself": (
        as_yaml("- &a\n  pk: a\n  me: *a\n"),
        ["seeds/users.yaml:1:3: has an anchor that refers to itself. Remove the alias."],
    ),
    "YAML with a huge exponent": (
        as_yaml("- pk: a\n  n: 1e999\n"),
        [
            (
                "seeds/users.yaml:1:3: [0].n: is 1.000E+999, outside the range of numbers in DynamoDB. Write a "
                "number between 1E-130 and 9.99E+125."
            )
        ],
    ),
    "YAML with four thousand hexadecimal digits": (
        as_yaml(f"- pk: a\n  n: 0x{'f' * 4000}\n"),
        ["seeds/users.yaml:2:6: has 0xffffffffffffffffff…, which is too long for a number. Shorten it."],
    ),
    "YAML with an unknown tag": (
        as_yaml("- pk: !Ref a\n"),
        ["seeds/users.yaml:1:7: unsupported tag !Ref. Write the value itself."],
    ),
    "CSV with semicolons": (
        as_csv("pk;name\na;Ada\n"),
        [
            (
                "seeds/users.csv:2:1: [0].pk: is required, because it is a key attribute. Add pk, a text (S), to "
                "each item of users."
            )
        ],
    ),
    "CSV with tabs": (
        as_csv("pk\tname\na\tAda\n"),
        [
            (
                "seeds/users.csv:2:1: [0].pk: is required, because it is a key attribute. Add pk, a text (S), to "
                "each item of users."
            )
        ],
    ),
    "CSV without a header": (
        as_csv("a,Ada\nb,Grace\n"),
        [
            (
                "seeds/users.csv:2:1: [0].pk: is required, because it is a key attribute. Add pk, a text (S), to "
                "each item of users."
            )
        ],
    ),
    "CSV with a space behind a quote": (
        as_csv('pk,name\n"a" ,Ada\n'),
        ["seeds/users.csv:2:1: is not CSV: ',' expected after '\"'. Correct the quotes."],
    ),
    "CSV with quotes inside of quotes": (
        as_csv('pk,name\na,"Ada "the" first"\n'),
        ["seeds/users.csv:2:1: is not CSV: ',' expected after '\"'. Correct the quotes."],
    ),
    "CSV with a decimal comma": (
        as_csv('pk,n:N\na,"1,5"\n'),
        ["seeds/users.csv:2:3: invalid value '1,5' in column n; expected a number. Correct it."],
    ),
    "CSV with not a number": (
        as_csv("pk,n:N\na,NaN\n"),
        ["seeds/users.csv:2:1: [0].n: invalid number NaN. Write a finite number."],
    ),
    "CSV with a number of 39 digits": (
        as_csv("pk,n:N\na," + "1" * 39 + "\n"),
        ["seeds/users.csv:2:1: [0].n: has 39 digits, more than 38. Write it as a text, or round it."],
    ),
    "CSV with a type that does not exist": (
        as_csv("pk,n:NUMBER\na,5\n"),
        [
            (
                "seeds/users.csv:1:4: invalid type of column 'n:NUMBER'; expected S, N, B, BOOL, NULL, SS, NS, BS, "
                "L, M or JSON. Write n:N for numbers, n:JSON for lists and mappings, n for texts."
            )
        ],
    ),
    "CSV with a misspelt type": (
        as_csv("pk,n:SN\na,5\n"),
        [
            (
                "seeds/users.csv:1:4: invalid type of column 'n:SN'; expected S, N, B, BOOL, NULL, SS, NS, BS, L, M or "
                "JSON. Write n:N for numbers, n:JSON for lists and mappings, n for texts. If the name ends so, write "
                "n:SN:S or another type after it."
            )
        ],
    ),
    "CSV with a space before a type": (
        as_csv("pk,n: N\na,5\n"),
        [
            (
                "seeds/users.csv:1:4: invalid type of column 'n: N'; expected S, N, B, BOOL, NULL, SS, NS, BS, L, M or "
                "JSON. Write n:N for numbers, n:JSON for lists and mappings, n for texts."
            )
        ],
    ),
    "CSV with a type in lower case": (
        as_csv("pk,n:n\na,5\n"),
        [
            (
                "seeds/users.csv:1:4: invalid type of column 'n:n'; expected S, N, B, BOOL, NULL, SS, NS, BS, L, M or "
                "JSON. Write n:N for numbers, n:JSON for lists and mappings, n for texts."
            )
        ],
    ),
    "CSV with a set that is no list": (
        as_csv("pk,tags:SS\na,x\n"),
        [
            (
                "seeds/users.csv:2:3: invalid value 'x' in column tags; expected a list of texts in JSON, such as "
                '["a", "b"], each once. Correct it.'
            )
        ],
    ),
    "CSV with a set with a value twice": (
        as_csv('pk,tags:NS\na,"[1, 1.0]"\n'),
        [
            (
                "seeds/users.csv:2:3: invalid value '[1, 1.0]' in column tags; expected a list "
                "of numbers in JSON, such "
                "as [1, 2], each once. Correct it."
            )
        ],
    ),
    "CSV with an empty set": (
        as_csv("pk,tags:BS\na,[]\n"),
        [
            (
                "seeds/users.csv:2:3: invalid value '[]' in column tags; expected a list of base64 texts in JSON, each "
                "once. Correct it."
            )
        ],
    ),
    "CSV with a list where a map is declared": (
        as_csv("pk,m:M\na,[]\n"),
        ["seeds/users.csv:2:3: invalid value '[]' in column m; expected a mapping in JSON. Correct it."],
    ),
    "CSV with a map where a list is declared": (
        as_csv("pk,l:L\na,{}\n"),
        ["seeds/users.csv:2:3: invalid value '{}' in column l; expected a list in JSON. Correct it."],
    ),
    "CSV with a null that is something": (
        as_csv("pk,n:NULL\na,no\n"),
        ["seeds/users.csv:2:3: invalid value 'no' in column n; expected true. Correct it."],
    ),
    "TSV with an open quote": (
        {**USERS, "seeds/users.tsv": 'pk\tn\n"a\tb\n'},
        ["seeds/users.tsv:2:1: is not TSV: unexpected end of data. Correct the quotes."],
    ),
    "TSV with commas": (
        {**USERS, "seeds/users.tsv": "pk,n\na,b\n"},
        [
            (
                "seeds/users.tsv:2:1: [0].pk: is required, because it is a key attribute. Add pk, a text (S), to each "
                "item of users."
            )
        ],
    ),
    "NDJSON with two items on a line": (
        {**USERS, "seeds/users.ndjson": '{"pk": "a"} {"pk": "b"}\n'},
        [
            (
                "seeds/users.ndjson:1:13: is not JSON: unexpected text after the end of the "
                "document. Write one item per "
                "line."
            )
        ],
    ),
    "CSV with another type for the key": (
        as_csv("pk:N\n5\n"),
        ["seeds/users.csv:2:1: [0].pk: has type N, but the table's key has type S. Write a text (S)."],
    ),
    "CSV with yes for true": (
        as_csv("pk,on:BOOL\na,yes\n"),
        ["seeds/users.csv:2:3: invalid value 'yes' in column on; expected true or false. Correct it."],
    ),
    "CSV with JSON that is cut": (
        as_csv("pk,j:JSON\na,{\n"),
        ["seeds/users.csv:2:3: invalid value '{' in column j; expected JSON. Correct it."],
    ),
    "CSV with JSON nested without end": (
        as_csv("pk,j:JSON\na," + "[" * 100_000 + "\n"),
        [
            (
                "seeds/users.csv:2:3: invalid value '[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[' in column j; "
                "expected JSON. Correct it."
            )
        ],
    ),
    "CSV with a cell of two megabytes": (
        as_csv("pk,x\na," + "x" * 2_000_000 + "\n"),
        ["seeds/users.csv:2:1: is not CSV: field larger than field limit (1048576). Correct the quotes."],
    ),
    "CSV with an item of more than 400 KB": (
        as_csv("pk,x\na," + "x" * 500_000 + "\n"),
        [
            (
                "seeds/users.csv:2:1: [0]: is 500004 bytes long, more than 409600 (400 KB). Split it, or store the "
                "large values elsewhere."
            )
        ],
    ),
    "CSV with an empty key": (
        as_csv("pk,x\n,1\n"),
        [
            (
                "seeds/users.csv:2:1: [0].pk: is required, because it is a key attribute. Add pk, a text (S), to "
                "each item of users."
            )
        ],
    ),
    "CSV with one key twice": (
        as_csv("pk\na\n\na\n"),
        ["seeds/users.csv:4:1: [1]: duplicate key 'a', also in item [0] on line 2. Keep one of the two."],
    ),
    "CSV with a short row behind a cell of three lines": (
        as_csv('pk,x\na,"1\n2\n3"\nb\n'),
        [
            (
                "seeds/users.csv:5:1: has 1 cells, but the header has 2. Give each row the same "
                "number of cells as the header."
            )
        ],
    ),
    "CSV with line ends of old Macs": (
        as_csv("pk,n:N\ra,1\rb,x\r"),
        ["seeds/users.csv:3:3: invalid value 'x' in column n; expected a number. Correct it."],
    ),
    "a packed seed of five bytes": (
        {**USERS, "seeds/users.json.gz": gzip.compress(b'[{"pk": "a"}]', mtime=0)[:5]},
        ["seeds/users.json.gz: is truncated: its gzip stream is incomplete. Write the file again."],
    ),
    "a packed seed of no bytes": (
        {**USERS, "seeds/users.json.gz": b""},
        ["seeds/users.json.gz: is empty; it may be in the middle of being saved. Fill it or remove it."],
    ),
    "a packed seed with garbage behind": (
        {**USERS, "seeds/users.json.gz": gzip.compress(b"[]", mtime=0) + b"garbage"},
        [
            (
                "seeds/users.json.gz: is not in gzip format, although its name ends with .gz. Compress it, or drop "
                ".gz from the name."
            )
        ],
    ),
    "a packed seed with a wrong checksum": (
        {**USERS, "seeds/users.json.gz": gzip.compress(b"[]", mtime=0)[:-8] + b"\0" * 8},
        [
            (
                "seeds/users.json.gz: is not in gzip format, although its name ends with .gz. Compress it, or drop "
                ".gz from the name."
            )
        ],
    ),
    "a packed seed of nothing": (
        {**USERS, "seeds/users.json.gz": gzip.compress(b"", mtime=0)},
        ["seeds/users.json.gz: is empty; it may be in the middle of being saved. Fill it or remove it."],
    ),
    "a packed seed that is packed twice": (
        {
            **USERS,
            "seeds/users.json.gz": gzip.compress(gzip.compress(b'[{"pk": "a"}]', mtime=0), mtime=0),
        },
        ["seeds/users.json.gz:1:2: is not UTF-8. Save it as UTF-8."],
    ),
    "a ZIP archive": (
        {**USERS, "seeds/users.json.gz": b"PK\x03\x04abcdef"},
        [
            (
                "seeds/users.json.gz: is not in gzip format, although its name ends with .gz. Compress it, or drop "
                ".gz from the name."
            )
        ],
    ),
    "packed lines of which the second is cut": (
        {
            **USERS,
            "seeds/users.jsonl.gz": gzip.compress(b'{"pk": "a"}\n{"pk": "b"', mtime=0),
        },
        ["seeds/users.jsonl.gz:2:11: is not JSON: ',' is expected. Write one item per line."],
    ),
    "a packed CSV with a short row": (
        {**USERS, "seeds/users.csv.gz": gzip.compress(b"pk,x\na\n", mtime=0)},
        [
            (
                "seeds/users.csv.gz:2:1: has 1 cells, but the header has 2. Give each row the same number of cells "
                "as the header."
            )
        ],
    ),
}
"""The files of a folder, and every sentence they lead to."""


@pytest.mark.parametrize("case", CASES)
def test_a_mistake_in_a_yaml_csv_or_packed_seed_is_reported_with_its_line(case: str, tmp_path: Path) -> None:
    files, expected = CASES[case]
    assert sentences(write(tmp_path / "app", files)) == expected
