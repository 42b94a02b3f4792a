"""The calls that create and delete one vector index of a live table, and its shapes.

Used by the facet vector_indexes alone. One UpdateTable creates or deletes one index, vector or secondary.
"""

from __future__ import annotations

from typing import Any

from reconciler.facets import capacity, index_conflicts, wire
from reconciler.facets.base import Precondition
from reconciler.model.change import Call
from reconciler.model.plan import StepStatus
from reconciler.model.table import TableSpec, VectorIndex


def vector_definition(index: VectorIndex) -> dict[str, Any]:
    """A vector index as in CreateTable."""
    shape: dict[str, Any] = {
        "IndexName": index.name,
        "VectorAttribute": {"AttributeName": index.attribute},
        "Dimensions": index.dimensions,
        "DistanceFunction": index.distance,
        "Projection": wire.projection(index.projection),
    }
    if index.search:
        shape["SearchSchema"] = [
            {"AttributeName": each.attribute, "SearchSchemaElementType": each.role} for each in index.search
        ]
    return shape


def vector_index_for_display(index: VectorIndex) -> dict[str, Any]:
    """An index for display: as in CreateTable, with the types of its search schema."""
    shape = {name: value for name, value in vector_definition(index).items() if name != "IndexName"}
    return {**shape, "SearchSchema": field_for_display(index, "search")} if index.search else shape


def field_for_display(index: VectorIndex, field: str) -> Any:
    """One field for display."""
    match field:
        case "projection":
            return wire.projection(index.projection)
        case "search":
            return [
                {"AttributeName": each.attribute, "SearchSchemaElementType": each.role, "AttributeType": each.type}
                for each in index.search
            ]
        case _:
            return getattr(index, field)


def create_vector_index_call(index: VectorIndex, desired: TableSpec, observed: TableSpec) -> Call:
    """Create an index. AttributeDefinitions hold the keys in use then, and every attribute of the search schema."""
    blocked = index_conflicts.blocking_index(index, desired, observed) is not None
    first = index_conflicts.indexes_to_delete(desired, observed) if blocked else []
    live = index_conflicts.defined_attributes(observed, first)
    params = {
        "TableName": desired.name,
        "AttributeDefinitions": wire.attribute_definitions(*live, wire.search_keys(index)),
        "VectorIndexUpdates": [{"Create": vector_definition(index)}],
    }
    return Call("UpdateTable", params)


def delete_vector_index_call(name: str, desired: TableSpec) -> Call:
    """Delete an index. DynamoDB removes the attributes of its search schema from the definitions."""
    return Call("UpdateTable", {"TableName": desired.name, "VectorIndexUpdates": [{"Delete": {"IndexName": name}}]})


def vector_precondition(index: VectorIndex, desired: TableSpec, observed: TableSpec) -> Precondition | None:
    """The table's billing, or a part of the table that uses an attribute in another way."""
    if capacity.mode_after(desired, observed) == "PROVISIONED":
        sentence = f"vector index {index.name} needs a table that is billed on demand"
        return Precondition(sentence, "billing_mode: PAY_PER_REQUEST", rule=16)
    if capacity.mode_of(observed) == "PROVISIONED":
        return Precondition(f"vector index {index.name} waits for on-demand billing", status=StepStatus.DEFERRED)
    return index_conflicts.index_precondition(index, desired, observed)
