"""A simulated environment in which the next generation of a table is built beside it, with writers of its own.

The follower is a plain one unless ``real`` is asked for: each round makes the target equal to the source. What the real
one does with streams has tests of its own; here the phases, the fence, the pointer and the records are tested.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from mover.memory_items import MemoryItems
from simulation.simulated_engine import Sim, declaration, item, simulate
from support.specs import keys

from reconciler.aws.job_api import BotoServiceJobs
from reconciler.aws.stream_api import BotoStreamApi
from reconciler.engine.reconciler import Reconciler
from reconciler.model.change import Call
from reconciler.model.desired import Declaration, Item, Pointer
from reconciler.model.errors import Ambiguous, Busy, Forbidden, NotFound
from reconciler.model.identity import Flavor
from reconciler.model.plan import Action, Step
from reconciler.model.records import Generation, GenerationPhase
from reconciler.model.report import PassReport
from reconciler.mover import generation_items as driver
from reconciler.mover.follower_types import Pair, Problems, Ran, Verified
from reconciler.mover.generation_command import NextGeneration
from reconciler.mover.generation_fence import SID
from reconciler.mover.generation_ports import GenerationPorts
from reconciler.mover.governor import RateLimits
from reconciler.mover.replacer import Replacer

BEFORE, AFTER = keys("pk S"), keys("pk S", "sk S")
ITEMS = [item(f"p{number}", sk=str(number)) for number in range(7)]
USER = "AROAEXAMPLE:session"
PARAMETER = "/app/tables/users"


class Dies(BaseException):
    """The process is killed."""


@dataclass
class Bench:
    """The environment. ``trimmed`` makes the next replay find records missing. ``late`` delays a fence, in seconds; a
    ``flaky`` one denies every other second. A copy takes ``slow`` seconds. While it is ``outpaced``, the
    application makes 160 changes a second, and 80 of them are repeated; a ``burst`` is over after one replay.
    ``yields`` items give way to others."""

    sim: Sim
    hold: timedelta | None = None
    parameters: dict[str, str] = field(default_factory=dict)
    trimmed: bool = False
    problems: Problems = field(default_factory=Problems)
    late: float = 0.0
    flaky: bool = False
    slow: float = 0.0
    outpaced: bool = False
    burst: bool = False
    yields: int = 0
    limits: list[RateLimits] = field(default_factory=list)
    """What each follower was allowed to spend of its target."""
    name: str = "users"
    """The declared name."""
    policies_at: dict[str, float] = field(default_factory=dict)
    on_drain: Callable[[], None] = lambda: None
    on_call: Callable[[str, Mapping[str, Any]], None] = lambda operation, params: None
    items: MemoryItems = field(init=False)
    streams: _Streams = field(init=False)

    @property
    def tables(self) -> dict[str, Any]:
        return self.sim.dynamodb.tables

    @property
    def record(self) -> Generation | None:
        return self.sim.store.snapshot.generations.get(self.name)

    @property
    def phase(self) -> GenerationPhase | None:
        return self.record.phase if self.record else None

    def held(self, table: str) -> list[str]:
        """The items of a table, in an order of their own."""
        return shown(list(self.tables[table].items.values()))

    def put(self, table: str, one: Item) -> None:
        """The application puts an item; ``Forbidden`` if its writes are denied."""
        if self.denied(table, "an application"):
            raise Forbidden("PutItem", "AccessDeniedException", "an explicit deny in a resource-based policy")
        live = self.tables[table]
        live.items[repr([one[element["AttributeName"]] for element in live.description["KeySchema"]])] = dict(one)

    def denied(self, table: str, user: str) -> bool:
        """Whether a policy denies writes to the table to this user."""
        arn = self.sim.dynamodb.arn(table)
        policy = json.loads(self.sim.dynamodb.read("GetResourcePolicy", {"ResourceArn": arn}).get("Policy") or "{}")
        statements = policy.get("Statement") or []
        fence = next((each for each in statements if each.get("Sid") == SID), None)
        if fence is None or self.sim.clock.seconds - self.policies_at.get(arn, 0.0) < self.late:
            return False
        exempt = (fence.get("Condition") or {}).get("StringNotLike", {}).get("aws:userid", "")
        return not (exempt and user.startswith(exempt.rstrip("*")))

    def run(self) -> PassReport:
        """A run of the command ``replace``."""
        return self.work.run()

    @property
    def work(self) -> NextGeneration:
        return NextGeneration(self.sim.reconciler, self.name, jobs=BotoServiceJobs(self.items.memory))

    def begin(self, **options: Any) -> PassReport:
        """``reconciler replace users``."""
        self.work.begin(self.work.prepare("fail", ""), keep=False, **options)
        return self.run()

    def switch(self, *, fence: bool = True) -> PassReport:
        """``reconciler replace users --switch``."""
        self.work.switch(fence=fence)
        return self.run()

    def ends_at(self, operation: str, moment: str) -> None:
        """The process is killed once: ``before`` or ``after`` a request of this kind, or its answer is ``lost``."""
        died: list[bool] = []

        def hook(name: str, _: Mapping[str, Any]) -> None:
            if name == operation and not died:
                died.append(True)
                if moment == "lost":
                    raise Ambiguous(operation, "InternalServerError", "no usable answer")
                raise Dies

        setattr(self.items.memory, "before" if moment == "before" else "after", hook)

    def restarted(self) -> None:
        """Another process goes on."""
        old = self.sim.reconciler
        self.sim.reconciler = Reconciler(old.ports, old.options, old.timeout)


def bench(
    monkeypatch: pytest.MonkeyPatch,
    *,
    flavor: Flavor = Flavor.AWS,
    hold: timedelta | None = None,
    real: bool = False,
    **spec: Any,
) -> Bench:
    """A table of ours with seven items, whose declaration has another key by now."""
    sim = simulate(flavor=flavor, one_shot=True, prune_grace=timedelta(0), timeout=3600)
    made = Bench(sim, hold)
    sim.declare(wanted(keys=BEFORE))
    sim.once()
    for one in ITEMS:
        made.put("users", one)
    _wire(made, monkeypatch, real=real)
    sim.dynamodb.journal.clear()
    sim.declare(wanted(keys=AFTER, **spec))
    return made


def renamed_bench(monkeypatch: pytest.MonkeyPatch, *, real: bool = False, former: str | None = "users") -> Bench:
    """The same on AWS, whose declaration has another name by now."""
    made = bench(monkeypatch, real=real)
    made.name = "people"
    made.sim.declare(replace(declaration("people", keys=BEFORE), pointer=Pointer(PARAMETER), renamed_from=former))
    return made


def wanted(**spec: Any) -> Declaration:
    """The declared table."""
    return replace(declaration("users", **spec), pointer=Pointer(PARAMETER))


def _wire(made: Bench, monkeypatch: pytest.MonkeyPatch, *, real: bool) -> None:
    sim = made.sim
    made.items, made.streams = MemoryItems(sim.dynamodb), _Streams(made)
    if real:
        sim.store.acquire_lease()
    else:
        monkeypatch.setattr(driver, "Follower", lambda *args, **kwargs: Mirror(made, *args, **kwargs))
    api = _Api(made, sim.reconciler.ports.api)
    jobs = BotoServiceJobs(made.items.memory) if sim.reconciler.ports.endpoint.flavor is Flavor.AWS else None
    ports = GenerationPorts(made.items, BotoStreamApi(made.streams), lambda: USER, made.hold, jobs)
    sim.reconciler.ports = replace(sim.reconciler.ports, api=api, replacer=lambda: Replacer(lambda: ports))
    remove = sim.items.remove_if_equal

    def removed(table: str, one: Any, names: Any) -> Any:
        if made.denied(table, USER) and not (made.flaky and int(sim.clock.seconds) % 2):
            raise Forbidden("DeleteItem", "AccessDeniedException", "an explicit deny in a resource-based policy")
        return remove(table, one, names)

    monkeypatch.setattr(sim.items, "remove_if_equal", removed)


class _Streams:
    """The calls to streams."""

    def __init__(self, made: Bench) -> None:
        self._made = made

    def call(self, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        return self._made.sim.dynamodb.streams.call(operation, params)


class _Api:
    """The control plane, with the two further services that are called."""

    def __init__(self, made: Bench, inner: Any) -> None:
        self._made, self._inner = made, inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def read(self, operation: str, params: Mapping[str, Any]) -> Any:
        if operation == "ssm:GetParameter":
            raise NotFound(operation, "ParameterNotFound", "there is none")
        return self._inner.read(operation, params)

    def write(self, call: Call) -> Any:
        self._made.on_call(call.operation, call.params)
        if call.operation == "ssm:PutParameter":
            self._made.parameters[call.params["Name"]] = call.params["Value"]
            return {}
        if call.operation == "PutResourcePolicy":
            self._made.policies_at[call.params["ResourceArn"]] = self._made.sim.clock.seconds
        return self._inner.write(call)


class Mirror:
    """The interface of ``Follower``. Each round makes the target equal to the source."""

    def __init__(self, made: Bench, ports: Any, items: Any, streams: Any, pair: Pair, *rest: Any, **more: Any) -> None:
        self.made, self.ports, self.pair = made, ports, pair
        self.read_until: datetime | None = None
        made.limits.append(pair.target.limits)

    def capture(self, *, items: int = 0, workers: int = 8, again: bool = False) -> None:
        live = self.made.tables[self.pair.source.table].description
        if not live.get("StreamSpecification", {}).get("StreamEnabled"):
            view = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
            call = Call("UpdateTable", {"TableName": self.pair.source.table, "StreamSpecification": view})
            self.ports.api.write(call)
            raise Busy("UpdateTable", "ResourceInUseException", "the stream is being turned on")

    def copy(self, on_page: Any = None, *, loaded: bool = False) -> Ran:
        self.made.trimmed = False
        self.made.sim.clock.seconds += self.made.slow
        written = self._equalise()
        on_page({"scanned": written, "copied": written})
        return Ran(True, problems=self.made.problems)

    def replay(self, on_page: Any = None) -> Ran:
        if self.made.trimmed:
            return Ran(False, trimmed=True)
        if self.made.outpaced:
            return self._outpaced(on_page)
        if self.made.burst:
            self.made.burst = False
            return replace(self._outpaced(on_page), finished=True, stopped=False)
        self.read_until = self.ports.clock.now()
        on_page({"records": self._equalise()})
        return Ran(not self.made.problems.any, problems=self.made.problems, read_until=self.ports.clock.now())

    def _outpaced(self, on_page: Any) -> Ran:
        clock, began = self.made.sim.clock, self.ports.clock.now() - timedelta(seconds=30)
        for second in range(20):
            clock.seconds += 1
            self.read_until = began + timedelta(seconds=second / 2)
            on_page({"records": 80})
        return Ran(False, stopped=True, read_until=self.read_until)

    def drain(self, mark: Any, on_page: Any = None) -> Ran:
        ran = self.replay(on_page)
        self.made.on_drain()
        return ran

    def unrepeated(self, mark: Any) -> Ran:
        return Ran(not self.made.trimmed, trimmed=self.made.trimmed)

    def verify(self, *, fenced: bool, on_page: Any = None) -> Verified:
        source, target = (self.made.held(side.table) for side in (self.pair.source, self.pair.target))
        extra = [item for item in target if item not in source]
        problems = Problems({"foreign": len(extra)}, {"foreign": tuple(extra)}) if fenced and extra else Problems()
        digests = repr(hash(tuple(source))), repr(hash(tuple(target)))
        gave_way = frozenset(range(self.made.yields))
        return Verified(source == target, len(source), *digests, problems=problems, yielded=gave_way)

    def forget(self) -> None: ...

    def _equalise(self) -> int:
        """Copy what differs; a denied write raises as the service does."""
        source, target = (self.made.tables[side.table] for side in (self.pair.source, self.pair.target))
        names = [element["AttributeName"] for element in target.description["KeySchema"]]
        now = {repr([one[name] for name in names]): dict(one) for one in source.items.values()}
        changed = {key for key in now.keys() | target.items.keys() if now.get(key) != target.items.get(key)}
        if changed and self.made.denied(self.pair.target.table, USER):
            raise Forbidden("PutItem", "AccessDeniedException", "an explicit deny in a resource-based policy")
        target.items.clear()
        target.items.update(now)
        return len(changed)


def shown(items: list[Any]) -> list[str]:
    return sorted(repr(sorted(one.items())) for one in items)


def step_of(report: PassReport, table: str | None = None) -> Step:
    """The one step about the replacement."""
    return next(
        step
        for each in report.tables
        if table in (None, each.name)
        for step in each.steps
        if step.action is Action.REPLACE or each.left_by is not None
    )
