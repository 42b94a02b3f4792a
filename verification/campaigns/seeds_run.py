"""Run one case of the campaign ``seeds`` and judge it by the truth: who wrote which item of the table.

No item of others is ever removed or changed; after the end the table holds the seed and what others wrote, or the
report says that it does not. The one exception is stated in ``Judge.removed``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from campaigns.seeds_case import SeedCase, Turn
from simulation.items import Items
from simulation.world import MemoryStore, Sim, declaration, item, simulate

from reconciler.engine import seed_ledger, seed_work
from reconciler.engine.reconciler import Reconciler
from reconciler.model.desired import Removal
from reconciler.model.errors import Ambiguous, Denied, NotFound, Rejected, Throttled
from reconciler.model.identity import Identity
from reconciler.model.plan import Reason
from reconciler.model.records import SeedPart, SeedRecord
from reconciler.model.report import PassReport, Verdict
from reconciler.planning.observe import identity_of
from reconciler.seeding.digest import items_digest
from reconciler.seeding.provenance import item_digest, provenance

NAME = "users"
WINDOW = 2.0
"""Seconds after which nothing may be sent to a table that others put in the place of the one that was confirmed."""


class Crash(BaseException):
    """The process ends here; nothing of it may catch that."""


@dataclass
class Judge:
    """Who wrote what. ``authors`` says it for each key of the live table."""

    case: SeedCase
    sim: Sim
    authors: dict[str, str] = field(default_factory=dict)
    ever: set[tuple[str, str]] = field(default_factory=set)
    """(table id, item) of everything that the seeder ever wrote."""
    theirs: dict[str, dict[str, Any]] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)
    """Keys that others removed from the live table."""
    recreated: float = 0.0
    believed: Identity | None = None
    asked: bool = False

    @property
    def live(self) -> dict[str, Any]:
        table = self.sim.plane.tables.get(NAME)
        return {} if table is None else table.items

    def identity(self) -> Identity | None:
        if NAME not in self.sim.plane.tables:
            return None
        return identity_of(self.sim.plane.read("DescribeTable", {"TableName": NAME})["Table"])

    def touched(self, what: str) -> None:
        """An item call of the engine arrived at the live table."""
        found = self.identity()
        if found is None or self.believed is None or found.same(self.believed):
            return
        late = self.sim.clock.seconds - self.recreated
        limit = WINDOW + self.case.seconds * 2
        assert late <= limit, f"{what} {late:.1f} s after somebody else recreated the table"

    def put(self, key: str, written: Mapping[str, Any]) -> None:
        self.touched("written")
        self.authors[key] = "seeder"
        self.ever.add((self.table_id(), repr(dict(written))))

    def removed(self, key: str, gone: Mapping[str, Any]) -> None:
        """An equal item that the seeder wrote into this table before cannot be told from its own."""
        self.touched("removed")
        equal = (self.table_id(), repr(dict(gone))) in self.ever
        assert self.authors.get(key) == "seeder" or equal, f"an item of others was removed: {dict(gone)}"
        self.authors.pop(key, None)
        self.theirs.pop(key, None)

    def table_id(self) -> str:
        found = self.identity()
        return "" if found is None else str(found.table_id)

    def nothing_of_others_is_missing(self) -> None:
        for key, one in self.theirs.items():
            assert self.live.get(key) == one, f"an item of others is not as they left it: {one}"


class Wire:
    """Numbers the calls of a turn; faults and deeds come at their numbers."""

    def __init__(self, judge: Judge, turn: Turn, stopped: Callable[[], None]) -> None:
        self.judge, self.turn, self.stopped = judge, turn, stopped
        self.calls = 0

    def through(self, operation: str, work: Callable[[], Any]) -> Any:
        at, self.calls = self.calls, self.calls + 1
        self.judge.sim.clock.seconds += self.judge.case.seconds
        for deed in self.turn.deeds:
            if deed.at == at:
                act(self.judge, deed.kind, deed.key, self.turn.version)
        kind = next((fault.kind for fault in self.turn.faults if fault.at == at), None)
        match kind:
            case "crash_before":
                raise Crash
            case "crash_after":
                work()
                raise Crash
            case "lost":
                work()
                raise Ambiguous(operation, "InternalServerError", "no usable answer")
            case "throttled":
                raise Throttled(operation, "ThrottlingException", "slow down")
            case "denied":
                raise Denied(operation, "ExpiredTokenException", "expired")
            case "rejected" if operation == "PutItem":
                raise Rejected(operation, "ValidationException", "the item is refused")
            case "stop":
                self.stopped()
        return work()


class WiredItems:
    """The ``ItemApi`` port over the wire; what the engine did is told to the judge."""

    def __init__(self, wire: Wire, items: Items) -> None:
        self.wire, self.items = wire, items

    def first_items(self, table: str, limit: int) -> tuple[dict[str, Any], ...]:
        found: tuple[dict[str, Any], ...] = self.wire.through("Scan", lambda: self.items.first_items(table, limit))
        return found

    def find_item(self, table: str, wanted: Mapping[str, Any], keys: Iterable[str]) -> dict[str, Any] | None:
        found: dict[str, Any] | None = self.wire.through("GetItem", lambda: self.items.find_item(table, wanted, keys))
        return found

    def all_items(self, table: str) -> Iterator[dict[str, Any]]:
        return iter(self.wire.through("Scan", lambda: list(self.items.all_items(table))))

    def put_if_absent(self, table: str, wanted: Mapping[str, Any], keys: Iterable[str]) -> bool:
        def work() -> bool:
            put = self.items.put_if_absent(table, wanted, keys)
            if put:
                self.wire.judge.put(key_of(wanted), wanted)
            return put

        return bool(self.wire.through("PutItem", work))

    def remove_if_equal(self, table: str, wanted: Mapping[str, Any], keys: Iterable[str]) -> Removal:
        def work() -> Removal:
            before = dict(self.wire.judge.live)
            end = self.items.remove_if_equal(table, wanted, keys)
            if end is Removal.REMOVED:
                self.wire.judge.removed(key_of(wanted), before[key_of(wanted)])
            return end

        return Removal(self.wire.through("DeleteItem", work))


class WiredStore:
    """The state table of all turns; what is written about seeds goes over the wire of one."""

    def __init__(self, wire: Wire, inner: MemoryStore) -> None:
        self.wire, self.inner = wire, inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def put_seed(self, record: SeedRecord) -> None:
        def work() -> None:
            self.inner.put_seed(record)
            self.wire.judge.believed = record.identity

        self.wire.through("PutItem:state", work)

    def put_seed_part(self, part: SeedPart) -> None:
        self.wire.through("PutItem:state", lambda: self.inner.put_seed_part(part))

    def drop_seed_part(self, name: str) -> None:
        self.wire.through("DeleteItem:state", lambda: self.inner.drop_seed_part(name))


class WiredTables:
    """The ``TableApi`` port: DescribeTable counts as a call."""

    def __init__(self, wire: Wire, plane: Any) -> None:
        self.wire, self.plane = wire, plane

    def list_tables(self) -> tuple[str, ...]:
        found: tuple[str, ...] = self.plane.list_tables()
        return found

    def read(self, operation: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.wire.through(operation, lambda: self.plane.read(operation, params))
        return found

    def write(self, call: Any) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.plane.write(call)
        return found


def key_of(one: Mapping[str, Any]) -> str:
    return repr([one["pk"]])


def seed_item(key: int, content: int) -> dict[str, Any]:
    return dict(item(f"k{key}", v=f"version {content}"))


def act(judge: Judge, kind: str, key: int, version: int) -> None:
    """Somebody else does something to the table."""
    if kind == "recreate":
        recreate(judge, key % 4)
        return
    table = judge.sim.plane.tables.get(NAME)
    if table is None:
        return
    if kind == "drop":
        del judge.sim.plane.tables[NAME]
        forget(judge)
        return
    if table.description["TableStatus"] != "ACTIVE":
        return
    wanted = dict(judge.case.versions[version])
    name = key_of(seed_item(key, 0))
    match kind:
        case "put":
            theirs(judge, name, dict(item(f"k{key}", by="others")))
        case "put_seed_item" if key in wanted and name not in table.items:
            theirs(judge, name, seed_item(key, wanted[key]))
        case "change" if name in table.items:
            theirs(judge, name, table.items[name] | {"v": {"S": "changed"}})
        case "add_attribute" if name in table.items:
            theirs(judge, name, table.items[name] | {"more": {"S": "added"}})
        case "remove" if name in table.items:
            del table.items[name]
            judge.authors.pop(name, None)
            judge.theirs.pop(name, None)
            judge.taken.add(name)


def theirs(judge: Judge, name: str, one: dict[str, Any]) -> None:
    judge.live[name] = one
    judge.authors[name], judge.theirs[name] = "others", one
    judge.taken.discard(name)


def forget(judge: Judge) -> None:
    judge.authors, judge.theirs, judge.taken, judge.asked = {}, {}, set(), False


def recreate(judge: Judge, count: int) -> None:
    judge.sim.plane.tables.pop(NAME, None)
    forget(judge)
    judge.sim.plane.make(
        TableName=NAME,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
    )
    judge.recreated = judge.sim.clock.seconds
    for key in range(count):
        theirs(judge, key_of(seed_item(key, 0)), dict(item(f"k{key}", by="others")))


def run(case: SeedCase) -> Counter[str]:
    """All turns, then undisturbed runs to the end; raises ``AssertionError`` at the first wrong thing."""
    sizes = seed_work.BATCH, seed_ledger.PART
    seed_work.BATCH, seed_ledger.PART = case.batch, case.part
    try:
        return _run(case)
    finally:
        seed_work.BATCH, seed_ledger.PART = sizes


def _run(case: SeedCase) -> Counter[str]:
    sim = simulate(timeout=60)
    judge = Judge(case, sim)
    if case.existing is not None:
        recreate(judge, 0)
        for key in case.existing:
            theirs(judge, key_of(seed_item(key, 0)), dict(item(f"k{key}", by="others")))
    figures: Counter[str] = Counter({"turns": len(case.turns)})
    for turn in case.turns:
        ended = _turn(judge, turn)
        figures["calls"] += ended.calls
        judge.nothing_of_others_is_missing()
    last = case.turns[-1].version
    for verb in ("once", "once", "once"):
        report = _report(judge, Turn(verb, last))
    judge.nothing_of_others_is_missing()
    _end(judge, report, figures)
    _report(judge, Turn("clear", last))
    judge.nothing_of_others_is_missing()
    _cleared(judge)
    figures["written"], figures["removed"] = sim.items.puts, sim.items.removed
    return figures


def _turn(judge: Judge, turn: Turn) -> Wire:
    stopped: list[bool] = []
    wire = Wire(judge, turn, lambda: stopped.append(True))
    judge.asked = judge.asked or turn.verb == "seed"
    _declare(judge, turn.version)
    reconciler = _process(judge, wire, stopped)
    try:
        _do(reconciler, turn.verb)
    except Crash:
        pass
    except (Ambiguous, Throttled, Denied, NotFound, Rejected):
        pass
    return wire


def _report(judge: Judge, turn: Turn) -> PassReport:
    wire = Wire(judge, turn, lambda: None)
    _declare(judge, turn.version)
    return _do(_process(judge, wire, []), turn.verb)


def _do(reconciler: Reconciler, verb: str) -> PassReport:
    match verb:
        case "once":
            return reconciler.converge("once")
        case "pass":
            return reconciler.run_pass("interval")
        case "seed":
            return reconciler.seed()
    return reconciler.clear()


def _process(judge: Judge, wire: Wire, stopped: list[bool]) -> Reconciler:
    sim = judge.sim
    world = sim.reconciler.ports

    class Clock:
        now, monotonic = sim.clock.now, sim.clock.monotonic

        @staticmethod
        def sleep(seconds: float) -> bool:
            sim.clock.sleep(seconds)
            return not stopped

    world = replace(
        world,
        items=WiredItems(wire, sim.items),
        store=WiredStore(wire, sim.store),
        api=WiredTables(wire, world.api),
        clock=Clock(),
    )
    return Reconciler(world, sim.reconciler.options, timedelta(seconds=60))


def _declare(judge: Judge, version: int) -> None:
    judge.sim.declare(declaration(NAME, seed=tuple(seed_item(*one) for one in judge.case.versions[version])))


def _end(judge: Judge, report: PassReport, figures: Counter[str]) -> None:
    record, identity = judge.sim.store.snapshot.seeds.get(NAME), judge.identity()
    if record is None or identity is None or not identity.same(record.identity):
        return
    figures[record.state] += 1
    if record.state == "started":
        assert report.verdict is not Verdict.IN_SYNC, "a seed that is not written whole is in sync"
        steps = [step for table in report.tables for step in table.steps]
        assert any(step.reason is Reason.SEED_CHANGED for step in steps), f"not said: {steps}"
    if record.state == "done":
        _done(judge, record)


def _done(judge: Judge, record: SeedRecord) -> None:
    for version in judge.case.versions:
        seed = [seed_item(*one) for one in version]
        if items_digest(seed) == record.digest:
            break
    else:
        raise AssertionError("the record is about no version of the seed")
    for one in seed:
        key = key_of(one)
        assert key in judge.live or key in judge.taken, f"recorded as done without {one}"
    ours = [one for key, one in judge.live.items() if judge.authors.get(key) == "seeder"]
    strange = [one for one in ours if one not in seed]
    assert judge.asked or not strange, f"recorded as done with items of an earlier version: {strange}"


def _cleared(judge: Judge) -> None:
    """Everything that is still recorded as written is in the table no more, or was changed."""
    snapshot = judge.sim.store.snapshot
    identity = judge.identity()
    if identity is None:
        return
    left = provenance(snapshot.seeds.get(NAME), snapshot.seed_parts, identity).written
    found = {item_digest(one) for one in judge.live.values()}
    assert not left & found, "items that the record names are left after clear"
