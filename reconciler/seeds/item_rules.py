"""The rules that each item of a seed must meet: keys, nesting and size. Called by ``read_seed`` for each item."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.model.desired import AttributeValue, Item
from reconciler.model.table import ScalarType
from reconciler.parsing.source_location import FieldProblem
from reconciler.seeds.seed_types import SeedTarget

_TYPE_NAMES = {"S": "a text (S)", "N": "a number (N)", "B": "binary (B)"}
TEXT_KEY = f"Write {_TYPE_NAMES['S']}."
"""The remedy for a key that must be a string and is not."""
_KEY_LIMITS = {"HASH": 2048, "RANGE": 1024}
"""Bytes of a partition key and of a sort key (Constraints, DynamoDB Developer Guide)."""


def item_problems(item: Item, target: SeedTarget) -> Iterator[FieldProblem]:
    """One problem for each rule that the item breaks: key present, of its type, not empty, not too long; depth; size.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
    """
    for element in target.spec.keys:
        if element.attribute not in item:
            remedy = f"Add {element.attribute}, {_TYPE_NAMES[element.type]}, to each item of {target.base_name}."
            yield FieldProblem((element.attribute,), "is required, because it is a key attribute", remedy)
        else:
            yield from _key_value(item, element.attribute, element.type, "the table's key")
            yield from _key_length(item, element.attribute, _KEY_LIMITS[element.role])
    for name, kind in target.index_keys.items():
        if name in item:
            yield from _key_value(item, name, kind, "the key of an index")
    deepest = max((depth(value) for value in item.values()), default=0)
    if deepest > DEPTH:
        yield FieldProblem((), f"is nested {deepest} levels deep", f"DynamoDB allows {DEPTH} levels.")
        return
    size = item_size(item)
    if size > LIMIT:
        yield FieldProblem(
            (), f"is {size} bytes long, more than {LIMIT} (400 KB)", "Split it, or store the large values elsewhere."
        )


def key_of(item: Item, target: SeedTarget) -> tuple[Any, ...] | None:
    """The values of the table's key. None if one is missing or has the wrong type."""
    values = [item.get(name, {}).get(kind) for name, kind in target.keys.items()]
    return None if None in values else tuple(values)


def _key_value(item: Item, name: str, kind: ScalarType, what: str) -> Iterator[FieldProblem]:
    value: Mapping[str, Any] = item[name]
    if kind not in value:
        actual = next(iter(value))
        yield FieldProblem((name,), f"has type {actual}, but {what} has type {kind}", f"Write {_TYPE_NAMES[kind]}.")
    elif value[kind] in ("", b""):
        yield FieldProblem((name,), f"is empty, but it is {what}", "Give it a value.")


def _key_length(item: Item, name: str, limit: int) -> Iterator[FieldProblem]:
    content = item[name].get("S", item[name].get("B", ""))
    length = len(content.encode() if isinstance(content, str) else content)
    if length > limit:
        yield FieldProblem((name,), f"is {length} bytes long, more than {limit}", "Shorten the key.")


LIMIT = 400 * 1024
"""Bytes of an item, names of attributes included."""
DEPTH = 32
"""Levels of nested lists and maps."""


def item_size(item: Item) -> int:
    """Bytes of an item as DynamoDB counts them: names and values."""
    return sum(len(name.encode()) + value_size(value) for name, value in item.items())


def value_size(value: AttributeValue) -> int:
    """Bytes of a value: strings in UTF-8, raw binary, numbers by their digits, 1 per member and 3 per list or map."""
    kind, content = next(iter(value.items()))
    if kind == "S" and type(content) is str:
        # Most values are texts, and the length of one in ASCII is known without its bytes.
        return len(content) if content.isascii() else len(content.encode())
    if kind == "M":
        return 3 + sum(1 + len(name.encode()) + value_size(item) for name, item in content.items())
    if kind == "L":
        return 3 + sum(1 + value_size(item) for item in content)
    if kind in ("SS", "NS", "BS"):
        return sum(_scalar(kind[0], item) for item in content)
    return 1 if kind in ("BOOL", "NULL") else _scalar(kind, content)


def depth(value: AttributeValue) -> int:
    """Levels of nesting; 0 for a scalar. It is a loop, because recursion would fail for very deep values."""
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
