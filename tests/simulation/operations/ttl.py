"""UpdateTimeToLive: one attribute, one change an hour, never a no-op (rules 5 and 10)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simulation.refusal import in_use, invalid, used_up

if TYPE_CHECKING:
    from simulation.simulated_dynamodb import SimulatedDynamoDB

OPERATION = "UpdateTimeToLive"
HOUR = 3600.0


def update_ttl(dynamodb: SimulatedDynamoDB, params: dict[str, Any]) -> dict[str, Any]:
    table = dynamodb.table(OPERATION, params["TableName"])
    requested, now = params["TimeToLiveSpecification"], dynamodb.clock.seconds
    if table.status not in ("ACTIVE", "UPDATING"):
        raise in_use(OPERATION, f"the table is {table.status}")
    if not requested.get("AttributeName"):
        raise invalid(OPERATION, "AttributeName is required, also to disable")
    if table.ttl["TimeToLiveStatus"] in ("ENABLING", "DISABLING"):
        raise invalid(OPERATION, "time to live is being changed")
    enabled = table.ttl["TimeToLiveStatus"] == "ENABLED"
    if requested["Enabled"] == enabled:
        raise invalid(OPERATION, f"TimeToLive is already {'enabled' if enabled else 'disabled'}")
    if enabled and requested["AttributeName"] != table.ttl["AttributeName"]:
        raise invalid(OPERATION, "TimeToLive is active on a different AttributeName")
    times = table.counted.setdefault("ttl", [])
    if dynamodb.strict and times and now - times[-1] < HOUR:
        raise used_up(OPERATION, "Time to live has been modified multiple times within a fixed interval")
    times.append(now)
    status = "ENABLING" if requested["Enabled"] else "DISABLING"
    table.ttl = {"TimeToLiveStatus": status, "AttributeName": requested["AttributeName"]}
    done = dict(table.ttl, TimeToLiveStatus="ENABLED") if requested["Enabled"] else {"TimeToLiveStatus": "DISABLED"}

    def settle() -> None:
        table.ttl = done

    dynamodb.soon(table, settle)
    return {"TimeToLiveSpecification": requested}
