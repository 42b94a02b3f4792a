"""A declared table with its seed in some format, for tables of cases."""

from __future__ import annotations

from typing import Any

from support.folders import SOUND


def doc(**more: Any) -> dict[str, Any]:
    """The sound document with more fields."""
    return {**SOUND, **more}


USERS = {"users.json": SOUND}
COMPOSITE = {
    "users.json": doc(
        key_schema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "n", "KeyType": "RANGE"}],
        attribute_definitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "n", "AttributeType": "N"},
            {"AttributeName": "email", "AttributeType": "S"},
        ],
        global_secondary_indexes=[
            {
                "IndexName": "by_email",
                "KeySchema": [{"AttributeName": "email", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )
}
BINARY = {"users.json": doc(attribute_definitions=[{"AttributeName": "pk", "AttributeType": "B"}])}


def as_json(text: str) -> dict[str, Any]:
    """Users with a seed in JSON."""
    return {**USERS, "seeds/users.json": text}


def json_lines(text: str) -> dict[str, Any]:
    """Users with a seed in JSON lines."""
    return {**USERS, "seeds/users.jsonl": text}


def as_csv(text: str) -> dict[str, Any]:
    """Users with a seed in CSV."""
    return {**USERS, "seeds/users.csv": text}


def as_yaml(text: str) -> dict[str, Any]:
    """Users with a seed in YAML."""
    return {**USERS, "seeds/users.yaml": text}


def nest(levels: int) -> Any:
    """A number in that many lists."""
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value
