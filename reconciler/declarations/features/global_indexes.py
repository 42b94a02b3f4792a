"""Global secondary indexes (CreateTable.GlobalSecondaryIndexes)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import Field

from reconciler.declarations.document.field_model import Aliases, FieldModel
from reconciler.declarations.features.base import Feature, Members, rule
from reconciler.declarations.features.billing import ThroughputPart, throughput, throughput_members
from reconciler.declarations.features.contributor_insights import (
    InsightsPart,
    insights_members,
    insights_of_index,
    insights_problems,
)
from reconciler.declarations.features.index_parts import (
    ProjectionPart,
    count_problems,
    index_problems,
    projection,
    projection_members,
)
from reconciler.declarations.features.keys import (
    KeyElementPart,
    KeysFields,
    attribute_types,
    key_elements,
    key_schema,
    key_shape,
)
from reconciler.declarations.features.on_demand_throughput import (
    OnDemandThroughputPart,
    maximum,
    maximum_members,
    maximum_problems,
)
from reconciler.declarations.features.warm_throughput import WarmThroughputPart, warm, warm_problems
from reconciler.model.table import GlobalIndex, ScalarType, TableSpec
from reconciler.parsing.source_location import FieldProblem, Path

MIGRATION = re.compile(r"\d{1,9}_[A-Za-z0-9_]+")
MOST = 20
"""Global indexes of a table: the default quota."""


class GlobalIndexPart(FieldModel):
    """A global secondary index; keys and projection never change under one name."""

    index_name: str = Field(description="3 to 255 characters out of a-z, A-Z, 0-9, _ . and -.")
    key_schema: list[KeyElementPart] = Field(description="1 to 4 HASH attributes, then up to 4 RANGE attributes.")
    projection: ProjectionPart = Field(description="What the index copies.")
    provisioned_throughput: ThroughputPart | None = Field(
        default=None, description="Needed with provisioned billing, refused with on-demand billing."
    )
    on_demand_throughput: OnDemandThroughputPart | None = Field(
        default=None, description="The most that the index may use; refused with provisioned billing."
    )
    warm_throughput: WarmThroughputPart | None = Field(default=None, description="It only ever rises.")
    contributor_insights: Annotated[
        InsightsPart | None, Aliases(("ContributorInsightsSpecification", "contributor_insights_specification"))
    ] = Field(default=None, description="The most used keys of the index.")
    backfill: str | None = Field(
        default=None,
        description="The migration, for example 0007_add_status, that adds the keys of the index to old items. "
        "Until it is applied, the index does not count as ready.",
    )


class GlobalIndexesFields(KeysFields):
    """All global indexes of the table. Their key attributes are defined beside those of the table."""

    global_secondary_indexes: list[GlobalIndexPart] | None = Field(default=None, description="At most 20.")


def indexes_with_paths(document: GlobalIndexesFields) -> Iterator[tuple[Path, GlobalIndexPart]]:
    """Every global index of the document with its path."""
    for position, index in enumerate(document.global_secondary_indexes or []):
        yield ("global_secondary_indexes", position), index


@rule("global_secondary_indexes")
def count(document: GlobalIndexesFields) -> Iterator[FieldProblem]:
    """No more than the quota."""
    yield from count_problems(document.global_secondary_indexes, "global_secondary_indexes", MOST)


@rule("global_secondary_indexes")
def each_index(document: GlobalIndexesFields) -> Iterator[FieldProblem]:
    """Name, key, projection and limits. A key may have several attributes: 1 to 4 HASH, then up to 4 RANGE."""
    for path, index in indexes_with_paths(document):
        yield from index_problems(index, path)
        yield from key_shape(index.key_schema, (*path, "key_schema"), most=4)
        yield from maximum_problems(index.on_demand_throughput, path)
        yield from warm_problems(index.warm_throughput, path)
        yield from insights_problems(index.contributor_insights, path)
        if index.backfill is not None and not MIGRATION.fullmatch(index.backfill):
            reason = f"invalid value {index.backfill!r}; expected the name of a migration"
            remedy = "Write the name of its file without .py, for example 0007_add_status."
            yield FieldProblem((*path, "backfill"), reason, remedy)


def to_model(document: GlobalIndexesFields) -> tuple[GlobalIndex, ...] | None:
    """The indexes, sorted by name; insights of an index belong to the feature of that name."""
    indexes, types = document.global_secondary_indexes, attribute_types(document)
    if indexes is None:
        return None
    return tuple(_index(index, types) for index in sorted(indexes, key=lambda index: index.index_name))


def _index(part: GlobalIndexPart, types: Mapping[str, ScalarType]) -> GlobalIndex:
    return GlobalIndex(
        part.index_name,
        key_elements(part.key_schema, types),
        projection(part.projection),
        throughput(part.provisioned_throughput),
        maximum(part.on_demand_throughput),
        warm(part.warm_throughput),
        part.backfill,
    )


def from_model(spec: TableSpec) -> Members:
    """The indexes with their throughput, as far as the billing mode uses it."""
    return {"global_secondary_indexes": [_members(index, spec) for index in spec.global_indexes or ()]}


def _members(index: GlobalIndex, spec: TableSpec) -> dict[str, Any]:
    provisioned = spec.billing is not None and spec.billing.mode == "PROVISIONED"
    optional = {
        "ProvisionedThroughput": throughput_members(index.throughput) if provisioned else None,
        "OnDemandThroughput": None if provisioned else maximum_members(index.on_demand_throughput),
        "contributor_insights": insights_members(insights_of_index(spec, index.name)),
        "backfill": index.backfill,
    }
    return {
        "IndexName": index.name,
        "KeySchema": key_schema(index.keys),
        "Projection": projection_members(index.projection),
        **{name: value for name, value in optional.items() if value},
    }


GLOBAL_INDEXES = Feature("global_indexes", GlobalIndexesFields, (count, each_index), to_model, from_model)
