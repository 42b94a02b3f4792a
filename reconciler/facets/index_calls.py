"""The calls that create, delete and limit the global indexes of a live table, and the differences in their limits.

One UpdateTable creates or deletes one index, or updates several of them. Used by the facet global_indexes, and by
``rebuild-index``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reconciler.facets import capacity, index_conflicts, limits, wire
from reconciler.facets.base import Precondition
from reconciler.facets.index_pairs import index_definition, pairs, redefined
from reconciler.model.change import Call, Change
from reconciler.model.table import GlobalIndex, TableSpec, Throughput


def create_index_call(index: GlobalIndex, desired: TableSpec, observed: TableSpec) -> Call:
    """Create an index.

    AttributeDefinitions must contain exactly the key attributes in use at that moment and those of the new index
    (ValidationException otherwise), so indexes that must be deleted first are left out.
    """
    units = None
    if capacity.mode_after(desired, observed) == "PROVISIONED":
        units = index.throughput or capacity.index_throughput(index.name, desired, observed)
    create: dict[str, Any] = index_definition(index) | limit_members(index, units)
    if units:
        create["ProvisionedThroughput"] = wire.throughput(units)
    blocked = index_conflicts.blocking_index(index, desired, observed) is not None
    first = index_conflicts.indexes_to_delete(desired, observed) if blocked else []
    live = index_conflicts.defined_attributes(observed, first)
    params = {
        "TableName": desired.name,
        "AttributeDefinitions": wire.attribute_definitions(*live, index.keys),
        "GlobalSecondaryIndexUpdates": [{"Create": create}],
    }
    return Call("UpdateTable", params)


def delete_index_call(name: str, desired: TableSpec) -> Call:
    """Delete an index. DynamoDB removes its key attributes from the definitions."""
    updates = [{"Delete": {"IndexName": name}}]
    return Call("UpdateTable", {"TableName": desired.name, "GlobalSecondaryIndexUpdates": updates})


MAXIMUM, WARM = "on_demand_throughput", "warm_throughput"


def limit_changes(facet: str, path: str, want: GlobalIndex, have: GlobalIndex) -> Iterator[Change]:
    """The differences in the limits of one index that is not rebuilt."""
    yield from limits.maximum_changes(facet, f"{path}.{MAXIMUM}", want.on_demand_throughput, have.on_demand_throughput)
    yield from limits.warm_changes(facet, f"{path}.{WARM}", want.warm_throughput, have.warm_throughput)


def limit_of_change(change: Change, index: GlobalIndex) -> str | None:
    """The limit of ``index`` that a change is about; None for another change. Index names may contain dots."""
    field = change.path.removeprefix(f"global_indexes.{index.name}.").split(".")[0]
    return field if field in (MAXIMUM, WARM) else None


def limit_precondition(
    change: Change, index: GlobalIndex, desired: TableSpec, observed: TableSpec
) -> Precondition | None:
    """Why a limit cannot be set now."""
    match limit_of_change(change, index):
        case "on_demand_throughput":
            return limits.maximum_precondition(desired, observed)
        case "warm_throughput":
            return limits.warm_precondition(change)
        case _:
            return None


def limits_call(kind: str, desired: TableSpec, observed: TableSpec) -> Call:
    """Set one kind of limit of every index that differs in it."""
    updates = [
        {"Update": {"IndexName": want.name, **shape}}
        for _, want, have in pairs(desired.global_indexes, observed.global_indexes)
        if want and have and not redefined(want, have) and (shape := _differing(kind, want, have))
    ]
    return Call("UpdateTable", {"TableName": desired.name, "GlobalSecondaryIndexUpdates": updates})


def limit_members(index: GlobalIndex, units: Throughput | None) -> dict[str, Any]:
    """The limits of an index as members of Create. ``units`` is its provisioned capacity, None on demand."""
    members = limits.maximum_member(index.on_demand_throughput) if units is None else {}
    return members | limits.warm_member(index.warm_throughput, units)


def _differing(kind: str, want: GlobalIndex, have: GlobalIndex) -> dict[str, Any]:
    if kind == WARM:
        rises = any(c.after > c.before for c in limits.warm_changes("", "", want.warm_throughput, have.warm_throughput))
        return {"WarmThroughput": limits.raised_warm(want.warm_throughput, have.warm_throughput)} if rises else {}
    differs = any(limits.maximum_changes("", "", want.on_demand_throughput, have.on_demand_throughput))
    maximum = limits.maximum_shape(want.on_demand_throughput, have.on_demand_throughput)
    return {"OnDemandThroughput": maximum} if differs else {}
