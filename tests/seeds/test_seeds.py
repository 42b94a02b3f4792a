"""Seeds in every format: the items as the wire has them, exact, and judged by boto3's own serialiser."""

from __future__ import annotations

import base64
import gzip
import json
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from hypothesis import given
from hypothesis import strategies as st
from support.class_files import GET_SCHEMA, HEAD, SCHEMA, SEED
from support.fakes import FakeClock
from support.folders import SOUND, load, write

from reconciler.declarations.folder import FolderSource
from reconciler.model.desired import Seed
from reconciler.seeding.digest import items_digest
from reconciler.seeds import read_seed
from reconciler.seeds.item_rules import item_size
from reconciler.seeds.plain_values import attribute_value, number_text
from reconciler.seeds.typed_values import typed_value


def zstd(text: str) -> bytes:
    """The text, packed."""
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd
    return bytes(zstd.compress(text.encode()))


ITEMS = [{"pk": {"S": "a"}, "n": {"N": "1.5"}, "m": {"M": {"l": {"L": [{"NULL": True}, {"BOOL": False}]}}}}]
PLAIN = '[{"pk": "a", "n": 1.5, "m": {"l": [null, false]}}]'
TYPED = '[{"pk": {"S": "a"}, "n": {"N": "1.5"}, "m": {"M": {"l": {"L": [{"NULL": true}, {"BOOL": false}]}}}}]'
LINES = PLAIN[1:-1] + "\n\n"
YAML = "- pk: a\n  n: 1.5\n  m: {l: [null, false]}\n"
CSV = 'pk,n:N,m:JSON,gone\na,1.50,"{""l"": [null, false]}",\n'
REQUEST = '{"users": [{"PutRequest": {"Item": ' + TYPED[1:-1] + "}}]}"
SETS = (
    "pk,ss:SS,ns:NS,bs:BS,l:L,m:M,z:NULL,n:N,b:BOOL\n"
    'a,"[""x"",""y""]","[1, 2.50]","[""eA==""]","[1]","{""k"":1}",true,1,TRUE\n'
)
FORMATS: dict[str, dict[str, str | bytes]] = {
    "plain JSON": {"users.json": PLAIN},
    "DynamoDB JSON": {"users.json": TYPED},
    "a BatchWriteItem request": {"users.json": REQUEST},
    "lines of plain items": {"users.jsonl": LINES},
    "lines of DynamoDB JSON": {"users.jsonl": TYPED[1:-1]},
    "lines of an S3 export": {"users.jsonl": '{"Item": ' + TYPED[1:-1] + "}\r\n"},
    "plain YAML": {"users.yaml": YAML},
    "DynamoDB JSON in YAML": {"users.yaml": TYPED},
    "CSV": {"users.csv": CSV},
    "CSV with a byte order mark": {"users.csv": "\ufeff" + CSV},
    "lines called NDJSON": {"users.ndjson": LINES},
    "TSV": {"users.tsv": 'pk\tn:N\tm:JSON\tgone\na\t1.50\t"{""l"": [null, false]}"\t\n'},
    "CSV with lines that end as in old programs": {"users.csv": CSV.replace("\n", "\r")},
    "Ion": {"users.ion": '$ion_1_0 {Item: {pk: "a", n: 1.50, m: {l: [null, false]}}}'},
    "Ion without a wrapping": {"users.ion": '{pk: "a", n: 15d-1, m: {l: [null, false]}}'},
    "JSON packed by zstd": {"users.json.zst": zstd(PLAIN)},
    "lines packed by zstd in two frames": {"users.ndjson.zst": zstd(LINES) + zstd("\n")},
    "TSV packed by zstd": {"users.tsv.zst": zstd('pk\tn:N\tm:JSON\na\t1.50\t"{""l"": [null, false]}"\n')},
    "packed Ion": {"users.ion.gz": gzip.compress(b'$ion_1_0 {Item: {pk: "a", n: 1.5, m: {l: [null, false]}}}')},
    "packed JSON": {"users.json.gz": gzip.compress(PLAIN.encode())},
    "packed lines in two members": {"users.jsonl.gz": gzip.compress(LINES.encode()) + gzip.compress(b"\n")},
    "packed CSV": {"users.csv.gz": gzip.compress(CSV.encode())},
}


def seed_of(folder: Path, files: dict[str, Any], **document: Any) -> Seed:
    write(folder, {"users.json": SOUND | document, **{f"seeds/{name}": content for name, content in files.items()}})
    (declaration,) = load(folder).declarations
    assert declaration.seed is not None
    return declaration.seed


@pytest.mark.parametrize("case", FORMATS)
def test_every_format_gives_the_same_items(case: str, tmp_path: Path) -> None:
    seed = seed_of(tmp_path, FORMATS[case])
    assert list(seed.items) == ITEMS
    assert seed.digest == items_digest(ITEMS)
    assert seed.source == f"seeds/{next(iter(FORMATS[case]))}"


