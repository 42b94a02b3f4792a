"""Answers of Application Auto Scaling for tests, as the service shapes them."""

from __future__ import annotations

from typing import Any

from support.responses import answers

from reconciler.model.observed import Responses
from reconciler.model.scaling import ScheduledScaling

SERVICE = "application-autoscaling"
TARGETS = f"{SERVICE}:DescribeScalableTargets"
POLICIES = f"{SERVICE}:DescribeScalingPolicies"
ACTIONS = f"{SERVICE}:DescribeScheduledActions"
Shapes = list[dict[str, Any]]


def target(resource: str, kind: str, capacity: str, least: int, most: int) -> dict[str, Any]:
    """A scalable target; ``capacity`` is Read or Write."""
    return {**_place(resource, kind, capacity), "MinCapacity": least, "MaxCapacity": most, "SuspendedState": {}}


def scaled(
    resource: str, kind: str, capacity: str, *, limits: tuple[int, int], actions: tuple[ScheduledScaling, ...] = ()
) -> tuple[Shapes, Shapes, Shapes]:
    """Target, policy at 70 percent, and scheduled actions of one capacity."""
    place = _place(resource, kind, capacity)
    metric = {"PredefinedMetricType": f"DynamoDB{capacity}CapacityUtilization"}
    tracking = {"TargetValue": 70.0, "PredefinedMetricSpecification": metric}
    policy = {**place, "PolicyName": "p", "TargetTrackingScalingPolicyConfiguration": tracking, "Alarms": []}
    shaped = [
        {
            **place,
            "ScheduledActionName": action.name,
            "Schedule": action.schedule,
            "ScalableTargetAction": {"MinCapacity": action.min, "MaxCapacity": action.max},
        }
        for action in actions
    ]
    return [target(resource, kind, capacity, *limits)], [policy], shaped


def answered(targets: Shapes, policies: Shapes, actions: Shapes) -> Responses:
    """A provisioned table together with these answers."""
    found = answers(BillingModeSummary=None, ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 5})
    beside = {
        TARGETS: {"ScalableTargets": targets},
        f"{POLICIES} table/subject": {"ScalingPolicies": policies},
        f"{ACTIONS} table/subject": {"ScheduledActions": actions},
    }
    return Responses({**found.answers, **beside})


def _place(resource: str, kind: str, capacity: str) -> dict[str, str]:
    dimension = f"dynamodb:{kind}:{capacity}CapacityUnits"
    return {"ServiceNamespace": "dynamodb", "ResourceId": resource, "ScalableDimension": dimension}
