"""One item of a seed as written, and how a reader of seeds refuses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from reconciler.model.table import ScalarType, TableSpec


@dataclass(frozen=True, slots=True)
class WrittenItem:
    """``line`` is where the item starts, None where a seed has no lines.

    ``literals`` are the spellings of attributes that are no text, as far as the format keeps them.
    """

    value: Any
    line: int | None
    literals: Mapping[str, str] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class WrittenItems:
    """What a format's reader found: items, or BatchWriteItem requests by table."""

    items: tuple[WrittenItem, ...] = ()
    requests: Mapping[str, tuple[WrittenItem, ...]] | None = None


class ValueProblem(Exception):
    """One attribute value cannot be written to DynamoDB; ``path`` leads to it inside the item."""

    def __init__(self, path: str, reason: str, remedy: str) -> None:
        self.path = path
        self.reason = reason
        self.remedy = remedy
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class SeedTarget:
    """A table with its keys; ``index_keys`` maps the key attributes of its indexes to their types."""

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
