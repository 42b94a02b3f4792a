"""The fields that belong to no feature: the name, and settings of the reconciler that CreateTable does not have."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields
from typing import Annotated, Any, Literal

from pydantic import Field

from reconciler.declarations.document.field_model import LONG, FieldModel, TextForm
from reconciler.model.desired import Lifecycle, Pointer, Reference
from reconciler.model.table import TableSpec
from reconciler.parsing.source_location import FieldProblem, did_you_mean
from reconciler.seeds.seed_types import Generation

CONFIGMAP_KEY = re.compile(
    r"(?=[^/]{1,63}/[^/]{1,253}/[^/]{1,253}\Z)[a-z0-9]([-a-z0-9]*[a-z0-9])?/[a-z0-9]([-.a-z0-9]*[a-z0-9])?/[-._a-zA-Z0-9]+"
)
"""NAMESPACE/NAME/KEY, with the characters and lengths that Kubernetes allows."""
FACETS = tuple(field.name for field in fields(TableSpec) if field.name != "name")


class LifecyclePart(FieldModel):
    """What may be done to the table beside changing it in place."""

    protect: bool = Field(default=False, description="Never delete or replace the table.")
    ignore_changes: list[str] = Field(
        default_factory=list, description="Paths whose differences are left alone, such as billing.throughput."
    )
    on_existing: Literal["adopt", "own", "observe", "fail"] = Field(
        default="adopt",
        description="What to do with a table that was there before it was declared, or was recreated by others.",
    )
    allow_data_loss: bool = Field(default=False, description="A step may destroy the items of this table.")


class ReferencePart(FieldModel):
    """Items of this table name items of another."""

    table: str = Field(min_length=1, description="The base name of the declared table that is referred to.")
    attribute: str | None = Field(default=None, min_length=1, description="The attribute that holds the other's key.")
    key: str | None = Field(
        default=None,
        min_length=1,
        description="The attribute of the other table: its partition key, which is the default, or that of an index.",
    )


class PointerPart(FieldModel):
    """Where applications read the name of the table."""

    ssm: str | None = Field(
        default=None,
        min_length=1,
        max_length=1011,
        description="The SSM parameter that holds the name of the table, as /app/tables/orders.",
    )
    configmap: str | None = Field(
        default=None,
        min_length=1,
        description="The key of a Kubernetes ConfigMap that holds it, as NAMESPACE/NAME/KEY.",
    )


class ReplacementPart(FieldModel):
    """How the table is replaced by another one."""

    pointer: PointerPart | None = Field(
        default=None, description="Where the name of the table is published when `replace` switches to another one."
    )


class GenerateOptions(FieldModel):
    """Items that Faker makes."""

    count: int = Field(ge=1, le=1_000_000, description="Items.")
    seed: int = Field(
        default=0, ge=0, le=LONG, description="The number that the items follow from; another one makes others."
    )
    fields: dict[str, Any] = Field(
        description="What each attribute is made of: the name of a provider of Faker, or a mapping with provider, "
        "sequence, choice, value, reference, list or fields.",
    )


class SeedOptions(FieldModel):
    """How to read the table's seed, where its name and content do not tell."""

    format: Literal["plain", "dynamodb-json"] | None = Field(
        default=None, description='plain: {"pk": "a"}; dynamodb-json: {"pk": {"S": "a"}}.'
    )
    file: str | None = Field(default=None, min_length=1, description="The seed file, as seeds/NAME.json.")
    generate: GenerateOptions | None = Field(
        default=None, description="Items that are generated instead of read; needs the extra `faker`."
    )


class TableNameFields(FieldModel):
    """What the table is called."""

    table_name: str | None = Field(default=None, description="The base name; an environment adds its own suffix.")


class VariableOptions(FieldModel):
    """Where the value of a variable comes from."""

    default: str | int | float | bool | None = Field(
        default=None, description="The value where no other is given; one with its type."
    )
    env: str | bool | None = Field(
        default=None, description="The environment variable that may give the value; true for one of the same name."
    )
    type: Literal["string", "number", "boolean"] | None = Field(
        default=None, description="The type of a value that is a whole text; else that of the default."
    )
    description: str | None = Field(default=None, description="What the variable is for.")


