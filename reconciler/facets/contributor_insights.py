"""Facet contributor_insights: the most used keys, of the table and of each index separately.

Each has its own call and its own status. The call is asynchronous and may end as FAILED, which reads as not enabled.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.facets.base import ExtraRead, Facet, HasExtraReads, HasPreconditions, Precondition, Removal
from reconciler.facets.rank import Rank
from reconciler.model.change import Call, Change
from reconciler.model.observed import ObservedTable, Responses
from reconciler.model.plan import StepStatus
from reconciler.model.table import ContributorInsights, IndexInsights, InsightsMode, TableSpec

READ = "DescribeContributorInsights"
OFF = ContributorInsights(enabled=False)
WIDEST: InsightsMode = "ACCESSED_AND_THROTTLED_KEYS"
"""The mode of insights that were enabled without one."""
Insights = ContributorInsights | IndexInsights


class ContributorInsightsFacet(Facet, HasPreconditions, HasExtraReads):
    """Manages only declared indexes, and compares the mode only if it is declared."""

    name = "contributor_insights"
    rank = Rank.NON_BLOCKING
    reads = (READ,)

    def extra_reads(self, desired: TableSpec | None, table: Mapping[str, Any]) -> Iterator[ExtraRead]:
        ours = None if desired is None else {index.name for index in _declared(desired).indexes}
        for index in table.get("GlobalSecondaryIndexes") or ():
            name = index["IndexName"]
            if index.get("IndexStatus", "ACTIVE") == "ACTIVE" and (ours is None or name in ours):
                yield ExtraRead(f"{READ} {name}", READ, {"TableName": table["TableName"], "IndexName": name})

    def observe(self, responses: Responses) -> ContributorInsights | None:
        if READ not in responses.answers:
            return None
        indexes = (IndexInsights(name, *_read(answer)) for name, answer in _answers(responses) if name)
        seen = sorted(indexes, key=lambda index: index.name)
        return ContributorInsights(*_read(responses.answers[READ]), tuple(seen))

    def ongoing(self, responses: Responses) -> Iterator[str]:
        for name, answer in _answers(responses):
            status = answer["ContributorInsightsStatus"]
            if status in ("ENABLING", "DISABLING"):
                yield f"contributor insights of {f'index {name}' if name else 'the table'} are {status}"

    def diff(self, desired: TableSpec, observed: TableSpec) -> Iterator[Change]:
        for path, want, have in _declared_and_observed(desired, observed):
            if want.enabled is not None and want.enabled != have.enabled:
                yield Change(self.name, f"{path}.enabled", have.enabled, want.enabled)
            if want.enabled and want.mode and want.mode != have.mode:
                yield Change(self.name, f"{path}.mode", have.mode, want.mode)

    def removal(self, observed: TableSpec) -> Removal:
        return Removal(OFF, "contributor_insights: {enabled: false}")

    def precondition(self, change: Change, desired: TableSpec, observed: TableSpec) -> Precondition | None:
        want = _insights_of(change, desired, observed)
        if isinstance(want, ContributorInsights) or want.name in _live(observed):
            return None
        known = {index.name for side in (desired, observed) for index in side.global_indexes or ()}
        if want.name in known:
            return Precondition(f"set once index {want.name} is there", status=StepStatus.DEFERRED)
        return Precondition(f"the table has no index {want.name}", f"global_secondary_indexes with {want.name}")

    def request(self, change: Change, desired: TableSpec, observed: ObservedTable) -> Call:
        want = _insights_of(change, desired, observed.spec)
        params: dict[str, Any] = {"TableName": desired.name}
        if isinstance(want, IndexInsights):
            params["IndexName"] = want.name
        params["ContributorInsightsAction"] = "ENABLE" if want.enabled else "DISABLE"
        if want.enabled and want.mode:
            params["ContributorInsightsMode"] = want.mode
        return Call("UpdateContributorInsights", params)


def _answers(responses: Responses) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The answers with the index each is about, empty for the table."""
    for key, answer in responses.answers.items():
        if key == READ or key.startswith(f"{READ} "):
            yield key.removeprefix(READ).strip(), answer


def _read(answer: Mapping[str, Any]) -> tuple[bool, InsightsMode | None]:
    enabled = answer["ContributorInsightsStatus"] in ("ENABLED", "ENABLING")
    return enabled, (answer.get("ContributorInsightsMode") or WIDEST) if enabled else None


def _declared(desired: TableSpec) -> ContributorInsights:
    return desired.contributor_insights or ContributorInsights()


def _declared_and_observed(desired: TableSpec, observed: TableSpec) -> Iterator[tuple[str, Insights, Insights]]:
    """Path, declared and observed insights: of the table first, then of each declared index."""
    want, have = _declared(desired), observed.contributor_insights or OFF
    yield "contributor_insights", want, have
    had = {index.name: index for index in have.indexes}
    for index in want.indexes:
        off = IndexInsights(index.name, enabled=False)
        yield f"contributor_insights.indexes.{index.name}", index, had.get(index.name, off)


def _insights_of(change: Change, desired: TableSpec, observed: TableSpec) -> Insights:
    """The declared insights of a change, found by the whole path, because index names may contain dots."""
    for path, want, _ in _declared_and_observed(desired, observed):
        if change.path in (f"{path}.enabled", f"{path}.mode"):
            return want
    raise ValueError(f"{change.path} is no difference between these two tables")


def _live(observed: TableSpec) -> set[str]:
    """Indexes whose insights can be set: those that were read, or all of a table that does not exist yet."""
    if observed.contributor_insights is None:
        return {index.name for index in observed.global_indexes or ()}
    return {index.name for index in observed.contributor_insights.indexes}
