"""DynamoDB's numbers: up to 38 significant digits, from 1E-130 to below 1E+126 in magnitude. Exact or refused."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

from reconciler.seeds.record import ValueFault

_SPELLING = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = ("infinity", "-infinity", "nan")
_DIGITS = 38
_LEAST, _MOST = -130, 125


def number_text(value: object, path: str) -> str:
    """The one spelling of a number; ``ValueFault`` for what DynamoDB would refuse or round."""
    number = _decimal(value, path)
    if not number.is_finite():
        raise ValueFault(path, f"is {value}, which is no number of DynamoDB", "Write a finite number.")
    sign, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)
    text = "".join(map(str, digits)).lstrip("0")
    significant = text.rstrip("0")
    exponent += len(text) - len(significant)
    if not significant:
        return "0"
    if len(significant) > _DIGITS:
        raise ValueFault(
            path, f"has {len(significant)} digits, more than {_DIGITS}", "Write it as a text, or round it."
        )
    magnitude = exponent + len(significant) - 1
    if not _LEAST <= magnitude <= _MOST:
        reason = f"is {number:.3E}, outside the range of DynamoDB's numbers"
        raise ValueFault(path, reason, "Stay between 1E-130 and 9.99E+125.")
    return ("-" if sign else "") + _spelt(significant, exponent)


def _decimal(value: object, path: str) -> Decimal:
    """A float counts as it prints; a text must be spelt as DynamoDB spells numbers, which Decimal does not demand."""
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
    raise ValueFault(path, f"is {str(value)[:40]!r}, not a number", "Write a number.")


def _spelt(digits: str, exponent: int) -> str:
    """``150``, ``1.5``, ``0.015``; the exponent is written out only where that stays short."""
    if exponent >= 0 and len(digits) + exponent <= _DIGITS:
        return digits + "0" * exponent
    point = len(digits) + exponent
    if exponent < 0 < point:
        return f"{digits[:point]}.{digits[point:]}"
    if exponent < 0 and -point <= 6:
        return f"0.{'0' * -point}{digits}"
    return f"{digits}E{exponent:+d}"
