"""Rules of the imaginary endpoint for a table's class, encryption, on-demand maximum and warm throughput."""

from __future__ import annotations

from typing import Any

Shape = dict[str, Any]
ALONE = ("TableClass", "SSESpecification", "OnDemandThroughput", "WarmThroughput")
"""Members of UpdateTable that are an action of their own."""
KEY = "arn:aws:kms:us-east-1:123456789012:key/"
KEYS = {"alias/aws/dynamodb": f"{KEY}aws", "alias/one": f"{KEY}1", "alias/two": f"{KEY}2"}
"""The keys of the account by their aliases; a bare id or an ARN names one as well."""
WARM = {"ReadUnitsPerSecond": 12000, "WriteUnitsPerSecond": 4000}
"""What a table on demand starts with."""


def described(params: Shape) -> Shape:
    """The description of a table that was just created by ``params``."""
    table: Shape = {"WarmThroughput": WARM | params.get("WarmThroughput", {}) | {"Status": "ACTIVE"}}
    if "TableClass" in params:
        table["TableClassSummary"] = {"TableClass": params["TableClass"]}
    if params.get("SSESpecification", {}).get("Enabled"):
        table["SSEDescription"] = _encryption(params["SSESpecification"])
    if "OnDemandThroughput" in params:
        table["OnDemandThroughput"] = dict(params["OnDemandThroughput"])
    return table


def refusal(table: Shape, params: Shape) -> str | None:
    """Change what ``params`` of UpdateTable ask for; the error where the service would refuse."""
    if "TableClass" in params:
        before = table.get("TableClassSummary", {}).get("TableClass", "STANDARD")
        if params["TableClass"] == before:
            return f"the table class is {before} already"
        table["TableClassSummary"] = {"TableClass": params["TableClass"]}
    if "SSESpecification" in params:
        requested = _encryption(params["SSESpecification"]) if params["SSESpecification"]["Enabled"] else None
        if requested == table.pop("SSEDescription", None):
            return "the table is encrypted so already"
        if requested:
            table["SSEDescription"] = requested
    return limit_refusal(table, table, params)


def limit_refusal(table: Shape, holder: Shape, params: Shape) -> str | None:
    """The same for the limits of ``holder``, the table or one of its indexes."""
    if "OnDemandThroughput" in params:
        requested, before = params["OnDemandThroughput"], holder.get("OnDemandThroughput", {})
        if table["BillingModeSummary"]["BillingMode"] != "PAY_PER_REQUEST":
            return "an on-demand maximum on a provisioned table"
        if not requested or any(units != -1 and units < 1 for units in requested.values()):
            return "at least one member, each -1 or at least 1"
        if all(before.get(name, -1) == units for name, units in requested.items()):
            return "the on-demand maximum will not change"
        holder["OnDemandThroughput"] = before | requested
    if "WarmThroughput" in params:
        requested, before = params["WarmThroughput"], holder.get("WarmThroughput", dict(WARM))
        lower = any(units < before[name] for name, units in requested.items())
        if not requested or lower or all(units == before[name] for name, units in requested.items()):
            return f"warm throughput {requested} does not rise over {before}"
        holder["WarmThroughput"] = before | requested
    return None


def _encryption(requested: Shape) -> Shape:
    named = requested.get("KMSMasterKeyId", "alias/aws/dynamodb")
    arn = KEYS.get(named) or (named if named.startswith("arn:") else KEY + named)
    return {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": arn}
