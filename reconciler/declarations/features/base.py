"""The interface of the declaration of one feature. Each file of this package defines one ``Feature``.

The document, its schema, the offline checks and the conversions iterate over ``FEATURES`` and name no feature.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from typing import Any

from reconciler.declarations.document.field_model import FieldModel
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.table import TableSpec
from reconciler.parsing.source_location import FieldProblem

Check = Callable[[Any], Iterator[FieldProblem]]
Members = Mapping[str, Any]
"""Fields of a document by name, with values as people write them. A field that is None or empty is left out."""
Response = Mapping[str, Any]
Equivalent = Callable[[Response], tuple[str, Any] | None]
"""Converts a field of DescribeTable to the field (as AWS spells it) and value that declare the same, or None."""
IS_ON = ("ENABLED", "ENABLING", "UPDATING")
"""Statuses of a feature that is on, or being turned on."""


@dataclass(frozen=True, slots=True)
class Rule:
    """An offline check, and the fields of the document that it reads.

    It is skipped if one of ``fields`` has a wrong type.
    """

    check: Check
    fields: tuple[str, ...]


def rule(*fields: str) -> Callable[[Check], Rule]:
    """Make a generator of findings a ``Rule`` that reads ``fields`` of the document."""
    return lambda check: Rule(check, fields)


@dataclass(frozen=True, slots=True)
class Feature:
    """How one feature is declared.

    ``name`` is that of its facet and of its field in ``TableSpec``. ``fields`` is the model of its fields in a
    document; their descriptions are its documentation. ``to_model`` turns a sound document into the value of the field
    in ``TableSpec``, and returns None where nothing is declared. ``from_model`` returns the fields that declare an
    observed table; what is off, or as every new table has it, is left out, so that it stays unmanaged.
    """

    name: str
    fields: type[FieldModel]
    rules: tuple[Rule, ...]
    to_model: Callable[[Any], Any]
    from_model: Callable[[TableSpec], Members]
    read_only: Mapping[str, Equivalent] = field(default_factory=dict)
    """Fields of DescribeTable and its sister reads that stand for this feature, as AWS spells them."""
    marks_a_table: bool = True
    """Whether its fields make a mapping recognisable as a table. Tags do not: anything may have them."""


def not_written(spec: TableSpec) -> Members:
    """``from_model`` of a feature that ``import`` leaves unmanaged."""
    del spec
    return {}


def given(members: Members) -> dict[str, Any]:
    """The members that have a value."""
    return {name: value for name, value in members.items() if value is not None}
