"""The facet contributor_insights: table and indexes each by itself, what is under way reads as done."""

from __future__ import annotations

from typing import Any

import pytest
from support.responses import answers, defined, index
from support.specs import declaration, gsi, observed, spec

from reconciler.facets.contributor_insights import READ, ContributorInsightsFacet
from reconciler.model.observed import Responses
from reconciler.model.plan import StepStatus
from reconciler.model.table import ContributorInsights, IndexInsights
from reconciler.planning.planner import plan

FACET = ContributorInsightsFacet()
ALL, THROTTLED = "ACCESSED_AND_THROTTLED_KEYS", "THROTTLED_KEYS"


def reported(**statuses: str) -> Responses:
    """``table`` is the table's status, any other word the status of that index."""
    found: dict[str, Any] = dict(answers().answers)
    for name, status in statuses.items():
        found[READ if name == "table" else f"{READ} {name}"] = {"ContributorInsightsStatus": status}
    return Responses(found)


@pytest.mark.parametrize(
    ("status", "enabled", "messages"),
    [
        ("ENABLED", True, []),
        ("ENABLING", True, ["contributor insights of the table are ENABLING"]),
        ("DISABLING", False, ["contributor insights of the table are DISABLING"]),
        ("DISABLED", False, []),
        ("FAILED", False, []),
    ],
)
def test_insights_are_read(status: str, enabled: bool, messages: list[str]) -> None:
    assert FACET.observe(reported(table=status)) == ContributorInsights(enabled, ALL if enabled else None)
    assert list(FACET.ongoing(reported(table=status))) == messages


def test_insights_of_indexes_are_read_by_name() -> None:
    seen = FACET.observe(reported(table="DISABLED", by_b="ENABLING", by_a="DISABLED"))
    assert seen == ContributorInsights(False, None, (IndexInsights("by_a", False), IndexInsights("by_b", True, ALL)))
    assert FACET.observe(answers()) is None


def test_only_declared_indexes_that_are_active_are_asked_for() -> None:
    described = [
        index(name, "a", status="CREATING" if name == "by_c" else "ACTIVE") for name in ("by_a", "by_b", "by_c")
    ]
    table = answers(GlobalSecondaryIndexes=described, AttributeDefinitions=defined(a="S", pk="S")).table
    ours = ContributorInsights(indexes=(IndexInsights("by_a", True), IndexInsights("by_c", True)))
    assert [ask.key for ask in FACET.extra_reads(spec(contributor_insights=ours), table)] == [f"{READ} by_a"]
    assert [ask.params["IndexName"] for ask in FACET.extra_reads(None, table)] == ["by_a", "by_b"]


def test_turning_it_on_with_a_mode_is_one_call_a_table_and_index() -> None:
    desired = ContributorInsights(True, THROTTLED, (IndexInsights("by.a.mode", True, THROTTLED),))
    live = observed(
        spec(
            global_indexes=[gsi("by.a.mode", "a S")],
            contributor_insights=ContributorInsights(False, None, (IndexInsights("by.a.mode", False),)),
        )
    )
    steps = plan(declaration(spec(contributor_insights=desired)), live)
    on = {"ContributorInsightsAction": "ENABLE", "ContributorInsightsMode": THROTTLED}
    assert [step.call.params for step in steps if step.call] == [
        {"TableName": "subject", **on},
        {"TableName": "subject", "IndexName": "by.a.mode", **on},
    ]
    assert [len(step.changes) for step in steps] == [2, 2]


def test_insights_of_an_index_that_nobody_declares_are_blocked() -> None:
    desired = spec(contributor_insights=ContributorInsights(indexes=(IndexInsights("by_a", True),)))
    live = observed(spec(contributor_insights=ContributorInsights(False)))
    (step,) = plan(declaration(desired), live)
    assert (step.status, step.message) == (StepStatus.BLOCKED, "the table has no index by_a")


def test_ignored_insights_of_one_index_are_not_touched() -> None:
    desired = spec(
        contributor_insights=ContributorInsights(indexes=(IndexInsights("by_a", True), IndexInsights("by_b", True)))
    )
    off = (IndexInsights("by_a", False), IndexInsights("by_b", False))
    live = observed(
        spec(
            global_indexes=[gsi("by_a", "a S"), gsi("by_b", "b S")],
            contributor_insights=ContributorInsights(False, None, off),
        )
    )
    ignoring = declaration(desired, ignore_changes=("contributor_insights.indexes.by_a",))
    (step,) = plan(ignoring, live)
    assert step.call is not None
    assert step.call.params["IndexName"] == "by_b"
