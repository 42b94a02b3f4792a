"""Reads ``.csv`` and ``.tsv`` seeds: a header, then one item per row. Called by ``read_seed``.

A column holds strings unless its header has a type (``age:N``, ``active:BOOL``, ``tags:SS``, ``address:M``). Key
attributes have their declared type, as in an import from S3. An empty cell means that the item lacks the attribute.
Sets, lists and maps are written as JSON.
"""

from __future__ import annotations

import base64
import csv
import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from reconciler.model.position import Position
from reconciler.model.table import ScalarType
from reconciler.parsing.parsed import ParseError, exact_number
from reconciler.parsing.source_location import alternatives
from reconciler.seeds.json_format import decoder
from reconciler.seeds.seed_types import WrittenItem

TYPES = ("S", "N", "B", "BOOL", "NULL", "SS", "NS", "BS", "L", "M", "JSON")
NO_TYPES = frozenset(
    (
        *TYPES,
        *("STRING", "STR", "TEXT", "NUMBER", "INT", "INTEGER", "FLOAT", "DECIMAL"),
        *("BINARY", "BYTES", "BOOLEAN", "LIST", "MAP", "SET"),
    )
)
"""Words that people write for a type, in capitals. After a colon they are an error, never a part of the name."""
_BRACKETED = re.compile(
    rf"(?P<name>.*\S)\s*(?:[(\[{{<]\s*(?P<kind>{'|'.join(sorted(NO_TYPES))})\s*[)\]}}>]"
    rf"|[.|](?P<flat>{'|'.join(sorted(TYPES))}))",
    re.IGNORECASE,
)
"""``id (S)``, ``id[N]``, and ``id.S`` as tools flatten DynamoDB JSON."""
_SAME_TYPE = {
    **dict.fromkeys(("STRING", "STR", "TEXT"), "S"),
    **dict.fromkeys(("NUMBER", "INT", "INTEGER", "FLOAT", "DECIMAL"), "N"),
    **dict.fromkeys(("BINARY", "BYTES"), "B"),
    "BOOLEAN": "BOOL",
    "LIST": "L",
    "MAP": "M",
}
_EXPECTED = {
    "N": "a number",
    "BOOL": "true or false",
    "NULL": "true",
    "B": "base64",
    "JSON": "JSON",
    "L": "a list in JSON",
    "M": "a mapping in JSON",
    "SS": 'a list of texts in JSON, such as ["a", "b"], each once',
    "NS": "a list of numbers in JSON, such as [1, 2], each once",
    "BS": "a list of base64 texts in JSON, each once",
}
_ENDS = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
"""A line with its end. Old programs end lines with CR alone."""
LONGEST_CELL = 1024 * 1024
"""Characters of a cell, more than an item may hold. The default limit of Python's reader is a third of an item."""


def read_csv_seed(
    lines: Iterator[str], key_types: Mapping[str, ScalarType], delimiter: str = ","
) -> Iterator[WrittenItem]:
    """Rows as plain items. Raises ``ParseError`` with the place of a row or cell that does not match the header.

    Without any row, the header has at least one of the keys in ``key_types``.
    """
    csv.field_size_limit(LONGEST_CELL)
    kind = "TSV" if delimiter == "\t" else "CSV"
    source = _RowText(lines, delimiter)
    reader = csv.reader(source, strict=True, delimiter=delimiter)
    try:
        header = next(reader, [])
        columns = [_column(cell, key_types, source, place) for place, cell in enumerate(header)]
        names = [name for name, _ in columns]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None or "" in names:
            reason = f"duplicate column {twice!r}" if twice else "has a column without a name"
            again = len(names) - 1 - names[::-1].index(twice or "")
            raise ParseError(source.cell(again), reason, "Give each column its own name.")
        rows = 0
        source.next_row()
        for row in reader:
            if row:
                rows += 1
                yield _record(row, columns, source)
            source.next_row()
        if not rows and key_types and not key_types.keys() & set(names):
            # Each row would say that its key is missing; without any, another format would count as an empty seed.
            reason = f"has no column of a key; expected {alternatives(key_types)}"
            remedy = "Write the names of the attributes into the first line."
            raise ParseError(Position(1, 1), reason, remedy)
    except csv.Error as error:
        raise ParseError(Position(reader.line_num, 1), f"is not {kind}: {error}", "Correct the quotes.") from None


