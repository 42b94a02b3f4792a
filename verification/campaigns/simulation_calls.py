"""The table of a call, and whether a live table has the declared key. Used by the monitor of a scenario."""

from __future__ import annotations

from typing import Any

from simulation.table import Table

from reconciler.model.change import Call
from reconciler.model.table import KeyElement, TableSpec


def subject(call: Call) -> str:
    """The table that a call is about."""
    params = call.params
    name = params.get("TableName") or params.get("ResourceArn") or params.get("BackupArn") or params["ResourceId"]
    return str(name).split(":table/", 1)[-1].removeprefix("table/").split("/", 1)[0]


def same_base(table: Table, spec: TableSpec) -> bool:
    """Whether key and declared local indexes, which no change in place reaches, are those of the live table."""
    shape = table.description
    types = {each["AttributeName"]: each["AttributeType"] for each in shape["AttributeDefinitions"]}
    if _elements(shape["KeySchema"], types) != _keys(spec.keys):
        return False
    if spec.local_indexes is None:
        return True
    live = {
        index["IndexName"]: (_elements(index["KeySchema"], types), _projected(index["Projection"]))
        for index in shape.get("LocalSecondaryIndexes", [])
    }
    desired = {
        index.name: (_keys(index.keys), (index.projection.type, index.projection.non_key_attributes))
        for index in spec.local_indexes
    }
    return live == desired


def _projected(shape: dict[str, Any]) -> tuple[str, frozenset[str]]:
    return shape["ProjectionType"], frozenset(shape.get("NonKeyAttributes", ()))


def _elements(schema: list[dict[str, str]], types: dict[str, str]) -> list[tuple[str, str, str]]:
    return [(each["AttributeName"], each["KeyType"], types[each["AttributeName"]]) for each in schema]


def _keys(keys: tuple[KeyElement, ...]) -> list[tuple[str, str, str]]:
    return [(key.attribute, key.role, key.type) for key in keys]
