"""Warm throughput of a table or an index (CreateTable.WarmThroughput)."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from reconciler.declarations.document.field_model import LONG, FieldModel
from reconciler.declarations.features.base import Feature, not_written, rule
from reconciler.model.table import WarmThroughput
from reconciler.parsing.source_location import FieldProblem, Path


class WarmThroughputPart(FieldModel):
    """Units per second that are ready at once. It only ever rises, and DynamoDB raises it by itself."""

    read_units_per_second: int | None = Field(default=None, ge=1, le=LONG, description="Reads per second.")
    write_units_per_second: int | None = Field(default=None, ge=1, le=LONG, description="Writes per second.")


class WarmThroughputFields(FieldModel):
    """What is ready at once for the table."""

    warm_throughput: WarmThroughputPart | None = Field(default=None, description="It only ever rises.")


def warm_problems(part: WarmThroughputPart | None, path: Path) -> Iterator[FieldProblem]:
    """At least one member. ``path`` is that of the table or the index."""
    if part is not None and part.read_units_per_second is None and part.write_units_per_second is None:
        remedy = "Add read_units_per_second or write_units_per_second, or remove it."
        yield FieldProblem((*path, "warm_throughput"), "is empty", remedy)


@rule("warm_throughput")
def own_warm_throughput(document: WarmThroughputFields) -> Iterator[FieldProblem]:
    """The members of the table's own warm throughput."""
    yield from warm_problems(document.warm_throughput, ())


def warm(part: WarmThroughputPart | None) -> WarmThroughput | None:
    """The warm throughput of a table or an index."""
    return None if part is None else WarmThroughput(part.read_units_per_second, part.write_units_per_second)


def to_model(document: WarmThroughputFields) -> WarmThroughput | None:
    """The warm throughput of the table."""
    return warm(document.warm_throughput)


# Not written by ``import``: DynamoDB raises it by itself, so an observed value is not an intended one.
WARM_THROUGHPUT = Feature("warm_throughput", WarmThroughputFields, (own_warm_throughput,), to_model, not_written)