class _RowText(Iterator[str]):
    """The lines of a table for Python's reader, which forgets where a cell was: it keeps those of the current row."""

    def __init__(self, lines: Iterator[str], delimiter: str) -> None:
        self._lines: Iterator[str] = (part for line in lines for part in _ENDS.findall(line))
        self._delimiter = delimiter
        self._row: list[str] = []
        self._first = 1

    def __next__(self) -> str:
        line = next(self._lines)
        self._row.append(line)
        return line

    def next_row(self) -> None:
        """The reader has read a row to its end."""
        self._first += len(self._row)
        self._row.clear()

    def start(self) -> Position:
        """Where the current row starts."""
        return Position(self._first, 1)

    def cell(self, index: int) -> Position:
        """Where a cell of the current row starts."""
        at, quoted = self.start(), False
        for number, line in enumerate(self._row):
            for place, character in enumerate(line):
                if not index:
                    return at
                quoted ^= character == '"'
                if character == self._delimiter and not quoted:
                    index -= 1
                    at = Position(self._first + number, place + 2)
        return at


def _column(cell: str, key_types: Mapping[str, str], source: _RowText, place: int) -> tuple[str, str]:
    name, _, kind = cell.strip().rpartition(":")
    if name and kind in TYPES:
        return name, kind
    bracketed = _BRACKETED.fullmatch(cell.strip())
    if bracketed:
        kind = bracketed["kind"] or bracketed["flat"]
        # item(s) is a plural, and item.s may be a name: a type of one or two letters stands in capitals.
        if kind.isupper() or len(kind) > 2:
            raise _bracketed(cell.strip(), bracketed["name"].strip(), kind.upper(), source.cell(place))
    word = kind.strip().upper()
    # A name may have a colon, but one or two letters after it are rather a wrong type: no column becomes text unasked.
    if name and (word in NO_TYPES or (word.isalpha() and len(word) <= 2)):
        reason = f"invalid type of column {cell.strip()!r}; expected {alternatives(TYPES)}"
        remedy = f"Write {name}:N for numbers, {name}:JSON for lists and mappings, {name} for texts."
        if word not in NO_TYPES:
            remedy += f" If the name ends so, write {cell.strip()}:S or another type after it."
        raise ParseError(source.cell(place), reason, remedy)
    return cell.strip(), key_types.get(cell.strip(), "S")


def _bracketed(cell: str, name: str, kind: str, at: Position) -> ParseError:
    """The AWS console and other tools write types like this. A name may end in brackets too, so this is an error."""
    reason = f"has the column {cell!r}, which looks like the attribute {name!r} with its type"
    typed = _SAME_TYPE.get(kind, kind)
    plain = f"{name}:{typed}" if typed in TYPES else f"{name}:JSON, with lists and mappings as JSON"
    return ParseError(at, reason, f"Write {plain}. If the name ends so, write {cell}:S or another type after it.")


def _record(row: list[str], columns: list[tuple[str, str]], source: _RowText) -> WrittenItem:
    if len(row) != len(columns):
        reason = f"has {len(row)} cells, but the header has {len(columns)}"
        raise ParseError(source.start(), reason, "Give each row the same number of cells as the header.")
    values = {
        name: _value(cell, name, kind, source, place)
        for place, ((name, kind), cell) in enumerate(zip(columns, row, strict=True))
        if cell
    }
    return WrittenItem(values, source.start())


def _value(cell: str, name: str, kind: str, source: _RowText, place: int) -> Any:
    try:
        return cell if kind == "S" else _READERS[kind](cell.strip())
    except (ParseError, KeyError, TypeError, ValueError, RecursionError):
        reason = f"invalid value {cell[:40]!r} in column {name}; expected {_EXPECTED[kind]}"
        raise ParseError(source.cell(place), reason, "Correct it.") from None


def _json(cell: str, *kinds: type) -> Any:
    value = decoder().decode(cell)
    if kinds and not isinstance(value, kinds):
        raise ValueError
    return value


def _set(cell: str, member: Callable[[Any], Any]) -> frozenset[Any]:
    """A set of DynamoDB has no duplicates, and is never empty; ``ValueError`` otherwise."""
    values = [member(value) for value in _json(cell, list)]
    found = frozenset(values)
    if not values or len(found) < len(values):
        raise ValueError
    return found


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _number(value: Any) -> Decimal:
    if not isinstance(value, Decimal):
        raise TypeError
    return value


def _bytes(value: Any) -> bytes:
    return base64.b64decode(_text(value), validate=True)


_READERS: Mapping[str, Callable[[str], Any]] = {
    "N": exact_number,
    "B": _bytes,
    "BOOL": lambda cell: {"true": True, "false": False}[cell.lower()],
    "NULL": lambda cell: {"true": None}[cell.lower()],
    "SS": lambda cell: _set(cell, _text),
    "NS": lambda cell: _set(cell, _number),
    "BS": lambda cell: _set(cell, _bytes),
    "L": lambda cell: _json(cell, list),
    "M": lambda cell: _json(cell, dict),
    "JSON": _json,
}
