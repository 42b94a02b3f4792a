"""Raw answers of an endpoint for tests: DescribeTable and the other reads, with the changes of a case."""

from __future__ import annotations

from typing import Any

from support.specs import IDENTITY, NAME, WHEN

from reconciler.model.observed import Responses


def answers(*, ttl: dict[str, Any] | None = None, tags: dict[str, str] | None = None, **members: Any) -> Responses:
    """An ACTIVE on-demand table with the key ``pk S``; ``members`` are members of Table, None takes one away."""
    table = {
        "TableName": NAME,
        "TableArn": IDENTITY.arn,
        "TableId": IDENTITY.table_id,
        "CreationDateTime": WHEN,
        "TableStatus": "ACTIVE",
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"},
        "ProvisionedThroughput": {"NumberOfDecreasesToday": 0, "ReadCapacityUnits": 0, "WriteCapacityUnits": 0},
    }
    table = {member: value for member, value in (table | members).items() if value is not None}
    found: dict[str, Any] = {"DescribeTable": {"Table": table}}
    if ttl is not None:
        found["DescribeTimeToLive"] = {"TimeToLiveDescription": ttl}
    if tags is not None:
        found["ListTagsOfResource"] = {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}
    return Responses(found)


def index(name: str, *attributes: str, status: str | None = "ACTIVE", **members: Any) -> dict[str, Any]:
    """An index description: the first attribute is HASH, the second RANGE."""
    shape = {
        "IndexName": name,
        "KeySchema": [
            {"AttributeName": attribute, "KeyType": "RANGE" if position else "HASH"}
            for position, attribute in enumerate(attributes)
        ],
        "Projection": {"ProjectionType": "ALL"},
        "IndexStatus": status,
    }
    return {member: value for member, value in (shape | members).items() if value is not None}


def defined(**types: str) -> list[dict[str, str]]:
    """AttributeDefinitions."""
    return [{"AttributeName": name, "AttributeType": kind} for name, kind in types.items()]
