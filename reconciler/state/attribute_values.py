"""Converts plain values to DynamoDB attribute values and back, exactly, for the records of the state table.

Records hold only strings, integers, booleans, lists and maps.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Unreadable(Exception):
    """A record is invalid for its kind. The text is the end of a sentence."""


def encode(record: Mapping[str, Any]) -> dict[str, Any]:
    """An item. Members that are None are left out."""
    return {name: _encode(value) for name, value in record.items() if value is not None}


def decode(item: Mapping[str, Any]) -> dict[str, Any]:
    """The plain values of an item. Raises ``Unreadable`` for any other type."""
    return {name: _decode(name, value) for name, value in item.items()}


def _encode(value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, int):
        return {"N": str(value)}
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, Mapping):
        return {"M": encode(value)}
    if isinstance(value, list | tuple):
        return {"L": [_encode(member) for member in value]}
    raise TypeError(f"a record cannot hold a value of type {type(value).__name__}")


def _decode(name: str, value: Mapping[str, Any]) -> Any:
    if not isinstance(value, Mapping) or len(value) != 1:
        raise Unreadable(f"{name} is not an attribute value")
    ((kind, content),) = value.items()
    match kind:
        case "S" | "BOOL":
            return content
        case "N":
            return _whole(name, content)
        case "M":
            return decode(content)
        case "L":
            return [_decode(name, member) for member in content]
    raise Unreadable(f"{name} has the type {kind}; expected S, N, BOOL, L or M")


def _whole(name: str, content: str) -> int:
    try:
        return int(content)
    except (TypeError, ValueError):
        raise Unreadable(f"{name} is not a whole number") from None
