"""Tags (CreateTable.Tags): a list of Key and Value, or a mapping; only the declared keys are ours."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from reconciler.declarations.document.field_model import FieldModel, MappingForm
from reconciler.declarations.features.base import Feature, Members, rule
from reconciler.model.table import TableSpec
from reconciler.parsing.source_location import FieldProblem
from reconciler.planning.text import several

MOST, LONGEST_KEY, LONGEST_VALUE = 50, 128, 256
"""Tags of a table, and characters (TagResource)."""


class TagPart(FieldModel):
    """One tag."""

    key: str = Field(description="1 to 128 characters; the prefix aws: is reserved.")
    value: str = Field(description="At most 256 characters.")


class TagsFields(FieldModel):
    """Tags of the table."""

    tags: Annotated[list[TagPart] | None, MappingForm("key", "value", most=MOST, longest=LONGEST_VALUE)] = Field(
        default=None, description="A list of Key and Value, or a mapping; only the declared keys are managed."
    )


@rule("tags")
def count(document: TagsFields) -> Iterator[FieldProblem]:
    """At most 50."""
    found = len(document.tags or [])
    if found > MOST:
        yield FieldProblem(("tags",), f"has {found} tags", f"DynamoDB allows {MOST} a table.")


@rule("tags")
def lengths(document: TagsFields) -> Iterator[FieldProblem]:
    """Keys of 1 to 128 characters that do not start with ``aws:``, values of at most 256."""
    for position, tag in enumerate(document.tags or []):
        if not 1 <= len(tag.key) <= LONGEST_KEY:
            remedy = f"Use 1 to {LONGEST_KEY} characters."
            yield FieldProblem(("tags", position, "key"), f"has {several(len(tag.key), 'character')}", remedy)
        if tag.key.lower().startswith("aws:"):
            yield FieldProblem(
                ("tags", position, "key"), f"invalid key {tag.key!r}; the prefix aws: is reserved", "Rename the tag."
            )
        if len(tag.value) > LONGEST_VALUE:
            remedy = f"Use at most {LONGEST_VALUE} characters."
            yield FieldProblem(("tags", position, "value"), f"has {several(len(tag.value), 'character')}", remedy)


@rule("tags")
def keys_differ(document: TagsFields) -> Iterator[FieldProblem]:
    """Each key once; keys are case-sensitive."""
    seen: set[str] = set()
    for position, tag in enumerate(document.tags or []):
        if tag.key in seen:
            yield FieldProblem(("tags", position, "key"), f"duplicate key {tag.key!r}", "Keep one of them.")
        seen.add(tag.key)


def to_model(document: TagsFields) -> tuple[tuple[str, str], ...] | None:
    """The tags, sorted by key."""
    tags = document.tags
    return None if tags is None else tuple(sorted((tag.key, tag.value) for tag in tags))


def from_model(spec: TableSpec) -> Members:
    """The tags as a mapping."""
    return {"tags": dict(spec.tags or ())}


TAGS = Feature("tags", TagsFields, (count, lengths, keys_differ), to_model, from_model, marks_a_table=False)
