"""Billing mode and provisioned capacity: together, never a no-op, and counted (rules 4 to 7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simulation.refusal import invalid, used_up
from simulation.table import ZERO, Table
from simulation.updates.named import named

if TYPE_CHECKING:
    from simulation.simulated_dynamodb import SimulatedDynamoDB

OPERATION = "UpdateTable"
DAY, HOUR = 86400.0, 3600.0
SWITCHES, FREE_DECREASES = 4, 4


def apply(dynamodb: SimulatedDynamoDB, table: Table, draft: dict[str, Any], params: dict[str, Any]) -> None:
    before = table.mode
    after = params.get("BillingMode", before)
    units = _index_units(params)
    indexes = named(draft, units)
    if after == "PAY_PER_REQUEST":
        _on_demand(dynamodb, table, draft, params, units)
        return
    if after == "PROVISIONED" and draft.get("VectorIndexes"):
        raise invalid(OPERATION, "a table with vector indexes stays on demand")
    if before == "PAY_PER_REQUEST":
        if "ProvisionedThroughput" not in params:
            raise invalid(OPERATION, "ProvisionedThroughput must be given")
        left_out = sorted(indexes.keys() - units.keys())
        if left_out:
            raise invalid(OPERATION, f"ProvisionedThroughput must be specified for index: {', '.join(left_out)}")
    draft["BillingModeSummary"] = {**draft["BillingModeSummary"], "BillingMode": after}
    for holder in (draft, *indexes.values()):
        holder.pop("OnDemandThroughput", None)
    for holder, requested in _pairs(draft, indexes, params, units):
        _set(dynamodb, holder, requested)


def _on_demand(
    dynamodb: SimulatedDynamoDB, table: Table, draft: dict[str, Any], params: dict[str, Any], units: dict[str, Any]
) -> None:
    if units or "ProvisionedThroughput" in params:
        raise invalid(OPERATION, "no throughput with PAY_PER_REQUEST")
    if table.mode == "PAY_PER_REQUEST":
        return
    now = dynamodb.clock.seconds
    switches = table.counted.setdefault("mode", [])
    if dynamodb.strict and len([time for time in switches if now - time < DAY]) >= SWITCHES:
        raise used_up(OPERATION, "Subscriber limit exceeded: Update to PayPerRequest mode are limited")
    switches.append(now)
    reported = {"BillingMode": "PAY_PER_REQUEST", "LastUpdateToPayPerRequestDateTime": dynamodb.clock.now()}
    draft["BillingModeSummary"] = reported
    draft["ProvisionedThroughput"] = dict(ZERO)
    for index in draft.get("GlobalSecondaryIndexes", []):
        index["ProvisionedThroughput"] = dict(ZERO)


def _set(dynamodb: SimulatedDynamoDB, holder: dict[str, Any], requested: dict[str, Any]) -> None:
    have = holder.get("ProvisionedThroughput", ZERO)
    if all(requested[member] == have.get(member) for member in ZERO):
        raise invalid(OPERATION, "The provisioned throughput will not change")
    if min(requested.values()) < 1:
        raise invalid(OPERATION, "capacity units are at least 1")
    counts = dict(have)
    if any(requested[member] < have.get(member, 0) for member in ZERO):
        counts |= _decrease(dynamodb, have)
    holder["ProvisionedThroughput"] = {**counts, **requested}


def _decrease(dynamodb: SimulatedDynamoDB, have: dict[str, Any]) -> dict[str, Any]:
    """Four at any time of a UTC day, then one an hour."""
    if not dynamodb.strict:
        return {}
    now, last = dynamodb.clock.now(), have.get("LastDecreaseDateTime")
    today = have.get("NumberOfDecreasesToday", 0) if last and last.date() == now.date() else 0
    if today >= FREE_DECREASES and last and (now - last).total_seconds() < HOUR:
        raise used_up(OPERATION, "Subscriber limit exceeded: Provisioned throughput decreases are limited")
    return {"NumberOfDecreasesToday": today + 1, "LastDecreaseDateTime": now}


def _index_units(params: dict[str, Any]) -> dict[str, Any]:
    updates = [update["Update"] for update in params.get("GlobalSecondaryIndexUpdates", [])]
    units = {update["IndexName"]: update["ProvisionedThroughput"] for update in updates}
    if len(units) != len(updates):
        raise invalid(OPERATION, "an index is named twice")
    return units


def _pairs(
    draft: dict[str, Any], indexes: dict[str, Any], params: dict[str, Any], units: dict[str, Any]
) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    own = [(draft, params["ProvisionedThroughput"])] if "ProvisionedThroughput" in params else []
    return own + [(indexes[name], requested) for name, requested in units.items()]
