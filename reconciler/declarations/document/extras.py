"""The parts that are ours and not CreateTable's: lifecycle, references and seed."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from reconciler.declarations.document.part import Part


class LifecyclePart(Part):
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


class ReferencePart(Part):
    """Items of this table name items of another."""

    table: str = Field(min_length=1, description="The base name of the declared table that is referred to.")
    attribute: str | None = Field(default=None, min_length=1, description="The attribute that holds the other's key.")


class SeedPart(Part):
    """How to read the table's seed, where its name and content do not tell."""

    format: Literal["plain", "dynamodb-json"] | None = Field(
        default=None, description='plain: {"pk": "a"}; dynamodb-json: {"pk": {"S": "a"}}.'
    )
    file: str | None = Field(default=None, min_length=1, description="The seed file, as seeds/NAME.json.")
