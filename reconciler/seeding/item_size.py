"""Bytes of items as DynamoDB counts them. Used by the rules for seeds and by the mover."""

from __future__ import annotations

from typing import Any

from reconciler.model.desired import AttributeValue, Item


def item_size(item: Item) -> int:
    """Bytes of an item as DynamoDB counts them: names and values."""
    return sum(len(name.encode()) + value_size(value) for name, value in item.items())


def value_size(value: AttributeValue) -> int:
    """Bytes of a value: strings in UTF-8, raw binary, numbers by their digits, 1 per member and 3 per list or map."""
    kind, content = next(iter(value.items()))
    if kind == "M":
        return 3 + sum(1 + len(name.encode()) + value_size(item) for name, item in content.items())
    if kind == "L":
        return 3 + sum(1 + value_size(item) for item in content)
    if kind in ("SS", "NS", "BS"):
        return sum(_scalar(kind[0], item) for item in content)
    return 1 if kind in ("BOOL", "NULL") else _scalar(kind, content)


def _scalar(kind: str, content: Any) -> int:
    text = str(content)
    if kind == "N":
        digits = text.lstrip("-").split("E")[0].replace(".", "").strip("0")
        return min(21, (len(digits) + 1) // 2 + 1 + text.startswith("-"))
    return len(content) if kind == "B" else len(text.encode())