def test_every_type_has_a_header_in_csv(tmp_path: Path) -> None:
    seed = seed_of(tmp_path, {"users.csv": SETS})
    assert list(seed.items) == [
        {
            "pk": {"S": "a"},
            "ss": {"SS": ["x", "y"]},
            "ns": {"NS": ["1", "2.5"]},
            "bs": {"BS": [b"x"]},
            "l": {"L": [{"N": "1"}]},
            "m": {"M": {"k": {"N": "1"}}},
            "z": {"NULL": True},
            "n": {"N": "1"},
            "b": {"BOOL": True},
        }
    ]


def test_every_type_of_an_export_in_ion_is_read(tmp_path: Path) -> None:
    text = """$ion_1_0 {Item: {pk: "a", ss: $dynamodb_SS::["x", "y"], ns: $dynamodb_NS::[1., 2.50],
        bs: $dynamodb_BS::[{{eA==}}],
        b: {{eA==}}, t: true, z: null, l: [1, {k: "v"}], e: 1d-130}}"""
    seed = seed_of(tmp_path, {"users.ion": text})
    assert list(seed.items) == [
        {
            "pk": {"S": "a"},
            "ss": {"SS": ["x", "y"]},
            "ns": {"NS": ["1", "2.5"]},
            "bs": {"BS": [b"x"]},
            "b": {"B": b"x"},
            "t": {"BOOL": True},
            "z": {"NULL": True},
            "l": {"L": [{"N": "1"}, {"M": {"k": {"S": "v"}}}]},
            "e": {"N": "1E-130"},
        }
    ]


def test_yaml_documents_are_items(tmp_path: Path) -> None:
    seed = seed_of(tmp_path, {"users.yml": "pk: a\n---\npk: b\n"})
    assert list(seed.items) == [{"pk": {"S": "a"}}, {"pk": {"S": "b"}}]


def test_a_class_may_yield_its_items(tmp_path: Path) -> None:
    body = """        from decimal import Decimal
        yield {"pk": environment or "none", "n": Decimal("0.1"), "f": 0.1, "b": b"x", "s": {"b", "a"}, "t": (1, True)}
"""
    write(tmp_path, {"users_table.py": HEAD + SCHEMA + GET_SCHEMA + SEED + body})
    for environment in (None, "prod"):
        (declaration,) = load(tmp_path, environment).declarations
        assert declaration.seed is not None
        assert declaration.seed.source == "users_table.py:1 seed()"
        assert list(declaration.seed.items) == [
            {
                "pk": {"S": environment or "none"},
                "n": {"N": "0.1"},
                "f": {"N": "0.1"},
                "b": {"B": b"x"},
                "s": {"SS": ["a", "b"]},
                "t": {"L": [{"N": "1"}, {"BOOL": True}]},
            }
        ]


def test_an_empty_list_is_an_empty_seed(tmp_path: Path) -> None:
    assert seed_of(tmp_path, {"users.json": "[]"}).items == ()


def test_a_table_without_seed_has_none(tmp_path: Path) -> None:
    assert load(write(tmp_path, {"users.json": SOUND})).declarations[0].seed is None


def test_a_typed_looking_item_is_plain_where_the_declaration_says_plain(tmp_path: Path) -> None:
    seed = seed_of(tmp_path, {"users.json": '[{"pk": "a", "size": {"S": "small"}}]'}, seed={"format": "plain"})
    assert list(seed.items) == [{"pk": {"S": "a"}, "size": {"M": {"S": {"S": "small"}}}}]


@pytest.mark.parametrize("named", ["people.json", "seeds/people.json", "./seeds/people.json"])
def test_a_declaration_may_name_its_seed_file(named: str, tmp_path: Path) -> None:
    assert list(seed_of(tmp_path, {"people.json": '[{"pk": "a"}]'}, seed={"file": named}).items) == [{"pk": {"S": "a"}}]


def test_a_seed_file_has_the_base_name_in_every_environment(tmp_path: Path) -> None:
    write(tmp_path, {"users.json": SOUND, "seeds/users.json": '[{"pk": "a"}]'})
    assert load(tmp_path, "prod").declarations[0].seed == load(tmp_path).declarations[0].seed


def test_csv_takes_the_types_of_keys_from_the_table(tmp_path: Path) -> None:
    document = {
        "key_schema": [{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "raw", "KeyType": "RANGE"}],
        "attribute_definitions": [
            {"AttributeName": "id", "AttributeType": "N"},
            {"AttributeName": "raw", "AttributeType": "B"},
        ],
    }
    seed = seed_of(tmp_path, {"users.csv": "id,raw,zip,on:BOOL\n007,aGk=,007,TRUE\n"}, **document)
    assert list(seed.items) == [{"id": {"N": "7"}, "raw": {"B": b"hi"}, "zip": {"S": "007"}, "on": {"BOOL": True}}]


