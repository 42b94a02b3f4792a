"""Seed files that belong to no table, to two, or that are not what their name says."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest
from seeds.test_seeds import zstd
from support.folders import load, sentences, write
from support.seed_files import USERS, as_json

from reconciler.model.errors import DeclarationError
from reconciler.seeds import unpacking

CASES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "two seeds of one table": (
        {**USERS, "seeds/users.json": '[{"pk": "a"}]', "seeds/users.yaml": "- pk: a\n"},
        ["seeds/users.yaml: duplicate seed of users; seeds/users.json is another one. Keep one of them."],
    ),
    "a packed seed that is not packed": (
        {**USERS, "seeds/users.json.gz": '[{"pk": "a"}]'},
        [
            (
                "seeds/users.json.gz: is not in gzip format, although its name ends with .gz. Compress it, or drop "
                ".gz from the name."
            )
        ],
    ),
    "a packed seed cut short": (
        {**USERS, "seeds/users.json.gz": gzip.compress(b'[{"pk": "a"}]')[:-6]},
        ["seeds/users.json.gz: is truncated: its gzip stream is incomplete. Write the file again."],
    ),
    "a packed seed with a fault": (
        {**USERS, "seeds/users.jsonl.gz": gzip.compress(b'{"pk": "a"}\n{}\n')},
        [
            (
                "seeds/users.jsonl.gz:2:1: [1].pk: is required, because it is a key attribute. Add pk, a text (S), "
                "to each item of users."
            )
        ],
    ),
    "a seed packed by zstd that is not packed": (
        {**USERS, "seeds/users.json.zst": '[{"pk": "a"}]'},
        [
            (
                "seeds/users.json.zst: is not in zstd format, although its name ends with .zst. Compress it, or drop "
                ".zst from the name."
            )
        ],
    ),
    "a seed packed by zstd cut short": (
        {**USERS, "seeds/users.json.zst": zstd('[{"pk": "a"}]')[:-2]},
        ["seeds/users.json.zst: is truncated: its zstd stream is incomplete. Write the file again."],
    ),
    "an empty packed seed": (
        {**USERS, "seeds/users.json.gz": b""},
        ["seeds/users.json.gz: is empty; it may be in the middle of being saved. Fill it or remove it."],
    ),
    "a seed that is packed and empty": (
        {**USERS, "seeds/users.ndjson.zst": zstd("\n")},
        ["seeds/users.ndjson.zst: is empty; it may be in the middle of being saved. Fill it or remove it."],
    ),
    "Ion cut short": (
        {**USERS, "seeds/users.ion": '{pk: "a"} {pk: "b"'},
        ["seeds/users.ion: is not Ion, or is cut short, after 1 item. Export the table again."],
    ),
    "Ion with a type that DynamoDB lacks": (
        {**USERS, "seeds/users.ion": '{pk: "a", at: 2020-01-01T}'},
        [
            (
                "seeds/users.ion: contains a value of the type timestamp, which no attribute has. Export the table "
                "again, or write texts, numbers, blobs, lists and structs."
            )
        ],
    ),
    "Ion with a field twice": (
        {**USERS, "seeds/users.ion": '{pk: "a", pk: "b"}'},
        ["seeds/users.ion: duplicate field 'pk'. Keep one of them."],
    ),
    "Ion with a value twice in a set": (
        {**USERS, "seeds/users.ion": '{pk: "a", s: $dynamodb_SS::["x", "x"]}'},
        ["seeds/users.ion: contains a set with a duplicate value. Keep each value once."],
    ),
    "Ion with a list in a set": (
        {**USERS, "seeds/users.ion": '{pk: "a", s: $dynamodb_SS::[["x"]]}'},
        ["seeds/users.ion: contains a set with a list or a struct. Export the table again."],
    ),
    "Ion that is a text": (
        {**USERS, "seeds/users.ion": '"a"'},
        ["seeds/users.ion: [0]: expected a mapping of attributes. Write each item as a mapping."],
    ),
    "Ion without the key": (
        {**USERS, "seeds/users.ion": "{Item: {n: 1}}"},
        [
            (
                "seeds/users.ion: [0].pk: is required, because it is a key attribute. Add pk, a text (S), to each item "
                "of users."
            )
        ],
    ),
    "more faults than are told": (
        as_json("[" + ",\n".join(23 * ['{"x": 1}']) + "]"),
        [
            "seeds/users.json: has 3 more invalid items. Correct the items above first.",
            (
                "seeds/users.json:1:2: [0].pk: is required, because it is a key attribute. Add pk, a text (S), to "
                "each item of users."
            ),
            (
                "seeds/users.json:2:1: [1].pk: is required, because it is a key attribute. Add pk, a text (S), to "
                "each item of users."
            ),
            (
                "seeds/users.json:3:1: [2].pk: is required, because it is a key attribute. Add pk, a text (S), to "
                "each item of users."
            ),
            (
                "seeds/users.json:4:1: [3].pk: is required, because it is a key attribute. Add pk, a text (S), to "
                "each item of users."
            ),
            (
                "seeds/users.json:5:1: [4].pk: is required, because it is a key attribute. Add pk, a text (S), to "
                "each item of users."
            ),
            (
                "seeds/users.json:6:1: [5].pk: is required, because it is a key attribute. Add pk, a text (S), to "
                "each item of users."
            ),
            (
                "seeds/users.json:7:1: [6].pk: is required, because it is a key attribute. Add pk, a text (S), to "
                "each item of users."
            ),
            (
                "seeds/users.json:8:1: [7].pk: is required, because it is a key attribute. Add pk, a text (S), to "
                "each item of users."
            ),
            (
                "seeds/users.json:9:1: [8].pk: is required, because it is a key attribute. Add pk, a text (S), to "
                "each item of users."
            ),
            (
                "seeds/users.json:10:1: [9].pk: is required, because it is a key attribute. Add pk, a text (S), to "
                "each item of users."
            ),
            (
                "seeds/users.json:11:1: [10].pk: is required, because it is a key attribute. Add pk, a text (S), to "
                "each item of users."
            ),
            (
                "seeds/users.json:12:1: [11].pk: is required, because it is a key attribute. Add pk, a text (S), to "
                "each item of users."
            ),
            (
                "seeds/users.json:13:1: [12].pk: is required, because it is a key attribute. Add pk, a text (S), to "
                "each item of users."
            ),
            (
                "seeds/users.json:14:1: [13].pk: is required, because it is a key attribute. Add pk, a text (S), to "
                "each item of users."
            ),
            (
                "seeds/users.json:15:1: [14].pk: is required, because it is a key attribute. Add pk, a text (S), to "
                "each item of users."
            ),
            (
                "seeds/users.json:16:1: [15].pk: is required, because it is a key attribute. Add pk, a text (S), to "
                "each item of users."
            ),
            (
                "seeds/users.json:17:1: [16].pk: is required, because it is a key attribute. Add pk, a text (S), to "
                "each item of users."
            ),
            (
                "seeds/users.json:18:1: [17].pk: is required, because it is a key attribute. Add pk, a text (S), to "
                "each item of users."
            ),
            (
                "seeds/users.json:19:1: [18].pk: is required, because it is a key attribute. Add pk, a text (S), to "
                "each item of users."
            ),
            (
                "seeds/users.json:20:1: [19].pk: is required, because it is a key attribute. Add pk, a text (S), to "
                "each item of users."
            ),
        ],
    ),
}
"""The files of a folder, and every sentence they lead to."""


@pytest.mark.parametrize("case", CASES)
def test_a_bad_seed_file_is_reported_by_name(case: str, tmp_path: Path) -> None:
    written, expected = CASES[case]
    assert sentences(write(tmp_path / "app", written)) == expected


def test_a_packed_seed_that_unpacks_to_more_than_may_be_is_refused_before_it_fills_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unpacking, "STREAM_LIMIT", 1024 * 1024)
    packed = gzip.compress(b"[" + b" " * 1024 * 1024 + b"]")
    assert len(packed) < 2048
    folder = write(tmp_path / "app", {**USERS, "seeds/users.json.gz": packed})
    assert sentences(folder) == ["seeds/users.json.gz: unpacks to more than 1 MB. Split it."]
    half = gzip.compress(b" " * 600 * 1024)
    write(folder, {"seeds/users.json.gz": half + half})
    assert sentences(folder) == ["seeds/users.json.gz: unpacks to more than 1 MB. Split it."]


@pytest.mark.parametrize(
    ("file", "warning"),
    [
        ("seeds/user.json", "seed of table 'user', which is not declared. Did you mean `users`?"),
        ("seeds/orders.json", "seed of table 'orders', which is not declared. Remove it, or declare the table."),
        (
            "seeds/users-prod.json",
            "seed of table 'users-prod', which is not declared. Remove it, or declare the table.",
        ),
    ],
)
def test_a_seed_of_no_declared_table_is_a_warning(tmp_path: Path, file: str, warning: str) -> None:
    desired = load(write(tmp_path, {**USERS, file: "[]"}))
    assert desired.warnings == (f"{file}: {warning}",)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("orders.yaml", "a: ["),
        ("orders.yaml", ""),
        ("orders.json", "{"),
        ("other.yaml", "table_nam: orders\nkey_schema: []\n"),
        ("orders.py", "import no_such_module_here\n"),
        ("orders.py", "class Orders:\n    SCHEMA = 1\n    def get_schema(self): ...\n"),
        ("orders.YAML", "table_name: orders\n"),
        ("orders.yaml.bak", "table_name: orders\n"),
        ("orders.yaml", "Table: {TableName: orders, KeySchema: []}\n"),
        ("orders.yaml", "# table_name: orders\n"),
    ],
)
def test_no_seed_is_to_be_removed_while_a_declaration_cannot_be_read(tmp_path: Path, name: str, text: str) -> None:
    folder = write(tmp_path, {**USERS, name: text, "seeds/orders.json": "[]"})
    with pytest.raises(DeclarationError) as raised:
        load(folder)
    assert not any("seeds/orders.json" in warning for warning in raised.value.warnings)
