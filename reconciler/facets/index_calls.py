"""The calls that create and delete one global index of a live table.

Used by the facet global_indexes alone. One UpdateTable creates or deletes one index.
"""

from __future__ import annotations

from typing import Any

from reconciler.facets import capacity, index_conflicts, index_limits, wire
from reconciler.facets.index_pairs import index_definition
from reconciler.model.change import Call
from reconciler.model.table import GlobalIndex, TableSpec


def create_index_call(index: GlobalIndex, desired: TableSpec, observed: TableSpec) -> Call:
    """Create an index. AttributeDefinitions hold the keys in use at that moment and those of the new index."""
    units = None
    if capacity.mode_after(desired, observed) == "PROVISIONED":
        units = index.throughput or capacity.index_throughput(index.name, desired, observed)
    create: dict[str, Any] = index_definition(index) | index_limits.limit_members(index, units)
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
    """Delete an index; its key attributes leave the definitions by themselves."""
    updates = [{"Delete": {"IndexName": name}}]
    return Call("UpdateTable", {"TableName": desired.name, "GlobalSecondaryIndexUpdates": updates})
