"""The ports of the engine, as protocols. Adapters live in ``aws``, ``state``, ``declarations`` and ``telemetry``.

Several threads may call any method at the same time. Every ``datetime`` is timezone-aware UTC.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from reconciler.model.change import Call
from reconciler.model.desired import AttributeValue, DesiredState, Item, PutTogether, Removal, Undeclared
from reconciler.model.errors import ApiError, Problem
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.observation import Observation
from reconciler.model.plan import Step
from reconciler.model.records import (
    Attempts,
    Checkpoint,
    Ended,
    Generation,
    IndexRebuild,
    InventoryEntry,
    ItemMigration,
    Lease,
    QuotaUsage,
    Replacement,
    SeedPart,
    SeedRecord,
    StateSnapshot,
    Suspension,
)
from reconciler.model.report import PassReport, TableReport

if TYPE_CHECKING:
    from reconciler.engine.assessment import PassContext, TableAssessment
    from reconciler.engine.send_call import TableResult
    from reconciler.model.desired import Declaration
    from reconciler.model.observed import ObservedTable

T = TypeVar("T")
R = TypeVar("R")


class Clock(Protocol):
    """Time, injected so that tests can use a virtual clock."""

    def now(self) -> datetime:
        """The current time, timezone-aware UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds of a steady clock, which never jumps. For durations."""
        ...

    def sleep(self, seconds: float) -> bool:
        """Wait; ``False`` if the wait was cut short because the process is stopping."""
        ...


class Random(Protocol):
    """Randomness, injected so that a test run is reproducible from its seed."""

    def uniform(self, low: float, high: float) -> float:
        """A number between ``low`` and ``high`` seconds, for jitter."""
        ...

    def token(self) -> str:
        """A new unguessable token, used as pass ID, run ID or nonce."""
        ...


class TableApi(Protocol):
    """The control plane. Responses are checked for their required keys; every failure is an ``ApiError``.

    botocore returns ``{}`` for a garbled body, and ``TableNames`` read from that would mean that no table exists.
    """

    def list_tables(self) -> tuple[str, ...]:
        """The names of all tables at the endpoint, from all pages."""
        ...

    def read(self, operation: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """Send a describe or list operation, with the retries of the SDK."""
        ...

    def write(self, call: Call) -> Mapping[str, Any]:
        """Send a mutating operation. DeleteTable is sent once, without retries of the SDK (I4)."""
        ...


class ManyDescriptions(Protocol):
    """DescribeTable of many tables from one thread, which costs less than a thread for each call."""

    def describe(self, names: Sequence[str]) -> Iterator[tuple[str, Mapping[str, Any] | ApiError]]:
        """Checked responses by table name, as they come.

        It ends at the first failure, or when the process is to stop, and raises nothing: a table without a response is
        to be read with ``TableApi.read``. A response that is invalid or a refusal comes last, as an error: although
        the call is made again, the pass has met it (I3).
        """
        ...


class ItemApi(Protocol):
    """The data plane: reads and writes items for seeding, and proves that a table is empty. Raises ``ApiError``."""

    def first_items(self, table: str, limit: int) -> tuple[Item, ...]:
        """Up to ``limit`` items of a consistent Scan. A response without ``Count`` is an error, not an empty table."""
        ...

    def put_if_absent(self, table: str, item: Item, key_names: Sequence[str]) -> bool:
        """Write an item on the condition that no item has its key; ``False`` if one has."""
        ...

    def put_together(self, table: str, items: Sequence[Item], key_names: Sequence[str], token: str) -> PutTogether:
        """Write up to 100 items of different keys in one transaction: all, or none if one of their keys is taken.

        A transaction that is sent again with the same ``token`` within ten minutes is applied once, and its response
        then is that of the first time.
        """
        ...

    def find_item(self, table: str, item: Item, key_names: Sequence[str]) -> Item | None:
        """The item that has the key of ``item``, read consistently, or ``None``."""
        ...

    def all_items(self, table: str) -> Iterator[Item]:
        """Every item of a consistent Scan, page by page."""
        ...

    def pages(self, table: str, names: Sequence[str], size: int, most: int | None) -> Iterator[Sequence[Item]]:
        """The attributes ``names`` of up to ``most`` items, or of all, in pages of up to ``size`` items read.

        The Scan is eventually consistent, which takes half the capacity.
        """
        ...

    def find_keys(self, table: str, keys: Sequence[Item]) -> tuple[Item, ...]:
        """Those of up to 100 different whole keys that an item has, read consistently. Their order means nothing."""
        ...

    def has_item(self, table: str, index: str | None, attribute: str, value: AttributeValue) -> bool:
        """Whether any item of the table or the index has this partition key."""
        ...

    def remove_if_equal(self, table: str, item: Item, key_names: Sequence[str]) -> Removal:
        """Delete the item on the condition that it still equals ``item``: the same attributes and no others."""
        ...

    def overwrite(self, table: str, written: Sequence[Item], removed: Sequence[Item]) -> None:
        """Write items and delete keys without any condition, up to 25 together. Only for tests beside an emulator."""
        ...


class StateStore(Protocol):
    """The records of one stack and environment in the state table. Raises ``StateError`` or ``ApiError``.

    Each write carries the fencing token of the lease. ``LeaseLost`` is raised if a later leader has written since.
    """

    def load(self) -> StateSnapshot:
        """Read all records. Never creates the table; for a missing one the snapshot is not ``usable``."""
        ...

    def ensure(self) -> StateSnapshot:
        """Create the state table if it is missing, wait until it is ACTIVE, then read all records."""
        ...

    def put_entry(self, entry: InventoryEntry) -> InventoryEntry:
        """Write the record if it still has the revision of ``entry``; returns the entry with its new revision.

        Raises ``RecordChanged`` if another process wrote the record after it was read.
        """
        ...

    def put_entries(self, entries: Sequence[InventoryEntry]) -> tuple[InventoryEntry, ...]:
        """Write the records of different tables together, each as ``put_entry`` would, with a few requests for all.

        Returns those that are proven to be stored, with their new revisions. All others, and all after an ``ApiError``,
        may be stored or not: write each with ``put_entry``, which accepts its own earlier write and says what is wrong.
        """
        ...

    def drop_entry(self, entry: InventoryEntry) -> None:
        """Delete the record as it was read. Raises ``RecordChanged`` if it was written since."""
        ...

    def put_seed(self, record: SeedRecord) -> None: ...

    def put_seed_part(self, part: SeedPart) -> None: ...

    def drop_seed_part(self, name: str) -> None: ...

    def put_attempts(self, attempts: Attempts) -> None: ...

    def put_quota_usage(self, quota_usage: QuotaUsage) -> None: ...

    def put_rebuild(self, rebuild: IndexRebuild) -> None: ...

    def drop_rebuild(self, name: str) -> None: ...

    def put_replacement(self, replacement: Replacement) -> None: ...

    def drop_replacement(self, name: str) -> None: ...

    def put_generation(self, generation: Generation) -> None: ...

    def drop_generation(self, name: str) -> None: ...

    def put_ended(self, ended: Ended) -> None: ...

    def drop_ended(self, name: str) -> None: ...

    def put_checkpoint(self, checkpoint: Checkpoint) -> None: ...

    def drop_checkpoint(self, name: str) -> None: ...

    def put_migration(self, migration: ItemMigration) -> None: ...

    def drop_migration(self, name: str) -> None: ...

    def put_suspension(self, suspension: Suspension | None) -> None: ...

    def is_suspended(self) -> bool:
        """Whether there is a record of a suspension now; one read of one record."""
        ...

    def load_work(self) -> StateSnapshot:
        """The suspension, the lease and the long work on items, read now; every other member is empty.

        For showing only: nothing else of the state is looked at. Raises ``ApiError`` and ``StateError``.
        """
        ...

    def acquire_lease(self) -> Lease | None:
        """Acquire or renew the lease; ``None`` if another process holds it (see ``current_lease``)."""
        ...

    def is_current(self, snapshot: StateSnapshot) -> bool:
        """Whether no other process can have written since ``snapshot`` was read. Sends no request; needs the lease."""
        ...

    def holds_lease(self) -> bool:
        """Renew the lease on the condition that our fencing token is still valid; ``False`` if it is not.

        The last request before every call that changes a table. It fails after ``revoke_lease`` in another process.
        """
        ...

    def confirm_lease(self) -> bool:
        """Like ``holds_lease``, but by a consistent read while the lease is fresh. The last request before a create."""
        ...

    def keep_lease(self) -> bool:
        """Like ``holds_lease``, but without a request while the lease is fresh. Called before each write of an item."""
        ...

    def revoke_lease(self) -> Lease | None:
        """Take the lease from its holder and free it, with a higher fencing token.

        Commands that change what a pass may do (``suspend``, ``release``) call this. A running pass then sends nothing
        more and reads the state again. Returns the revoked lease, or ``None`` if no other process held it.
        """
        ...

    def is_held(self, lease: Lease) -> bool:
        """Whether another process holds ``lease``, judged by whether it changed within a term of our steady clock.

        The clocks of two machines are never compared.
        """
        ...

    def owns(self, lease: Lease) -> bool:
        """Whether this process is the holder named in ``lease``. Sends no request."""
        ...

    def current_lease(self) -> Lease | None: ...

    def release_lease(self) -> None: ...

    def add_history(self, report: PassReport, found: Observation | None = None) -> None:
        """Add a run. ``found`` is what it found if it was a pass over all tables."""
        ...

    def history(self, limit: int) -> tuple[Mapping[str, Any], ...]:
        """The last runs, newest first: pass_id, trigger, started, finished, verdict, summary, process, observation."""
        ...

    def runs_of_others(self) -> tuple[Mapping[str, Any], ...]:
        """The runs that other processes wrote, newest first, as the last ``load`` read them. Sends no request."""
        ...


class DeclarationSource(Protocol):
    """The source of the desired state."""

    def load(self) -> DesiredState:
        """Read all declarations and seeds. Raises ``DeclarationError`` with every problem.

        Files are read twice, so that a file that is being written is not taken for a finished one.
        """
        ...

    def still(self, desired: DesiredState) -> bool:
        """Whether the files are still those that ``desired`` was read from; ``False`` if they cannot be read."""
        ...

    def remains(self, desired: DesiredState, undeclared: Sequence[Undeclared]) -> tuple[Problem, ...]:
        """A problem for each table that is no longer declared but still defined in some file below the declarations.

        Files that are not read as declarations count too, and a file that cannot be searched is a problem.
        """
        ...

    def stands_in(self, folder: str, file: str, desired: DesiredState) -> bool:
        """Whether another folder of declarations, which is no copy of this one, still has this file.

        A copy has at least one file that declares tables of ``desired`` with the same bytes.
        """
        ...


@dataclass(frozen=True, slots=True)
class Replaceable:
    """What the items of a table mean for its replacement: ``refusal`` is why they cannot be kept, ``None`` if they can.

    ``items`` and ``size`` count all of them, in numbers and in bytes.
    """

    items: int
    size: int
    refusal: str | None = None


class TableReplacer(Protocol):
    """Replaces tables and keeps their items. ``mover.replacer`` implements it."""

    def examine(self, context: PassContext, declaration: Declaration, observed: ObservedTable) -> Replaceable:
        """Read all items and say whether the declared table can hold them. Only reads. Raises ``ApiError``."""
        ...

    def proceed(self, context: PassContext, assessment: TableAssessment) -> TableResult:
        """Begin or continue the replacement of a table whose first step keeps its items or returns them.

        Raises what ``apply_step.apply_next`` catches.
        """
        ...


class RequestValidator(Protocol):
    """Validates requests offline with the service model of botocore."""

    def problem(self, call: Call) -> str | None:
        """What is wrong with a planned call, or ``None``."""
        ...


@dataclass(frozen=True, slots=True)
class ApiExchange:
    """One AWS request: the tables that it names, the error code, and the ``ResponseMetadata`` of its response."""

    tables: tuple[str, ...] = ()
    code: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    items: int = 1
    """Items that a write of items names."""


@dataclass(frozen=True, slots=True)
class SeedProgress:
    """How far the seeding of one table is, in numbers of items. ``seconds`` is the time since it began."""

    table: str
    total: int
    written: int
    present: int
    seconds: float
    ended: bool = False
    """Whether this is the last report of this seeding, which may have stopped early or failed."""

    @property
    def done(self) -> int:
        """Items that are written or were already there."""
        return self.written + self.present

    @property
    def per_second(self) -> float:
        """Items per second since the seeding began; 0 at the very beginning."""
        return self.done / self.seconds if self.seconds > 0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """The time that the rest takes at the speed so far; ``None`` if there is no speed yet."""
        return (self.total - self.done) / self.per_second if self.per_second > 0 else None


@dataclass(frozen=True, slots=True)
class WorkProgress:
    """How far long work on one table is, other than its seeding.

    ``what`` names the work, for example ``copying``; ``done`` and ``total`` count items, ``None`` where nobody knows.
    ``seconds`` is the time since this process saw the work begin, when ``done`` was ``since``.
    """

    table: str
    what: str
    seconds: float
    done: int | None = None
    total: int | None = None
    since: int = 0
    ended: bool = False
    """Whether this is the last report of this work."""

    @property
    def per_second(self) -> float | None:
        """Items per second since this process saw the work begin; ``None`` where no number is known."""
        if self.done is None or self.seconds <= 0:
            return None
        return max(0, self.done - self.since) / self.seconds

    @property
    def seconds_left(self) -> float | None:
        """The time that the rest takes at the speed so far; ``None`` if there is no speed yet."""
        if self.done is None or not self.total or not self.per_second:
            return None
        return max(0, self.total - self.done) / self.per_second


class Telemetry(Protocol):
    """Reports requests and progress to metrics and logs."""

    def request(self, operation: str, result: str, seconds: float, exchange: ApiExchange) -> None:
        """An AWS request ended. ``result`` is ``success`` or the class of the error."""
        ...

    def retry(self, operation: str) -> None:
        """The SDK retried a request."""
        ...

    def pass_started(self, pass_id: str, trigger: str) -> None: ...

    def planned(self, pass_id: str, words: str, creating: int) -> None:
        """All tables are assessed and the pass begins to apply. ``words`` summarise what it will do.

        ``creating`` is the number of tables that it will create.
        """
        ...

    def pass_finished(self, report: PassReport) -> None: ...

    def waiting(self, holder: str, seconds: float) -> None:
        """A run waits for the lease of ``holder``, at most ``seconds``. Called once per run."""
        ...

    def step(self, pass_id: str, table: str, step: Step) -> None:
        """A step is done or failed."""
        ...

    def seeding(self, progress: SeedProgress) -> None:
        """The seeding of a table goes on or has ended. Called about once per second, and once at the end."""
        ...

    def working(self, progress: WorkProgress) -> None:
        """Other long work on a table goes on or has ended. Called about once per second, and once at the end."""
        ...

    def seeded(self, table: TableReport) -> None:
        """``seed`` or ``clear`` ended for a table. A pass reports its seeding through ``pass_finished`` instead."""
        ...


class Tracing(Protocol):
    """Trace spans: a pass contains its tables, and a table contains the requests made for it, in whatever thread."""

    def whole_pass(self, pass_id: str, trigger: str) -> AbstractContextManager[Callable[[PassReport], None]]:
        """A span around one pass; call what it yields with the report. A pass that raises ends as an error."""
        ...

    def table(self, name: str) -> AbstractContextManager[None]:
        """A span around work on one table. A pass may open several for one table."""
        ...

    def call(self, operation: str, result: str, seconds: float, exchange: ApiExchange) -> None:
        """An AWS request has just ended."""
        ...

    def step(self, step: Step) -> None:
        """A step of the current table is done or failed."""
        ...


class Parallel(Protocol):
    """Runs a function over items with bounded concurrency. Tests run them one by one."""

    def map(self, function: Callable[[T], R], items: Iterable[T], *, eager: bool = False) -> Iterator[R]:
        """Results in the order of the items; with ``eager`` even a single item is begun at once."""
        ...


class NullTracing:
    """The ``Tracing`` port while no traces are exported: it makes no spans."""

    def whole_pass(self, pass_id: str, trigger: str) -> AbstractContextManager[Callable[[PassReport], None]]:  # noqa: ARG002
        """Yields a function that ignores the report."""
        return nullcontext(lambda _: None)

    def table(self, name: str) -> AbstractContextManager[None]:  # noqa: ARG002
        """No span."""
        return nullcontext()

    def call(self, operation: str, result: str, seconds: float, exchange: ApiExchange) -> None:
        """Forgotten."""

    def step(self, step: Step) -> None:
        """Forgotten."""

    def close(self) -> None:
        """Nothing to flush."""


NULL_TRACING = NullTracing()
