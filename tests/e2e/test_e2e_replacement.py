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
KEYS_OF_AFTER = "[{AttributeName: customer, KeyType: HASH}, {AttributeName: id, KeyType: RANGE}]"


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


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--engine", "quick"), 'expected one of ["auto", "scan", "bulk", "import"]'),
        (("--engine", "bulk"), "on an emulator leave them out"),
        (("--engine", "import"), "on an emulator leave them out"),
        (("--pause", "--engine", "bulk"), "belong to the beginning of a replacement, not to --pause"),
        (("--through-s3", "s3://bucket"), "on an emulator leave them out"),
        (("--beside", "--engine", "bulk", "--through-s3", "s3://bucket"), "an emulator has no such jobs"),
    ],
)
def test_jobs_of_the_service_are_refused_on_an_emulator(
    moto: Live, tmp_path: Path, words: tuple[str, ...], why: str
) -> None:
    declare(tmp_path, BEFORE)
    tool(moto, tmp_path, "up", "--yes")
    declare(tmp_path, AFTER)
    assert why in tool(moto, tmp_path, "replace", "orders", "--yes", *words, code=1)
    assert sorted(moto.client.list_tables()["TableNames"]) == ["orders", "reconciler_state"]


def test_replace_says_what_is_kept_and_keeps_it(endpoint: Live, tmp_path: Path) -> None:
    before = begun(endpoint, tmp_path, [order(number) for number in range(30)])
    output = tool(endpoint, tmp_path, "replace", "orders", "--yes", "--data-loss", "never")
    assert "orders is replaced and keeps its 30 items" in output
    assert "kept its 30 items; digest" in output
    assert (keys(endpoint.client), held(endpoint.client)) == (KEY, before)
    assert "needs no replacement" in tool(endpoint, tmp_path, "replace", "orders", "--yes", code=1)


UNFIT = {
    "an item without the new key": (
        {"customer": None},
        "1 item without customer, which is in the new key (for example id=o00000)",
    ),
    "another type": ({"customer": {"N": "7"}}, "1 item with a customer of type N, which is S in the new key"),
    "an empty key": ({"customer": {"S": ""}}, "1 item with an empty customer, which is in the new key"),
    "a key that is too long": ({"customer": {"S": "x" * 2049}}, "1 item with a customer of more than 2048 bytes"),
}


@pytest.mark.parametrize("name", UNFIT)
def test_items_that_do_not_fit_are_refused_before_the_first_write(local: Live, tmp_path: Path, name: str) -> None:
    changes, why = UNFIT[name]
    odd = {key: value for key, value in {**order(0), **changes}.items() if value is not None}
    before = begun(local, tmp_path, [odd, order(1)])
    assert why in tool(local, tmp_path, "replace", "orders", "--yes", code=1)
    assert why in tool(local, tmp_path, "--once", code=2)
    assert (keys(local.client), held(local.client)) == ({"id": "HASH"}, before)
    assert sorted(local.client.list_tables()["TableNames"]) == ["orders", "reconciler_state"]


BY_CUSTOMER = """\
table_name: orders
key_schema: [{AttributeName: customer, KeyType: HASH}]
attribute_definitions: [{AttributeName: customer, AttributeType: S}]
"""
RULES = {
    "the newest by a number": (("newest", "--newest-by", "total"), ["o00017", "o00018", "o00002"]),
    "the first former key": (("keep-first",), ["o00000", "o00001", "o00002"]),
}


@pytest.mark.parametrize("name", RULES)
def test_items_that_share_a_new_key_are_refused_or_resolved_by_a_rule(local: Live, tmp_path: Path, name: str) -> None:
    begun(local, tmp_path, [order(number) for number in (0, 1, 2, 17, 18)])
    declare(tmp_path, BY_CUSTOMER)
    why = "4 items would share 2 keys of the new table"
    refused = tool(local, tmp_path, "replace", "orders", "--yes", code=1)
    assert why in refused
    assert "`reconciler replace orders --on-conflict newest --newest-by ATTRIBUTE`" in refused
    assert "--on-conflict newest --newest-by ATTRIBUTE" in tool(local, tmp_path, "--once", code=2)
    words, kept = RULES[name]
    output = tool(local, tmp_path, "replace", "orders", "--yes", "--on-conflict", *words)
    assert "orders is replaced and keeps 3 of its 5 items" in output
    assert "2 items are dropped: of items that share a key of the new table, the one with the " in output
    found = sorted(local.client.scan(TableName="orders")["Items"], key=lambda item: str(item["customer"]["S"]))
    assert [item["id"]["S"] for item in found] == kept


INDEXED = """\
table_name: orders
key_schema: [{AttributeName: id, KeyType: HASH}]
attribute_definitions: [{AttributeName: id, AttributeType: S}, {AttributeName: customer, AttributeType: S}]
global_secondary_indexes:
  - IndexName: by_customer
    KeySchema: [{AttributeName: customer, KeyType: HASH}]
    Projection: {ProjectionType: ALL}
time_to_live: {attribute: expires_at}
"""


def test_what_is_no_longer_declared_is_named_before_the_new_table_lacks_it(local: Live, tmp_path: Path) -> None:
    declare(tmp_path, INDEXED)
    tool(local, tmp_path, "--once")
    fill(local.client, [order(number) for number in range(3)])
    before = held(local.client)
    declare(tmp_path, AFTER)
    plan = tool(local, tmp_path, "preview")
    assert "left in place" not in plan
    assert "global_indexes.by_customer is not declared, so the new table does not have it" in " ".join(plan.split())
    assert "ttl" in plan
    (table,) = json.loads(tool(local, tmp_path, "status", "-o", "json"))["tables"]
    (change,) = [change for change in table["changes"] if change["facet"] == "keys"]
    assert (change["path"], change["unsafe"]) == ("keys", None)
    assert "**unsafe:** global" in tool(local, tmp_path, "preview", "-o", "markdown").replace("\\", "")

    refused = tool(local, tmp_path, "up", "--yes", "--disruption", "never", code=2)
    assert "RECONCILER_DISRUPTION=allow" in refused
    found = local.client.describe_table(TableName="orders")["Table"]
    assert [index["IndexName"] for index in found["GlobalSecondaryIndexes"]] == ["by_customer"]
    assert found["KeySchema"] == [{"AttributeName": "id", "KeyType": "HASH"}]

    said = tool(local, tmp_path, "replace", "orders", "--yes")
    assert "The new table will not have global_indexes.by_customer" in said
    assert keys(local.client) == KEY
    assert held(local.client) == before
    assert "GlobalSecondaryIndexes" not in local.client.describe_table(TableName="orders")["Table"]
    assert "left in place" not in tool(local, tmp_path, "status")


def test_an_index_that_stays_declared_is_there_again(local: Live, tmp_path: Path) -> None:
    declare(tmp_path, INDEXED)
    tool(local, tmp_path, "--once")
    fill(local.client, [order(number) for number in range(3)])
    declare(tmp_path, INDEXED.replace("[{AttributeName: id, KeyType: HASH}]", KEYS_OF_AFTER, 1))
    assert "is not declared" not in tool(local, tmp_path, "preview")
    tool(local, tmp_path, "up", "--yes", "--disruption", "never")
    found = local.client.describe_table(TableName="orders")["Table"]
    assert keys(local.client) == KEY
    assert [index["IndexName"] for index in found["GlobalSecondaryIndexes"]] == ["by_customer"]
    ttl = local.client.describe_time_to_live(TableName="orders")["TimeToLiveDescription"]
    assert ttl == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires_at"}
