"""Condition, key and update expressions of the simulated data plane, over items in wire format.

The part of the language that the service has for comparisons, ``begins_with``, existence, AND, OR, NOT and SET/REMOVE.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

Item = Mapping[str, Any]
Names = Mapping[str, str]
TOKEN = re.compile(r"\s*(<>|<=|>=|[=<>(),+-]|[#:\w.]+)")
COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@cache
def tokens(text: str) -> tuple[str, ...]:
    """The words of an expression."""
    found, position = [], 0
    while text[position:].strip():
        match = TOKEN.match(text, position)
        assert match is not None, f"no expression: {text}"
        found.append(match[1])
        position = match.end()
    return tuple(found)


def plain(value: Mapping[str, Any]) -> Any:
    """A value that compares as the service compares: numbers by amount, sets without order."""
    ((kind, content),) = value.items()
    if kind == "N":
        return ("N", Decimal(content))
    if kind in ("SS", "NS", "BS"):
        return (kind, frozenset(content))
    return (kind, content)


@dataclass
class Words:
    """A reader of one expression over one item."""

    words: tuple[str, ...]
    item: Item
    names: Names
    values: Mapping[str, Any]
    position: int = 0

    def peek(self) -> str | None:
        return self.words[self.position] if self.position < len(self.words) else None

    def take(self, *expected: str) -> str:
        word = self.words[self.position]
        assert not expected or word.upper() in expected, f"{word} in {' '.join(self.words)}, not {expected}"
        self.position += 1
        return word

    def next_is(self, word: str) -> bool:
        found = self.peek()
        return found is not None and found.upper() == word

    def either(self) -> bool:
        """OR binds least."""
        held = self.both()
        while self.next_is("OR"):
            self.take()
            held = self.both() or held
        return held

    def both(self) -> bool:
        held = self.single()
        while self.next_is("AND"):
            self.take()
            held = self.single() and held
        return held

    def single(self) -> bool:
        if self.next_is("NOT"):
            self.take()
            return not self.single()
        if self.next_is("("):
            self.take()
            held = self.either()
            self.take(")")
            return held
        word = self.peek() or ""
        if word in ("attribute_exists", "attribute_not_exists", "begins_with"):
            return self._function(self.take())
        left = self.operand()
        sign = self.take()
        right = self.operand()
        if left is None or right is None:
            return sign == "<>"
        if sign in ("=", "<>"):
            return (plain(left) == plain(right)) == (sign == "=")
        (kind, one), (other_kind, other) = plain(left), plain(right)
        return kind == other_kind and COMPARE[sign](one, other)

    def operand(self) -> Mapping[str, Any] | None:
        word = self.take()
        if word == "if_not_exists":
            self.take("(")
            found = self.operand()
            self.take(",")
            otherwise = self.operand()
            self.take(")")
            return found if found is not None else otherwise
        value: Mapping[str, Any] | None
        value = self.values[word] if word.startswith(":") else self.item.get(self.names.get(word, word))
        return value

    def _function(self, name: str) -> bool:
        self.take("(")
        value = self.operand()
        if name != "begins_with":
            self.take(")")
            return (value is not None) == (name == "attribute_exists")
        self.take(",")
        prefix = self.operand()
        self.take(")")
        return value is not None and prefix is not None and str(value.get("S", "")).startswith(prefix["S"])


def holds(text: str | None, item: Item | None, params: Mapping[str, Any]) -> bool:
    """Whether a condition is true of an item, ``None`` being one that is not there."""
    if not text:
        return True
    return _reader(text, item or {}, params).either()


def updated(text: str, item: Item, params: Mapping[str, Any]) -> dict[str, Any]:
    """The item after an UpdateExpression of SET and REMOVE."""
    reader, after = _reader(text, item, params), dict(item)
    clause = reader.take("SET", "REMOVE")
    while reader.peek() is not None:
        name = reader.take()
        name = reader.names.get(name, name)
        if clause.upper() == "REMOVE":
            after.pop(name, None)
        else:
            reader.take("=")
            after[name] = _sum(reader)
        if reader.peek() is not None and reader.take() != ",":
            reader.position -= 1
            clause = reader.take("SET", "REMOVE")
    return after


def _sum(reader: Words) -> Any:
    value = reader.operand()
    while reader.peek() in ("+", "-"):
        sign, other = reader.take(), reader.operand()
        assert value is not None
        assert other is not None
        amount = Decimal(value["N"]) + (1 if sign == "+" else -1) * Decimal(other["N"])
        value = {"N": str(amount)}
    return value


def _reader(text: str, item: Item, params: Mapping[str, Any]) -> Words:
    return Words(
        tokens(text), item, params.get("ExpressionAttributeNames", {}), params.get("ExpressionAttributeValues", {})
    )
