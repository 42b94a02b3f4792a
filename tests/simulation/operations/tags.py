"""Tags: reserved ``aws:`` keys, a rate limit, and lists that lag behind (rules 18 and 21)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simulation.refusal import invalid, throttled, unknown
from simulation.table import Table

if TYPE_CHECKING:
    from simulation.simulated_dynamodb import SimulatedDynamoDB

RATES = {"TagResource": 5, "UntagResource": 5, "ListTagsOfResource": 10}


def tag(dynamodb: SimulatedDynamoDB, params: dict[str, Any]) -> dict[str, Any]:
    table = _asked(dynamodb, "TagResource", params)
    check_keys("TagResource", [tag["Key"] for tag in params["Tags"]])
    before = dict(table.tags)
    table.tags.update({tag["Key"]: tag["Value"] for tag in params["Tags"]})
    _stale(dynamodb, table, before)
    return {}


def untag(dynamodb: SimulatedDynamoDB, params: dict[str, Any]) -> dict[str, Any]:
    table = _asked(dynamodb, "UntagResource", params)
    before = dict(table.tags)
    for key in params["TagKeys"]:
        table.tags.pop(key, None)
    _stale(dynamodb, table, before)
    return {}


def listed(dynamodb: SimulatedDynamoDB, params: dict[str, Any]) -> dict[str, Any]:
    table = _asked(dynamodb, "ListTagsOfResource", params)
    until, before = table.side.get("stale_tags", (0.0, {}))
    tags = before if until > dynamodb.clock.seconds else table.tags
    return {"Tags": [{"Key": key, "Value": value} for key, value in sorted(tags.items())]}


def check_keys(operation: str, keys: list[str]) -> None:
    """Keys that begin with ``aws:`` are reserved."""
    reserved = [key for key in keys if key.lower().startswith("aws:")]
    if reserved:
        raise invalid(operation, f"tag keys that begin with aws: are reserved: {reserved}")


def _asked(dynamodb: SimulatedDynamoDB, operation: str, params: dict[str, Any]) -> Table:
    if not dynamodb.has_tags:
        raise unknown(operation)
    kind = "write" if operation != "ListTagsOfResource" else "read"
    now, recent = dynamodb.clock.seconds, dynamodb.recent.setdefault(kind, [])
    recent[:] = [time for time in recent if now - time < 1.0]
    if dynamodb.strict and len(recent) >= RATES[operation]:
        raise throttled(operation)
    recent.append(now)
    return dynamodb.table(operation, params["ResourceArn"])


def _stale(dynamodb: SimulatedDynamoDB, table: Table, before: dict[str, str]) -> None:
    if dynamodb.stale:
        table.side["stale_tags"] = (dynamodb.clock.seconds + dynamodb.stale, before)
