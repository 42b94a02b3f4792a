"""A table whose key changes is replaced under its own name and keeps its items, in front of real endpoints."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support import forked
from support.endpoints import Live
from support.waiting import PATIENCE

BEFORE = """\
table_name: orders
key_schema: [{AttributeName: id, KeyType: HASH}]
attribute_definitions: [{AttributeName: id, AttributeType: S}]
"""
AFTER = """\
table_name: orders
key_schema: [{AttributeName: customer, KeyType: HASH}, {AttributeName: id, KeyType: RANGE}]
attribute_definitions: [{AttributeName: customer, AttributeType: S}, {AttributeName: id, AttributeType: S}]
"""
KEY = {"customer": "HASH", "id": "RANGE"}


def order(number: int, **more: Any) -> dict[str, Any]:
    return {
        "id": {"S": f"o{number:05}"},
        "customer": {"S": f"c{number % 17}"},
        "total": {"N": f"{number}.5"},
        "tags": {"SS": ["b", "a"]},
        "raw": {"B": bytes([number % 256])},
        "lines": {"L": [{"M": {"sku": {"S": "x"}, "empty": {"S": ""}, "none": {"NULL": True}}}]},
        **more,
    }


def declare(folder: Path, text: str) -> None:
    (folder / "desired_state").mkdir(exist_ok=True)
    (folder / "desired_state" / "orders.yaml").write_text(text)


def tool(endpoint: Live, folder: Path, *words: str, code: int = 0) -> str:
    done = forked.run(*words, "--endpoint-url", endpoint.url, folder=folder, timeout=PATIENCE)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def fill(dynamodb: Any, items: list[dict[str, Any]]) -> None:
    for start in range(0, len(items), 25):
        batch = [{"PutRequest": {"Item": item}} for item in items[start : start + 25]]
        assert not dynamodb.batch_write_item(RequestItems={"orders": batch})["UnprocessedItems"]


def held(dynamodb: Any, table: str = "orders") -> list[str]:
    pages = dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    found = [item for page in pages for item in page["Items"]]
    return sorted(
        json.dumps({**item, "tags": sorted(item["tags"]["SS"])}, default=repr, sort_keys=True) for item in found
    )


def keys(dynamodb: Any) -> dict[str, str]:
    schema = dynamodb.describe_table(TableName="orders")["Table"]["KeySchema"]
    return {element["AttributeName"]: element["KeyType"] for element in schema}


def begun(endpoint: Live, folder: Path, items: list[dict[str, Any]]) -> list[str]:
    """The table as it was declared first, with these items, and declared otherwise now."""
    declare(folder, BEFORE)
    tool(endpoint, folder, "--once")
    fill(endpoint.client, items)
    before = held(endpoint.client)
    declare(folder, AFTER)
    return before


@pytest.mark.parametrize("words", [("--once",), ("up", "--yes"), ("up", "--yes", "orders")], ids=" ".join)
def test_a_pass_replaces_the_table_and_keeps_its_items(endpoint: Live, tmp_path: Path, words: tuple[str, ...]) -> None:
    before = begun(endpoint, tmp_path, [order(number) for number in range(230)])
    output = tool(endpoint, tmp_path, *words)
    assert keys(endpoint.client) == KEY
    assert held(endpoint.client) == before
    assert sorted(endpoint.client.list_tables()["TableNames"]) == ["orders", "reconciler_state"]
    assert "1 replaced" in output
    assert "In sync" in tool(endpoint, tmp_path, "preview", "--expect-no-changes")
