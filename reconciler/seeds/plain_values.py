"""Converts plain values to attribute values of DynamoDB, exactly; a value that would be rounded is an error.

Numbers have up to 38 significant digits, from 1E-130 to below 1E+126 in magnitude
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html). Called by
``convert`` for plain items; ``typed_values`` shares strings, numbers and sets.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import Any

from reconciler.model.desired import AttributeValue
from reconciler.seeds.seed_types import ValueProblem

_SPELLING = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = ("infinity", "-infinity", "nan")
_DIGITS = 38
_LEAST, _MOST = -130, 125


def number_text(value: object, path: str) -> str:
    """The canonical text of a number. Raises ``ValueProblem`` for a number that DynamoDB rejects or rounds."""
    number = _decimal(value, path)
    if not number.is_finite():
        raise ValueProblem(path, f"invalid number {value}", "Write a finite number.")
    sign, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)
    text = "".join(map(str, digits)).lstrip("0")
    significant = text.rstrip("0")
    exponent += len(text) - len(significant)
    if not significant:
        return "0"
    if len(significant) > _DIGITS:
        raise ValueProblem(
            path, f"has {len(significant)} digits, more than {_DIGITS}", "Write it as a text, or round it."
        )
    magnitude = exponent + len(significant) - 1
    if not _LEAST <= magnitude <= _MOST:
        reason = f"is {number:.3E}, outside the range of numbers in DynamoDB"
        raise ValueProblem(path, reason, "Write a number between 1E-130 and 9.99E+125.")
    return ("-" if sign else "") + _spelt(significant, exponent)


def _decimal(value: object, path: str) -> Decimal:
    """A float has the value that it prints. A string must have the syntax of DynamoDB; Decimal accepts more."""
    text = value if isinstance(value, str) else None
    try:
        if text is None or _SPELLING.fullmatch(text) or text.lower() in _NOT_FINITE:
            # Python refuses to write out an int of thousands of digits.
            return (
                Decimal(value)
                if isinstance(value, int)
                else Decimal(repr(value) if isinstance(value, float) else str(value))
            )
    except InvalidOperation:
        pass
    raise ValueProblem(path, f"expected a number, found {str(value)[:40]!r}", "Write a number.")


def _spelt(digits: str, exponent: int) -> str:
    """``150``, ``1.5``, ``0.015``, and an exponent if that would be long."""
    if exponent >= 0 and len(digits) + exponent <= _DIGITS:
        return digits + "0" * exponent
    point = len(digits) + exponent
    if exponent < 0 < point:
        return f"{digits[:point]}.{digits[point:]}"
    if exponent < 0 and -point <= 6:
        return f"0.{'0' * -point}{digits}"
    return f"{digits}E{exponent:+d}"


_SETS = {"S": "SS", "N": "NS", "B": "BS"}


def set_value(members: Sequence[AttributeValue], path: str) -> AttributeValue:
    """SS, NS or BS in a stable order. Raises ``ValueProblem`` if it is empty, mixed or has duplicates (PutItem)."""
    kinds = {kind for member in members for kind in member}
    if not members:
        raise ValueProblem(
            path, "is an empty set, which DynamoDB does not accept", "Leave the attribute out, or use a list."
        )
    if len(kinds) > 1 or not kinds <= set(_SETS):
        raise ValueProblem(
            path,
            "is a set with mixed or unsupported types",
            "Put only texts, only numbers or only binary values into a set.",
        )
    kind = kinds.pop()
    values: list[Any] = sorted(member[kind] for member in members)
    if len(set(values)) < len(values):
        raise ValueProblem(path, "is a set with a duplicate value", "Keep each value once.")
    return {_SETS[kind]: values}


def text_value(text: str, path: str) -> str:
    """A text that can be sent as UTF-8."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise ValueProblem(
            path, "contains half of a surrogate pair, which is not a character", "Correct the text."
        ) from None
    return str(text)


def attribute_value(value: Any, path: str) -> AttributeValue:
    """The attribute value of a Python value at ``path``. Raises ``ValueProblem`` for other types."""
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
    raise ValueProblem(path, f"has the unsupported Python type {kind}", "Convert it to a text or a number.")


def name_of(key: Any, path: str) -> str:
    """The name of an attribute: a text that is not empty."""
    if not isinstance(key, str) or not key:
        raise ValueProblem(path, f"invalid attribute name {key!r}", "Use texts as attribute names.")
    return text_value(key, path)
