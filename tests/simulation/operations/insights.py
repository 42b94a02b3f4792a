"""Contributor insights of a table and of each index: asynchronous, and may end in FAILED (rule 24)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simulation.refusal import in_use, missing

if TYPE_CHECKING:
    from simulation.simulated_dynamodb import SimulatedDynamoDB

OPERATION = "UpdateContributorInsights"
DEFAULT_MODE = "ACCESSED_AND_THROTTLED_KEYS"


def update_insights(dynamodb: SimulatedDynamoDB, params: dict[str, Any]) -> dict[str, Any]:
    table, index = dynamodb.table(OPERATION, params["TableName"]), params.get("IndexName", "")
    names = {i["IndexName"] for i in table.description.get("GlobalSecondaryIndexes", [])}
    if index and index not in names:
        raise missing(OPERATION, f"no index {index}")
    insights = table.side.setdefault("insights", {})
    known = insights.get(index, {"ContributorInsightsStatus": "DISABLED"})
    if known["ContributorInsightsStatus"] in ("ENABLING", "DISABLING"):
        raise in_use(OPERATION, f"contributor insights are {known['ContributorInsightsStatus']}")
    on = params["ContributorInsightsAction"] == "ENABLE"
    mode = params.get("ContributorInsightsMode", known.get("ContributorInsightsMode", DEFAULT_MODE))
    insights[index] = {"ContributorInsightsStatus": "ENABLING" if on else "DISABLING", "ContributorInsightsMode": mode}

    def settle() -> None:
        failed = on and "insights" in dynamodb.failing
        insights[index]["ContributorInsightsStatus"] = "FAILED" if failed else ("ENABLED" if on else "DISABLED")

    dynamodb.soon(table, settle)
    return {"TableName": table.name, **insights[index]}


def described(dynamodb: SimulatedDynamoDB, params: dict[str, Any]) -> dict[str, Any]:
    table = dynamodb.table("DescribeContributorInsights", params["TableName"])
    known = table.side.get("insights", {}).get(params.get("IndexName", ""), {"ContributorInsightsStatus": "DISABLED"})
    return {"TableName": table.name, **known}
