"""Builders of desired states and foreign actions for the tables of scenarios."""

from __future__ import annotations

from typing import Any

from faults.scenario import Files, Hand
from support.spec_documents import document
from support.specs import renamed, spec

from reconciler.model.table import TableSpec

Item = dict[str, Any]


def declare(*tables: dict[str, Any], **seeds: list[Any]) -> Files:
    """One file a table, and a plain JSON seed for the tables named."""
    declared = {f"{table['TableName']}.json": table for table in tables}
    return {**declared, **{f"seeds/{name}.json": items for name, items in seeds.items()}}


def table(name: str, *key: str, lifecycle: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    """The document of a table, ``pk S`` without a key; ``fields`` are those of ``specs.spec``."""
    more = {"lifecycle": lifecycle} if lifecycle else {}
    return document(renamed(spec(*key, **fields), name), **more)


def some(number: int, prefix: str = "item") -> list[Item]:
    """That many plain items."""
    return [{"pk": f"{prefix}#{count:03}", "total": count} for count in range(number)]


def foreign_items(name: str, of: TableSpec, number: int) -> Hand:
    """Somebody puts that many items of their own into a table, with every attribute that is in a key of it."""

    def put(dynamodb: Any) -> None:
        elements = [*of.keys, *(e for index in of.global_indexes or () for e in index.keys)]
        elements += [e for index in of.local_indexes or () for e in index.keys]
        for count in range(number):
            values = {e.attribute: {e.type: str(count) if e.type == "N" else f"theirs {count}"} for e in elements}
            dynamodb.put_item(TableName=name, Item={**values, "precious": {"BOOL": True}})

    return put


def foreign(name: str, number: int = 0, **fields: Any) -> Hand:
    """Somebody makes a table with the key ``pk S`` and puts items into it; ``fields`` are those of CreateTable."""

    def make(dynamodb: Any) -> None:
        dynamodb.create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            **{"BillingMode": "PAY_PER_REQUEST", **fields},
        )
        foreign_items(name, spec(), number)(dynamodb)

    return make


def together(*hands: Hand) -> Hand:
    """One after the other."""

    def act(dynamodb: Any) -> None:
        for hand in hands:
            hand(dynamodb)

    return act
