"""Reads ``.json`` seeds (a list, the output of a Scan, a BatchWriteItem request) and ``.jsonl`` or ``.ndjson`` seeds.

Called by ``read_seed``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import Any

from reconciler.model.position import Position, position_at
from reconciler.parsing.parsed import TOO_DEEP, ParseError, exact_number, json_message
from reconciler.seeds.seed_types import WrittenItem, WrittenItems
from reconciler.seeds.text_window import TextWindow
from reconciler.seeds.unpacking import WHOLE_LIMIT
from reconciler.seeds.wrapped import wrapped

_AS_LINES = "Write its items one per line in a .jsonl file, as by jq -c '.Items[]' FILE."
_SPACE = re.compile(r"[ \t\n\r]*")


def read_json_seed(pieces: Iterator[bytes]) -> WrittenItems:
    """Items with their lines. Raises ``ParseError`` for any other JSON; for a list, while its items are read."""
    window = TextWindow(pieces)
    start = window.first()
    if window.text.startswith("[", start):
        return WrittenItems(_elements(window, start + 1))
    return _object(window.whole(WHOLE_LIMIT, _AS_LINES))


def _object(text: str) -> WrittenItems:
    start = _skip(text, 0)
    try:
        if text.startswith("{", start):
            members, end = _members(text, start + 1)
        else:
            members, end = {}, decoder().raw_decode(text, start)[1]
        if _skip(text, end) < len(text):
            raise json.JSONDecodeError("unexpected text after the end of the document", text, end)
    except json.JSONDecodeError as error:
        raise ParseError(
            Position(error.lineno, error.colno), f"is not JSON: {json_message(error.msg)}", "Correct the syntax."
        ) from None
    except RecursionError:
        raise ParseError(None, *TOO_DEEP) from None
    return wrapped(members, position_at(text, start))


def _elements(window: TextWindow, at: int) -> Iterator[WrittenItem]:
    """The elements of the outermost list with their lines."""
    reader = decoder()
    first = True
    try:
        at = window.skip(at)
        while not window.text.startswith("]", at):
            if not first:
                if not window.text.startswith(",", at):
                    raise json.JSONDecodeError("',' or ']' is expected", window.text, at)
                at = window.skip(at + 1)
            first = False
            line = window.position(at)
            value, at = window.value(reader, at)
            yield WrittenItem(value, line)
            at = window.forget(window.skip(at))
        if window.skip(at + 1) < len(window.text):
            raise json.JSONDecodeError("unexpected text after the end of the list", window.text, at + 1)
    except json.JSONDecodeError as error:
        raise window.syntax_error(error) from None
    except RecursionError:
        raise ParseError(None, *TOO_DEEP) from None


def decoder() -> json.JSONDecoder:
    """The standard decoder with exact numbers, no NaN, and no duplicate keys."""
    return json.JSONDecoder(
        parse_float=exact_number, parse_int=Decimal, parse_constant=_no_constant, object_pairs_hook=unique
    )


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The mapping of a JSON object. Raises ``ParseError`` for a duplicate key."""
    result = dict(pairs)
    if len(result) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ParseError(None, f"duplicate key {twice!r}", "Keep one of them.")
    return result


def _members(text: str, at: int) -> tuple[dict[str, Any], int]:
    """The members of the outermost object, with lists as written items; and the offset of its end."""
    decode = decoder().raw_decode
    found: dict[str, Any] = {}
    at = _skip(text, at)
    while not text.startswith("}", at):
        at = _after(",", text, at) if found else at
        if not text.startswith('"', at):
            raise json.JSONDecodeError("a key in double quotes is expected", text, at)
        start = at
        key, at = scanstring(text, at + 1, True)
        if key in found:
            raise ParseError(position_at(text, start), f"duplicate key {key!r}", "Keep one of them.")
        at = _after(":", text, _skip(text, at))
        if text.startswith("[", at):
            found[key], at = _list(text, at + 1)
        else:
            try:
                found[key], at = decode(text, at)
            except ParseError as error:
                raise ParseError(position_at(text, start), error.reason, error.remedy) from None
        at = _skip(text, at)
    return found, at + 1


def _list(text: str, at: int) -> tuple[list[WrittenItem], int]:
    """The elements of a list with their lines, and the offset of its end."""
    decode = decoder().raw_decode
    found: list[WrittenItem] = []
    at = _skip(text, at)
    line, line_start, counted = position_at(text, at), text.rfind("\n", 0, at) + 1, at
    while not text.startswith("]", at):
        if found:
            if not text.startswith(",", at):
                raise json.JSONDecodeError("',' or ']' is expected", text, at)
            at = _skip(text, at + 1)
        breaks = text.count("\n", counted, at)
        line_start = text.rfind("\n", counted, at) + 1 if breaks else line_start
        line, counted = Position(line + breaks, at - line_start + 1), at
        try:
            value, end = decode(text, at)
        except ParseError as error:
            raise ParseError(line, error.reason, error.remedy) from None
        found.append(WrittenItem(value, line))
        at = _skip(text, end)
    return found, at + 1


def _after(mark: str, text: str, at: int) -> int:
    if not text.startswith(mark, at):
        raise json.JSONDecodeError(f"{mark!r} is expected", text, at)
    return _skip(text, at + 1)


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _no_constant(word: str) -> Any:
    raise ParseError(None, f"invalid number {word}", "Write a finite number.")


def read_jsonl_seed(lines: Iterator[str]) -> Iterator[WrittenItem]:
    """One item per line; blank lines are skipped. Raises ``ParseError`` with the line."""
    decode = decoder().decode
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        place = Position(number, _skip(line, 0) + 1)
        try:
            yield WrittenItem(decode(line), place)
        except json.JSONDecodeError as error:
            place = Position(number, error.colno)
            raise ParseError(place, f"is not JSON: {json_message(error.msg)}", "Write one item per line.") from None
        except ParseError as error:
            raise ParseError(place, error.reason, error.remedy) from None
        except RecursionError:
            raise ParseError(place, *TOO_DEEP) from None
