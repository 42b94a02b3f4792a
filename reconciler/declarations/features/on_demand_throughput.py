"""The on-demand maximum of a table or an index (CreateTable.OnDemandThroughput)."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from reconciler.declarations.document.field_model import LONG, FieldModel
from reconciler.declarations.features.base import Feature, Members, rule
from reconciler.model.table import OnDemandThroughput, TableSpec
from reconciler.parsing.source_location import FieldProblem, Path


class OnDemandThroughputPart(FieldModel):
    """Request units per second. What is left out is left alone."""

    max_read_request_units: int | None = Field(
        default=None, ge=-1, le=LONG, description="At least 1, or -1 for no maximum."
    )
    max_write_request_units: int | None = Field(
        default=None, ge=-1, le=LONG, description="At least 1, or -1 for no maximum."
    )


class OnDemandThroughputFields(FieldModel):
    """The maximum of the table."""

    on_demand_throughput: OnDemandThroughputPart | None = Field(
        default=None, description="The most that on-demand billing may use."
    )


def maximum_problems(part: OnDemandThroughputPart | None, path: Path) -> Iterator[FieldProblem]:
    """At least one member; each at least 1, or -1 for no maximum. ``path`` is that of the table or the index."""
    if part is None:
        return
    if part.max_read_request_units is None and part.max_write_request_units is None:
        remedy = "Add max_read_request_units or max_write_request_units; -1 means no maximum."
        yield FieldProblem((*path, "on_demand_throughput"), "is empty", remedy)
    for name in ("max_read_request_units", "max_write_request_units"):
        if getattr(part, name) == 0:
            yield FieldProblem((*path, "on_demand_throughput", name), "is 0", "Write 1 or more, or -1 for no maximum.")


@rule("on_demand_throughput")
def own_maximum(document: OnDemandThroughputFields) -> Iterator[FieldProblem]:
    """The members of the table's own maximum."""
    yield from maximum_problems(document.on_demand_throughput, ())


def maximum(part: OnDemandThroughputPart | None) -> OnDemandThroughput | None:
    """The maximum of a table or an index."""
    return None if part is None else OnDemandThroughput(part.max_read_request_units, part.max_write_request_units)


def maximum_members(limit: OnDemandThroughput | None) -> dict[str, int] | None:
    """The reverse of ``maximum``, without what has no maximum."""
    if limit is None:
        return None
    members = {"MaxReadRequestUnits": limit.read, "MaxWriteRequestUnits": limit.write}
    return {name: units for name, units in members.items() if units is not None and units != -1}


def to_model(document: OnDemandThroughputFields) -> OnDemandThroughput | None:
    """The maximum of the table."""
    return maximum(document.on_demand_throughput)


def from_model(spec: TableSpec) -> Members:
    """The maximum of the table, if it has one."""
    return {"on_demand_throughput": maximum_members(spec.on_demand_throughput)}


ON_DEMAND_THROUGHPUT = Feature("on_demand_throughput", OnDemandThroughputFields, (own_maximum,), to_model, from_model)
