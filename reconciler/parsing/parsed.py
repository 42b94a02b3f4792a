"""What the readers of YAML and JSON hand back, and how they refuse."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from reconciler.parsing.source_location import Path

Number = Callable[[str], Any]
"""Makes a number of its text."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """A document's value, its first line, and the line of every value inside.

    ``literals`` holds the spelling of each number, truth value and null, because ``012`` and ``12`` are one value.
    ``key_literals`` holds the same for keys, by the path of the entry.
    """

    value: Any
    line: int
    lines: Mapping[Path, int]
    literals: Mapping[Path, str] = field(default_factory=dict)
    key_literals: Mapping[Path, str] = field(default_factory=dict)


AMBIGUOUS_NUMBER = re.compile(r"[-+]?0[0-9]+(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?|0[xo][0-9a-fA-F]+")
"""A leading zero or a base: as likely a post code or an identifier as a number, which would not keep them."""


class ParseError(Exception):
    """The text cannot be read; ``reason`` and ``remedy`` as in a Problem."""

    def __init__(self, line: int | None, reason: str, remedy: str) -> None:
        self.line = line
        self.reason = reason
        self.remedy = remedy
        super().__init__(reason)


def plain_number(text: str) -> Any:
    """A Python int or float, for declarations; a Decimal where an int would have no use and no end."""
    if "." in text or "e" in text.lower():
        return float(text)
    return int(text) if len(text) <= 100 else exact_number(text)


def exact_number(text: str) -> Decimal:
    """A Decimal that keeps every digit, for seeds."""
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ParseError(None, f"{text[:40]!r} is not a number", "Correct the number.") from None


def json_message(said: str) -> str:
    """What Python's JSON reader says, in our words: its own differ from version to version and end in mid-sentence."""
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
