"""The types of the seed readers: items as written, the table that they are for, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Any, Literal

from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.table import ScalarType, TableSpec
from reconciler.parsing.parsed import ParseError
from reconciler.parsing.source_location import SourceLocation

Shape = Literal["plain", "dynamodb-json"]


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
    """The result of a reader: items, which may be read while they are iterated, or BatchWriteItem requests by table."""

    items: Iterable[WrittenItem] = ()
    requests: Mapping[str, tuple[WrittenItem, ...]] | None = None


@dataclass(frozen=True, slots=True)
class Generation:
    """What a declaration says about items of Faker: how many, the number that they follow from, and their fields."""

    count: int
    seed: int
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SeedPart:
    """The items of one file of a seed, read while they are iterated.

    ``shape`` is None where their values decide whether they are plain or DynamoDB JSON.
    """

    path: str
    items: Iterable[WrittenItem]
    shape: Shape | None = None


class FileError(ParseError):
    """A ``ParseError`` about another file than the one that is being read."""

    def __init__(self, file: str, line: int | None, reason: str, remedy: str) -> None:
        self.file = file
        super().__init__(line, reason, remedy)


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
    format: Shape | None = None

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


GENERATE = ("seed", "generate")
"""The path of the field that describes generated items."""


@dataclass(frozen=True, slots=True)
class DeclaredSeed:
    """One table whose items are generated, and the place of its declaration."""

    generation: Generation
    target: SeedTarget
    location: SourceLocation
