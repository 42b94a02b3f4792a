"""Tags: ``aws:`` keys are the service's, few calls a second are taken, and lists lag behind (rules 18 and 21)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simulation.refusal import invalid, throttled, unknown
from simulation.table import Table

if TYPE_CHECKING:
    from simulation.simulated_dynamodb import ControlPlane

RATES = {"TagResource": 5, "UntagResource": 5, "ListTagsOfResource": 10}


def tag(plane: ControlPlane, params: dict[str, Any]) -> dict[str, Any]:
    table = _asked(plane, "TagResource", params)
    check_keys("TagResource", [tag["Key"] for tag in params["Tags"]])
    before = dict(table.tags)
    table.tags.update({tag["Key"]: tag["Value"] for tag in params["Tags"]})
    _stale(plane, table, before)
    return {}


def untag(plane: ControlPlane, params: dict[str, Any]) -> dict[str, Any]:
    table = _asked(plane, "UntagResource", params)
    before = dict(table.tags)
    for key in params["TagKeys"]:
        table.tags.pop(key, None)
    _stale(plane, table, before)
    return {}


def listed(plane: ControlPlane, params: dict[str, Any]) -> dict[str, Any]:
    table = _asked(plane, "ListTagsOfResource", params)
    until, before = table.side.get("stale_tags", (0.0, {}))
    tags = before if until > plane.clock.seconds else table.tags
    return {"Tags": [{"Key": key, "Value": value} for key, value in sorted(tags.items())]}


def check_keys(operation: str, keys: list[str]) -> None:
    """Keys that begin with ``aws:`` are reserved."""
    reserved = [key for key in keys if key.lower().startswith("aws:")]
    if reserved:
        raise invalid(operation, f"tag keys that begin with aws: are reserved: {reserved}")


def _asked(plane: ControlPlane, operation: str, params: dict[str, Any]) -> Table:
    if not plane.has_tags:
        raise unknown(operation)
    kind = "write" if operation != "ListTagsOfResource" else "read"
    now, recent = plane.clock.seconds, plane.recent.setdefault(kind, [])
    recent[:] = [time for time in recent if now - time < 1.0]
    if plane.strict and len(recent) >= RATES[operation]:
        raise throttled(operation)
    recent.append(now)
    return plane.table(operation, params["ResourceArn"])


def _stale(plane: ControlPlane, table: Table, before: dict[str, str]) -> None:
    if plane.stale:
        table.side["stale_tags"] = (plane.clock.seconds + plane.stale, before)
