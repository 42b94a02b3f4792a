"""Contributor insights of a table and its global indexes (UpdateContributorInsights)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from reconciler.declarations.document.field_model import Aliases, FieldModel
from reconciler.declarations.features.base import Feature, Members, rule
from reconciler.model.table import ContributorInsights, IndexInsights, TableSpec
from reconciler.parsing.source_location import FieldProblem, Path


class InsightsPart(FieldModel):
    """``{enabled: false}`` turns it off; leaving the whole field out leaves it alone."""

    enabled: bool = Field(default=True, description="Whether CloudWatch counts the most used keys.")
    mode: Annotated[
        Literal["ACCESSED_AND_THROTTLED_KEYS", "THROTTLED_KEYS"] | None,
        Aliases(("contributor_insights_mode", "ContributorInsightsMode")),
    ] = Field(default=None, description="Count all keys that are used, or only the throttled ones.")


class InsightsFields(FieldModel):
    """Insights of the table; those of an index are declared with the index."""

    contributor_insights: Annotated[
        InsightsPart | None, Aliases(("ContributorInsightsSpecification", "contributor_insights_specification"))
    ] = Field(default=None, description="The most used keys of the table.")


if TYPE_CHECKING:
    from reconciler.declarations.features.global_indexes import GlobalIndexesFields

    class Document(InsightsFields, GlobalIndexesFields):
        """Where insights are declared."""


def insights_problems(insights: InsightsPart | None, path: Path) -> Iterator[FieldProblem]:
    """A mode only where insights are on. ``path`` is that of the table or the index."""
    if insights and not insights.enabled and insights.mode:
        where = (*path, "contributor_insights", "mode")
        yield FieldProblem(where, "is not allowed when enabled is false", "Remove it, or enable it.")


@rule("contributor_insights")
def details(document: InsightsFields) -> Iterator[FieldProblem]:
    """The mode of the table's own insights."""
    yield from insights_problems(document.contributor_insights, ())


def to_model(document: Document) -> ContributorInsights | None:
    """Those of the table and those of each index that says something about them, sorted by name."""
    own = document.contributor_insights
    declared = (
        IndexInsights(index.index_name, index.contributor_insights.enabled, index.contributor_insights.mode)
        for index in document.global_secondary_indexes or ()
        if index.contributor_insights is not None
    )
    indexes = tuple(sorted(declared, key=lambda index: index.name))
    if own is None:
        return ContributorInsights(indexes=indexes) if indexes else None
    return ContributorInsights(own.enabled, own.mode, indexes)


def from_model(spec: TableSpec) -> Members:
    """Insights of the table, where they are on; those of an index are written with the index."""
    return {"contributor_insights": insights_members(spec.contributor_insights)}


def insights_of_index(spec: TableSpec, name: str) -> IndexInsights | None:
    """The observed insights of one global index."""
    indexes = spec.contributor_insights.indexes if spec.contributor_insights else ()
    return next((each for each in indexes if each.name == name), None)


def insights_members(insights: ContributorInsights | IndexInsights | None) -> dict[str, Any] | None:
    """Insights of a table or an index, where they are on."""
    if insights is None or not insights.enabled:
        return None
    return {"enabled": True, **({"mode": insights.mode} if insights.mode else {})}


CONTRIBUTOR_INSIGHTS = Feature("contributor_insights", InsightsFields, (details,), to_model, from_model)
