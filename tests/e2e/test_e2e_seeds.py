"""Seeds as an independent client reads them back: exact numbers, binary, sets, nesting, and every way to write them."""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from support import forked
from support.endpoints import Live
from support.waiting import PATIENCE

EXACT = "12345678901234567890123456789012345.678"
WIRE = {
    "pk": {"S": "exact"},
    "number": {"N": EXACT},
    "binary": {"B": base64.b64encode(b"\x00\xff raw").decode()},
    "texts": {"SS": ["b", "a"]},
    "numbers": {"NS": ["1.5", "2"]},
    "binaries": {"BS": [base64.b64encode(b"\x01").decode()]},
    "nothing": {"NULL": True},
    "nested": {"M": {"list": {"L": [{"BOOL": False}, {"M": {"deep": {"S": ""}}}]}}},
}
DECLARATION = """\
table_name: things
key_schema: [{AttributeName: pk, KeyType: HASH}]
attribute_definitions: [{AttributeName: pk, AttributeType: S}]
"""


def seeded(endpoint: Live, folder: Path, name: str, content: bytes) -> list[dict[str, Any]]:
    declared = folder / "desired_state"
    (declared / "seeds").mkdir(parents=True)
    (declared / "things.yaml").write_text(DECLARATION)
    (declared / "seeds" / name).write_bytes(content)
    done = forked.run("--once", "--endpoint-url", endpoint.url, folder=folder, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr
    items: list[dict[str, Any]] = endpoint.client.scan(TableName="things", ConsistentRead=True)["Items"]
    return sorted(items, key=lambda item: str(item["pk"]["S"]))


def test_dynamodb_json_keeps_every_type_exactly(endpoint: Live, tmp_path: Path) -> None:
    (item,) = seeded(endpoint, tmp_path, "things.json", json.dumps([WIRE]).encode())
    assert item["number"] == {"N": EXACT}
    assert item["binary"] == {"B": b"\x00\xff raw"}
    assert sorted(item["texts"]["SS"]) == ["a", "b"]
    assert sorted(item["numbers"]["NS"]) == ["1.5", "2"]
    assert item["binaries"] == {"BS": [b"\x01"]}
    assert item["nothing"] == {"NULL": True}
    assert item["nested"] == {"M": {"list": {"L": [{"BOOL": False}, {"M": {"deep": {"S": ""}}}]}}}


def test_plain_numbers_are_not_touched_by_floating_point(endpoint: Live, tmp_path: Path) -> None:
    text = '[{"pk": "a", "price": 0.1, "big": 12345678901234567890123456789, "list": [1.10, {"x": 3}]}]'
    (item,) = seeded(endpoint, tmp_path, "things.json", text.encode())
    assert item["price"] == {"N": "0.1"}
    assert item["big"] == {"N": "12345678901234567890123456789"}
    assert item["list"]["L"][1] == {"M": {"x": {"N": "3"}}}
    assert float(item["list"]["L"][0]["N"]) == 1.1


REQUEST = """{"things": [{"PutRequest": {"Item": {"pk": {"S": "a"}, "n": {"N": "1"}}}},
 {"PutRequest": {"Item": {"pk": {"S": "b"}, "n": {"N": "2"}}}}]}"""
LINES = '{"pk": "a", "n": 1}\n{"pk": "b", "n": 2}\n'
FORMS = {
    "lines of JSON": ("things.jsonl", LINES.encode()),
    "packed lines of JSON": ("things.jsonl.gz", gzip.compress(LINES.encode(), mtime=0)),
    "YAML": ("things.yaml", b"- {pk: a, n: 1}\n- {pk: b, n: 2}\n"),
    "CSV with a typed column": ("things.csv", b"pk,n:N\na,1\nb,2\n"),
    "a BatchWriteItem request": ("things.json", REQUEST.encode()),
}


@pytest.mark.dynamodb_local
@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_seed_gives_the_same_items(local: Live, tmp_path: Path, form: str) -> None:
    items = seeded(local, tmp_path, *FORMS[form])
    assert items == [{"pk": {"S": "a"}, "n": {"N": "1"}}, {"pk": {"S": "b"}, "n": {"N": "2"}}]


def test_an_existing_item_is_never_overwritten(endpoint: Live, tmp_path: Path) -> None:
    endpoint.client.create_table(
        TableName="things",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    endpoint.client.put_item(TableName="things", Item={"pk": {"S": "a"}, "mine": {"BOOL": True}})
    assert seeded(endpoint, tmp_path, "things.json", b'[{"pk": "a", "n": 1}, {"pk": "b", "n": 2}]') == [
        {"pk": {"S": "a"}, "mine": {"BOOL": True}}
    ], "a table that holds an item is not seeded by the loop"
    command = ("seed", "things", "--endpoint-url", endpoint.url)
    assert forked.run(*command, folder=tmp_path, timeout=PATIENCE).returncode == 0
    items = sorted(endpoint.client.scan(TableName="things")["Items"], key=lambda item: str(item["pk"]["S"]))
    assert items == [{"pk": {"S": "a"}, "mine": {"BOOL": True}}, {"pk": {"S": "b"}, "n": {"N": "2"}}]
