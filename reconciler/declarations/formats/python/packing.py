"""Values of the user's classes as JSON and back. ``evaluating`` packs them in the child process, ``reading`` unpacks.

JSON and not pickle: what a class file sends can then be nothing but data. Tuples become lists; an object that has no
place in a declaration becomes an ``Unknown`` that still knows the name of its type, for the message about it.
"""

from __future__ import annotations

import binascii
import json
from collections.abc import Mapping
from decimal import Decimal
from enum import Enum
from typing import Any

DEEPEST = 500
"""Levels of nesting that are passed on. DynamoDB allows 32; Python's own decoder stops at about 1,000."""

_TAG = "$"
_LONGEST_INTEGER = 64
"""Bits. Longer integers travel as hexadecimal, for which Python has no limit on digits."""


def pack(value: Any, level: int = 0) -> Any:
    """What ``json.dumps`` writes without loss. Raises ``RecursionError`` for more than ``DEEPEST`` levels."""
    if isinstance(value, Enum):
        value = value.value
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        number = int.__index__(value)
        return number if number.bit_length() <= _LONGEST_INTEGER else {_TAG: "integer", "of": hex(number)}
    if isinstance(value, float):
        return float.__float__(value)
    if level > DEEPEST:
        raise RecursionError(f"nested more than {DEEPEST} levels deep")
    if isinstance(value, Mapping):
        return _pack_mapping(value, level + 1)
    if isinstance(value, list | tuple):
        # A comprehension would be a second frame a level, and end before DEEPEST.
        several = []
        for item in value:
            several.append(pack(item, level + 1))
        return several
    return _pack_other(value, level + 1)


def _pack_mapping(value: Mapping[Any, Any], level: int) -> Any:
    pairs = []
    for key, item in value.items():
        pairs.append([pack(key, level), pack(item, level)])
    if all(isinstance(key, str) and key != _TAG for key, _ in pairs):
        return dict(pairs)
    return {_TAG: "pairs", "of": pairs}


def _pack_other(value: Any, level: int) -> Any:
    if isinstance(value, Decimal):
        return {_TAG: "decimal", "of": Decimal.__str__(value)}
    if isinstance(value, bytes | bytearray | memoryview):
        return {_TAG: "bytes", "of": binascii.b2a_base64(bytes(value), newline=False).decode()}
    if isinstance(value, set | frozenset):
        members = []
        for item in value:
            members.append(pack(item, level))
        return {_TAG: "set", "of": sorted(members, key=canonical)}
    return {_TAG: "unknown", "of": type(value).__name__}


def canonical(packed: Any) -> str:
    """One text for equal packed values, whatever the order of their keys."""
    return json.dumps(packed, sort_keys=True, separators=(",", ":"))


class Unknown:
    """An object of the user's that has no place in a declaration; made under the name of its own type."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} object>"


TOO_DEEP = '{"$":"too deep"}'
"""An item that ``pack`` refused, as JSON."""


def _too_deep() -> dict[str, Any]:
    """A stand-in for an item that is nested deeper than ``DEEPEST``: one that contains itself."""
    item: dict[str, Any] = {}
    item["..."] = item
    return item


def unpack(text: str | bytes) -> Any:
    """The value of one JSON text. Raises ``ValueError`` and ``RecursionError`` for what ``pack`` did not write."""
    return json.loads(text, object_hook=_unpack_object)


def _unpack_object(found: dict[str, Any]) -> Any:
    if _TAG not in found:
        return found
    of = found.get("of")
    match found[_TAG]:
        case "integer":
            return int(str(of), 16)
        case "decimal":
            return Decimal(str(of))
        case "bytes":
            return binascii.a2b_base64(str(of))
        case "set" if isinstance(of, list):
            return frozenset(_hashable(item) for item in of)
        case "pairs" if isinstance(of, list):
            return {_hashable(key): item for key, item in of}
        case "too deep":
            return _too_deep()
        case "unknown":
            return type(str(of).replace("\0", ""), (Unknown,), {})()
    raise ValueError("no value of a class file")


def _hashable(value: Any) -> Any:
    return tuple(_hashable(item) for item in value) if isinstance(value, list) else value
