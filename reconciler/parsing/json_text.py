"""Reads JSON with the line of each value. Python's decoder has no lines and accepts duplicate keys."""

from __future__ import annotations

import json
import re
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import Any

from reconciler.model.position import Position
from reconciler.parsing.parsed import TOO_DEEP, Number, Parsed, ParseError, json_message, plain_number
from reconciler.parsing.source_location import Path

_SPACE = re.compile(r"[ \t\n\r]*")
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?")
_CONSTANTS = {"true": True, "false": False, "null": None}


def read_json(text: str, number: Number = plain_number) -> Parsed:
    """Parse one JSON document. Raises ``ParseError`` with the line for malformed text and for duplicate keys."""
    reader = _JsonReader(text, number)
    try:
        return reader.document()
    except RecursionError:
        raise ParseError(None, *TOO_DEEP) from None
    except json.JSONDecodeError as error:
        raise ParseError(
            Position(error.lineno, error.colno), f"is not JSON: {json_message(error.msg)}", "Correct the syntax."
        ) from None


class _JsonReader:
    def __init__(self, text: str, number: Number) -> None:
        self.text = text
        self.number = number
        self.at = 0
        self.lines: dict[Path, int] = {}
        self.literals: dict[Path, str] = {}
        self._counted_to, self._line, self._line_start = 0, 1, 0

    def document(self) -> Parsed:
        self._skip()
        line = self._here()
        value = self._value(())
        self._skip()
        if self.at < len(self.text):
            raise self._syntax_error("unexpected text after the end of the document")
        return Parsed(value, line, self.lines, self.literals)

    def _value(self, path: Path) -> Any:
        self._skip()
        self.lines.setdefault(path, self._here())
        character = self.text[self.at : self.at + 1]
        if character == "{":
            return self._object(path)
        if character == "[":
            return self._array(path)
        if character == '"':
            return self._string()
        for word, value in _CONSTANTS.items():
            if self.text.startswith(word, self.at):
                self.at += len(word)
                self.literals[path] = word
                return value
        match = _NUMBER.match(self.text, self.at)
        if match is None:
            raise self._syntax_error("a value is expected")
        self.at = match.end()
        self.literals[path] = match.group()
        return self.number(match.group())

    def _object(self, path: Path) -> dict[str, Any]:
        self.at += 1
        result: dict[str, Any] = {}
        while not self._closes("}", bool(result)):
            self._skip()
            line = self._here()
            if not self.text.startswith('"', self.at):
                raise self._syntax_error("a key in double quotes is expected")
            key = self._string()
            if key in result:
                raise ParseError(line, f"duplicate key {key!r}", "Keep one of them.")
            self.lines[*path, key] = line
            self._skip()
            self._take(":")
            result[key] = self._value((*path, key))
        return result

    def _array(self, path: Path) -> list[Any]:
        self.at += 1
        result: list[Any] = []
        while not self._closes("]", bool(result)):
            result.append(self._value((*path, len(result))))
        return result

    def _closes(self, bracket: str, comma_due: bool) -> bool:
        """Consume the closing bracket, or else the comma before the next element."""
        self._skip()
        if self.text.startswith(bracket, self.at):
            self.at += 1
            return True
        if comma_due:
            self._take(",")
        return False

    def _string(self) -> str:
        value, self.at = scanstring(self.text, self.at + 1, True)
        return str(value)

    def _take(self, character: str) -> None:
        if not self.text.startswith(character, self.at):
            raise self._syntax_error(f"{character!r} is expected")
        self.at += 1

    def _skip(self) -> None:
        match = _SPACE.match(self.text, self.at)
        self.at = match.end() if match else self.at

    def _here(self) -> Position:
        breaks = self.text.count("\n", self._counted_to, self.at)
        if breaks:
            self._line += breaks
            self._line_start = self.text.rfind("\n", self._counted_to, self.at) + 1
        self._counted_to = self.at
        return Position(self._line, self.at - self._line_start + 1)

    def _syntax_error(self, what: str) -> json.JSONDecodeError:
        return json.JSONDecodeError(what, self.text, self.at)
