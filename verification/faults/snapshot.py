"""A snapshot of an endpoint by an independent boto3 client, without values that differ between runs."""

from __future__ import annotations

import difflib
import pprint
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from reconciler.seeding.provenance import unpack

Shape = dict[str, Any]
PASSING = frozenset(
    (
        *("CreationDateTime", "TableId", "LatestStreamArn", "LatestStreamLabel", "ItemCount", "TableSizeBytes"),
        *("IndexSizeBytes", "LastIncreaseDateTime", "LastDecreaseDateTime", "LastUpdateToPayPerRequestDateTime"),
        *("LastUpdateDateTime", "NumberOfDecreasesToday"),
    )
)
"""Members of a description that depend on time and traffic and not on the declaration."""
SINCE = ("unwanted_since", "empty_since", "forgotten_since", "guarded_since", "ready_at")
DIGESTS = ("written", "uncertain")
"""Digests of items that are recorded as ours. A batch that a kill interrupts stays uncertain, so both count as one."""
OF_THE_COPY = ("aside", "aside_identity", "target", "finished", "copied")
"""Members of the record of a replacement that have a random name, or depend on where it was interrupted."""
DROPPED = (
    "nonce",
    "project",
    "fence",
    "revision",
    "changed_at",
    "ours_since",
    "at",
    "started",
    "scope",
    "record",
    *DIGESTS,
    *OF_THE_COPY,
)
STATE_KEYS = ["scope", "record"]


def seen(dynamodb: Any) -> Shape:
    """Every table with its time to live and its items, and the records of every state table but lease and history."""
    tables, records = {}, {}
    names = [name for page in dynamodb.get_paginator("list_tables").paginate() for name in page["TableNames"]]
    described = {name: dynamodb.describe_table(TableName=name)["Table"] for name in names}
    for name, table in described.items():
        tables[name] = {
            "describe": _lasting(table),
            "ttl": dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"],
        }
        if is_state_table(table):
            records[name] = _records(items(dynamodb, name), described)
        else:
            tables[name]["items"] = items(dynamodb, name)
    return {"tables": tables, "records": records}


def as_if_answered(shape: Shape, tables: Collection[str]) -> Shape:
    """The shape with these tables recorded as created where they are recorded as adopted."""
    records = {
        state: {name: _as_created(record) if name.partition("table#")[2] in tables else record for name, record in of}
        for state, of in ((state, found.items()) for state, found in shape["records"].items())
    }
    return {**shape, "records": records}


def _as_created(record: Shape) -> Shape:
    return {**record, "ownership": {"S": "created"}} if record["ownership"] == {"S": "adopted"} else record


def items(dynamodb: Any, table: str) -> list[Shape]:
    """All items of a table by a consistent Scan, in an order of their own."""
    pages = dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    return sorted((item for page in pages for item in page["Items"]), key=repr)


def is_state_table(table: Mapping[str, Any]) -> bool:
    """Whether it has the keys of a state table."""
    return [key["AttributeName"] for key in table["KeySchema"]] == STATE_KEYS


def difference(wanted: Shape, found: Shape) -> str:
    """The lines that differ, with some around them."""
    before, after = (pprint.pformat(side, width=110).splitlines() for side in (wanted, found))
    return "\n".join(difflib.unified_diff(before, after, "undisturbed", "found", lineterm="", n=4))


def _lasting(value: Any) -> Any:
    """A description without what passes; lists without an order of their own are sorted."""
    if isinstance(value, dict):
        kept = {name: _lasting(member) for name, member in value.items() if name not in PASSING}
        for name in ("AttributeDefinitions", "GlobalSecondaryIndexes", "LocalSecondaryIndexes", "NonKeyAttributes"):
            if name in kept:
                kept[name] = sorted(kept[name], key=repr)
        return kept
    return [_lasting(member) for member in value] if isinstance(value, list) else value


def _records(raw: list[Shape], tables: Mapping[str, Shape]) -> Shape:
    found = {}
    for item in raw:
        record = item["record"]["S"]
        if record == "lease" or record.startswith("run#"):
            continue
        found[f"{item['scope']['S']} {record}"] = _record(item, tables)
    return found


def _record(item: Shape, tables: Mapping[str, Shape]) -> Shape:
    kept = {name: value for name, value in item.items() if name not in DROPPED}
    if ours := unpack(item.get("written", {}).get("S", "")) | unpack(item.get("uncertain", {}).get("S", "")):
        kept["written or uncertain"] = sorted(digest.hex() for digest in ours)
    for name in SINCE:
        if name in kept:
            kept[name] = "set"
    for name in ("identity", "state_table"):
        if name in kept:
            kept[name] = _owner_of(kept[name], tables)
    if "managed" in kept:
        kept["managed"] = _managed(kept["managed"]["M"], tables)
    return kept


def _managed(managed: Shape, tables: Mapping[str, Shape]) -> Shape:
    """A tag counts the same whether it is proven to be ours or not: a kill after TagResource leaves it unproven."""
    features = {feature["S"] for feature in managed["features"]["L"]}
    tags = {f"tags.{key}" for key in managed.get("tags", {}).get("M", {})}
    return {"identity": _owner_of(managed.get("identity", {}), tables), "features": sorted(features | tags)}


def _owner_of(identity: Shape, tables: Mapping[str, Shape]) -> str:
    """Whether a recorded identity is that of a table that is there."""
    if "M" not in identity:
        return "none"
    arn, created = identity["M"]["arn"]["S"], datetime.fromisoformat(identity["M"]["created"]["S"])
    live = next((table for table in tables.values() if table["TableArn"] == arn), None)
    if live is None:
        return "of a table that is gone"
    apart = abs((live["CreationDateTime"] - created).total_seconds())
    return "of the live table" if apart < 0.001 else "of another table of this name"
