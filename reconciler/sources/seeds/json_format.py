"""``.json``: a list of items, or a BatchWriteItem request. Called by ``files``."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

from reconciler.sources.seeds.record import Record, Records
from reconciler.sources.text.parsed import TOO_DEEP, TextFault, exact_number, json_words

_SPACE = re.compile(r"[ \t\n\r]*")


def read_json_seed(text: str) -> Records:
    """Items with their lines; ``TextFault`` where the text is not such JSON."""
    start = _skip(text, 0)
    try:
        if text[start : start + 1] == "[":
            return Records(tuple(_items(text, start + 1)))
        value, end = decoder().raw_decode(text, start)
        if _skip(text, end) < len(text):
            raise json.JSONDecodeError("more follows after the end of the document", text, end)
    except json.JSONDecodeError as error:
        raise TextFault(error.lineno, f"is not JSON: {json_words(error.msg)}", "Correct the syntax.") from None
    except RecursionError:
        raise TextFault(None, *TOO_DEEP) from None
    return requests_of(value, _line(text, start))


def requests_of(value: Any, line: int | None) -> Records:
    """A mapping of table names to lists of requests; anything else is refused."""
    if not isinstance(value, dict) or not value or not all(isinstance(each, list) for each in value.values()):
        reason = "is neither a list of items nor a BatchWriteItem request"
        raise TextFault(line, reason, "Write the items as a list, each with its attributes.")
    return Records(
        requests={str(name): tuple(Record(each, line) for each in several) for name, several in value.items()}
    )


def decoder() -> json.JSONDecoder:
    """The standard decoder with exact numbers, no NaN, and no duplicate keys."""
    return json.JSONDecoder(
        parse_float=exact_number, parse_int=Decimal, parse_constant=_no_constant, object_pairs_hook=unique
    )


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The mapping of a JSON object; ``TextFault`` for a key given twice."""
    result = dict(pairs)
    if len(result) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise TextFault(None, f"has the key {twice!r} twice in one mapping", "Keep one of them.")
    return result


def _items(text: str, at: int) -> list[Record]:
    decode = decoder().raw_decode
    found: list[Record] = []
    line, counted = 1, 0
    at = _skip(text, at)
    while not text.startswith("]", at):
        if found:
            if not text.startswith(",", at):
                raise json.JSONDecodeError("',' or ']' is expected", text, at)
            at = _skip(text, at + 1)
        line, counted = line + text.count("\n", counted, at), at
        try:
            value, end = decode(text, at)
        except TextFault as fault:
            raise TextFault(line, fault.reason, fault.remedy) from None
        found.append(Record(value, line))
        at = _skip(text, end)
    if _skip(text, at + 1) < len(text):
        raise json.JSONDecodeError("more follows after the end of the list", text, at + 1)
    return found


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1


def _no_constant(word: str) -> Any:
    raise TextFault(None, f"has {word}, which is no number of DynamoDB", "Write a finite number.")
