"""The digest of a set of items, independent of their order. Used for seeds and for the contents of tables."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from decimal import Context, Decimal
from typing import Any

from reconciler.model.desired import Item

_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode
"""One encoder for all items: ``json.dumps`` with arguments makes one for each."""
EXACT = Context(prec=50)
"""DynamoDB stores 38 digits; Python's default context rounds to 28."""


def items_digest(items: Iterable[Item]) -> str:
    """SHA-256 in hexadecimal of the sorted digests of the items. Equal numbers are equal in every notation."""
    digest = ItemsDigest()
    for item in items:
        digest.add(item)
    return digest.hexdigest()


class ItemsDigest:
    """``items_digest`` item by item: 32 bytes for each, where a list of digests would take four times as much."""

    def __init__(self) -> None:
        self._buckets = [bytearray() for _ in range(256)]

    def add(self, item: Item) -> bytes:
        """Take one item in. Returns its own SHA-256."""
        digest = hashlib.sha256(canonical(item).encode()).digest()
        self._buckets[digest[0]] += digest
        return digest

    def hexdigest(self) -> str:
        """The digest of all items so far."""
        whole, between = hashlib.sha256(), b""
        for bucket in self._buckets:
            for digest in sorted(bytes(bucket[at : at + 32]) for at in range(0, len(bucket), 32)):
                whole.update(between + digest.hex().encode())
                between = b"\n"
        return whole.hexdigest()


def canonical(item: Item) -> str:
    """One item as canonical JSON: attributes sorted, sets sorted, numbers normalised, binary as base64."""
    return _encode({name: _value(value) for name, value in item.items()})


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
