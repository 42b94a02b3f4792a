"""Converts scaling values of the model to shapes of Application Auto Scaling and back. Pure.

Operations of that service have its name as a prefix: ``application-autoscaling:RegisterScalableTarget``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from reconciler.facets.base import ExtraRead
from reconciler.facets.rank import Rank
from reconciler.model.change import Call
from reconciler.model.observed import Responses
from reconciler.model.scaling import AutoScaling, IndexScaling, Scaling, ScheduledScaling

SERVICE = "application-autoscaling"
TARGETS = f"{SERVICE}:DescribeScalableTargets"
POLICIES = f"{SERVICE}:DescribeScalingPolicies"
ACTIONS = f"{SERVICE}:DescribeScheduledActions"
REGISTER = f"{SERVICE}:RegisterScalableTarget"
PUT_POLICY = f"{SERVICE}:PutScalingPolicy"
PUT_ACTION = f"{SERVICE}:PutScheduledAction"
DELETE_ACTION = f"{SERVICE}:DeleteScheduledAction"
RANKS = {PUT_POLICY: Rank.SCALING_POLICY, PUT_ACTION: Rank.SCALING_ACTION, DELETE_ACTION: Rank.SCALING_ACTION}
"""The calls that need a registered target come after it."""
UNITS = {"read": "ReadCapacityUnits", "write": "WriteCapacityUnits"}
METRICS = {"read": "DynamoDBReadCapacityUtilization", "write": "DynamoDBWriteCapacityUtilization"}

ScaledCapacity = tuple[str | None, str]
"""An index name (``None`` for the table itself), and ``read`` or ``write``."""


def targets_params(name: str, table: Mapping[str, Any]) -> dict[str, Any]:
    """The table and all indexes that DescribeTable shows, at once (DescribeScalableTargets takes 50)."""
    indexes = sorted(index["IndexName"] for index in table.get("GlobalSecondaryIndexes") or ())
    return {
        "ServiceNamespace": "dynamodb",
        "ResourceIds": [_resource(name, None), *(_resource(name, i) for i in indexes)],
    }


def read_of_targets(name: str, table: Mapping[str, Any]) -> ExtraRead:
    """Who owns the capacities of a table."""
    return ExtraRead(TARGETS, TARGETS, targets_params(name, table))


def reads_of_details(name: str, indexes: Iterable[str | None]) -> Iterator[ExtraRead]:
    """Policies and scheduled actions, which the service lists for one resource at a time."""
    for index in indexes:
        params = {"ServiceNamespace": "dynamodb", "ResourceId": _resource(name, index)}
        for operation in (POLICIES, ACTIONS):
            yield ExtraRead(f"{operation} {params['ResourceId']}", operation, params)


def owned_capacities(responses: Responses) -> tuple[str, ...]:
    """Paths of the capacities with a scalable target, suspended or not; empty if targets were not read."""
    places = sorted(
        _by_capacity(responses, TARGETS, "ScalableTargets"), key=lambda scaled: (scaled[0] or "", scaled[1])
    )
    return tuple(path_of(scaled) for scaled in places)


def path_of(scaled: ScaledCapacity) -> str:
    """The path of a capacity in the facets billing and global_indexes."""
    index, capacity = scaled
    return f"global_indexes.{index}.throughput.{capacity}" if index else f"billing.throughput.{capacity}"


def read_scaling(responses: Responses) -> AutoScaling:
    """All capacities with a scalable target. A policy or an action without a target has no effect and is ignored."""
    targets = _by_capacity(responses, TARGETS, "ScalableTargets")
    policies = _by_capacity(responses, POLICIES, "ScalingPolicies")
    actions = _by_capacity(responses, ACTIONS, "ScheduledActions")
    scalings = {
        scaled: _scaling(found[-1], _tracking(scaled, policies.get(scaled, ())), actions.get(scaled, ()))
        for scaled, found in targets.items()
    }
    names = sorted({index for index, _ in scalings if index is not None})
    indexes = (IndexScaling(name, scalings.get((name, "read")), scalings.get((name, "write"))) for name in names)
    return AutoScaling(scalings.get((None, "read")), scalings.get((None, "write")), tuple(indexes))


def register(table: str, scaled: ScaledCapacity, wanted: Scaling, observed: Scaling) -> Call:
    """Set both limits at once, because a new target requires both (RegisterScalableTarget)."""
    least = wanted.min if wanted.min is not None else observed.min
    most = wanted.max if wanted.max is not None else observed.max
    limits = {"MinCapacity": least, "MaxCapacity": most}
    given = {name: value for name, value in limits.items() if value is not None}
    return Call(REGISTER, {**_address(table, scaled), **given})


def deregister(table: str, scaled: ScaledCapacity) -> Call:
    """Remove the target, and with it its policies and scheduled actions (DeregisterScalableTarget)."""
    return Call(f"{SERVICE}:DeregisterScalableTarget", _address(table, scaled))


def registers(call: Call | None) -> bool:
    """Whether a call registers a target, or changes the limits of one."""
    return call is not None and call.operation == REGISTER


def target_of(call: Call | None) -> tuple[object, object] | None:
    """The scalable target that a call of this service is about; ``None`` for any other call."""
    if call is None or not call.operation.startswith(f"{SERVICE}:"):
        return None
    return call.params["ResourceId"], call.params["ScalableDimension"]


def put_policy(table: str, scaled: ScaledCapacity, wanted: Scaling, observed: Scaling) -> Call:
    """Replace the policy; PutScalingPolicy has no partial update, so undeclared members are sent as observed.

    A target accepts one policy per metric, so an observed policy keeps its name.
    """
    chosen: dict[str, Any] = {
        "TargetValue": wanted.target if wanted.target is not None else observed.target,
        "ScaleInCooldown": _first(wanted.scale_in_cooldown, observed.scale_in_cooldown),
        "ScaleOutCooldown": _first(wanted.scale_out_cooldown, observed.scale_out_cooldown),
        "DisableScaleIn": _first(wanted.disable_scale_in, observed.disable_scale_in),
    }
    metric = METRICS[scaled[1]]
    configuration = {name: value for name, value in chosen.items() if value is not None}
    configuration["PredefinedMetricSpecification"] = {"PredefinedMetricType": metric}
    params = {
        "PolicyName": observed.policy or metric,
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": configuration,
    }
    return Call(PUT_POLICY, {**_address(table, scaled), **params})


def put_action(table: str, scaled: ScaledCapacity, action: ScheduledScaling) -> Call:
    """A scheduled action, new or changed (PutScheduledAction)."""
    limits = {"MinCapacity": action.min, "MaxCapacity": action.max}
    params: dict[str, Any] = {
        "ScheduledActionName": action.name,
        "Schedule": action.schedule,
        "ScalableTargetAction": {name: value for name, value in limits.items() if value is not None},
    }
    if action.timezone is not None:
        params["Timezone"] = action.timezone
    return Call(PUT_ACTION, {**_address(table, scaled), **params})


def delete_action(table: str, scaled: ScaledCapacity, name: str) -> Call:
    """Delete a scheduled action (DeleteScheduledAction)."""
    return Call(DELETE_ACTION, {**_address(table, scaled), "ScheduledActionName": name})


def action_for_display(action: ScheduledScaling | None) -> dict[str, Any] | None:
    """A scheduled action for people."""
    if action is None:
        return None
    shape = {"schedule": action.schedule, "min": action.min, "max": action.max, "timezone": action.timezone}
    return {name: value for name, value in shape.items() if value is not None}


def _resource(table: str, index: str | None) -> str:
    return f"table/{table}/index/{index}" if index else f"table/{table}"


def _address(table: str, scaled: ScaledCapacity) -> dict[str, str]:
    index, capacity = scaled
    kind = "index" if index else "table"
    return {
        "ServiceNamespace": "dynamodb",
        "ResourceId": _resource(table, index),
        "ScalableDimension": f"dynamodb:{kind}:{UNITS[capacity]}",
    }


def _by_capacity(responses: Responses, operation: str, member: str) -> dict[ScaledCapacity, list[Mapping[str, Any]]]:
    table = responses.table["TableName"]
    found: dict[ScaledCapacity, list[Mapping[str, Any]]] = {}
    answers = [answer for key, answer in responses.answers.items() if key.partition(" ")[0] == operation]
    for shape in (shape for answer in answers for shape in answer[member]):
        scaled = _capacity_of(table, shape)
        if scaled is not None:
            found.setdefault(scaled, []).append(shape)
    return found


def _capacity_of(table: str, shape: Mapping[str, Any]) -> ScaledCapacity | None:
    capacity = next((name for name, units in UNITS.items() if shape["ScalableDimension"].endswith(f":{units}")), None)
    resource = str(shape["ResourceId"])
    if capacity is None:
        return None
    if resource == _resource(table, None):
        return None, capacity
    start = _resource(table, None) + "/index/"
    return (resource.removeprefix(start), capacity) if resource.startswith(start) else None


def _tracking(scaled: ScaledCapacity, policies: Iterable[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The policy that tracks the utilisation of this capacity. Other policies are unmanaged."""
    for policy in policies:
        configuration = policy.get("TargetTrackingScalingPolicyConfiguration") or {}
        metric = configuration.get("PredefinedMetricSpecification") or {}
        if metric.get("PredefinedMetricType") == METRICS[scaled[1]]:
            return policy
    return None


