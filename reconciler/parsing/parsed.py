"""The result of the YAML and JSON readers, and the error that they raise."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import field
from decimal import Decimal, InvalidOperation
from typing import Any

from reconciler.model.lazy_dataclass import dataclass
from reconciler.parsing.source_location import Path

Number = Callable[[str], Any]
"""Converts the text of a number."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """The value of a document, its first line, and the line of each value inside, with their columns.

    ``literals`` holds the source text of each number, boolean and null, because ``012`` and ``12`` are the same value.
    ``key_literals`` holds the same for keys, by the path of the entry.
    """

    value: Any
    line: int
    lines: Mapping[Path, int]
    literals: Mapping[Path, str] = field(default_factory=dict)
    key_literals: Mapping[Path, str] = field(default_factory=dict)


AMBIGUOUS_NUMBER = re.compile(r"[-+]?0[0-9]+(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?|0[xo][0-9a-fA-F]+")
"""Numbers with a leading zero or a base. Many are postcodes or identifiers, which lose digits when read as a number."""


class ParseError(Exception):
    """The text cannot be parsed. ``reason`` and ``remedy`` are those of a ``Problem``; ``line`` is None if unknown."""

    def __init__(self, line: int | None, reason: str, remedy: str) -> None:
        self.line = line
        self.reason = reason
        self.remedy = remedy
        super().__init__(reason)


def plain_number(text: str) -> Any:
    """A Python int or float, for declarations. An integer of more than 100 digits becomes a Decimal.

    Python refuses to convert integers of thousands of digits.
    """
    if "." in text or "e" in text.lower():
        return float(text)
    return int(text) if len(text) <= 100 else exact_number(text)


def exact_number(text: str) -> Decimal:
    """A Decimal that keeps every digit, for seeds. Raises ``ParseError`` if the text is not a number."""
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ParseError(None, f"{text[:40]!r} is not a number", "Correct the number.") from None


def json_message(said: str) -> str:
    """Our wording of a message of Python's JSON decoder, whose own wording differs between versions."""
    return next((words for begin, words in _JSON_MESSAGES.items() if said.startswith(begin)), said)


_JSON_MESSAGES = {
    "Expecting property name": "a key in double quotes is expected",
    "Illegal trailing comma before end of object": "a key in double quotes is expected",
    "Expecting ':'": "':' is expected",
    "Expecting ','": "',' is expected",
    "Expecting value": "a value is expected",
    "Illegal trailing comma before end of array": "a value is expected",
    "Extra data": "unexpected text after the end of the document",
    "Unterminated string": "a text has no closing quote",
    "Invalid control character": "a text contains a line break, a tab or another control character",
    "Invalid \\uXXXX escape": "\\u is not followed by four hexadecimal digits",
    "Invalid \\escape": "a text contains an invalid escape",
}
TOO_DEEP = ("is nested too deeply", "Use fewer levels.")
