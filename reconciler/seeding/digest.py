"""One digest for a set of items, whatever their order; seeds and the engine use this one."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from decimal import Context, Decimal
from typing import Any

from reconciler.model.desired import Item

EXACT = Context(prec=50)
"""DynamoDB keeps 38 digits; Python's default context would round to 28."""


def items_digest(items: Iterable[Item]) -> str:
    """SHA-256 over the sorted digests of the items; equal numbers count as equal however they are spelt."""
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
