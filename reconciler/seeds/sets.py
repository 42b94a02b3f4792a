"""Texts and sets, shared by plain items and DynamoDB JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reconciler.model.desired import AttributeValue
from reconciler.seeds.record import ValueFault

_SETS = {"S": "SS", "N": "NS", "B": "BS"}


def set_value(members: Sequence[AttributeValue], path: str) -> AttributeValue:
    """SS, NS or BS of attribute values, in a stable order; never empty, mixed or with duplicates (PutItem)."""
    kinds = {kind for member in members for kind in member}
    if not members:
        raise ValueFault(path, "is an empty set, which DynamoDB refuses", "Leave the attribute out, or use a list.")
    if len(kinds) > 1 or not kinds <= set(_SETS):
        raise ValueFault(path, "is a set of mixed or unfit types", "Let a set hold only texts, numbers or binary.")
    kind = kinds.pop()
    values: list[Any] = sorted(member[kind] for member in members)
    if len(set(values)) < len(values):
        raise ValueFault(path, "is a set that holds a value twice", "Keep each value once.")
    return {_SETS[kind]: values}


def text_value(text: str, path: str) -> str:
    """A text that can be sent as UTF-8."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise ValueFault(path, "holds half of a surrogate pair, which is no character", "Correct the text.") from None
    return str(text)
