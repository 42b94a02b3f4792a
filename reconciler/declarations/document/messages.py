"""Converts errors of pydantic to messages. Called by ``check.read_document`` for each type error."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from reconciler.parsing.source_location import FieldProblem, alternatives, did_you_mean

Details = Mapping[str, Any]
_LONGEST = 128
"""Characters of a number that a message shows."""
SYNONYMS = {
    "standardia": "STANDARD_INFREQUENT_ACCESS",
    "infrequentaccess": "STANDARD_INFREQUENT_ACCESS",
    "ia": "STANDARD_INFREQUENT_ACCESS",
    "ondemand": "PAY_PER_REQUEST",
    "payperrequest": "PAY_PER_REQUEST",
    "provisionedthroughput": "PROVISIONED",
    "string": "S",
    "number": "N",
    "binary": "B",
    "partition": "HASH",
    "sort": "RANGE",
    "bothimages": "NEW_AND_OLD_IMAGES",
}
"""Words that people and other tools use for a choice, in lower case without separators."""


def field_problem_of(error: Details, literal: str | None = None) -> FieldProblem:
    """One error of ``ValidationError.errors()`` as a problem at its canonical path.

    ``literal`` is the source text of a value that is not a string, None if it is unknown.
    """
    path = tuple(error["loc"])
    if error["type"] == "string_type":
        return FieldProblem(path, *text_expected(error["input"], literal))
    make = _MESSAGES.get(error["type"], _other)
    reason, remedy = make(error)
    return FieldProblem(path, reason, remedy)


def text_expected(value: Any, literal: str | None) -> tuple[str, str]:
    """Reason and remedy for ``value`` in the place of a string. The remedy keeps all digits as written.

    A number loses zeros, signs and exponents when it is read (012, 1.10, 1e3, 0x1F), but ``literal`` has them.
    """
    reason = f"expected a text, found {kind(value)}"
    if value is None:
        return reason, f'Write a text; for the text "{literal}", add quotes.' if literal else "Write a text."
    if not isinstance(value, bool | int | float | Decimal):
        return reason, "Write a text."
    if literal is None:
        digits = "" if isinstance(value, bool) else " with every digit"
        return reason, f"Write a text in quotes{digits}."
    if len(literal) > _LONGEST:
        return reason, "Put it in quotes unchanged."
    shown = reason if isinstance(value, bool) else f"expected a text, found the number {literal}"
    return shown, f'Write a text in quotes: "{literal}".'


def kind(value: Any) -> str:
    """A value in words, for a message."""
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return f"{str(value).lower()}"
    if isinstance(value, int | float | Decimal):
        return f"the number {value}" if _shows(value) else _huge(value)
    if isinstance(value, str):
        return f"the text {_short(value)}"
    if isinstance(value, list | set | frozenset | bytes):
        return {list: "a list", bytes: "binary"}.get(type(value), "a set")
    return "a mapping" if isinstance(value, Mapping) else f"a Python {type(value).__name__}"


def _shows(number: int | float | Decimal) -> bool:
    """Whether a number is short enough to be shown; Python itself refuses to write out a huge one."""
    return isinstance(number, float) or (isinstance(number, int) and number.bit_length() <= 128)


def _huge(number: int | float | Decimal) -> str:
    """Such a number in words. One of a class file may be a Decimal, which no field takes, however small."""
    digits = Decimal(number).adjusted() + 1
    return f"a number of {digits} digits" if digits > 38 or isinstance(number, int) else "a Python Decimal"


def _bool(error: Details) -> tuple[str, str]:
    return f"expected true or false, found {kind(error['input'])}", "Write true or false, without quotes."


def _int(error: Details) -> tuple[str, str]:
    return f"expected a whole number, found {kind(error['input'])}", "Write a whole number, without quotes."


def _float(error: Details) -> tuple[str, str]:
    return f"expected a number, found {kind(error['input'])}", "Write a number, without quotes."


def _list(error: Details) -> tuple[str, str]:
    return f"expected a list, found {kind(error['input'])}", "Write a list."


def _mapping(error: Details) -> tuple[str, str]:
    return f"expected a mapping, found {kind(error['input'])}", "Write its fields as a mapping."


def _missing(error: Details) -> tuple[str, str]:
    return "is required", f"Add {error['loc'][-1]}."


def _literal(error: Details) -> tuple[str, str]:
    choices = [word.strip(" '") for word in error["ctx"]["expected"].replace(" or ", ",").split(",")]
    value = error["input"]
    suggestion = _intended_choice(value, choices) if isinstance(value, str) else None
    # The reason lists the choices already.
    listed = "Write one of these." if len(choices) > 1 else f"Write {choices[0]}."
    remedy = f"Did you mean {suggestion}?" if suggestion else listed
    if value == "AES256" and choices == ["KMS"]:
        remedy = (
            "Remove the field and set enabled: false for the key that DynamoDB owns (AES256), true for a key in KMS."
        )
    found = f"invalid value {_short(value)}" if isinstance(value, str) else f"invalid value: {kind(value)}"
    return f"{found}; expected {alternatives(choices)}", remedy


def _intended_choice(value: str, choices: list[str]) -> str | None:
    """The choice that ``value`` probably means. STANDARD_IA must not suggest STANDARD, the most similar one."""
    other = SYNONYMS.get(value.replace("_", "").replace("-", "").replace(" ", "").lower())
    return other if other in choices else did_you_mean(value, choices)


def _too_small(error: Details) -> tuple[str, str]:
    value = error["input"] if _shows(error["input"]) else _huge(error["input"])
    return f"{value} is less than {error['ctx']['ge']}", f"Write {error['ctx']['ge']} or more."


def _too_large(error: Details) -> tuple[str, str]:
    value = error["input"] if _shows(error["input"]) else _huge(error["input"])
    return f"{value} is greater than {error['ctx']['le']}", f"Write {error['ctx']['le']} or less."


def _too_short(_: Details) -> tuple[str, str]:
    return "is empty", "Give it a value."


def _too_long(error: Details) -> tuple[str, str]:
    most = error["ctx"]["max_length"]
    return f"has {len(error['input'])} characters, more than {most}", f"Shorten it to {most} characters."


def _other(error: Details) -> tuple[str, str]:
    return f"is not valid: {error['msg']}", "Correct it."


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:57]}...")


_MESSAGES: dict[str, Callable[[Details], tuple[str, str]]] = {
    "bool_type": _bool,
    "int_type": _int,
    "float_type": _float,
    "list_type": _list,
    "model_type": _mapping,
    "model_attributes_type": _mapping,
    "dict_type": _mapping,
    "missing": _missing,
    "literal_error": _literal,
    "greater_than_equal": _too_small,
    "less_than_equal": _too_large,
    "string_too_short": _too_short,
    "string_too_long": _too_long,
}
