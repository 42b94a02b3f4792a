"""Application Auto Scaling in memory: scalable targets, policies and scheduled actions, with the service's refusals."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from reconciler.model.errors import NotFound, Rejected

SERVICE = "application-autoscaling"
Place = tuple[str, str]


class ScalableTargets:
    """``capacity`` returns the mode of a table and whether an index exists: only provisioned capacity can be scaled."""

    def __init__(self, provisioned: Callable[[str, str | None], bool]) -> None:
        self._provisioned = provisioned
        self.targets: dict[Place, dict[str, Any]] = {}
        self.policies: dict[Place, dict[str, dict[str, Any]]] = {}
        self.actions: dict[Place, dict[str, dict[str, Any]]] = {}

    def read(self, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        name = operation.partition(":")[2]
        if name == "DescribeScalableTargets":
            wanted = params["ResourceIds"]
            return {"ScalableTargets": [t for (r, _), t in sorted(self.targets.items()) if r in wanted]}
        member, shelf = {
            "DescribeScalingPolicies": ("ScalingPolicies", self.policies),
            "DescribeScheduledActions": ("ScheduledActions", self.actions),
        }[name]
        here = [group for (resource, _), group in sorted(shelf.items()) if resource == params["ResourceId"]]
        return {member: [shape for group in here for shape in group.values()]}

    def write(self, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        name = operation.partition(":")[2]
        place = (params["ResourceId"], params["ScalableDimension"])
        shape = dict(params)
        if name == "RegisterScalableTarget":
            self._register(operation, place, shape)
            return {}
        if place not in self.targets:
            raise NotFound(operation, "ObjectNotFoundException", "no scalable target registered")
        match name:
            case "DeregisterScalableTarget":
                for shelf in (self.targets, self.policies, self.actions):
                    shelf.pop(place, None)  # type: ignore[attr-defined]
            case "PutScalingPolicy":
                self._policy(operation, place, shape)
            case "PutScheduledAction":
                self.actions.setdefault(place, {})[params["ScheduledActionName"]] = shape
            case "DeleteScheduledAction":
                if self.actions.get(place, {}).pop(params["ScheduledActionName"], None) is None:
                    raise NotFound(operation, "ObjectNotFoundException", "no such scheduled action")
        return {}

    def _register(self, operation: str, place: Place, shape: dict[str, Any]) -> None:
        parts = place[0].split("/")
        if not self._provisioned(parts[1], parts[3] if len(parts) > 2 else None):
            raise Rejected(operation, "ValidationException", "no such provisioned capacity")
        whole = {**self.targets.get(place, {}), **shape}
        if "MinCapacity" not in whole or "MaxCapacity" not in whole:
            raise Rejected(operation, "ValidationException", "a new target needs both limits")
        self.targets[place] = whole

    def _policy(self, operation: str, place: Place, shape: dict[str, Any]) -> None:
        others = [name for name in self.policies.get(place, {}) if name != shape["PolicyName"]]
        if others:
            raise Rejected(operation, "ValidationException", "only one policy may track a predefined metric")
        self.policies.setdefault(place, {})[shape["PolicyName"]] = shape
