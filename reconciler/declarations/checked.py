"""A declaration after all checks that need no other declaration. Made by ``document.check``, used by ``assemble``."""

from __future__ import annotations

from dataclasses import field
from typing import Any, Literal

from reconciler.declarations.raw import ConditionalTable
from reconciler.model.desired import Lifecycle, Pointer, Reference
from reconciler.model.errors import Problem
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.table import TableSpec
from reconciler.parsing.source_location import SourceLocation
from reconciler.seeds.seed_types import Generation


@dataclass(frozen=True, slots=True)
class CheckedDeclaration:
    """One declaration.

    ``name`` and ``base_name`` are None if they are unknown, ``spec`` is None if there are problems. ``referred`` are
    the references as written, for messages about one of them; ``references`` has no duplicates. ``seed_file``,
    ``seed_format`` and ``seed_generate`` are those of the field ``seed``. ``class_seed`` holds those of a class with
    ``seed(environment)``. ``from_template`` marks a table of another tool's file. ``companion`` are the fields that
    a document adds to such a table, as ``lifecycle.protect``; None for any other declaration. ``name_pattern`` is that
    of ``RawDeclaration``, with the suffix of the environment. ``renamed_from`` and ``other_readings`` are those of
    ``Declaration``.
    """

    location: SourceLocation
    name: str | None
    base_name: str | None
    spec: TableSpec | None
    lifecycle: Lifecycle = field(default_factory=Lifecycle)
    references: tuple[Reference, ...] = ()
    referred: tuple[Reference, ...] = ()
    description: str | None = None
    seed_file: str | None = None
    seed_format: Literal["plain", "dynamodb-json"] | None = None
    seed_generate: Generation | None = None
    class_seed: tuple[Any, ...] | None = None
    from_template: bool = False
    companion: tuple[str, ...] | None = None
    name_pattern: str | None = None
    pointer: Pointer | None = None
    renamed_from: str | None = None
    problems: tuple[Problem, ...] = ()
    other_readings: tuple[str, ...] = ()

    @property
    def sound(self) -> bool:
        """Whether this declaration has no problems of its own."""
        return not self.problems


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """The tables of one YAML or JSON file, what is wrong or odd about it, and the line of an empty document.

    ``notes``, ``reads_process``, ``silent``, ``included`` and ``conditional`` are those of ``FileReading``.
    """

    declarations: tuple[CheckedDeclaration, ...] = ()
    problems: tuple[Problem, ...] = ()
    warnings: tuple[str, ...] = ()
    empty_document: int | None = None
    notes: tuple[str, ...] = ()
    reads_process: bool = False
    silent: tuple[str, ...] = ()
    included: tuple[str, ...] = ()
    conditional: tuple[ConditionalTable, ...] = ()