class FileFields(FieldModel):
    """Fields of a document in a file. They are gone when the table is read: no other form of a declaration has them."""

    variables: dict[str, VariableOptions | None] | list[str] | None = Field(
        default=None, description="The variables that `${NAME}` stands for: a mapping by name, or a list of names."
    )
    environments: dict[str, dict[str, Any] | None] | list[str] | None = Field(
        default=None,
        description="What differs in an environment, as a mapping by its name; or a list of all environments.",
    )


class ExtraFields(FieldModel):
    """What is said about the table without being a property of it in DynamoDB."""

    description: str | None = Field(default=None, description="What the table is for.")
    seed: SeedOptions | None = Field(default=None, description="How to read the seed of this table.")
    references: Annotated[list[ReferencePart] | None, TextForm("table")] = Field(
        default=None, description="Declared tables this one refers to."
    )
    lifecycle: LifecyclePart | None = Field(default=None, description="What may be done to the table.")
    replacement: ReplacementPart | None = Field(
        default=None, description="What happens when another table takes the place of this one."
    )
    renamed_from: str | None = Field(
        default=None,
        min_length=1,
        description="The former name of this table, written as table_name is; its items move. Remove it afterwards.",
    )


def ignored_paths(document: ExtraFields) -> Iterator[FieldProblem]:
    """Each path starts with the name of a facet, as previews print it, or with ``*`` for all facets."""
    for position, path in enumerate(document.lifecycle.ignore_changes if document.lifecycle else []):
        facet = path.split(".")[0]
        if facet not in (*FACETS, "*"):
            suggestion = did_you_mean(facet, FACETS)
            remedy = f"Did you mean `{suggestion}`?" if suggestion else f"Start with one of: {', '.join(FACETS)}."
            where = ("lifecycle", "ignore_changes", position)
            yield FieldProblem(where, f"invalid path {path!r}; expected the name of a facet first", remedy)


def lifecycle(document: ExtraFields, protect_as: str = "") -> Lifecycle:
    """The lifecycle; the defaults of the model if none is declared. ``protect_as`` is how the file says ``protect``."""
    part = document.lifecycle
    if part is None:
        return Lifecycle()
    return Lifecycle(part.protect, tuple(part.ignore_changes), part.on_existing, part.allow_data_loss, protect_as)


def generation(document: ExtraFields) -> Generation | None:
    """How the items of the seed are generated, if they are."""
    part = document.seed.generate if document.seed else None
    return Generation(part.count, part.seed, part.fields) if part is not None else None


def pointer(document: ExtraFields) -> Pointer | None:
    """Where the name of the table is published, if that is declared."""
    part = document.replacement.pointer if document.replacement else None
    return Pointer(part.ssm, part.configmap) if part is not None else None


def pointer_to_one_place(document: ExtraFields) -> Iterator[FieldProblem]:
    """The name is published in one place, so that no two places can disagree."""
    part = document.replacement.pointer if document.replacement else None
    if part is None:
        return
    place = ("replacement", "pointer")
    if (part.ssm is None) is (part.configmap is None):
        what = "names no place" if part.ssm is None else "names two places"
        yield FieldProblem(place, f"{what}; expected one", "Write either ssm or configmap.")
    elif part.configmap is not None and not CONFIGMAP_KEY.fullmatch(part.configmap):
        yield FieldProblem(
            (*place, "configmap"),
            f"invalid value {part.configmap!r}; expected NAMESPACE/NAME/KEY",
            "Write for example apps/tables/orders.",
        )


def another_former_name(document: ExtraFields) -> Iterator[FieldProblem]:
    """A table is renamed from another name than its own."""
    if document.renamed_from is not None and document.renamed_from == getattr(document, "table_name", None):
        yield FieldProblem(
            ("renamed_from",),
            f"invalid value {document.renamed_from!r}; expected another name than table_name",
            "Write the former name of the table, or remove the field.",
        )


def references(document: ExtraFields) -> tuple[Reference, ...]:
    """The references as written."""
    return tuple(Reference(part.table, part.attribute, part.key) for part in document.references or [])
