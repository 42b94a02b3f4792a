"""Evaluates the ``where`` of a migration for an item, as far as that is certain: true, false, or unknown.

The service evaluates ``where`` itself, in each Scan and in each update. This is only for the question whether it still
selects an item after its change, so it knows the common part of the language and answers ``None`` for the rest:
document paths, ``size``, ``contains``, ``BETWEEN``, and comparisons of different types
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html).
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from reconciler.model.desired import AttributeValue, Item
from reconciler.mover.ports import Where
from reconciler.seeding.digest import canonical

_TOKEN = re.compile(r"\s*(<>|<=|>=|[=<>(),]|[#:]?[\w.\[\]-]+)")
_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_NAME = re.compile(r"#?\w+")


class _Unknown(Exception):
    """A part of the language that is not evaluated here."""


def holds(where: Where, item: Item) -> bool | None:
    """Whether the expression is true of the item; ``None`` if that is not certain."""
    try:
        words = _words(where.expression)
        reader = _Reader(words, where, item)
        found = reader.either()
        return found if reader.at_end else None
    except (_Unknown, IndexError, KeyError):
        return None


def _words(text: str) -> Sequence[str]:
    found, position = [], 0
    while text[position:].strip():
        match = _TOKEN.match(text, position)
        if match is None:
            raise _Unknown(text)
        found.append(match[1])
        position = match.end()
    return found


class _Reader:
    """Reads one expression from left to right. ``None`` stands for unknown, as in Kleene's logic."""

    def __init__(self, words: Sequence[str], where: Where, item: Item) -> None:
        self._words = words
        self._where = where
        self._item = item
        self._position = 0

    @property
    def at_end(self) -> bool:
        """Whether every word was read."""
        return self._position == len(self._words)

    def either(self) -> bool | None:
        """OR binds least."""
        found = [self._both()]
        while self._next_is("OR"):
            self._take()
            found.append(self._both())
        return True if True in found else None if None in found else False

    def _both(self) -> bool | None:
        found = [self._single()]
        while self._next_is("AND"):
            self._take()
            found.append(self._single())
        return False if False in found else None if None in found else True

    def _single(self) -> bool | None:
        if self._next_is("NOT"):
            self._take()
            found = self._single()
            return None if found is None else not found
        if self._next_is("("):
            self._take()
            found = self.either()
            self._expect(")")
            return found
        if self._position + 1 < len(self._words) and self._words[self._position + 1] == "(":
            return self._function(self._take())
        return self._comparison()

    def _function(self, name: str) -> bool | None:
        self._expect("(")
        arguments = [self._operand()]
        while self._next_is(","):
            self._take()
            arguments.append(self._operand())
        self._expect(")")
        match name, arguments:
            case "attribute_exists", [value]:
                return value is not None
            case "attribute_not_exists", [value]:
                return value is None
            case "begins_with", [value, {"S": str(prefix)}]:
                return value is not None and str(value.get("S", "")).startswith(prefix) and "S" in value
            case "attribute_type", [value, {"S": str(kind)}]:
                return value is not None and kind in value
        raise _Unknown(name)

    def _comparison(self) -> bool | None:
        left, sign = self._operand(), self._take()
        if sign.upper() == "IN":
            return self._one_of(left)
        if sign not in (*_ORDER, "=", "<>"):
            raise _Unknown(sign)
        right = self._operand()
        if left is None or right is None:
            # A missing attribute differs from everything.
            return sign == "<>"
        if sign in ("=", "<>"):
            return _equal(left, right) == (sign == "=")
        for kind, made in (("N", Decimal), ("S", str.encode)):
            if kind in left and kind in right:
                return _ORDER[sign](made(left[kind]), made(right[kind]))
        return None

    def _one_of(self, left: AttributeValue | None) -> bool | None:
        self._expect("(")
        choices = [self._operand()]
        while self._next_is(","):
            self._take()
            choices.append(self._operand())
        self._expect(")")
        return left is not None and any(choice is not None and _equal(left, choice) for choice in choices)

    def _operand(self) -> AttributeValue | None:
        word = self._take()
        if word.startswith(":"):
            return self._where.values[word]
        if not _NAME.fullmatch(word):
            raise _Unknown(word)
        name = self._where.names[word] if word.startswith("#") else word
        return self._item.get(name)

    def _next_is(self, word: str) -> bool:
        return self._position < len(self._words) and self._words[self._position].upper() == word

    def _take(self) -> str:
        self._position += 1
        return self._words[self._position - 1]

    def _expect(self, word: str) -> None:
        if self._take() != word:
            raise _Unknown(word)


def _equal(one: AttributeValue, other: AttributeValue) -> bool:
    return canonical({"": one}) == canonical({"": other})
