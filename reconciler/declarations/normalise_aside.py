"""What stands beside a table: its policies, contributor insights and Kinesis stream. Called by ``normalise``."""

from __future__ import annotations

from typing import Any

from reconciler.declarations.document.table import TableDocument
from reconciler.declarations.features.kinesis_streaming import KinesisPart
from reconciler.declarations.rules.policies import as_mapping
from reconciler.facets.policy_json import normal
from reconciler.model.table import ContributorInsights, IndexInsights, KinesisStreaming, ResourcePolicy


def policy(value: Any) -> ResourcePolicy | None:
    """None where there is nothing declared; an empty policy is one without document."""
    document = as_mapping(value)
    return None if document is None else ResourcePolicy(normal(document))


def insights(document: TableDocument) -> ContributorInsights | None:
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


def kinesis(part: KinesisPart | None) -> KinesisStreaming | None:
    """The destination; one without stream where it is switched off."""
    return None if part is None else KinesisStreaming(part.stream_arn if part.enabled else None, part.precision)
