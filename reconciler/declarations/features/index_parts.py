"""What all kinds of indexes have: a name and a projection. Used by the features of the three kinds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal, Protocol

from pydantic import Field

from reconciler.declarations.document.field_model import FieldModel
from reconciler.declarations.features.keys import AttributeName
from reconciler.declarations.names import name_problem
from reconciler.model.table import Projection
from reconciler.parsing.source_location import FieldProblem, Path

MOST_COPIED = 20
"""Attributes that one index copies by INCLUDE."""


class ProjectionPart(FieldModel):
    """What an index copies from the table."""

    projection_type: Literal["ALL", "KEYS_ONLY", "INCLUDE"] = Field(description="INCLUDE names further attributes.")
    non_key_attributes: list[AttributeName] | None = Field(
        default=None, description="The attributes copied by INCLUDE, at most 20 an index and 100 a table."
    )


class IndexPart(Protocol):
    """An index of any kind."""

    @property
    def index_name(self) -> str:
        """Unique among all indexes of the table."""

    @property
    def projection(self) -> ProjectionPart:
        """What it copies."""


def index_problems(index: IndexPart, path: Path) -> Iterator[FieldProblem]:
    """An index is named by the same rule as a table. INCLUDE names 1 to 20 attributes; ALL and KEYS_ONLY name none."""
    problem = name_problem(index.index_name)
    if problem:
        yield FieldProblem((*path, "index_name"), *problem)
    kind, names = index.projection.projection_type, index.projection.non_key_attributes
    field_path = (*path, "projection", "non_key_attributes")
    if kind == "INCLUDE" and not names:
        yield FieldProblem(
            field_path, "is required when projection_type is INCLUDE", "Name the attributes to copy, or use KEYS_ONLY."
        )
    elif kind != "INCLUDE" and names is not None:
        yield FieldProblem(field_path, f"is not allowed when projection_type is {kind}", "Remove it, or use INCLUDE.")
    elif names and len(set(names)) > MOST_COPIED:
        remedy = f"DynamoDB allows {MOST_COPIED} an index; ALL has no limit."
        yield FieldProblem(field_path, f"lists {len(set(names))} attributes", remedy)


def count_problems(indexes: Sequence[IndexPart] | None, field: str, most: int) -> Iterator[FieldProblem]:
    """A table has at most ``most`` indexes of a kind."""
    found = len(indexes or ())
    if found > most:
        yield FieldProblem((field,), f"has {found} indexes", f"DynamoDB allows {most} a table.")


def projection(part: ProjectionPart) -> Projection:
    """What the index copies, without an order."""
    return Projection(part.projection_type, frozenset(part.non_key_attributes or ()))


def projection_members(copied: Projection) -> dict[str, Any]:
    """The reverse of ``projection``."""
    names = {"NonKeyAttributes": sorted(copied.non_key_attributes)} if copied.non_key_attributes else {}
    return {"ProjectionType": copied.type, **names}
