"""A short summary of a planned call, for the expectations of test tables."""

from __future__ import annotations

from typing import Any

from reconciler.model.change import Call


def summary(call: Call) -> str:
    """For example ``-index by_email``, ``mode PROVISIONED 5/5, by_email 1/1``, ``ttl on expires``."""
    params = call.params
    match call.operation:
        case "CreateTable" | "DeleteTable":
            return call.operation
        case "TagResource":
            return "tags " + " ".join(f"{tag['Key']}={tag['Value']}" for tag in params["Tags"])
        case "UpdateTimeToLive":
            requested = params["TimeToLiveSpecification"]
            return f"ttl {'on' if requested['Enabled'] else 'off'} {requested['AttributeName']}"
        case "PutResourcePolicy" | "DeleteResourcePolicy":
            where = "stream" if "/stream/" in params["ResourceArn"] else "table"
            return f"{'policy of' if 'Policy' in params else 'no policy of'} {where}"
        case "UpdateContributorInsights":
            messages = ["insights", params.get("IndexName"), params["ContributorInsightsAction"].lower()]
            return " ".join(word for word in (*messages, params.get("ContributorInsightsMode")) if word)
        case operation if operation.endswith("KinesisStreamingDestination"):
            precision = [value for shape in params.values() if isinstance(shape, dict) for value in shape.values()]
            verb = operation.removesuffix("KinesisStreamingDestination").lower()
            return " ".join(["kinesis", verb, params["StreamArn"].rsplit("/")[-1], *precision])
        case "UpdateContinuousBackups":
            shape = params["PointInTimeRecoverySpecification"]
            state = "on" if shape["PointInTimeRecoveryEnabled"] else "off"
            return f"recovery {state} {shape.get('RecoveryPeriodInDays', '')}".rstrip()
        case _:
            return _update(dict(params))


def _update(params: dict[str, Any]) -> str:
    if "DeletionProtectionEnabled" in params:
        return "protect" if params["DeletionProtectionEnabled"] else "unprotect"
    if "StreamSpecification" in params:
        return f"stream {params['StreamSpecification'].get('StreamViewType', 'off')}"
    if "TableClass" in params:
        return f"class {params['TableClass']}"
    if "SSESpecification" in params:
        sse = params["SSESpecification"]
        return f"sse {sse.get('KMSMasterKeyId', 'managed') if sse['Enabled'] else 'off'}"
    messages = _global(params) + _limits(params)
    if "BillingMode" in params:
        messages.append(" ".join(["mode", params["BillingMode"], *_units(params)]))
    elif "ProvisionedThroughput" in params:
        messages.append(" ".join(["table", *_units(params)]))
    for update in params.get("VectorIndexUpdates", ()):
        messages += [
            f"{'+' if verb == 'Create' else '-'}vectors {index['IndexName']}" for verb, index in update.items()
        ]
    for update in params.get("GlobalSecondaryIndexUpdates", ()):
        for verb, index in update.items():
            sign = {"Create": "+index ", "Delete": "-index ", "Update": ""}[verb]
            messages.append(" ".join([sign + index["IndexName"], *_units(index), *_limits(index)]))
    return ", ".join(messages)


def _global(params: dict[str, Any]) -> list[str]:
    messages = []
    if "DisassociationProtectionEnabled" in params:
        messages.append(f"disassociation protection {'on' if params['DisassociationProtectionEnabled'] else 'off'}")
    if "GlobalTableSettingsReplicationMode" in params:
        messages.append(f"settings {params['GlobalTableSettingsReplicationMode']}")
    if "MultiRegionConsistency" in params:
        messages.append(params["MultiRegionConsistency"])
    signs = {"Create": "+", "Update": "~", "Delete": "-"}
    for member, kind in (("ReplicaUpdates", "replica"), ("GlobalTableWitnessUpdates", "witness")):
        for update in params.get(member, ()):
            for verb, shape in update.items():
                more = sorted(name for name in shape if name != "RegionName")
                messages.append(" ".join([f"{signs[verb]}{kind} {shape['RegionName']}", *more]))
    return messages


def _limits(params: dict[str, Any]) -> list[str]:
    return [
        " ".join(
            [word, *(f"{'read' if 'Read' in name else 'write'}={units}" for name, units in params[member].items())]
        )
        for word, member in (("max", "OnDemandThroughput"), ("warm", "WarmThroughput"))
        if member in params
    ]


def _units(params: dict[str, Any]) -> list[str]:
    units = params.get("ProvisionedThroughput")
    return [f"{units['ReadCapacityUnits']}/{units['WriteCapacityUnits']}"] if units else []
