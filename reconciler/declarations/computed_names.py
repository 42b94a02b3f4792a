"""Finds computed names of tables in a text that nothing reads: commented out, set aside, or quoted.

A definition whose name follows from parameters counts for every name that it can yield. Called by ``remains``, which
looks for names that are written out itself. What cannot be worked out may be anything.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import Any

from reconciler.declarations.formats.name_pattern import name_pattern
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.position import Position
from reconciler.parsing.parsed import ParseError
from reconciler.parsing.yaml_text import read_yaml

_ANY = ".*"
"""What a parameter may be; also nothing, unlike in ``name_pattern``, because here a table is kept in doubt."""
_COMMENT = re.compile(r"^[ \t]*(?:#+|//+|/\*+|<!--)", re.MULTILINE)
_KEY = re.compile(
    r"(?<![A-Za-z0-9_])(?P<key>TableName|tableName|table[_-]name|TABLE_NAME)"
    r"(?P<sign>[\"'\\]*[ \t]*(?:[:=]>?|:=|:[^\n=:#\"']{1,40}=))"
    r"|\bdef get_table_name\b(?:[^\n]*\n){1,8}?[^\n]*\breturn\b",
)
_TYPE = re.compile(
    r"(?<![A-Za-z0-9_])Type[\"'\\]*[ \t]*:[ \t]*[\"'\\]*"
    r"(?:AWS::DynamoDB::(?:Global)?Table|AWS::Serverless::SimpleTable)\b"
)
_ID_BEFORE = re.compile(r"(?P<id>[A-Za-z0-9]+)[\"'\\]*[ \t]*:[ \t\n]*\{(?:[^{}]|\{[^{}]*\})*\Z")
_ID_LINE = re.compile(r"[ \t]*[\"'\\]*(?P<id>[A-Za-z0-9]+)[\"'\\]*[ \t]*:")
_TABLE = re.compile(
    r"AWS::DynamoDB::|AWS::Serverless::SimpleTable|\b(?:KeySchema|key_schema|SCHEMA|get_schema)\b"
    r"|\b(?:hash_?key|partition_?key)\b",
    re.IGNORECASE,
)
"""Elsewhere a name of a table is one that a program or a permission uses."""
_F_STRING = re.compile(r"(?:[fF][rR]?|[rR][fF])(?P<quote>\"\"\"|'''|\"|')(?P<text>.*)(?P=quote)", re.DOTALL)
_QUOTED = re.compile(r"\"([^\"\n]*)\"|'([^'\n]*)'|`([^`\n]*)`")
_PLACE = re.compile(r"\$\{[^{}]*\}|\{[^{}]*\}|%(?:\(\w+\))?[sd]")
_ARGUMENT = re.compile(r"\[[^\[\]]*\]|(?<=\w)\([^()]*\)")
_CHOICE = re.compile(r"\b(?:if|or|and)\b|\?|\|\|")
_NOTHING = "\x00"
_LINES, _CHARACTERS = 30, 4000
"""Of one value. What is longer may be any name."""
_OTHER = "Zq7"
"""A name that only a pattern without a part of its own gives."""


@dataclass(frozen=True, slots=True)
class ComputedName:
    """A regular expression of the names that one place may define, and that place.

    ``aside`` means that it is commented out. ``telling`` means that a part of the name is written out there; other
    patterns fit any table. ``of_a_table`` means that keys or the type of a table stand around it.
    """

    pattern: str
    position: Position
    aside: bool
    telling: bool
    of_a_table: bool


@dataclass(frozen=True, slots=True)
class LogicalId:
    """The logical ID of a table in a template, from which its name follows where it has none."""

    name: str
    position: Position
    aside: bool


class ComputedNames:
    """What one text defines."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._plain = _COMMENT.sub(lambda found: " " * len(found[0]), text)
        """The text with the signs of comments as blanks, in the same places."""
        self._starts = [0, *(found.end() for found in re.finditer("\n", text))]

    def names(self) -> tuple[ComputedName, ...]:
        """The computed names."""
        return tuple(self._names())

    def logical_ids(self) -> tuple[LogicalId, ...]:
        """The logical IDs of tables."""
        return tuple(self._logical_ids())

    def _names(self) -> Iterator[ComputedName]:
        for found in _KEY.finditer(self._plain):
            sign = found["sign"]
            if found["key"] == "TABLE_NAME" and "=" not in sign:
                # A variable of the process of a function, which names a table that it uses.
                continue
            pattern = _pattern(self._value(found), is_code=sign is None or "=" in sign)
            if pattern is None:
                continue
            aside = self._is_aside(found.start())
            around = self._comment_around(found.start()) if aside else self._text
            yield ComputedName(
                pattern, self._position(found.start()), aside, is_telling(pattern), _TABLE.search(around) is not None
            )

    def _logical_ids(self) -> Iterator[LogicalId]:
        for found in _TYPE.finditer(self._plain):
            at = self._id_before(found.start())
            if at is not None:
                name, start = at
                yield LogicalId(name, self._position(start), self._is_aside(start))

    def _id_before(self, start: int) -> tuple[str, int] | None:
        """The key whose mapping holds this place: of a flow mapping, else the line above that is indented less."""
        before = _ID_BEFORE.search(self._plain, max(0, start - _CHARACTERS), start)
        if before is not None:
            return before["id"], before.start("id")
        row = self._row(start)
        column = start - self._starts[row]
        for each in range(row - 1, max(-1, row - _LINES * 10), -1):
            line = self._line(each)
            if line.strip() and len(line) - len(line.lstrip(" \t\"'\\")) < column:
                key = _ID_LINE.match(line)
                return (key["id"], self._starts[each] + key.start("id")) if key else None
        return None

    def _value(self, found: re.Match[str]) -> str:
        """What stands after the key: the rest of the line as far as it belongs to it, and the lines inside."""
        text = self._plain
        if "\\" in found[0]:
            # In a text that is quoted, each quote has a backslash.
            text = text.replace('\\"', f'{_NOTHING}"')
        here = _flow(text, found.end()).replace(_NOTHING, "").strip()
        if here and not re.fullmatch(r"![A-Za-z:]*|[>|][+-]?|![A-Za-z:]*[ \t]+[>|][+-]?|#.*", here):
            return here
        row = self._row(found.start())
        column = found.start() - self._starts[row]
        inside = [self._line(row)[found.end() - self._starts[row] :].strip()]
        for each in range(row + 1, min(len(self._starts), row + _LINES)):
            line = self._line(each)
            indent = len(line) - len(line.lstrip())
            if line.strip() and not (indent > column or (indent == column and line.lstrip().startswith("- "))):
                break
            inside.append(line)
        return "\n".join(inside)

    def _is_aside(self, offset: int) -> bool:
        return _COMMENT.match(self._text, self._starts[self._row(offset)]) is not None

    def _comment_around(self, offset: int) -> str:
        first = last = self._row(offset)
        while first > 0 and self._belongs(first - 1):
            first -= 1
        while last + 1 < len(self._starts) and self._belongs(last + 1):
            last += 1
        return "\n".join(self._line(row) for row in range(first, last + 1))

    def _belongs(self, row: int) -> bool:
        return not self._line(row).strip() or self._is_aside(self._starts[row])

    def _row(self, offset: int) -> int:
        return bisect_right(self._starts, offset) - 1

    def _line(self, row: int) -> str:
        end = self._starts[row + 1] - 1 if row + 1 < len(self._starts) else len(self._plain)
        return self._plain[self._starts[row] : end]

    def _position(self, offset: int) -> Position:
        row = self._row(offset)
        return Position(row + 1, offset - self._starts[row] + 1)


