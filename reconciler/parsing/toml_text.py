"""Reads TOML with the line of each value. ``tomllib`` reads the values, but it has no lines and no source texts.

The scanner only looks for lines in a text that ``tomllib`` accepts, so it need not know what is not TOML.
"""

from __future__ import annotations

import datetime
import math
import re
import tomllib
from typing import Any

from reconciler.model.position import Position, position_at
from reconciler.parsing.parsed import TOO_DEEP, Parsed, ParseError
from reconciler.parsing.source_location import Path

_BLANK = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_BASIC = re.compile(r'"(?:[^"\\\n]|\\.)*"')
_LITERAL = re.compile(r"'[^'\n]*'")
_LONG_BASIC = re.compile(r'"""(?:[^\\]|\\.)*?"""+', re.DOTALL)
_LONG_LITERAL = re.compile(r"'''.*?'''+", re.DOTALL)
_PLAIN = re.compile(r"[^,\]}#\n]+")
_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


def read_toml(text: str) -> Parsed:
    """The one document of a TOML file. Raises ``ParseError`` with the line for malformed TOML and for dates."""
    # The line endings that tomllib accepts besides \\n would shift no line, but \\r would be part of plain values.
    text = text.replace("\r\n", "\n")
    try:
        value = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line, said = fault_in_toml(text, error)
        raise ParseError(line, f"is not TOML: {said}", "Correct the syntax.") from None
    except RecursionError:
        raise ParseError(None, *TOO_DEEP) from None
    except ValueError:
        raise ParseError(None, "contains a number that is too long", "Shorten it.") from None
    scanner = _Scanner(text)
    scanner.document()
    _refuse_odd_values(value, scanner)
    first = min(scanner.lines.values(), default=1)
    return Parsed(value, first, {**scanner.lines, (): first}, scanner.literals)


def fault_in_toml(text: str, error: tomllib.TOMLDecodeError) -> tuple[Position, str]:
    """Where ``text`` is not TOML, and what is wrong there, as the end of a sentence."""
    place = _PLACE.search(str(error))
    line = Position(int(place[1]), int(place[2])) if place and place[1] else position_at(text, len(text))
    said = _PLACE.sub("", str(error))
    return line, f"{said[:1].lower()}{said[1:]}"


def _refuse_odd_values(value: Any, scanner: _Scanner) -> None:
    """TOML has dates and infinite numbers, which no field has."""
    stack: list[tuple[Path, Any]] = [((), value)]
    while stack:
        path, each = stack.pop()
        if isinstance(each, dict):
            stack += [((*path, key), item) for key, item in each.items()]
        elif isinstance(each, list):
            stack += [((*path, place), item) for place, item in enumerate(each)]
        elif isinstance(each, datetime.date | datetime.time | datetime.datetime):
            text = scanner.literals.get(path, str(each))
            raise ParseError(scanner.lines.get(path), f"unsupported date {text}", f'Write a text in quotes: "{text}".')
        elif isinstance(each, float) and not math.isfinite(each):
            text = scanner.literals.get(path, str(each))
            remedy = f'Write a finite number, or a text in quotes: "{text}".'
            raise ParseError(scanner.lines.get(path), f"invalid number {text}", remedy)


class _Scanner:
    """Finds the line of every key and value, and the source text of every value that is not a string."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: dict[Path, int] = {}
        self.literals: dict[Path, str] = {}
        self._lists: dict[Path, int] = {}
        self._counted_to, self._line, self._line_start = 0, 1, 0

    def document(self) -> None:
        table: Path = ()
        while self._next():
            if self.text.startswith("[[", self.at):
                self.at += 2
                table = self._element(self._key())
                self._skip_to("]]")
            elif self.text.startswith("[", self.at):
                self.at += 1
                table = self._resolved(self._key())
                self._note(table)
                self._skip_to("]")
            else:
                self._pair(table)

    def _element(self, keys: Path) -> Path:
        """A header ``[[a.b]]``: another element of the list."""
        path = (*self._resolved(keys[:-1]), keys[-1])
        self._lists[path] = self._lists.get(path, -1) + 1
        self._note(path)
        element = (*path, self._lists[path])
        self._note(element)
        return element

    def _resolved(self, keys: Path) -> Path:
        """The path of a header: a list of tables on the way stands for its last element."""
        path: Path = ()
        for key in keys:
            path = (*path, key)
            if path in self._lists:
                path = (*path, self._lists[path])
        return path

    def _pair(self, table: Path) -> None:
        line = self._here()
        path: Path = table
        for key in self._key():
            path = (*path, key)
            self.lines.setdefault(path, line)
        self._skip_to("=")
        self._value(path)

    def _value(self, path: Path) -> None:
        self._next()
        self.lines.setdefault(path, self._here())
        for opening, pattern in (('"""', _LONG_BASIC), ("'''", _LONG_LITERAL), ('"', _BASIC), ("'", _LITERAL)):
            if self.text.startswith(opening, self.at):
                found = pattern.match(self.text, self.at)
                self.at = found.end() if found else len(self.text)
                return
        if self.text.startswith("[", self.at):
            self.at += 1
            place = 0
            while not self._closes("]"):
                self._value((*path, place))
                place += 1
        elif self.text.startswith("{", self.at):
            self.at += 1
            while not self._closes("}"):
                self._pair(path)
        else:
            found = _PLAIN.match(self.text, self.at)
            if found is not None:
                self.literals[path] = found.group().strip()
                self.at = found.end()

    def _closes(self, bracket: str) -> bool:
        """Consume the closing bracket; a comma before it, or before the next element, is consumed too."""
        self._next()
        if self.text.startswith(",", self.at):
            self.at += 1
            self._next()
        if self.text.startswith(bracket, self.at) or self.at >= len(self.text):
            self.at += 1
            return True
        return False

    def _key(self) -> Path:
        keys: list[str] = []
        while True:
            self._next()
            for pattern in (_BARE, _BASIC, _LITERAL):
                found = pattern.match(self.text, self.at)
                if found is not None:
                    keys.append(_plain(found.group()))
                    self.at = found.end()
                    break
            else:
                return tuple(keys)
            self._next()
            if not self.text.startswith(".", self.at):
                return tuple(keys)
            self.at += 1

    def _note(self, path: Path) -> None:
        line = self._here()
        for size in range(1, len(path) + 1):
            self.lines.setdefault(path[:size], line)

    def _next(self) -> bool:
        found = _BLANK.match(self.text, self.at)
        self.at = found.end() if found else self.at
        return self.at < len(self.text)

    def _skip_to(self, mark: str) -> None:
        place = self.text.find(mark, self.at)
        self.at = place + len(mark) if place >= 0 else len(self.text)

    def _here(self) -> Position:
        breaks = self.text.count("\n", self._counted_to, self.at)
        if breaks:
            self._line += breaks
            self._line_start = self.text.rfind("\n", self._counted_to, self.at) + 1
        self._counted_to = self.at
        return Position(self._line, self.at - self._line_start + 1)


def _plain(key: str) -> str:
    """The key without its quotes."""
    if key.startswith("'"):
        return key[1:-1]
    if not key.startswith('"'):
        return key
    return str(tomllib.loads(f"key = {key}")["key"])
