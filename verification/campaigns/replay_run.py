"""Run one case of the campaign ``replay`` and compare both tables with the writers' own model.

A table is followed by another one while others write to it; then the writers stop, both are compared, the writers go on
with the new table, and the old one follows it. Nothing may be lost, resurrected, overwritten or added. Each process
knows only what the state table has, and may die at any call, also to the state table.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from campaigns.replay_case import FAULTS, SERVICE, SHAPES, Event, ReplayCase
from mover.memory_items import MemoryCalls
from simulation.clock import CountingRandom, OneByOne, VirtualClock
from simulation.data_plane import Cancelled, key_of
from simulation.simulated_dynamodb import SimulatedDynamoDB
from simulation.simulated_engine import AllValid, ListSource, Silent
from support.specs import keys

from reconciler.aws.item_api import BotoItemApi
from reconciler.aws.job_api import BotoServiceJobs
from reconciler.aws.mover_api import BotoMoverApi
from reconciler.aws.stream_api import BotoStreamApi
from reconciler.engine.authorization import acquire_lease
from reconciler.engine.context import EngineContext
from reconciler.engine.seed_batches import IdentityWatch
from reconciler.model.change import Call, is_read
from reconciler.model.errors import Ambiguous, ApiError, LeaseLost, NotFound, StateError, Throttled
from reconciler.model.identity import Endpoint, Flavor, Identity
from reconciler.model.table import TableSpec
from reconciler.mover import bulk_copy, import_copy, service_copy
from reconciler.mover import follower as follower_module
from reconciler.mover.bulk_copy import BulkCopy
from reconciler.mover.calls import GuardedCalls
from reconciler.mover.conflicts import ConflictRule
from reconciler.mover.follower import Follower
from reconciler.mover.follower_types import Pair, Ran, Side, Verified
from reconciler.mover.generation_items import UNMADE
from reconciler.mover.governor import Governor
from reconciler.mover.import_copy import ImportCopy, import_of, import_runs, known_table, made_by
from reconciler.mover.job_ports import S3Place
from reconciler.mover.scan import SegmentedScan
from reconciler.planning.observe import identity_of
from reconciler.seeding.digest import canonical
from reconciler.state.state_table import StateTable

OLD, NEW, STATE = "orders", "orders-g2", "reconciler_state"
PROCESSES = 40
"""More than any case has faults: the last ones run undisturbed."""
ROUNDS = 80
"""Steps of one process. Records that are dropped start the copy again, whose jobs are looked at once a step."""


class Died(BaseException):
    """The process ends here. It is a ``BaseException``, so that the product cannot catch it."""


class _Reasons(Exception):
    """The answer of the service to a cancelled transaction."""

    def __init__(self, reasons: tuple[str, ...]) -> None:
        self.response = {"CancellationReasons": [{"Code": reason} for reason in reasons]}
        super().__init__("cancelled")


@dataclass
class Scene:
    """The service, what the writers believe to be in the table they write to, and what happens at which call."""

    case: ReplayCase
    clock: VirtualClock = field(default_factory=VirtualClock)
    model: dict[str, dict[str, Any]] = field(default_factory=dict)
    figures: Counter[str] = field(default_factory=Counter)
    count: int = 0
    step: int = 0
    """Of ``STEPS``. It is the record of a replacement, which is written after each of them."""
    owned: Identity | None = None
    """The identity of the table that an import has made. It is in the record of a replacement too, as is ``again``."""
    again: bool = False
    """Whether the next capture is another attempt."""
    written_to: str | None = OLD
    """The table that the writers use now; ``None`` behind the fence."""
    rival: Callable[[], None] | None = None
    fresh: int = 100

    def __post_init__(self) -> None:
        self.dynamodb = SimulatedDynamoDB(self.clock)
        self.calls = MemoryCalls(self.dynamodb)
        streams, case = self.dynamodb.streams, self.case
        streams.dice.seed(case.seed)
        streams.lag, streams.page, streams.shards_page = case.lag, case.page, 2
        streams.begins_with, streams.repeats, streams.empties = case.shards, case.repeats, case.empties
        old, new = SHAPES[case.shape]
        stream = {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": case.view}} if case.view else {}
        self.dynamodb.make(**_create(OLD, old), **stream)
        for number in range(case.items):
            self.put(order(number))
        if case.engine != "import":
            self.dynamodb.make(**_create(NEW, new))
        jobs = self.dynamodb.jobs
        jobs.hides, jobs.leaves = case.hides, case.leaves
        jobs.dice.seed(case.seed)
        jobs.takes, jobs.cancelling, jobs.behind = case.takes, case.takes / 4, 1.0
        jobs.files["bucket"] = {}
        failures = [("InternalServerError", "a job failed")] * case.fails
        jobs.fails, jobs.import_fails = (failures[1:], failures) if case.engine == "import" else (failures, [])
        if case.engine != "scan":
            recovery = {"PointInTimeRecoveryEnabled": True}
            self.dynamodb.do(
                "UpdateContinuousBackups", {"TableName": OLD, "PointInTimeRecoverySpecification": recovery}
            )

    @property
    def pair(self) -> Pair:
        """The two tables, forwards."""
        sides = [
            Side(name, self._identity(name), TableSpec(name, keys(*key)))
            for name, key in zip((OLD, NEW), SHAPES[self.case.shape], strict=True)
        ]
        return Pair(sides[0], sides[1], ConflictRule("fail", sides[0].keys))

    def _identity(self, name: str) -> Identity:
        if name == NEW and self.case.engine == "import":
            return self.owned or UNMADE
        return identity_of(self.dynamodb.tables[name].description)

    # Others

    def before(self, at: int) -> str | None:
        """What happens right before call ``at``; returns its fault."""
        events = [event for event in self.case.events if event.at == at]
        for event in events:
            if event.kind in SERVICE:
                self._service(event.kind)
            elif event.kind not in FAULTS:
                self._write(event)
        return next((event.kind for event in events if event.kind in FAULTS), None)

    def _service(self, kind: str) -> None:
        streams = self.dynamodb.streams
        arns = [arn for arn, stream in streams.streams.items() if stream.enabled]
        self.figures[kind] += 1
        if kind == "minutes":
            self.clock.seconds += 16 * 60
        elif kind == "day":
            self.clock.seconds += 25 * 3600
        for arn in arns:
            if kind == "split":
                streams.split(arn)
            elif kind == "roll":
                streams.roll(arn)

    def _write(self, event: Event) -> None:
        if self.written_to is None:
            return
        self.figures["writes"] += 1
        standing = sorted(self.model)
        item = self.model[standing[event.key % len(standing)]] if standing else None
        if event.kind == "put" or item is None:
            self.fresh += 1
            self.put(order(self.fresh))
            return
        other = self.model[standing[(event.key + 1) % len(standing)]]
        self._change(event, item, other)

    def _change(self, event: Event, item: dict[str, Any], other: dict[str, Any]) -> None:
        changed = {**item, "version": {"N": str(event.at)}}
        match event.kind:
            case "touch":
                self.put(changed)
            case "delete":
                self.delete(item)
            case "expire":
                self.dynamodb.streams.expired_by_time_to_live = True
                self.delete(item)
                self.dynamodb.streams.expired_by_time_to_live = False
            case "recreate":
                self.delete(item)
                self.put(changed)
            case "move":
                self.fresh += 1
                self.put({**changed, **_moved(self.fresh)})
            case "back_and_forth":
                self.fresh += 1
                self.put({**changed, **_moved(self.fresh)})
                self.put(changed)
            case "swap":
                # A transaction: each of the two items takes the new key of the other one.
                if other is not item:
                    self.delete(item)
                    self.put({**other, **_places(item)})
                    self.put({**changed, **_places(other)})
            case "hand_over":
                # An item is deleted, and another one takes its new key.
                self.fresh += 1
                self.delete(item)
                self.put({**order(self.fresh), **_places(item)})

    def put(self, item: dict[str, Any]) -> None:
        """Put an item as an application does that knows items by their ``id``."""
        former = self.model.get(item["id"]["S"])
        table = self.dynamodb.tables[self.written_to or OLD]
        if former is not None and key_of(table, former) != key_of(table, item):
            del table.items[key_of(table, former)]
        table.items[key_of(table, item)] = dict(item)
        self.model[item["id"]["S"]] = dict(item)

    def delete(self, item: dict[str, Any]) -> None:
        """Delete an item."""
        table = self.dynamodb.tables[self.written_to or OLD]
        del table.items[key_of(table, item)]
        del self.model[item["id"]["S"]]

    # Calls

    def through(self, operation: str, params: Mapping[str, Any], lasts: Callable[[], bool]) -> dict[str, Any]:
        """One call of a process."""
        at, self.count = self.count, self.count + 1
        kind = self.before(at)
        if kind == "crash_before":
            raise Died
        if kind == "paused" and self.rival is not None:
            self.figures["paused"] += 1
            self.rival()
        # The hook of the product's clients, right before the socket.
        if not is_read(operation) and params.get("TableName") != STATE and not lasts():
            raise LeaseLost(operation, "LeaseLost", "our lease ran out before the call was sent")
        if kind == "throttled":
            self.figures["throttled"] += 1
            raise Throttled(operation, "ThrottlingException", "slow down")
        answer = self._answer(operation, params)
        if kind == "crash_after":
            raise Died
        if kind == "lost":
            self.figures["lost"] += 1
            raise Ambiguous(operation, "InternalServerError", "no usable answer")
        return answer

    def _answer(self, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        if operation.startswith("dynamodbstreams:"):
            return self.dynamodb.streams.call(operation, params)
        if operation in ("CreateTable", "UpdateTable"):
            return dict(self.dynamodb.write(Call(operation, params)))
        try:
            return self.calls.call(operation, params)
        except Cancelled as refused:
            raise refused from _Reasons(refused.reasons)

    def held(self, name: str) -> dict[str, str]:
        """The items of a table, by their ``id``."""
        return {item["id"]["S"]: canonical(item) for item in self.dynamodb.tables[name].items.values()}


def order(number: int) -> dict[str, Any]:
    """An item that fits every shape."""
    return {
        "id": {"S": f"i{number:03}"},
        "version": {"N": "0"},
        "tags": {"SS": ["b", "a"]},
        **_moved(number),
    }


def _moved(number: int) -> dict[str, Any]:
    """New keys that no other item has."""
    return {"customer": {"S": f"c{number % 5}"}, "ref": {"S": f"r{number:03}"}, "place": {"N": f"{number % 9}.50"}}


def _places(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: item[name] for name in ("customer", "ref", "place")}


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


class Client:
    """``ApiClient.call`` of one process over the scene."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.lasts: Callable[[], bool] = lambda: True

    def call(self, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        return self.scene.through(operation, params, self.lasts)


class Tables:
    """The ``TableApi`` port of one process."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def list_tables(self) -> tuple[str, ...]:
        return (OLD, NEW)

    def read(self, operation: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        return self.client.call(operation, params)

    def write(self, call: Call) -> Mapping[str, Any]:
        assert call.operation in ("UpdateTable", "DeleteTable"), f"a follower sends no {call.operation}"
        return self.client.call(call.operation, call.params)


class _Tokens(CountingRandom):
    """Tokens that no other process makes."""

    def __init__(self, holder: str) -> None:
        super().__init__()
        self._holder = holder

    def token(self) -> str:
        return f"{self._holder} {super().token()}"


class Process:
    """One process, with nothing but what the state table has."""

    def __init__(self, scene: Scene, holder: str) -> None:
        self.scene = scene
        client = Client(scene)
        self.store = StateTable(client, STATE, "default/default", holder=holder, clock=scene.clock)
        client.lasts = self.store.lease_lasts
        flavor = Flavor.DYNAMODB_LOCAL if scene.case.together else Flavor.AWS
        self.ports = EngineContext(
            Tables(client),
            BotoItemApi(client),  # type: ignore[arg-type]
            self.store,
            ListSource(()),
            scene.clock,
            _Tokens(holder),
            Silent(),
            OneByOne(),
            AllValid(),
            Endpoint("http://localhost:8000", "eu-central-1", "111122223333", "aws", flavor),
        )
        self.items = BotoMoverApi(client)  # type: ignore[arg-type]
        self.jobs = BotoServiceJobs(client)
        self.streams = BotoStreamApi(client)

    def work(self) -> None:
        """Do all steps that are left."""
        self.store.ensure()
        acquire_lease(self.ports)
        step = self.scene.step
        sides, owned = self._sides(), self.scene.owned
        for _ in range(ROUNDS):
            if step == len(STEPS):
                self.store.release_lease()
                return
            if owned != self.scene.owned:
                sides, owned = self._sides(), self.scene.owned
            direction, name = STEPS[step]
            step = self._step(sides[direction], name, step)
            # The record of a replacement is fenced by the lease.
            if not self.store.keep_lease():
                raise LeaseLost("lease", "LeaseLost", "another process goes on")
            self.scene.step = step
        raise AssertionError(f"not done after {ROUNDS} steps, but at {STEPS[step]}")

    def _sides(self) -> dict[str, Follower]:
        """The two directions, with what is recorded now."""
        recorded, pair = self.store.load().checkpoints, self.scene.pair
        return {
            name: Follower(
                self.ports,
                self.items,
                self.streams,
                each,
                recorded=recorded,
                started_as=name,
                target_made_later=self._imports and name == "forth",
            )
            for name, each in (("forth", pair), ("back", pair.reversed()))
        }

    @property
    def _imports(self) -> bool:
        return self.scene.case.engine == "import"

    def _step(self, follower: Follower, name: str, step: int) -> int:
        """One step; returns the number of the next one."""
        scene = self.scene
        if self._imports and scene.owned is None:
            return self._imported(follower, step) if name == "copy" else self._captured(follower, step)
        match name:
            case "capture":
                follower.capture(items=scene.case.items)
                return step + 1
            case "copy" if scene.case.engine == "bulk" and not self._loaded(follower):
                return step
            case "copy" | "replay" | "drain":
                if name == "copy":
                    ran = follower.copy(loaded=scene.case.engine != "scan")
                else:
                    ran = follower.drain(scene.clock.now()) if name == "drain" else follower.replay()
                if ran.trimmed:
                    scene.figures["trimmed"] += 1
                    if self._imports and STEPS[step][0] == "forth":
                        return self._from_the_start()
                    self._again(follower)
                    return step
                _judge_run(ran)
                # A record that cannot be read yet may keep the children of its shard waiting.
                scene.clock.sleep(0.0 if ran.finished else 0.5)
                return step + 1 if ran.finished else step
            case "verify":
                _judge_verified(follower.verify(fenced=False))
                return step + 1
            case "proof":
                found = follower.verify(fenced=True)
                _judge_verified(found)
                captured = follower.captured
                assert captured is not None
                scene.figures["swept" if captured.sweep else "repaired"] += found.repaired
                if not found.equal:
                    return step
                _compare(scene)
                return step + 1
        if self.store.keep_lease():
            scene.written_to = {"fence": None, "switch": NEW, "fence_back": None}[name]
        return step + 1

    def _guarded(self, side: Side) -> GuardedCalls:
        watch = IdentityWatch(self.ports, side.table, side.identity)
        governor = Governor(self.scene.clock, self.ports.random, side.limits)
        return GuardedCalls(self.scene.clock, self.ports.random, self.store, watch, governor)

    # An import, as ``generation_import`` does it

    def _live(self) -> Identity | None:
        try:
            described = self.ports.api.read("DescribeTable", {"TableName": NEW})["Table"]
        except NotFound:
            return None
        return identity_of(described)

    def _captured(self, follower: Follower, step: int) -> int:
        """The capture, as soon as no table has the name; returns the number of the next step."""
        if not self._cleared():
            return step
        follower.capture(items=self.scene.case.items, again=self.scene.again)
        if self.store.keep_lease():
            self.scene.again = False
        return step + 1

    def _imported(self, follower: Follower, step: int) -> int:
        """One look at the jobs; returns the number of the next step."""
        scene, capture, pair, live = self.scene, follower.captured, self.scene.pair, self._live()
        assert capture is not None
        copy = ImportCopy(
            self.ports,
            self.jobs,
            self._guarded(pair.source),
            pair.source,
            S3Place("bucket"),
            capture.at,
            self.store.load().checkpoints,
            f"forth {capture.attempt}",
            creation={**_create(NEW, SHAPES[scene.case.shape][1]), "BillingMode": "PAY_PER_REQUEST"},
            live=live,
            intend=lambda: None,
        )
        progress = copy.proceed()
        self._stops(progress.foreign)
        if progress.late:
            scene.figures["late"] += 1
            return self._from_the_start()
        if progress.left:
            scene.figures["left"] += 1
            self._deleted()
        elif progress.failed:
            scene.figures["failed jobs"] += 1
        elif progress.done and live is not None:
            self._stops(not made_by(copy.checkpoint, live))
            if self.ports.api.read("DescribeTable", {"TableName": NEW})["Table"]["TableStatus"] == "ACTIVE":
                scene.figures["imported"] += 1
                self._own(live)
        self._wait()
        return step

    def _own(self, live: Identity) -> None:
        """The record of a replacement is fenced by the lease."""
        if not self.store.keep_lease():
            raise LeaseLost("lease", "LeaseLost", "another process goes on")
        self.scene.owned = live

    def _from_the_start(self) -> int:
        """Changes are lost: the fence is opened, and the work begins with another capture."""
        if not self.store.keep_lease():
            raise LeaseLost("lease", "LeaseLost", "another process goes on")
        # From now on the table is removed, as in the product only after a person has agreed.
        self.scene.again, self.scene.written_to, self.scene.owned = True, OLD, None
        return 0

    def _cleared(self) -> bool:
        """Whether nothing of an earlier import is left."""
        part, live = import_of(self.store.load().checkpoints, OLD), self._live()
        if part is not None:
            if import_runs(self.jobs, part, self.scene.clock.now()):
                self._wait()
                return False
            if live is not None:
                self._stops(not made_by(known_table(self.jobs, part), live))
                self._deleted()
                return False
            self.store.drop_checkpoint(part.name)
        self._stops(live is not None)
        return True

    def _stops(self, foreign: bool) -> None:
        """A problem is written to the record, which is fenced by the lease. Nobody else makes tables here."""
        if foreign and not self.store.keep_lease():
            raise LeaseLost("lease", "LeaseLost", "another process goes on")
        assert not foreign, "the table of the import is not known as its own"

    def _deleted(self) -> None:
        self.ports.api.write(Call("DeleteTable", {"TableName": NEW}))

    def _wait(self) -> None:
        self.scene.clock.sleep(max(1.0, self.scene.case.takes / 4))
        # The pass that looks again renews the lease.
        if not self.store.keep_lease():
            raise LeaseLost("lease", "LeaseLost", "another process goes on")

    # A bulk put

    def _loaded(self, follower: Follower) -> bool:
        """Whether the jobs of the service are done; else some time has passed."""
        scene, capture, pair = self.scene, follower.captured, self.scene.pair
        assert capture is not None
        progress = BulkCopy(
            self.ports,
            self.jobs,
            self._guarded(pair.target),
            pair.source,
            S3Place("bucket"),
            capture.at,
            self.store.load().checkpoints,
            f"forth {capture.attempt}",
            target=pair.target,
        ).proceed()
        if progress.late:
            scene.figures["late"] += 1
            follower.capture(again=True, items=scene.case.items)
        elif progress.failed:
            scene.figures["failed jobs"] += 1
        elif progress.waiting:
            self._wait()
        else:
            scene.figures["loaded"] += 1
        return progress.done

    def _again(self, follower: Follower) -> None:
        """Records were dropped: the copy starts again, in the direction of the follower."""
        follower.capture(again=True, items=self.scene.case.items)
        finished = False
        by_jobs = self.scene.case.engine == "bulk" and self.scene.written_to != NEW
        while not finished:
            if by_jobs and not self._loaded(follower):
                continue
            ran = follower.copy(loaded=by_jobs)
            _judge_run(ran)
            finished = ran.finished


STEPS = (
    ("forth", "capture"),
    ("forth", "copy"),
    ("forth", "replay"),
    ("forth", "verify"),
    ("forth", "replay"),
    ("forth", "fence"),
    ("forth", "drain"),
    ("forth", "proof"),
    ("back", "capture"),
    ("back", "switch"),
    ("back", "replay"),
    ("back", "replay"),
    ("back", "replay"),
    ("back", "fence_back"),
    ("back", "drain"),
    ("back", "proof"),
)


def _judge_run(ran: Ran) -> None:
    assert not ran.problems.any, f"problems without a reason: {ran.problems.sentence()}"
    if ran.error is not None:
        raise ran.error


def _judge_verified(found: Verified) -> None:
    assert not found.problems.any, f"problems without a reason: {found.problems.sentence()}"
    if found.error is not None:
        raise found.error


def _compare(scene: Scene) -> None:
    """Behind a fence, after the proof: both tables hold what the writers believe."""
    wanted = {name: canonical(item) for name, item in scene.model.items()}
    for table in (OLD, NEW):
        found = scene.held(table)
        assert found.keys() == wanted.keys(), (
            f"{table}: lost {sorted(wanted.keys() - found.keys())}, resurrected {sorted(found.keys() - wanted.keys())}"
        )
        other = [name for name, item in found.items() if item != wanted[name]]
        assert not other, f"{table}: {other[0]} is {found[other[0]]}, and was written as {wanted[other[0]]}"
        assert len(scene.dynamodb.tables[table].items) == len(wanted), f"{table} holds an item twice"


def run(case: ReplayCase) -> Counter[str]:
    """Processes follow one another until everything is done; then both tables are compared."""
    scene = Scene(case)
    with small_pages(case.page, case.segments):
        for number in range(PROCESSES):
            scene.rival = lambda number=number: _rival(scene, number)  # type: ignore[misc]
            try:
                Process(scene, f"process {number}").work()
            except Died:
                scene.figures["kills"] += 1
                continue
            except (ApiError, StateError) as error:
                scene.figures[type(error).__name__] += 1
                continue
            break
        else:
            raise AssertionError(f"not finished after {PROCESSES} processes, but at {STEPS[scene.step]}")
    _compare(scene)
    left = scene.figures
    return left + Counter({"cases": 1, "calls": scene.count})


def _rival(scene: Scene, number: int) -> None:
    """Another process, while this one stands still: it outwaits the lease and does the rest."""
    scene.rival = None
    with suppress(ApiError, StateError, Died):
        Process(scene, f"rival of {number}").work()


class small_pages:  # noqa: N801 - used as a function
    """Small pages and several segments, so that a small table has many."""

    def __init__(self, page: int, segments: int) -> None:
        self._page, self._segments = page, segments
        self._former: Any = None
        self._apart = timedelta(0)

    def __enter__(self) -> None:
        page, segments = self._page, self._segments
        self._former = follower_module.SegmentedScan, follower_module.segments_for
        self._apart = service_copy.CLOCKS_APART
        # All clocks of the simulation are one.
        for module in (service_copy, bulk_copy, import_copy):
            module.CLOCKS_APART = timedelta(0)

        def small(*given: Any, page_items: int) -> SegmentedScan:
            return SegmentedScan(*given, page_items=min(page_items, page))

        follower_module.SegmentedScan = small  # type: ignore[misc,assignment]
        follower_module.segments_for = lambda items, most: segments

    def __exit__(self, *_: object) -> None:
        follower_module.SegmentedScan, follower_module.segments_for = self._former
        for module in (service_copy, bulk_copy, import_copy):
            module.CLOCKS_APART = self._apart
