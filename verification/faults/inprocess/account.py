"""One simulated account with its service, and processes of the product in it, built like the wiring does."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any
from unittest import mock

from faults.inprocess.clients import Pool, no_real_time
from faults.inprocess.lean_wire import WireTransport
from faults.inprocess.transport import Transport
from simulation.clock import CountingRandom, OneByOne, VirtualClock
from simulation.data_plane import OPERATIONS
from simulation.simulated_dynamodb import SimulatedDynamoDB
from simulation.simulated_engine import ListSource, Silent
from support.table_settings import KEYS

from reconciler.aws import flavor as flavors
from reconciler.aws.rate_limit import RateLimited
from reconciler.aws.session import Connection
from reconciler.aws.table_api import ManyTables
from reconciler.aws.validator import OfflineValidator
from reconciler.cli import exits
from reconciler.cli.codes import DRIFT, ERROR, OK
from reconciler.engine.commands import CommandResult
from reconciler.engine.context import EngineContext
from reconciler.engine.reconciler import Reconciler
from reconciler.model.change import Call
from reconciler.model.desired import Declaration, DesiredState, Undeclared
from reconciler.model.errors import Problem, ReconcilerError
from reconciler.model.identity import Flavor
from reconciler.model.options import Options
from reconciler.model.report import PassReport
from reconciler.state.state_table import StateTable

STATE = "reconciler_state"
TIMEOUT = timedelta(minutes=30)
LOCAL_URL = "http://localhost:8000"


class RecordedTelemetry(Silent):
    """The ``Telemetry`` port: when passes began and which calls failed as what, by the number of the next sending."""

    def __init__(self, transport: Transport, by: str) -> None:
        super().__init__()
        self.transport, self.by = transport, by
        self.passes: list[int] = []
        self.failures: list[tuple[int, str, str]] = []

    def request(self, operation: str, result: str, *_: Any) -> None:
        if result != "success":
            self.failures.append((len(self.transport.sent), operation, result))

    def planned(self, pass_id: str, words: str, creating: int) -> None: ...

    def pass_started(self, pass_id: str, trigger: str) -> None:
        self.passes.append(len(self.transport.sent))


@dataclass(frozen=True)
class Ended:
    """How a run of a process ended: its exit code and its messages."""

    verb: str
    exit: int
    report: PassReport | None = None
    messages: str = ""


@dataclass
class Process:
    """One process of the product. What it raises on purpose ends it with 1; anything else is a crash."""

    account: SimulatedAccount
    options: Options
    holder: str
    reported: RecordedTelemetry
    source: ListSource
    pool: Pool
    store: StateTable | None = None
    reconciler: Reconciler | None = None

    def start(self) -> Reconciler:
        """Identify the endpoint and build the engine over it, as ``wiring.App`` does."""
        account = self.account
        url = None if account.flavor is Flavor.AWS else LOCAL_URL
        opened = self.pool.opened(account.transport, self.holder)
        connection = Connection(url, opened, lambda: opened, 1, self.reported)
        connection.make_transport = partial(WireTransport, self.pool)
        endpoint = connection.identify()
        store = StateTable(
            connection.state_client(),
            self.options.state_table,
            self.options.scope,
            holder=self.holder,
            clock=account.clock,
        )
        connection.fence = store.lease_lasts
        environment = EngineContext(
            api=connection.tables if endpoint.flavor.emulator else RateLimited(connection.tables, account.clock),
            items=connection.items,
            store=store,
            source=OwnSource(self.source) if self.options.one_shot else self.source,
            clock=account.clock,
            random=account.random,
            telemetry=self.reported,
            parallel=OneByOne(),
            validator=account.validator,
            endpoint=endpoint,
            many=ManyTables(connection.tables, 10, threading.Event()),
        )
        self.store = store
        self.reconciler = Reconciler(environment, self.options, TIMEOUT)
        return self.reconciler

    def run(self, verb: str, work: Callable[[Reconciler], PassReport | CommandResult | int | None]) -> Ended:
        """One command from its start to its end, its lease given back."""
        with self.account.time():
            try:
                result = work(self.reconciler or self.start())
            except ReconcilerError as error:
                ended = Ended(verb, ERROR, messages=str(error))
            else:
                ended = _ended(verb, result)
            self.close()
        return ended

    def passes(self) -> Ended:
        """One pass of a daemon, which continues after any error; its endpoint may not answer yet."""
        with self.account.time():
            try:
                return _ended("pass", (self.reconciler or self.start()).run_pass("interval"))
            except ReconcilerError as error:
                return Ended("pass", ERROR, messages=str(error))

    def close(self) -> None:
        """Release the lease; an error is ignored."""
        if self.store is not None:
            try:
                self.store.release_lease()
            except ReconcilerError:
                return


@dataclass
class OwnSource:
    """The declarations of a command, read again when they changed."""

    source: ListSource
    loaded: DesiredState | None = None

    def load(self) -> DesiredState:
        if self.loaded is None or not self.source.still(self.loaded):
            self.loaded = self.source.load()
        return self.loaded

    def still(self, desired: DesiredState) -> bool:
        return self.source.still(desired)

    def remains(self, desired: DesiredState, undeclared: Sequence[Undeclared]) -> tuple[Problem, ...]:
        return self.source.remains(desired, undeclared)

    def stands_in(self, folder: str, file: str, desired: DesiredState) -> bool:
        return self.source.stands_in(folder, file, desired)


def _ended(verb: str, result: PassReport | CommandResult | int | None) -> Ended:
    if isinstance(result, PassReport):
        judge = exits.act if verb in ("destroy", "seed", "clear") else exits.converge
        return Ended(verb, judge(result), result)
    if isinstance(result, CommandResult):
        return Ended(verb, OK if result.finished else DRIFT, messages="; ".join(result.messages))
    return Ended(verb, OK if result is None else result)


@dataclass
class SimulatedAccount:
    """The account. ``delay`` is how many virtual seconds the service takes; options are those of every process."""

    flavor: Flavor = Flavor.AWS
    delay: float = 0.0
    stale: float = 0.0
    options: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.clock = VirtualClock()
        self.dynamodb = SimulatedDynamoDB(
            self.clock,
            delay=self.delay,
            stale=self.stale,
            has_tags=self.flavor.has_tags,
            table_ids=self.flavor is Flavor.AWS,
            strict=not self.flavor.emulator,
        )
        self.dynamodb.has_backups = self.flavor is Flavor.AWS
        self.dynamodb.aliases.update(KEYS)
        if self.flavor is Flavor.DYNAMODB_LOCAL:
            self.dynamodb.scaling = None
            self.dynamodb.place = "ddblocal:000000000000"
        self.transport = Transport(self.dynamodb)
        self.source = ListSource()
        self.random = CountingRandom()
        self.pool = shared_pool()
        self.validator = OfflineValidator()
        self.holders = 0
        self.reported: list[RecordedTelemetry] = []
        self._running = 0
        self._unreal = ExitStack()

    def declare(self, *declarations: Declaration) -> None:
        self.source.declarations = declarations

    def process(self, **options: Any) -> Process:
        """A new process; ``one_shot`` by default."""
        requested = {"one_shot": True, "prune_grace": timedelta(0), "data_loss": "allow", "disruption": "allow"}
        made = Options(**{**requested, **self.options, **options})
        self.holders += 1
        self.reported.append(RecordedTelemetry(self.transport, f"holder-{self.holders}"))
        return Process(self, made, f"holder-{self.holders}", self.reported[-1], self.source, self.pool)

    def once(self, **options: Any) -> Ended:
        """``reconciler --once``."""
        return self.process(**options).run("once", lambda reconciler: reconciler.converge("once"))

    def item(self, operation: str, **params: Any) -> None:
        """Somebody else's request to the data plane."""
        OPERATIONS[operation](self.dynamodb, params)

    def call(self, operation: str, **params: Any) -> None:
        """Somebody else's request to the control plane."""
        self.dynamodb.do(operation, Call(operation, params).params)

    def later(self, seconds: float) -> None:
        """Lets time pass and pending changes proceed."""
        self.clock.seconds += seconds
        self.dynamodb.settle()

    def copy(self) -> SimulatedAccount:
        """The same account once more, from here on by itself."""
        assert not any(table.due for table in self.dynamodb.tables.values()), "what is under way cannot be copied"
        made = SimulatedAccount(self.flavor, self.delay, self.stale, self.options)
        made.clock, made.dynamodb, made.random = copy.deepcopy((self.clock, self.dynamodb, self.random))
        made.transport = Transport(made.dynamodb)
        made.source = ListSource(self.source.declarations)
        made.holders = self.holders
        return made

    @contextmanager
    def time(self) -> Iterator[None]:
        """While processes run: no real pauses, no probes of real sockets. Interleaved ones share it to the last."""
        self._running += 1
        if self._running == 1:
            self._unreal.enter_context(no_real_time(self.clock))
            self._unreal.enter_context(mock.patch.object(flavors, "probe", return_value=self._probed()))
        try:
            yield
        finally:
            self._running -= 1
            if not self._running:
                self._unreal.close()

    def _probed(self) -> flavors.ProbeResult:
        """What the probes, which bypass the simulated transport, report about this account's endpoint."""
        return flavors.ProbeResult(self.flavor, flavors.Reply(200), may_be_local=self.flavor is Flavor.DYNAMODB_LOCAL)


_pools: list[Pool] = []


def shared_pool() -> Pool:
    """One session for all cases of this interpreter."""
    if not _pools:
        _pools.append(Pool())
    return _pools[0]
