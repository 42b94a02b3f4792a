"""Converts written items into items of DynamoDB, from plain values or from DynamoDB JSON. Called by ``read_seed``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.model.desired import Item
from reconciler.parsing.parsed import TOO_DEEP, ParseError
from reconciler.seeds.plain_values import attribute_value, name_of
from reconciler.seeds.seed_types import SeedTarget, Shape, ValueProblem, WrittenItem, WrittenItems
from reconciler.seeds.typed_values import TYPES, typed_value


class ShapeDetector:
    """Detects the shape of a seed from its values, item by item. The first value decides, and all others must agree."""

    def __init__(self) -> None:
        self._typed: int | None = None
        self._seen: set[bool] = set()

    def see(self, record: WrittenItem) -> Shape:
        """The shape of the items so far."""
        if len(self._seen) < 2 and isinstance(record.value, Mapping):
            for value in record.value.values():
                looks = looks_typed(value)
                self._typed = record.line if looks and self._typed is None else self._typed
                self._seen.add(looks)
        return "dynamodb-json" if self._seen == {True} else "plain"

    def check(self) -> None:
        """Raises ``ParseError`` if some values look like plain values and others like DynamoDB JSON."""
        if len(self._seen) == 2:
            reason = "could be plain items or DynamoDB JSON: some values look like one, some like the other"
            remedy = 'State the format in the declaration: seed: {"format": "plain"} or "dynamodb-json".'
            raise ParseError(self._typed, reason, remedy)


def looks_typed(value: Any) -> bool:
    """Whether a value has the form of DynamoDB JSON: one key that names a type, such as ``{"S": …}``."""
    return isinstance(value, Mapping) and len(value) == 1 and next(iter(value)) in TYPES


def item_of(record: WrittenItem, shape: Shape) -> Item:
    """One item. Raises ``ValueProblem`` with the path of a value that DynamoDB cannot store."""
    if not isinstance(record.value, Mapping):
        raise ValueProblem("", "expected a mapping of attributes", "Write each item as a mapping.")
    make = typed_value if shape == "dynamodb-json" else attribute_value
    try:
        return {name_of(name, ""): make(value, name) for name, value in record.value.items()}
    except RecursionError:
        raise ValueProblem("", *TOO_DEEP) from None


def written_items_of(records: WrittenItems, target: SeedTarget) -> Iterator[WrittenItem]:
    """The items; those of a BatchWriteItem request or an S3 export are taken out of their wrapping."""
    if records.requests is None:
        return map(unwrapped, records.items)
    wrong = [name for name in records.requests if name not in (target.base_name, target.spec.name)]
    if wrong:
        reason = f"contains a request for table {wrong[0]!r}; expected {target.base_name!r}"
        raise ParseError(_first_line(records), reason, f"Name the table {target.base_name}, or rename the file.")
    return (_put_item(record) for several in records.requests.values() for record in several)


def _put_item(record: WrittenItem) -> WrittenItem:
    request = record.value.get("PutRequest") if isinstance(record.value, Mapping) else None
    if not isinstance(request, Mapping) or not isinstance(request.get("Item"), Mapping):
        remedy = 'Write each request as {"PutRequest": {"Item": {…}}}.'
        raise ParseError(record.line, "contains a request that is not a put of an item", remedy)
    return WrittenItem(request["Item"], record.line)


def unwrapped(record: WrittenItem) -> WrittenItem:
    """The item in ``{"Item": {…}}`` of an export, where everything inside is typed; any other record unchanged."""
    if isinstance(record.value, Mapping) and set(record.value) == {"Item"}:
        inner = record.value["Item"]
        if isinstance(inner, Mapping) and inner and all(looks_typed(value) for value in inner.values()):
            return WrittenItem(inner, record.line)
    return record


def _first_line(records: WrittenItems) -> int | None:
    several = [record for group in (records.requests or {}).values() for record in group]
    return several[0].line if several else None
