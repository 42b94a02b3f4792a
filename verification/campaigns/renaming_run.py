"""One case of the campaign ``renaming``: a table gets another name while processes die and others write.

Each process is killed before or after one of its calls, to the control plane, to items, to streams or to the state
table. Others write to the table that the application uses: the former one until the switch, then the new one.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from campaigns.renaming_case import SHAPES, RenamingCase
from campaigns.replacement_run import Killed, order
from campaigns.replay_run import small_pages
from mover.memory_items import MemoryItems
from simulation.clock import OneAfterTheOther
from simulation.simulated_engine import Sim, declaration, simulate

from reconciler.aws.stream_api import BotoStreamApi
from reconciler.engine.reconciler import Reconciler
from reconciler.model.desired import Declaration, Item
from reconciler.model.errors import ApiError, StateError, Throttled, UsageError
from reconciler.model.records import Generation, GenerationPhase
from reconciler.mover.generation_command import NextGeneration
from reconciler.mover.generation_ports import GenerationPorts
from reconciler.mover.replacer import Replacer
from reconciler.seeding.digest import canonical

OLD, NEW = "users", "people"
PROCESSES = 40
"""After the last kill everything must be done within these; waits for writers and for a person take some."""
P = GenerationPhase
STILL = frozenset({P.FENCE, P.SWITCH, P.REVERT, P.RETURN, P.CANCEL, P.FINISH})
"""Phases in which a person has stopped the writers: they are told which table is used next."""


@dataclass
class Scene:
    """The endpoint, what the writers believe to be in the table, and what happens at which call."""

    case: RenamingCase
    sim: Sim
    dice: random.Random
    believed: dict[str, Item] = field(default_factory=dict)
    calls: int = 0
    most_calls: int = 0
    moves: int = 0
    fresh: int = 10_000
    cancelled: bool = False
    figures: Counter[str] = field(default_factory=Counter)

    @property
    def tables(self) -> dict[str, Any]:
        """All tables by name."""
        return self.sim.dynamodb.tables

    @property
    def record(self) -> Generation | None:
        """What is recorded of the move."""
        return self.sim.store.snapshot.generations.get(NEW)

    @property
    def used(self) -> str | None:
        """The table that the application writes to; ``None`` while its writers stand still."""
        record = self.record
        if record is None or not record.under_way:
            return NEW if record is not None and record.phase is P.FINISHED else OLD
        return None if record.phase in STILL else record.current

    def held(self, table: str) -> dict[str, Item]:
        """The items of a table by their ``id``."""
        live = self.tables.get(table)
        return {item["id"]["S"]: item for item in live.items.values()} if live else {}

    def others_write(self) -> None:
        """Somebody puts, changes or removes an item of the table that the application uses."""
        used = self.used
        live = self.tables.get(used) if used is not None else None
        if live is None or live.status != "ACTIVE":
            return
        names = [element["AttributeName"] for element in live.description["KeySchema"]]
        action, standing = self.dice.choice(("put", "change", "remove")), sorted(self.believed)
        self.figures["written by others"] += 1
        if action == "put" or not standing:
            self.fresh += 1
            item = order(self.fresh)
        else:
            item = order(int(self.dice.choice(standing)[1:]), self.dice.randrange(1, 99))
        key = repr([item[name] for name in names])
        if action == "remove" and standing:
            del live.items[key], self.believed[item["id"]["S"]]
            return
        live.items[key] = dict(item)
        self.believed[item["id"]["S"]] = item

    def created(self, name: str) -> None:
        """A table is about to be created: nothing but the move makes the new one, and nothing the former one."""
        record = self.record
        moving = record is not None and record.under_way and record.new == name
        assert name == NEW, f"{name} is created although it was renamed"
        assert moving, f"{name} is created empty, without a move to it"

    def deleting(self, name: str) -> None:
        """A table is about to be deleted: the other one must have every item."""
        other = {OLD: NEW, NEW: OLD}[name]
        whole = self.held(other)
        lost = [key for key, item in self.believed.items() if canonical(whole.get(key, {})) != canonical(item)]
        assert not lost, f"{name} is deleted although {other} lacks {lost[:3]} of {len(self.believed)}"
        assert whole.keys() == self.believed.keys(), f"{other} has items that nobody wrote"
        self.figures["deletions"] += 1


class Wire:
    """One port of one process. It counts calls, lets others write, throttles, and dies."""

    def __init__(self, scene: Scene, port: Any, kill: tuple[int, bool] | None, *, moves: bool = False) -> None:
        self._scene, self._port, self._kill, self._moves = scene, port, kill, moves

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
            if self._moves:
                self._others(name)
            if name == "write":
                self._judge(given[0])
            answer = call(*given, **named)
            if dies:
                raise Killed
            return answer

        return through

    def _others(self, name: str) -> None:
        scene = self._scene
        scene.moves += 1
        for _ in range(scene.case.writes.count(scene.moves)):
            scene.others_write()
        if scene.moves in scene.case.throttled:
            raise Throttled(name, "ThrottlingException", "slow down")

    def _judge(self, call: Any) -> None:
        if call.operation == "DeleteTable":
            self._scene.deleting(call.params["TableName"])
        elif call.operation == "CreateTable":
            self._scene.created(call.params["TableName"])


class _Streams:
    """The calls to streams."""

    def __init__(self, sim: Sim) -> None:
        self._sim = sim

    def call(self, operation: str, params: Any) -> dict[str, Any]:
        return self._sim.dynamodb.streams.call(operation, params)


def process(scene: Scene, kill: tuple[int, bool] | None, work: Callable[[Scene, Reconciler], Any]) -> Any:
    """One process that does ``work``, killed or not; its result, or ``None`` of a dead one."""
    scene.calls = 0
    before = scene.sim.reconciler
    api = Wire(scene, scene.sim.dynamodb, kill)
    items = Wire(scene, MemoryItems(scene.sim.dynamodb), kill, moves=True)
    streams = BotoStreamApi(Wire(scene, _Streams(scene.sim), kill, moves=True))
    beside = GenerationPorts(items, streams, lambda: "someone:session", timedelta(0))
    ports = replace(
        before.ports,
        api=api,
        items=Wire(scene, scene.sim.items, kill),
        store=Wire(scene, scene.sim.store, kill),
        many=OneAfterTheOther(api),
        replacer=lambda: Replacer(lambda: beside),
    )
    try:
        return work(scene, Reconciler(ports, before.options, timedelta(seconds=300)))
    except Killed:
        scene.figures["kills"] += 1
    except (ApiError, StateError, UsageError) as error:
        scene.figures[type(error).__name__] += 1
    finally:
        scene.most_calls = max(scene.most_calls, scene.calls)
    return None


def a_pass(_: Scene, reconciler: Reconciler) -> Any:
    """``--once``."""
    return reconciler.converge("once")


def goes_on(scene: Scene, reconciler: Reconciler) -> Any:
    """The next thing that a person or a pass does in this case."""
    command, record = NextGeneration(reconciler, NEW), scene.record
    under_way = record if record is not None and record.under_way else None
    if under_way is not None and under_way.problem is not None:
        scene.figures["resumed"] += 1
        command.resume()
    way = scene.case.way
    if way == "loop" or (record is not None and record.phase is P.FINISHED):
        return a_pass(scene, reconciler)
    if way == "cancelled" and not scene.cancelled:
        return _cancels(scene, reconciler, command)
    if under_way is None:
        command.begin(command.prepare("fail", ""), keep=False, at_once=way in ("at once", "cancelled"))
    elif under_way.phase is P.READY and not under_way.switch:
        command.switch(fence=False)
    return command.run()


def _cancels(scene: Scene, reconciler: Reconciler, command: NextGeneration) -> Any:
    """Begin, give it up at once, and see that nothing begins by itself."""
    entry = scene.sim.store.snapshot.inventory[OLD]
    if command.under_way() is None and entry.cancelled_shape is None:
        command.begin(command.prepare("fail", ""), keep=False)
        command.run()
    if command.under_way() is not None:
        command.cancel()
        command.run_until_ended()
    assert command.under_way() is None
    if NEW in scene.tables:
        # Without a tag it is not proven that the tool created it, so it stays, and a person removes it.
        assert not scene.held(NEW), "a table that stays after the cancellation has items"
        del scene.tables[NEW]
        scene.figures["removed by hand"] += 1
    report = a_pass(scene, reconciler)
    assert list(scene.tables) == [OLD], f"a cancelled move went on: {sorted(scene.tables)}"
    assert report.verdict.value != "in_sync", "a cancelled move is no longer told of"
    _same(scene, OLD)
    scene.cancelled = True
    scene.figures["cancelled"] += 1
    return report


def run(case: RenamingCase) -> Counter[str]:
    """The whole case. Raises ``AssertionError`` for a lost, resurrected or foreign item, and for endless work."""
    with small_pages(case.page, 2):
        return _run(case)


def _run(case: RenamingCase) -> Counter[str]:
    options: dict[str, Any] = {"one_shot": True, "prune_grace": timedelta(0)}
    if case.seed % 2:
        options |= {"data_loss": "allow"}
    sim = simulate(flavor=case.flavor, delay=case.delay, **options)
    sim.dynamodb.streams.lag, sim.dynamodb.streams.page = case.lag, case.page
    sim.dynamodb.streams.dice.seed(case.seed)
    scene = Scene(case, sim, random.Random(case.seed))
    sim.declare(declaration(OLD, **SHAPES[0]))
    assert sim.once().verdict.value == "in_sync"
    for number in range(case.items):
        item = order(number)
        sim.dynamodb.tables[OLD].items[repr([item["pk"]])] = dict(item)
        scene.believed[item["id"]["S"]] = item
    sim.declare(renamed(case))
    for kill in case.kills:
        process(scene, kill, goes_on)
        sim.clock.seconds += 1
    for _ in range(PROCESSES):
        report = process(scene, None, goes_on)
        if report is not None and report.verdict.value == "in_sync":
            break
        sim.clock.seconds += 5
    _judge(scene, report)
    scene.figures["cases"] += 1
    scene.figures["most calls"] = scene.most_calls
    return scene.figures


def renamed(case: RenamingCase) -> Declaration:
    """The declaration under the new name."""
    return replace(declaration(NEW, **SHAPES[case.shape]), renamed_from=OLD)


def _judge(scene: Scene, report: Any) -> None:
    """The end: in sync, only the new table is left, and it has what the writers believe; with and without the field."""
    tables = report.tables if report is not None else ()
    steps = [(step.status.value, step.message) for table in tables for step in table.steps]
    assert report is not None, f"not done after {PROCESSES} processes: {scene.figures}"
    assert report.verdict.value == "in_sync", f"not done after {PROCESSES} processes: {steps}"
    assert list(scene.tables) == [NEW], f"left: {sorted(scene.tables)}"
    _same(scene, NEW)
    record = scene.record
    assert record is not None
    assert record.phase is P.FINISHED
    for declared in (renamed(scene.case), replace(renamed(scene.case), renamed_from=None)):
        scene.sim.declare(declared)
        process(scene, None, a_pass)
        quiet = len(scene.sim.dynamodb.journal)
        assert process(scene, None, a_pass).verdict.value == "in_sync"
        assert len(scene.sim.dynamodb.journal) == quiet, "a pass with nothing to do changed something"
    assert list(scene.tables) == [NEW]
    _same(scene, NEW)


def _same(scene: Scene, table: str) -> None:
    found = {key: canonical(item) for key, item in scene.held(table).items()}
    wanted = {key: canonical(item) for key, item in scene.believed.items()}
    lost, more = sorted(wanted.keys() - found.keys()), sorted(found.keys() - wanted.keys())
    assert not lost, f"{table} has lost {lost[:3]} of {len(wanted)}"
    assert not more, f"{table} has {more[:3]}, which were resurrected"
    assert found == wanted, f"{table} has other contents than were written"
