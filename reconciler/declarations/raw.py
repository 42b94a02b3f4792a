"""Declarations as written, before validation: the common result of class files and documents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path as FilePath
from typing import Any

from reconciler.model.errors import Problem
from reconciler.model.lazy_dataclass import dataclass
from reconciler.parsing.source_location import FieldOrigin, Path


@dataclass(frozen=True, slots=True)
class ComputedValue:
    """A value of another tool's file that may differ with other parameters.

    ``where`` is its ``path:line``, ``field`` its name there. ``values`` are those of the ``parameters``, empty texts
    where they are unknown. ``follows_from`` says which condition and parameters gave the ``value``, which is None where
    they left the field out.
    """

    where: str
    field: str
    parameters: tuple[str, ...]
    follows_from: str
    value: Any
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RawDeclaration:
    """One table as some file spells it.

    ``name`` and ``base_name`` are given where a class answered for them, else they follow from the field table_name.
    ``literals`` and ``key_literals`` are those of ``Parsed``; a class file has none.
    ``seed`` holds the items of a class that has ``seed(environment)``.
    ``sources`` has the path in the file for each path of ``value``, where a template of another tool was evaluated.
    ``origins`` are those of values that an overlay supplies, ``variables`` the variable behind each replaced value.
    ``from_template`` marks a table that another tool's format declares, ``companion`` the fields for such a table.
    ``name_pattern`` is a regular expression of the names that the table has with other parameters or variables; None
    where its name is written out.
    ``former_is_full`` tells that ``renamed_from`` has the environment from a variable, so that it gets no suffix.
    ``aws_spelling`` tells that the file takes fields only as AWS spells them, so that a remedy has to write them so.
    ``computed`` are the values of a template that parameters and conditions decide. ``protect_as`` is that of
    ``Lifecycle``.
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
    sources: Mapping[Path, Path] = field(default_factory=dict)
    origins: Mapping[Path, FieldOrigin] = field(default_factory=dict)
    variables: Mapping[Path, str] = field(default_factory=dict)
    from_template: bool = False
    companion: bool = False
    aws_spelling: bool = False
    name_pattern: str | None = None
    computed: tuple[ComputedValue, ...] = ()
    protect_as: str = ""
    former_is_full: bool = False


@dataclass(frozen=True, slots=True)
class ConditionalTable:
    """A table that a template defines with a condition which does not hold, so that it is not declared.

    ``name`` is a regular expression: the name with the present parameters, or all that it may be where that is unknown.
    ``pattern`` is ``RawDeclaration.name_pattern``.
    """

    name: str
    line: int
    pattern: str | None = None


@dataclass(frozen=True, slots=True)
class FileReading:
    """What one file declares, what is wrong or odd about it, and the line of a document that holds nothing.

    ``notes`` tell what was left out as it should be, and what was derived. ``reads_process`` tells that the result
    depends on variables of the process, so that another one cannot use it. ``silent`` are warnings of documents that
    declare nothing, which does not matter where another file includes this one; ``included`` are those it includes.
    ``conditional`` are tables that are defined and not declared.
    """

    declarations: tuple[RawDeclaration, ...] = ()
    problems: tuple[Problem, ...] = ()
    warnings: tuple[str, ...] = ()
    empty_document: int | None = None
    notes: tuple[str, ...] = ()
    reads_process: bool = False
    silent: tuple[str, ...] = ()
    included: tuple[str, ...] = ()
    conditional: tuple[ConditionalTable, ...] = ()


@dataclass(slots=True)
class PythonReading:
    """What the class files declare.

    ``outside`` are the modules read from outside the folder; ``silent`` says of each file without a table why it has
    none. ``proof`` is a digest of the files and of everything that they answered, which two evaluations agreed about;
    empty where there is none.
    """

    declarations: list[RawDeclaration] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    outside: Mapping[FilePath, bytes] = field(default_factory=dict)
    silent: Mapping[str, str] = field(default_factory=dict)
    proof: str = ""
