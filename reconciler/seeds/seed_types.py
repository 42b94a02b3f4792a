"""The types of the seed readers: an item as written, the table that it is for, and an invalid value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any, Literal

from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.table import ScalarType, TableSpec


@dataclass(frozen=True, slots=True)
class WrittenItem:
    """One item as written. ``line`` is where it starts, None for a seed without lines.

    ``literals`` holds the source text of attributes that are not strings, if the format keeps it.
    """

    value: Any
    line: int | None
    literals: Mapping[str, str] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class WrittenItems:
    """The result of a reader: items, or BatchWriteItem requests by table name."""

    items: tuple[WrittenItem, ...] = ()
    requests: Mapping[str, tuple[WrittenItem, ...]] | None = None


class ValueProblem(Exception):
    """DynamoDB cannot store an attribute value. ``path`` is its path inside the item."""

    def __init__(self, path: str, reason: str, remedy: str) -> None:
        self.path = path
        self.reason = reason
        self.remedy = remedy
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class SeedTarget:
    """The table that a seed is for. ``format`` is the declared format of the seed, None to detect it."""

    base_name: str
    spec: TableSpec
    format: Literal["plain", "dynamodb-json"] | None = None

    @property
    def keys(self) -> Mapping[str, ScalarType]:
        """The table's own key attributes with their types, HASH first."""
        return {element.attribute: element.type for element in self.spec.keys}

    @property
    def index_keys(self) -> Mapping[str, ScalarType]:
        """Key attributes of indexes that are not the table's own."""
        elements = [element for index in self.spec.global_indexes or () for element in index.keys]
        elements += [element for index in self.spec.local_indexes or () for element in index.keys]
        return {element.attribute: element.type for element in elements if element.attribute not in self.keys}
