"""Reads Amazon Ion, the second format of exports to S3. Called by ``read_seed``; needs the extra ``ion``.

An export annotates sets: ``$dynamodb_SS::["a"]``
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport.Output.html).
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from reconciler import install_line
from reconciler.parsing.parsed import TOO_DEEP, ParseError
from reconciler.seeds.seed_types import WrittenItem

_SETS = frozenset(("$dynamodb_SS", "$dynamodb_NS", "$dynamodb_BS"))


class _Pieces:
    """What the library of Ion reads from: a file whose pieces have any size."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces

    def read(self, _size: int = -1) -> bytes:
        return next((piece for piece in self._pieces if piece), b"")


def read_ion_seed(pieces: Iterator[bytes]) -> Iterator[WrittenItem]:
    """Items as plain values, each in ``{Item: …}`` or alone. Raises ``ParseError``, without a line: Ion has none."""
    try:
        from amazon.ion import simpleion  # type: ignore[import-not-found,import-untyped,unused-ignore]
        from amazon.ion.exceptions import IonException  # type: ignore[import-not-found,import-untyped,unused-ignore]
    except ImportError:
        remedy = f"Install it: {install_line('ion')}. Or export the table as DynamoDB JSON."
        raise ParseError(None, "is in Ion format, which needs the extra `ion`", remedy) from None
    number = 0
    try:
        for value in simpleion.load(_Pieces(pieces), single_value=False, parse_eagerly=False):
            plain = _plain(value)
            alone = isinstance(plain, dict) and set(plain) == {"Item"} and isinstance(plain["Item"], dict)
            yield WrittenItem(plain["Item"] if alone else plain, None)
            number += 1
    except RecursionError:
        raise ParseError(None, *TOO_DEEP) from None
    except (IonException, ValueError, TypeError):
        reason = f"is not Ion, or is cut short, after {number} {'item' if number == 1 else 'items'}"
        raise ParseError(None, reason, "Export the table again.") from None


def _plain(value: Any) -> Any:
    """A value of Ion as the Python value that ``plain_values`` knows. Raises ``ParseError`` for a type it lacks."""
    kind = value.ion_type.name
    match kind:
        case "NULL":
            return None
        case "BOOL":
            return bool(value)
        case "INT":
            return int(value)
        case "DECIMAL":
            return Decimal(value)
        case "STRING":
            return str(value)
        case "BLOB":
            return bytes(value)
        case "LIST":
            return _list(value)
        case "STRUCT":
            return _mapping(value)
    remedy = "Export the table again, or write texts, numbers, blobs, lists and structs."
    raise ParseError(None, f"contains a value of the type {kind.lower()}, which no attribute has", remedy)


def _list(value: Any) -> Any:
    members = [_plain(member) for member in value]
    if not any(annotation.text in _SETS for annotation in value.ion_annotations):
        return members
    if any(isinstance(member, list | dict | frozenset) for member in members):
        raise ParseError(None, "contains a set with a list or a struct", "Export the table again.")
    found = frozenset(members)
    if len(found) < len(members):
        raise ParseError(None, "contains a set with a duplicate value", "Keep each value once.")
    return found


def _mapping(value: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, member in value.iteritems():
        if str(name) in found:
            raise ParseError(None, f"duplicate field {str(name)!r}", "Keep one of them.")
        found[str(name)] = _plain(member)
    return found
