"""Foreign changes of replicas and auto scaling: raw calls; the service may refuse any of them."""

from __future__ import annotations

from random import Random

from support.random_wide import REGIONS

from reconciler.model.change import Call

SCALING = "application-autoscaling:"
METRIC = "DynamoDB{}CapacityUtilization"


def wide_call(rng: Random, name: str) -> Call:
    """One call about the table ``name``."""
    return rng.choice((_replica, _register, _register, _deregister, _policy))(rng, name)


def _replica(rng: Random, name: str) -> Call:
    update = {rng.choice(("Create", "Create", "Delete")): {"RegionName": rng.choice(REGIONS)}}
    return Call("UpdateTable", {"TableName": name, "ReplicaUpdates": [update]})


def _register(rng: Random, name: str) -> Call:
    least = rng.randint(1, 6)
    limits = {"MinCapacity": least, "MaxCapacity": least + rng.randint(0, 9)}
    return Call(f"{SCALING}RegisterScalableTarget", _place(name, rng.choice(("Read", "Write"))) | limits)


def _deregister(rng: Random, name: str) -> Call:
    return Call(f"{SCALING}DeregisterScalableTarget", _place(name, rng.choice(("Read", "Write"))))


def _policy(rng: Random, name: str) -> Call:
    """Under the name that the console gives it."""
    kind = rng.choice(("Read", "Write"))
    tracking = {
        "TargetValue": rng.choice((40.0, 50.0)),
        "PredefinedMetricSpecification": {"PredefinedMetricType": METRIC.format(kind)},
    }
    policy = {"PolicyName": f"{METRIC.format(kind)}:table/{name}", "PolicyType": "TargetTrackingScaling"}
    requested = {"TargetTrackingScalingPolicyConfiguration": tracking}
    return Call(f"{SCALING}PutScalingPolicy", _place(name, kind) | policy | requested)


def _place(name: str, kind: str) -> dict[str, object]:
    return {
        "ServiceNamespace": "dynamodb",
        "ResourceId": f"table/{name}",
        "ScalableDimension": f"dynamodb:table:{kind}CapacityUnits",
    }
