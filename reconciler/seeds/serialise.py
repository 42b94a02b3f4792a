"""A plain value → an attribute value of the wire. Called by ``convert`` for plain items of files and classes."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from enum import Enum
from typing import Any

from reconciler.model.desired import AttributeValue
from reconciler.seeds.numbers import number_text
from reconciler.seeds.record import ValueFault
from reconciler.seeds.sets import set_value, text_value


def attribute_value(value: Any, path: str) -> AttributeValue:
    """Texts, numbers, true and false, null, bytes, lists, mappings and sets, nested as deep as they come."""
    if isinstance(value, Enum):
        value = value.value
    if value is None:
        return {"NULL": True}
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, str):
        return {"S": text_value(value, path)}
    if isinstance(value, int | float | Decimal):
        return {"N": number_text(value, path)}
    if isinstance(value, bytes | bytearray | memoryview):
        return {"B": bytes(value)}
    if isinstance(value, Mapping):
        return {"M": {name_of(key, path): attribute_value(item, f"{path}.{key}") for key, item in value.items()}}
    if isinstance(value, list | tuple):
        return {"L": [attribute_value(item, f"{path}[{index}]") for index, item in enumerate(value)]}
    if isinstance(value, set | frozenset):
        return set_value([attribute_value(item, path) for item in value], path)
    kind = type(value).__name__
    raise ValueFault(path, f"is a Python {kind}, which DynamoDB has no type for", "Turn it into a text or a number.")


def name_of(key: Any, path: str) -> str:
    """The name of an attribute: a text that is not empty."""
    if not isinstance(key, str) or not key:
        raise ValueFault(path, f"has the attribute name {key!r}, not a text", "Use texts as attribute names.")
    return text_value(key, path)
