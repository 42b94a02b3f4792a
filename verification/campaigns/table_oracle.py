"""The state of a table, read from the simulated service without the product's facets. Used by all campaigns."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from simulation.simulated_dynamodb import SimulatedDynamoDB
from support.declared_state import violations

from reconciler.model.identity import Flavor
from reconciler.model.observed import Responses
from reconciler.model.table import TableSpec


def lacking(dynamodb: SimulatedDynamoDB, spec: TableSpec, flavor: Flavor) -> list[str]:
    """What the live table lacks of the declaration, as sentences; what such an endpoint is known to lack left out."""
    if spec.name not in dynamodb.tables:
        return [f"there is no table {spec.name}"]
    desired = supported_part(spec, flavor)
    return violations(Responses(_answers(dynamodb, desired)), desired)


def supported_part(spec: TableSpec, flavor: Flavor) -> TableSpec:
    """The declaration without what such an endpoint is known not to hold, be it of an index."""
    if not flavor.lacks:
        return spec
    spec = replace(spec, **dict.fromkeys(flavor.lacks))
    if "warm_throughput" in flavor.lacks and spec.global_indexes:
        indexes = tuple(replace(index, warm_throughput=None) for index in spec.global_indexes)
        spec = replace(spec, global_indexes=indexes)
    return spec


def _answers(dynamodb: SimulatedDynamoDB, spec: TableSpec) -> dict[str, Any]:
    """The newest raw answers of every read that a declared feature needs."""
    table = dynamodb.tables[spec.name]
    side, shape = table.side, table.description
    policies = side.get("policies", {})
    insights = side.get("insights", {})
    own = spec.contributor_insights
    off = {"ContributorInsightsStatus": "DISABLED"}
    recovery = side.get("recovery", {"PointInTimeRecoveryStatus": "DISABLED"})
    answers: dict[str, Any] = {
        "DescribeTable": {"Table": shape},
        "DescribeTimeToLive": {"TimeToLiveDescription": table.ttl},
        "DescribeContinuousBackups": {
            "ContinuousBackupsDescription": {"PointInTimeRecoveryDescription": recovery},
        },
        "GetResourcePolicy": _policy(policies, shape["TableArn"]),
        "GetResourcePolicy stream": _policy(policies, shape.get("LatestStreamArn", "")),
        "DescribeKinesisStreamingDestination": {"KinesisDataStreamDestinations": side.get("kinesis", [])},
    }
    for name in ("", *(index.name for index in own.indexes)) if own else ():
        answers[f"DescribeContributorInsights {name}".strip()] = insights.get(name, off)
    if dynamodb.has_tags:
        answers["ListTagsOfResource"] = {"Tags": [{"Key": k, "Value": v} for k, v in table.tags.items()]}
    return answers


def _policy(policies: dict[str, tuple[str, str]], arn: str) -> dict[str, str]:
    return {"Policy": policies[arn][0]} if arn in policies else {}
