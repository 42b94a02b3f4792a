"""The digest of a set of items, independent of their order. Used for seeds and for the contents of tables."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from decimal import Context, Decimal
from typing import Any

from reconciler.model.desired import Item

EXACT = Context(prec=50)
"""DynamoDB stores 38 digits; Python's default context rounds to 28."""


def items_digest(items: Iterable[Item]) -> str:
    """SHA-256 in hexadecimal of the sorted digests of the items. Equal numbers are equal in every notation."""
    digests = sorted(hashlib.sha256(canonical(item).encode()).hexdigest() for item in items)
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()


def canonical(item: Item) -> str:
    """One item as canonical JSON: attributes sorted, sets sorted, numbers normalised, binary as base64."""
    return json.dumps({name: _value(value) for name, value in item.items()}, sort_keys=True, separators=(",", ":"))


def _value(value: Mapping[str, Any]) -> Any:
    ((kind, content),) = value.items()
    return {kind: _CANONICAL.get(kind, _same)(content)}


def _same(content: Any) -> Any:
    return content


def _number(content: str) -> str:
    number = Decimal(content)
    return "0" if number == 0 else str(number.normalize(EXACT))


def _binary(content: bytes) -> str:
    return base64.b64encode(bytes(content)).decode()


_CANONICAL: dict[str, Callable[[Any], Any]] = {
    "N": _number,
    "B": _binary,
    "NS": lambda content: sorted(_number(number) for number in content),
    "SS": sorted,
    "BS": lambda content: sorted(_binary(binary) for binary in content),
    "L": lambda content: [_value(value) for value in content],
    "M": lambda content: {name: _value(value) for name, value in content.items()},
}
