"""Compares the items of a table with expected ones. Called by the fixture ``assert_items``."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from reconciler.model.desired import Item
from reconciler.planning.text import printable, several
from reconciler.presentation.changes import value_text
from reconciler.seeding.digest import canonical

SHOWN = 20
"""Items whose differences are shown. The others are counted."""


def typed(item: Mapping[str, Any]) -> Item:
    """An item of plain Python values as DynamoDB JSON. Floats are decimal numbers as they are printed."""
    from boto3.dynamodb.types import TypeSerializer

    serializer = TypeSerializer()
    return {name: serializer.serialize(_decimal(value)) for name, value in item.items()}


def all_items(client: Any, table: str) -> list[Item]:
    """Every item of a table, by a consistent Scan."""
    pages = client.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    return [item for page in pages for item in page["Items"]]


def differences(
    table: str,
    live: Iterable[Item],
    expected: Iterable[Item],
    keys: Sequence[str],
    *,
    subset: bool = False,
    ignore: Collection[str] = (),
) -> tuple[str, ...]:
    """The lines of a failure message; empty where the items are equal.

    With ``subset``, other items may be there, and the items may have other attributes. The attributes ``ignore`` are
    not compared.
    """
    there = {_key(item, keys): _without(item, ignore, keys) for item in live}
    wanted = {_key(item, keys): _without(item, ignore, keys) for item in expected}
    if subset:
        there |= {key: _only(there[key], item) for key, item in wanted.items() if key in there}
    found: list[list[str]] = []
    for key, item in wanted.items():
        if key not in there:
            found.append([f"+ {_text({name: item[name] for name in keys})}  is missing"])
        elif canonical(there[key]) != canonical(item):
            lines = [f"~ {_text({name: item[name] for name in keys})}"]
            found.append(lines + list(_attributes(there[key], item)))
    for key, item in there.items():
        if key not in wanted and not subset:
            found.append([f"- {_text(item)}  is not expected"])
    if not found:
        return ()
    rest = [f"… and {several(len(found) - SHOWN, 'more item')}"] if len(found) > SHOWN else []
    shown = [f"  {line}" for lines in found[:SHOWN] for line in lines]
    counted = f"{several(len(there), 'item')}, {several(len(wanted), 'item')} expected"
    return (f"{printable(table)}: {several(len(found), 'item')} different ({counted})", *shown, *rest)


def _attributes(live: Item, expected: Item) -> Iterator[str]:
    for name in dict.fromkeys((*expected, *live)):
        before, after = live.get(name), expected.get(name)
        if before is None or after is None or canonical({name: before}) != canonical({name: after}):
            yield f"    {printable(name)}: {_value(before)} → {_value(after)}"


def _key(item: Item, keys: Sequence[str]) -> str:
    return canonical({name: item[name] for name in keys if name in item})


def _without(item: Item, ignore: Collection[str], keys: Sequence[str]) -> Item:
    return {name: value for name, value in item.items() if name not in ignore or name in keys}


def _only(item: Item, names: Collection[str]) -> Item:
    return {name: value for name, value in item.items() if name in names}


def _text(item: Item) -> str:
    return ", ".join(f"{printable(name)}={_value(value)}" for name, value in item.items())


def _value(value: Mapping[str, Any] | None) -> str:
    if value is None:
        return "none"
    ((kind, content),) = value.items()
    if kind == "N":
        return str(content)
    if kind in ("S", "BOOL"):
        return value_text(content)
    return value_text(value)


def _decimal(value: Any) -> Any:
    if isinstance(value, float):
        return Decimal(str(value))
    if isinstance(value, Mapping):
        return {name: _decimal(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_decimal(each) for each in value]
    return value
