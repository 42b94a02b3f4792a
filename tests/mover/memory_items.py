"""The mover's ``MoverItems`` port over the simulated data plane, with pages, segments and faults."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from simulation import data_plane
from simulation.simulated_dynamodb import SimulatedDynamoDB

from reconciler.aws.mover_api import BotoMoverApi
from reconciler.model.change import Call, is_read


class MemoryCalls:
    """``ApiClient.call`` over the simulated data plane. ``before`` and ``after`` may raise, or change the table."""

    def __init__(self, dynamodb: SimulatedDynamoDB) -> None:
        self.dynamodb = dynamodb
        self.calls: list[tuple[str, Mapping[str, Any]]] = []
        self.before: Callable[[str, Mapping[str, Any]], None] | None = None
        self.after: Callable[[str, Mapping[str, Any]], None] | None = None

    def call(self, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        if self.before is not None:
            self.before(operation, params)
        self.calls.append((operation, params))
        answer = self._answer(operation, params)
        if self.after is not None:
            self.after(operation, params)
        return answer

    def count(self, operation: str) -> int:
        return sum(name == operation for name, _ in self.calls)

    def _answer(self, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        self.dynamodb.jobs.advance()
        if operation not in data_plane.OPERATIONS:
            if is_read(operation):
                return dict(self.dynamodb.read(operation, params))
            return dict(self.dynamodb.write(Call(operation, params)))
        if operation != "Scan" or "Segment" not in params:
            answer = data_plane.OPERATIONS[operation](self.dynamodb, params)
        else:
            answer = self._segment(params)
        consumed = {"CapacityUnits": 1.0}
        return {**answer, "ConsumedCapacity": [consumed] if operation == "BatchGetItem" else consumed}

    def _segment(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """A Scan of one segment: the items whose key has its hash."""
        table = self.dynamodb.table("Scan", params["TableName"])
        whole = table.items
        number, count = params["Segment"], params["TotalSegments"]
        table.items = {key: item for key, item in whole.items() if _hash(key) % count == number}
        try:
            return data_plane.scan(self.dynamodb, params)
        finally:
            table.items = whole


def _hash(key: str) -> int:
    return hashlib.sha256(key.encode()).digest()[0]


class MemoryItems(BotoMoverApi):
    """The adapter of the product over ``MemoryCalls``."""

    def __init__(self, dynamodb: SimulatedDynamoDB) -> None:
        self.memory = MemoryCalls(dynamodb)
        super().__init__(self.memory)  # type: ignore[arg-type]
