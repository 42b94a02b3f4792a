"""Run one case of the campaign ``seeds`` and check it by the ground truth: who wrote which item of the table.

No item of others is ever removed or changed; after the end the table holds the seed and what others wrote, or the
report says that it does not. The one exception is stated in ``Monitor.removed``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from campaigns.seeds_case import Phase, SeedCase
from simulation.items import Items
from simulation.simulated_engine import MemoryStore, Sim, declaration, item, simulate

from reconciler.engine import seed_batches
from reconciler.engine.reconciler import Reconciler
from reconciler.model.desired import PutTogether, Removal
from reconciler.model.errors import Ambiguous, Denied, NotFound, Rejected, Throttled, Unsupported
from reconciler.model.identity import Flavor, Identity
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
    """The process ends here. It is a ``BaseException``, so that the product cannot catch it."""


@dataclass
class Monitor:
    """Who wrote what. ``authors`` holds the writer of each key of the live table."""

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
        table = self.sim.dynamodb.tables.get(NAME)
        return {} if table is None else table.items

    def identity(self) -> Identity | None:
        if NAME not in self.sim.dynamodb.tables:
            return None
        return identity_of(self.sim.dynamodb.read("DescribeTable", {"TableName": NAME})["Table"])

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
        """An equal item that the seeder wrote into this table before cannot be distinguished from its own."""
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


class Transport:
    """Numbers the calls of a phase; faults and actions happen at their numbers."""

    def __init__(self, monitor: Monitor, phase: Phase, stopped: Callable[[], None]) -> None:
        self.monitor, self.phase, self.stopped = monitor, phase, stopped
        self.calls = 0

    def through(self, operation: str, work: Callable[[], Any]) -> Any:
        at, self.calls = self.calls, self.calls + 1
        self.monitor.sim.clock.seconds += self.monitor.case.seconds
        for action in self.phase.actions:
            if action.at == at:
                act(self.monitor, action.kind, action.key, self.phase.version)
        kind = next((fault.kind for fault in self.phase.faults if fault.at == at), None)
        match kind:
            case "crash_before":
                raise Crash
            case "crash_after":
                work()
                raise Crash
            case "lost":
                work()
                raise Ambiguous(operation, "InternalServerError", "no usable answer")
            case "unsupported" if operation == "TransactWriteItems":
                raise Unsupported(operation, "UnknownOperationException", "no such operation here")
            case "throttled":
                raise Throttled(operation, "ThrottlingException", "slow down")
            case "denied":
                raise Denied(operation, "ExpiredTokenException", "expired")
            case "rejected" if operation in ("PutItem", "TransactWriteItems"):
                raise Rejected(operation, "ValidationException", "the item is refused")
            case "stop":
                self.stopped()
        return work()


class FaultyItems:
    """The ``ItemApi`` port over the transport. It reports to the monitor what the engine did."""

    def __init__(self, transport: Transport, items: Items) -> None:
        self.transport, self.items = transport, items

    def first_items(self, table: str, limit: int) -> tuple[dict[str, Any], ...]:
        found: tuple[dict[str, Any], ...] = self.transport.through("Scan", lambda: self.items.first_items(table, limit))
        return found

    def find_item(self, table: str, wanted: Mapping[str, Any], keys: Iterable[str]) -> dict[str, Any] | None:
        found: dict[str, Any] | None = self.transport.through(
            "GetItem", lambda: self.items.find_item(table, wanted, keys)
        )
        return found

    def all_items(self, table: str) -> Iterator[dict[str, Any]]:
        return iter(self.transport.through("Scan", lambda: list(self.items.all_items(table))))

    def put_if_absent(self, table: str, wanted: Mapping[str, Any], keys: Iterable[str]) -> bool:
        def work() -> bool:
            put = self.items.put_if_absent(table, wanted, keys)
            if put:
                self.transport.monitor.put(key_of(wanted), wanted)
            return put

        return bool(self.transport.through("PutItem", work))

    def put_together(
        self, table: str, wanted: Sequence[Mapping[str, Any]], keys: Sequence[str], token: str
    ) -> PutTogether:
        def work() -> PutTogether:
            before = dict(self.transport.monitor.live)
            put = self.items.put_together(table, wanted, keys, token)
            for one in wanted if put.whole else ():
                if key_of(one) not in before and key_of(one) in self.transport.monitor.live:
                    self.transport.monitor.put(key_of(one), one)
            return put

        put: PutTogether = self.transport.through("TransactWriteItems", work)
        return put

    def remove_if_equal(self, table: str, wanted: Mapping[str, Any], keys: Iterable[str]) -> Removal:
        def work() -> Removal:
            before = dict(self.transport.monitor.live)
            end = self.items.remove_if_equal(table, wanted, keys)
            if end is Removal.REMOVED:
                self.transport.monitor.removed(key_of(wanted), before[key_of(wanted)])
            return end

        return Removal(self.transport.through("DeleteItem", work))


class FaultyStore:
    """The state table of all phases; writes about seeds go over the transport of one phase."""

    def __init__(self, transport: Transport, inner: MemoryStore) -> None:
        self.transport, self.inner = transport, inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def put_seed(self, record: SeedRecord) -> None:
        def work() -> None:
            self.inner.put_seed(record)
            self.transport.monitor.believed = record.identity

        self.transport.through("PutItem:state", work)

    def put_seed_part(self, part: SeedPart) -> None:
        self.transport.through("PutItem:state", lambda: self.inner.put_seed_part(part))

    def drop_seed_part(self, name: str) -> None:
        self.transport.through("DeleteItem:state", lambda: self.inner.drop_seed_part(name))


class FaultyTables:
    """The ``TableApi`` port: DescribeTable counts as a call."""

    def __init__(self, transport: Transport, dynamodb: Any) -> None:
        self.transport, self.dynamodb = transport, dynamodb

    def list_tables(self) -> tuple[str, ...]:
        found: tuple[str, ...] = self.dynamodb.list_tables()
        return found

    def read(self, operation: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.transport.through(operation, lambda: self.dynamodb.read(operation, params))
        return found

    def write(self, call: Any) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.dynamodb.write(call)
        return found


def key_of(one: Mapping[str, Any]) -> str:
    return repr([one["pk"]])


def seed_item(key: int, content: int) -> dict[str, Any]:
    return dict(item(f"k{key}", v=f"version {content}"))


def act(monitor: Monitor, kind: str, key: int, version: int) -> None:
    """Somebody else does something to the table."""
    if kind == "recreate":
        recreate(monitor, key % 4)
        return
    table = monitor.sim.dynamodb.tables.get(NAME)
    if table is None:
        return
    if kind == "drop":
        del monitor.sim.dynamodb.tables[NAME]
        forget(monitor)
        return
    if table.description["TableStatus"] != "ACTIVE":
        return
    wanted = dict(monitor.case.versions[version])
    name = key_of(seed_item(key, 0))
    match kind:
        case "put":
            theirs(monitor, name, dict(item(f"k{key}", by="others")))
        case "put_seed_item" if key in wanted and name not in table.items:
            theirs(monitor, name, seed_item(key, wanted[key]))
        case "change" if name in table.items:
            theirs(monitor, name, table.items[name] | {"v": {"S": "changed"}})
        case "add_attribute" if name in table.items:
            theirs(monitor, name, table.items[name] | {"more": {"S": "added"}})
        case "remove" if name in table.items:
            del table.items[name]
            monitor.authors.pop(name, None)
            monitor.theirs.pop(name, None)
            monitor.taken.add(name)


def theirs(monitor: Monitor, name: str, one: dict[str, Any]) -> None:
    monitor.live[name] = one
    monitor.authors[name], monitor.theirs[name] = "others", one
    monitor.taken.discard(name)


def forget(monitor: Monitor) -> None:
    monitor.authors, monitor.theirs, monitor.taken, monitor.asked = {}, {}, set(), False


def recreate(monitor: Monitor, count: int) -> None:
    monitor.sim.dynamodb.tables.pop(NAME, None)
    forget(monitor)
    monitor.sim.dynamodb.make(
        TableName=NAME,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
    )
    monitor.recreated = monitor.sim.clock.seconds
    for key in range(count):
        theirs(monitor, key_of(seed_item(key, 0)), dict(item(f"k{key}", by="others")))


def run(case: SeedCase) -> Counter[str]:
    """All phases, then undisturbed runs to the end. Raises ``AssertionError`` at the first violation."""
    sizes = seed_batches.BATCH, seed_batches.PART
    seed_batches.BATCH, seed_batches.PART = case.batch, case.part
    try:
        return _run(case)
    finally:
        seed_batches.BATCH, seed_batches.PART = sizes


def _run(case: SeedCase) -> Counter[str]:
    sim = simulate(timeout=60, flavor=Flavor.DYNAMODB_LOCAL if case.together else Flavor.MOTO)
    monitor = Monitor(case, sim)
    if case.existing is not None:
        recreate(monitor, 0)
        for key in case.existing:
            theirs(monitor, key_of(seed_item(key, 0)), dict(item(f"k{key}", by="others")))
    figures: Counter[str] = Counter({"turns": len(case.phases)})
    for phase in case.phases:
        ended = _phase(monitor, phase)
        figures["calls"] += ended.calls
        monitor.nothing_of_others_is_missing()
    last = case.phases[-1].version
    for verb in ("once", "once", "once"):
        report = _report(monitor, Phase(verb, last))
    monitor.nothing_of_others_is_missing()
    _end(monitor, report, figures)
    _report(monitor, Phase("clear", last))
    monitor.nothing_of_others_is_missing()
    _cleared(monitor)
    figures["written"], figures["removed"] = sim.items.puts, sim.items.removed
    return figures


def _phase(monitor: Monitor, phase: Phase) -> Transport:
    stopped: list[bool] = []
    transport = Transport(monitor, phase, lambda: stopped.append(True))
    monitor.asked = monitor.asked or phase.verb in ("seed", "update")
    _declare(monitor, phase.version)
    reconciler = _process(monitor, transport, stopped)
    try:
        _do(reconciler, phase.verb)
    except Crash:
        pass
    except (Ambiguous, Throttled, Denied, NotFound, Rejected):
        pass
    return transport


def _report(monitor: Monitor, phase: Phase) -> PassReport:
    transport = Transport(monitor, phase, lambda: None)
    _declare(monitor, phase.version)
    return _do(_process(monitor, transport, []), phase.verb)


def _do(reconciler: Reconciler, verb: str) -> PassReport:
    match verb:
        case "once":
            return reconciler.converge("once")
        case "pass":
            return reconciler.run_pass("interval")
        case "seed":
            return reconciler.seed()
        case "update":
            return reconciler.seed(update=True)
    return reconciler.clear()


def _process(monitor: Monitor, transport: Transport, stopped: list[bool]) -> Reconciler:
    sim = monitor.sim
    environment = sim.reconciler.ports

    class Clock:
        now, monotonic = sim.clock.now, sim.clock.monotonic

        @staticmethod
        def sleep(seconds: float) -> bool:
            sim.clock.sleep(seconds)
            return not stopped

    environment = replace(
        environment,
        items=FaultyItems(transport, sim.items),
        store=FaultyStore(transport, sim.store),
        api=FaultyTables(transport, environment.api),
        clock=Clock(),
    )
    return Reconciler(environment, sim.reconciler.options, timedelta(seconds=60))


def _declare(monitor: Monitor, version: int) -> None:
    monitor.sim.declare(declaration(NAME, seed=tuple(seed_item(*one) for one in monitor.case.versions[version])))


def _end(monitor: Monitor, report: PassReport, figures: Counter[str]) -> None:
    record, identity = monitor.sim.store.snapshot.seeds.get(NAME), monitor.identity()
    if record is None or identity is None or not identity.same(record.identity):
        return
    figures[record.state] += 1
    if record.state == "started":
        assert report.verdict is not Verdict.IN_SYNC, "a seed that is not written whole is in sync"
        steps = [step for table in report.tables for step in table.steps]
        assert any(step.reason is Reason.SEED_CHANGED for step in steps), f"not said: {steps}"
    if record.state == "done":
        _done(monitor, record)


def _done(monitor: Monitor, record: SeedRecord) -> None:
    for version in monitor.case.versions:
        seed = [seed_item(*one) for one in version]
        if items_digest(seed) == record.digest:
            break
    else:
        raise AssertionError("the record is about no version of the seed")
    for one in seed:
        key = key_of(one)
        assert key in monitor.live or key in monitor.taken, f"recorded as done without {one}"
    ours = [one for key, one in monitor.live.items() if monitor.authors.get(key) == "seeder"]
    strange = [one for one in ours if one not in seed]
    assert monitor.asked or not strange, f"recorded as done with items of an earlier version: {strange}"


def _cleared(monitor: Monitor) -> None:
    """No item that is recorded as written is in the table unchanged."""
    snapshot = monitor.sim.store.snapshot
    identity = monitor.identity()
    if identity is None:
        return
    left = provenance(snapshot.seeds.get(NAME), snapshot.seed_parts, identity).written
    found = {item_digest(one) for one in monitor.live.values()}
    assert not left & found, "items that the record names are left after clear"
