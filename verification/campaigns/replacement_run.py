"""One case of the campaign ``replacement``: a table is replaced with its items while processes die and others write.

Each process is killed before or after one of its calls, to the control plane, to items or to the state table. Others
write to the table while it is copied, and to the new one while its items are returned.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cache
from typing import Any

from simulation.clock import OneAfterTheOther
from simulation.simulated_engine import Sim, declaration, simulate
from support.specs import gsi, keys, lsi

from reconciler.engine.reconciler import Reconciler
from reconciler.model.desired import Declaration, Item, Lifecycle
from reconciler.model.errors import Throttled
from reconciler.model.identity import Flavor
from reconciler.model.records import Phase
from reconciler.mover import sinks
from reconciler.mover.replacer import Replacer
from reconciler.planning.copy_names import MARK
from reconciler.seeding.digest import canonical

FLAVORS = (Flavor.DYNAMODB_LOCAL, Flavor.MOTO, Flavor.LOCALSTACK)
SHAPES: tuple[dict[str, Any], ...] = (
    {"keys": keys("id S")},
    {"keys": keys("pk S", "id S")},
    {"keys": keys("pk S", "id S"), "local_indexes": (lsi("by_at", "at N"),)},
    {"keys": keys("id S"), "global_indexes": (gsi("by_at", "at N"),)},
)
RUNS = 12
"""Processes after the last kill within which everything must be done; waits for a writer take some."""
ITEM_WRITES = ("put_together", "put_if_absent", "find_item")
"""Calls beside which others write. They come while items are moved, and never between the last look and DeleteTable."""


class Killed(BaseException):
    """The process died."""


@dataclass(frozen=True, slots=True)
class ReplacementCase:
    """``kills`` are (call, after it was applied) of one process each; ``writes`` name calls beside which others write.

    ``chunk`` is the number of items of one request.
    """

    flavor: Flavor
    shape: int
    items: int
    chunk: int
    kills: tuple[tuple[int, bool], ...] = ()
    writes: tuple[int, ...] = ()
    throttled: tuple[int, ...] = ()
    delay: float = 0.0
    seed: int = 0


def draw(number: int) -> ReplacementCase:
    """The case of that number."""
    dice = random.Random(number)
    return ReplacementCase(
        dice.choice(FLAVORS),
        dice.randrange(len(SHAPES)),
        dice.choice((1, 2, 5, 9, 30)),
        dice.choice((1, 3, 100)),
        tuple((dice.randrange(1, 90), dice.random() < 0.5) for _ in range(dice.randrange(4))),
        tuple(dice.randrange(40) for _ in range(dice.choice((0, 0, 1, 3, 8)))),
        tuple(dice.randrange(60) for _ in range(dice.choice((0, 0, 0, 5)))),
        dice.choice((0.0, 0.0, 2.0)),
        number,
    )


def order(number: int, version: int = 0) -> Item:
    """An item that fits every shape; a version is another content under the same keys."""
    return {
        "pk": {"S": f"p{number % 7}#{number}"},
        "id": {"S": f"i{number:04}"},
        "at": {"N": f"{number}.50"},
        "version": {"N": str(version)},
        "tags": {"SS": ["b", "a"]},
    }


@dataclass
class Scene:
    """The endpoint, what the writers believe to be in the table, and what happens at which call."""

    case: ReplacementCase
    sim: Sim
    dice: random.Random
    believed: dict[str, Item] = field(default_factory=dict)
    calls: int = 0
    moves: int = 0
    fresh: int = 10_000
    figures: Counter[str] = field(default_factory=Counter)

    @property
    def tables(self) -> dict[str, Any]:
        """All tables by name."""
        return self.sim.dynamodb.tables

    def held(self, table: str) -> dict[str, Item]:
        """The items of a table by their ``id``."""
        live = self.tables.get(table)
        return {item["id"]["S"]: item for item in live.items.values()} if live else {}

    def others_write(self) -> None:
        """Somebody puts, changes or removes an item of the table as it is now."""
        live = self.tables.get("users")
        if live is None or live.status != "ACTIVE":
            return
        names = [element["AttributeName"] for element in live.description["KeySchema"]]
        action = self.dice.choice(("put", "change", "remove"))
        standing = sorted(self.held("users"))
        returned = any(name.startswith(f"users{MARK}") for name in self.tables) and names != ["pk"]
        if action == "put" or not standing:
            self.fresh += 1
            item = order(self.fresh)
        else:
            number = int(self.dice.choice(standing)[1:])
            # An item that is removed while the items are returned cannot be told from one that was lost.
            item = order(number, self.dice.randrange(1, 99))
            if action == "remove" and not returned:
                del live.items[repr([item[name] for name in names])], self.believed[item["id"]["S"]]
                self.figures["removed by others"] += 1
                return
        live.items[repr([item[name] for name in names])] = dict(item)
        self.believed[item["id"]["S"]] = item
        self.figures["written by others"] += 1

    def deleting(self, name: str) -> None:
        """A table is about to be deleted: another one must have every item."""
        other = next((each for each in self.tables if each != name), "")
        whole = self.held(other if name == "users" else "users")
        lost = [key for key, item in self.believed.items() if canonical(whole.get(key, {})) != canonical(item)]
        assert not lost, f"{name} is deleted although {other or 'no table'} lacks {lost[:3]} of {len(self.believed)}"
        self.figures["deletions"] += 1


class Wire:
    """One port of one process. It counts calls, lets others write, throttles, and dies."""

    def __init__(self, scene: Scene, port: Any, kill: tuple[int, bool] | None) -> None:
        self._scene, self._port, self._kill = scene, port, kill

    def __getattr__(self, name: str) -> Any:
        made = getattr(self._port, name)
        return self._called(name, made) if callable(made) else made

    def _called(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        scene = self._scene

        def through(*given: Any, **named: Any) -> Any:
            scene.calls += 1
            dies = self._kill is not None and scene.calls == self._kill[0]
            if dies and self._kill is not None and not self._kill[1]:
                raise Killed
            if name in ITEM_WRITES:
                scene.moves += 1
                for _ in range(scene.case.writes.count(scene.moves)):
                    scene.others_write()
                if scene.moves in scene.case.throttled:
                    raise Throttled(name, "ThrottlingException", "slow down")
            if name == "write" and given[0].operation == "DeleteTable":
                scene.deleting(given[0].params["TableName"])
            answer = call(*given, **named)
            if dies:
                raise Killed
            return answer

        return through


def process(scene: Scene, kill: tuple[int, bool] | None) -> Any:
    """One run of ``--once``, killed or not; its report, or ``None`` of a dead one."""
    scene.calls = 0
    before = scene.sim.reconciler
    api = Wire(scene, scene.sim.dynamodb, kill)
    ports = replace(
        before.ports,
        api=api,
        items=Wire(scene, scene.sim.items, kill),
        store=Wire(scene, scene.sim.store, kill),
        many=OneAfterTheOther(api),
        replacer=cache(Replacer),
    )
    try:
        return Reconciler(ports, before.options, timedelta(seconds=300)).converge("once")
    except Killed:
        scene.figures["kills"] += 1
        return None


def run(case: ReplacementCase) -> Counter[str]:
    """The whole case. Raises ``AssertionError`` for a lost, resurrected or foreign item, and for endless work."""
    actions, sinks.ACTIONS = sinks.ACTIONS, case.chunk
    try:
        return _run(case)
    finally:
        sinks.ACTIONS = actions


def _run(case: ReplacementCase) -> Counter[str]:
    sim = simulate(flavor=case.flavor, one_shot=True, prune_grace=timedelta(0), delay=case.delay)
    scene = Scene(case, sim, random.Random(case.seed))
    sim.declare(_declared({"keys": keys("pk S")}))
    assert sim.once().verdict.value == "in_sync"
    for number in range(case.items):
        item = order(number)
        sim.dynamodb.tables["users"].items[repr([item["pk"]])] = dict(item)
        scene.believed[item["id"]["S"]] = item
    sim.declare(_declared(SHAPES[case.shape]))
    for kill in case.kills:
        report = process(scene, kill)
        if report is not None and report.verdict.value == "in_sync":
            break
    for _ in range(RUNS):
        report = process(scene, None)
        if report.verdict.value == "in_sync":
            break
        sim.clock.seconds += 1
    _judge(scene, report)
    scene.figures["cases"] += 1
    return scene.figures


def _judge(scene: Scene, report: Any) -> None:
    """The end: in sync, only the table is left, and it has what the writers believe."""
    steps = [(step.status.value, step.message) for table in report.tables for step in table.steps]
    assert report.verdict.value == "in_sync", f"not done after {RUNS} runs: {steps}"
    assert list(scene.tables) == ["users"], f"left: {sorted(scene.tables)}"
    found = {key: canonical(item) for key, item in scene.held("users").items()}
    wanted = {key: canonical(item) for key, item in scene.believed.items()}
    assert found == wanted, f"lost {sorted(wanted - found.keys())[:3]}, other {_others(found, wanted)[:3]}"
    record = scene.sim.store.snapshot.replacements["users"]
    assert record.phase is Phase.DONE
    quiet = len(scene.sim.dynamodb.journal)
    assert process(scene, None).verdict.value == "in_sync"
    assert len(scene.sim.dynamodb.journal) == quiet, "a pass with nothing to do changed something"


def _others(found: dict[str, str], wanted: dict[str, str]) -> list[str]:
    return sorted(key for key in found if found[key] != wanted.get(key))


def _declared(spec: dict[str, Any]) -> Declaration:
    return declaration("users", lifecycle=Lifecycle(on_existing="own"), **spec)