def _scaling(
    target: Mapping[str, Any], policy: Mapping[str, Any] | None, actions: Iterable[Mapping[str, Any]]
) -> Scaling:
    shape = policy["TargetTrackingScalingPolicyConfiguration"] if policy else {}
    return Scaling(
        enabled=True,
        min=int(target["MinCapacity"]),
        max=int(target["MaxCapacity"]),
        target=float(shape["TargetValue"]) if policy else None,
        scale_in_cooldown=shape.get("ScaleInCooldown"),
        scale_out_cooldown=shape.get("ScaleOutCooldown"),
        disable_scale_in=bool(shape.get("DisableScaleIn", False)) if policy else None,
        scheduled=tuple(sorted(_actions(actions), key=lambda action: action.name)),
        policy=policy["PolicyName"] if policy else None,
    )


def _actions(shapes: Iterable[Mapping[str, Any]]) -> Iterator[ScheduledScaling]:
    for shape in shapes:
        limits = shape.get("ScalableTargetAction") or {}
        least, most = limits.get("MinCapacity"), limits.get("MaxCapacity")
        yield ScheduledScaling(shape["ScheduledActionName"], shape["Schedule"], least, most, shape.get("Timezone"))


def _first(*values: Any) -> Any:
    return next((value for value in values if value is not None), None)