def _flow(text: str, start: int) -> str:
    """The value that begins on this line, up to what ends it: a comma, a bracket of its holder, or the line."""
    depth, quote = 0, ""
    for offset in range(start, min(len(text), start + _CHARACTERS)):
        character = text[offset]
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'`":
            quote = character
        elif character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
            if depth < 0:
                return text[start:offset]
        elif depth == 0 and character in ",;\n":
            return text[start:offset]
    return text[start : start + _CHARACTERS]


def _pattern(value: str, *, is_code: bool) -> str | None:
    """The names that a value may stand for; None where it is a name that is written out."""
    stripped = value.strip()
    if not stripped:
        return None
    formatted = _F_STRING.fullmatch(stripped)
    if formatted is not None:
        parts = re.split(r"\{[^{}]*\}", formatted["text"])
        return _ANY.join(map(re.escape, parts)) if len(parts) > 1 else None
    if stripped[0] == stripped[-1] == "`":
        return _of_text(stripped[1:-1])
    if is_code and stripped[0] not in "\"'":
        return _of_code(stripped)
    written = _parsed(stripped)
    if isinstance(written, str):
        return _of_text(written) if re.fullmatch(r"[\w.-]*", re.sub(r"\$\{.*\}", "", written)) else _of_code(stripped)
    if written is None:
        return _of_code(stripped)
    return (name_pattern(written) or _ANY).replace(".+", _ANY) if isinstance(written, dict) else None


def _of_text(written: str) -> str | None:
    found = name_pattern(written)
    return None if found is None else found.replace(".+", _ANY)


def _of_code(value: str) -> str:
    """An expression of a program: what is quoted in it stands in the name, one after another."""
    outside = _ARGUMENT.sub("", value)
    if _CHOICE.search(_QUOTED.sub("", outside)):
        return _ANY
    texts = [next(part for part in found.groups() if part is not None) for found in _QUOTED.finditer(outside)]
    parts = [part for text in texts for part in _PLACE.split(text) if part]
    return _ANY.join(["", *(re.escape(part) for part in parts), ""])


def _parsed(value: str) -> Any:
    """The value as YAML, which JSON is as well; None for anything else."""
    try:
        documents = read_yaml(value, short_tags=True)
    except (ParseError, RecursionError):
        return None
    return documents[0].value if len(documents) == 1 else None


def is_telling(pattern: str) -> bool:
    """Whether a part of the name is written out in a pattern, so that not every name fits."""
    written = pattern.replace(_ANY, "").replace(".+", "")
    return len(re.findall(r"[A-Za-z0-9]", written)) > 1 and re.fullmatch(pattern, _OTHER) is None
