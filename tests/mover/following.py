"""A table that follows another one, over the simulated service: for tests of ``Follower`` and its parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mover.memory_items import MemoryItems
from simulation.data_plane import key_of
from simulation.simulated_engine import simulate
from support.specs import keys

from reconciler.aws.stream_api import BotoStreamApi
from reconciler.model.identity import Flavor
from reconciler.model.table import TableSpec
from reconciler.mover.conflicts import ConflictRule
from reconciler.mover.follower import Follower
from reconciler.mover.follower_types import Pair, Side
from reconciler.planning.observe import identity_of

OLD, NEW = "orders", "orders-g2"
Hook = Callable[[str, Mapping[str, Any]], None]


def order(name: str, customer: str = "c1", **attributes: Any) -> dict[str, Any]:
    """An item of the tables; attributes are strings."""
    return {"id": {"S": name}, "customer": {"S": customer}, **{key: {"S": value} for key, value in attributes.items()}}


class StreamCalls:
    """The calls to streams. ``before`` may raise, or change a table."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self.before: Hook | None = None
        self.calls: list[str] = []

    def call(self, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        name = operation.removeprefix("dynamodbstreams:")
        if self.before is not None:
            self.before(name, params)
        self.calls.append(name)
        return self._bench.dynamodb.streams.call(operation, params)


class Bench:
    """Both tables, the writers, and followers in either direction."""

    def __init__(
        self,
        old: tuple[str, ...] = ("id S",),
        new: tuple[str, ...] = ("customer S", "id S"),
        *,
        view: str | None = None,
        flavor: Flavor = Flavor.MOTO,
        **fields: Any,
    ) -> None:
        self.sim = simulate(flavor=flavor)
        self.dynamodb = self.sim.dynamodb
        self.clock = self.sim.clock
        stream = {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": view}} if view else {}
        self.dynamodb.make(**_create(OLD, old), **stream)
        self.dynamodb.make(**_create(NEW, new))
        self.specs = {OLD: TableSpec(OLD, keys(*old)), NEW: TableSpec(NEW, keys(*new), **fields)}
        self.items = MemoryItems(self.dynamodb)
        self.calls = self.items.memory
        self.streams = StreamCalls(self)
        self.on_conflict: str = "fail"
        self.sim.store.acquire_lease()

    def put(self, *items: dict[str, Any], table: str = OLD) -> None:
        """An application writes."""
        live = self.dynamodb.tables[table]
        for item in items:
            live.items[key_of(live, item)] = dict(item)

    def delete(self, item: dict[str, Any], table: str = OLD) -> None:
        """An application deletes."""
        live = self.dynamodb.tables[table]
        live.items.pop(key_of(live, item), None)

    def held(self, table: str = NEW) -> list[dict[str, Any]]:
        """The items of a table, by their ``id``."""
        return sorted(self.dynamodb.tables[table].items.values(), key=lambda item: str(item.get("id")))

    @property
    def pair(self) -> Pair:
        sides = [
            Side(name, identity_of(self.dynamodb.tables[name].description), self.specs[name]) for name in (OLD, NEW)
        ]
        return Pair(sides[0], sides[1], ConflictRule(self.on_conflict, sides[0].keys))  # type: ignore[arg-type]

    def follower(self, *, back: bool = False, started_as: str = "g2", **options: Any) -> Follower:
        """A new process, which knows what the state table has."""
        ports = self.sim.reconciler.ports
        return Follower(
            ports,
            self.items,
            BotoStreamApi(self.streams),
            self.pair.reversed() if back else self.pair,
            recorded=self.sim.store.snapshot.checkpoints,
            started_as=f"{started_as}{'-back' if back else ''}",
            **options,
        )

    def copied(self) -> Follower:
        """A follower whose copy is done."""
        follower = self.follower()
        follower.capture()
        assert follower.copy().finished
        return follower


def _create(name: str, key: tuple[str, ...]) -> dict[str, Any]:
    elements = keys(*key)
    return {
        "TableName": name,
        "KeySchema": [{"AttributeName": each.attribute, "KeyType": each.role} for each in elements],
        "AttributeDefinitions": [
            {"AttributeName": each.attribute, "AttributeType": each.type}
            for each in sorted(elements, key=lambda each: each.attribute)
        ],
    }
