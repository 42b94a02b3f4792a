"""The table a seed is for, as far as its items must fit it. Made by ``assemble``, used by ``reading`` and ``check``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from reconciler.model.table import ScalarType, TableSpec


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
