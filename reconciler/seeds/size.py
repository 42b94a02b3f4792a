"""The size of an item as DynamoDB counts it, in bytes. Called by ``check``; the limit is 400 KB."""

from __future__ import annotations

from typing import Any

from reconciler.model.desired import AttributeValue, Item

LIMIT = 400 * 1024
DEPTH = 32


def item_size(item: Item) -> int:
    """Names and values together."""
    return sum(len(name.encode()) + value_size(value) for name, value in item.items())


def value_size(value: AttributeValue) -> int:
    """Texts in UTF-8, binary raw, numbers by their digits, one byte a member and three a list or mapping."""
    kind, content = next(iter(value.items()))
    if kind == "M":
        return 3 + sum(1 + len(name.encode()) + value_size(item) for name, item in content.items())
    if kind == "L":
        return 3 + sum(1 + value_size(item) for item in content)
    if kind in ("SS", "NS", "BS"):
        return sum(_scalar(kind[0], item) for item in content)
    return 1 if kind in ("BOOL", "NULL") else _scalar(kind, content)


def depth(value: AttributeValue) -> int:
    """Levels of nesting; a scalar has none. Nothing is nested too deep to be counted."""
    level, members = 0, _members(value)
    while members is not None:
        level += 1
        inner = [found for member in members if (found := _members(member)) is not None]
        members = [member for found in inner for member in found] if inner else None
    return level


def _members(value: AttributeValue) -> list[AttributeValue] | None:
    """What a list or a mapping holds; None of anything else."""
    kind, content = next(iter(value.items()))
    if kind == "M":
        return list(content.values())
    return list(content) if kind == "L" else None


def _scalar(kind: str, content: Any) -> int:
    text = str(content)
    if kind == "N":
        digits = text.lstrip("-").split("E")[0].replace(".", "").strip("0")
        return min(21, (len(digits) + 1) // 2 + 1 + text.startswith("-"))
    return len(content) if kind == "B" else len(text.encode())
