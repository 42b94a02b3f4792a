"""A declaration as written, before validation: the common result of class files and documents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reconciler.parsing.source_location import Path


@dataclass(frozen=True, slots=True)
class RawDeclaration:
    """One table as some file spells it.

    ``name`` and ``base_name`` are given where a class answered for them, else they follow from the field table_name.
    ``literals`` and ``key_literals`` are those of ``Parsed``; a class file has none.
    ``seed`` holds the items of a class that has ``seed(environment)``.
    """

    file: str
    line: int
    value: Mapping[str, Any]
    lines: Mapping[Path, int] = field(default_factory=dict)
    name: str | None = None
    base_name: str | None = None
    description: str | None = None
    seed: tuple[Any, ...] | None = None
    literals: Mapping[Path, str] = field(default_factory=dict)
    key_literals: Mapping[Path, str] = field(default_factory=dict)
