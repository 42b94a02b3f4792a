"""Pieces of declaration documents, for tables of cases."""

from __future__ import annotations

from typing import Any

H, R = "HASH", "RANGE"
T = {"read_capacity_units": 5, "write_capacity_units": 5}
WITH_SORT_KEY: dict[str, Any] = {
    "key_schema": [{"AttributeName": "pk", "KeyType": H}, {"AttributeName": "sk", "KeyType": R}],
    "attribute_definitions": [
        {"AttributeName": "pk", "AttributeType": "S"},
        {"AttributeName": "sk", "AttributeType": "S"},
    ],
}


def index(
    name: str = "by_email", keys: tuple[tuple[str, str], ...] = (("pk", H),), kind: str = "ALL", **more: Any
) -> dict[str, Any]:
    """An index in snake_case; ``projection`` adds to its projection, ``None`` removes a field."""
    projection = {"projection_type": kind, **more.pop("projection", {})}
    schema = [{"attribute_name": attribute, "key_type": role} for attribute, role in keys]
    whole = {"index_name": name, "key_schema": schema, "projection": projection, **more}
    return {field: value for field, value in whole.items() if value is not None}


def defs(*names: str) -> list[dict[str, str]]:
    """Definitions of text attributes."""
    return [{"AttributeName": name, "AttributeType": "S"} for name in names]


def key(*pairs: tuple[str, str]) -> list[dict[str, str]]:
    """A key schema in CamelCase."""
    return [{"AttributeName": attribute, "KeyType": role} for attribute, role in pairs]
