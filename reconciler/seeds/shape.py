"""Plain items or DynamoDB JSON? Told only when every value of every item agrees. Called by ``reading``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from reconciler.parsing.parsed import TextFault
from reconciler.seeds.record import Record
from reconciler.seeds.wire import TYPES

Shape = Literal["plain", "dynamodb-json"]


def shape_of(records: Iterable[Record]) -> Shape:
    """The shape all values share; ``TextFault`` where some look like one and some like the other."""
    typed: int | None = None
    seen: set[bool] = set()
    for record in records:
        if not isinstance(record.value, Mapping):
            continue
        for value in record.value.values():
            looks = looks_typed(value)
            typed = record.line if looks and typed is None else typed
            seen.add(looks)
        if len(seen) == 2:
            reason = "could be plain items or DynamoDB JSON: some values look like one, some like the other"
            raise TextFault(
                typed, reason, 'Say which in the declaration: seed: {"format": "plain"} or "dynamodb-json".'
            )
    return "dynamodb-json" if seen == {True} else "plain"


def looks_typed(value: Any) -> bool:
    """One key that is the name of a type, as ``{"S": …}``."""
    return isinstance(value, Mapping) and len(value) == 1 and next(iter(value)) in TYPES