def test_all_types_of_dynamodb_json_are_kept(tmp_path: Path) -> None:
    item: dict[str, Any] = {
        "pk": {"S": "é𝄞"},
        "n": {"N": "-12345678901234567890123456789012345678"},
        "b": {"B": base64.b64encode(b"\x00\xff").decode()},
        "ss": {"SS": ["b", "a"]},
        "ns": {"NS": ["2", "10", "1.50"]},
        "bs": {"BS": ["Yg==", "YQ=="]},
        "m": {"M": {"deep": {"L": [{"M": {}}, {"L": []}, {"S": ""}]}}},
    }
    (read,) = seed_of(tmp_path, {"users.json": json.dumps([item])}).items
    assert read["b"] == {"B": b"\x00\xff"}
    assert read["ns"] == {"NS": ["1.5", "10", "2"]}
    assert read["bs"] == {"BS": [b"a", b"b"]}
    assert TypeDeserializer().deserialize({"M": read})["n"] == Decimal("-12345678901234567890123456789012345678")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("users.json", '[{"pk": "a", "n": %s}]'),
        ("users.jsonl", '{"pk": "a", "n": %s}\n'),
        ("users.yaml", "- pk: a\n  n: %s\n"),
        ("users.csv", "pk,n:N\na,%s\n"),
        ("users.jsonl.gz", '{"pk": {"S": "a"}, "n": {"N": "%s"}}\n'),
    ],
)
def test_all_38_digits_of_a_number_are_kept(name: str, content: str, tmp_path: Path) -> None:
    number = "3.1415926535897932384626433832795028841"
    text = (content % number).encode()
    (item,) = seed_of(tmp_path, {name: gzip.compress(text) if name.endswith(".gz") else text}).items
    assert item == {"pk": {"S": "a"}, "n": {"N": number}}


def test_the_digest_does_not_depend_on_order(tmp_path: Path) -> None:
    one = seed_of(tmp_path / "one", {"users.json": '[{"pk": "a", "x": [1, 2]}, {"pk": "b"}]'})
    two = seed_of(tmp_path / "two", {"users.json": '[{"pk": "b"}, {"x": [1.0, 2], "pk": "a"}]'})
    three = seed_of(tmp_path / "three", {"users.json": '[{"pk": "b"}, {"x": [2, 1], "pk": "a"}]'})
    assert one.digest == two.digest != three.digest


NUMBERS = {
    "0": "0",
    "-0.00": "0",
    "1.0": "1",
    "1.10": "1.1",
    "100": "100",
    "1e3": "1000",
    "0.000001": "0.000001",
    "1E-130": "1E-130",
    "9.9999999999999999999999999999999999999E+125": "99999999999999999999999999999999999999E+88",
    "123456789012345678901234567890.12345678": "123456789012345678901234567890.12345678",
    "-0.015": "-0.015",
    "+7": "7",
    ".5": "0.5",
}


@pytest.mark.parametrize("written", NUMBERS)
def test_a_number_has_one_spelling(written: str) -> None:
    assert number_text(written, "n") == NUMBERS[written]


@given(st.integers(-(10**38) + 1, 10**38 - 1), st.integers(-120, 80))
def test_every_number_within_dynamodbs_range_keeps_its_value(digits: int, exponent: int) -> None:
    number = Decimal(digits).scaleb(exponent)
    text = number_text(number, "n")
    assert Decimal(text) == Decimal(digits) * Decimal(10) ** exponent or Decimal(text) == number
    assert number_text(text, "n") == text
    assert len(text) <= 48


plain = st.recursive(
    st.none() | st.booleans() | st.text() | st.binary() | st.integers(-(10**37), 10**37),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(min_size=1), inner, max_size=4),
    max_leaves=12,
)


@given(plain)
def test_plain_values_are_written_as_boto3_writes_them(value: Any) -> None:
    ours, theirs = attribute_value(value, "x"), TypeSerializer().serialize(value)
    assert TypeDeserializer().deserialize(ours) == TypeDeserializer().deserialize(theirs)


@given(plain)
def test_dynamodb_json_of_what_was_written_reads_back_the_same(value: Any) -> None:
    wire = attribute_value(value, "x")
    text = json.dumps(wire, default=lambda binary: base64.b64encode(binary).decode())
    assert typed_value(json.loads(text), "x") == wire


def test_the_size_of_an_item_counts_names_and_values() -> None:
    item = {"pk": {"S": "é"}, "n": {"N": "-123.45"}, "b": {"B": b"123"}, "m": {"M": {"k": {"BOOL": True}}}}
    assert item_size(item) == (2 + 2) + (1 + 5) + (1 + 3) + (1 + 3 + 1 + 1 + 1)


def test_a_seed_is_read_again_only_when_its_bytes_or_its_table_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    real = read_seed.read_seed_file
    monkeypatch.setattr(read_seed, "read_seed_file", lambda file, target: read.append(file.path) or real(file, target))
    write(tmp_path, {"users.json": SOUND, "seeds/users.json": '[{"pk": "a"}]'})
    source = FolderSource(str(tmp_path), None, FakeClock(datetime(2026, 1, 1, tzinfo=UTC)))
    first = source.load()
    assert source.load() == first
    assert len(read) == 1
    write(tmp_path, {"seeds/users.json": '[{"pk": "b"}]'})
    assert source.load() != first
    write(tmp_path, {"users.json": SOUND | {"table_name": "users", "tags": {"a": "b"}}})
    source.load()
    assert len(read) == 3
