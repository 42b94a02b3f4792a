"""What the engine needs from the world, as protocols. Adapters live in aws, state, metrics and wiring.

All methods may be called from several threads at once. Time is always UTC.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, TypeVar

from reconciler.model.change import Call
from reconciler.model.desired import DesiredState, Item, Removal, Undeclared
from reconciler.model.errors import Problem
from reconciler.model.plan import Step
from reconciler.model.records import (
    Attempts,
    Ended,
    IndexRebuild,
    InventoryEntry,
    Lease,
    QuotaUsage,
    SeedPart,
    SeedRecord,
    StateSnapshot,
    Suspension,
)
from reconciler.model.report import PassReport, TableReport

T = TypeVar("T")
R = TypeVar("R")


class Clock(Protocol):
    """Time, injected so that a simulation can turn it."""

    def now(self) -> datetime:
        """The current time, timezone-aware UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never jump, for durations."""
        ...

    def sleep(self, seconds: float) -> bool:
        """Wait; returns False when the wait was cut short because the process is to stop."""
        ...


class Random(Protocol):
    """Randomness, injected so that a run replays from its seed."""

    def uniform(self, low: float, high: float) -> float:
        """A number between ``low`` and ``high`` seconds, for jitter."""
        ...

    def token(self) -> str:
        """A fresh unguessable name: pass ids and nonces."""
        ...


class TableApi(Protocol):
    """The control plane. Every answer is checked for its required keys; every failure is an ``ApiError``."""

    def list_tables(self) -> tuple[str, ...]:
        """Every table name at the endpoint, all pages."""
        ...

    def read(self, operation: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """A describe or list operation; retried by the SDK."""
        ...

    def write(self, call: Call) -> Mapping[str, Any]:
        """A mutating operation. DeleteTable is sent once, without SDK retries (I4)."""
        ...


class ItemApi(Protocol):
    """The data plane, for seeding and for proving emptiness. Failures are ``ApiError``s."""

    def first_items(self, table: str, limit: int) -> tuple[Item, ...]:
        """Up to ``limit`` items of a consistent Scan; ``Count`` must be present in the answer."""
        ...

    def put_if_absent(self, table: str, item: Item, key_names: Sequence[str]) -> bool:
        """Write an item under the condition that its key is free; False when an item was there."""
        ...

    def find_item(self, table: str, item: Item, key_names: Sequence[str]) -> Item | None:
        """The item with the key of ``item``, read consistently; ``None`` where there is none."""
        ...

    def all_items(self, table: str) -> Iterator[Item]:
        """Every item of a consistent Scan, page by page."""
        ...

    def remove_if_equal(self, table: str, item: Item, key_names: Sequence[str]) -> Removal:
        """Remove the item if it still equals ``item``, with every attribute and with no further one."""
        ...


class StateStore(Protocol):
    """The records of one stack and environment in the state table. Failures are ``StateError`` or ``ApiError``.

    What a later leader wrote is not overwritten: ``LeaseLost``.
    """

    def load(self) -> StateSnapshot:
        """Read everything; never creates the table. A missing table gives ``usable=False``."""
        ...

    def ensure(self) -> StateSnapshot:
        """Create the state table if it is missing, wait until it is ACTIVE, then load."""
        ...

    def put_entry(self, entry: InventoryEntry) -> InventoryEntry:
        """Write the record if it still has the revision of ``entry`` (or is gone); the entry with its new revision.

        ``RecordChanged`` where somebody wrote the record since it was read.
        """
        ...

    def drop_entry(self, entry: InventoryEntry) -> None:
        """Drop it as it was read; ``RecordChanged`` where it was written anew since."""
        ...

    def put_seed(self, record: SeedRecord) -> None: ...

    def put_seed_part(self, part: SeedPart) -> None: ...

    def drop_seed_part(self, name: str) -> None: ...

    def put_attempts(self, attempts: Attempts) -> None: ...

    def put_quota_usage(self, marks: QuotaUsage) -> None: ...

    def put_rebuild(self, rebuild: IndexRebuild) -> None: ...

    def drop_rebuild(self, name: str) -> None: ...

    def put_ended(self, ended: Ended) -> None: ...

    def drop_ended(self, name: str) -> None: ...

    def put_suspension(self, suspension: Suspension | None) -> None: ...

    def acquire_lease(self) -> Lease | None:
        """Take or renew the lease; None when another holder has it (see ``current_lease``)."""
        ...

    def is_current(self, snapshot: StateSnapshot) -> bool:
        """Whether nobody else can have written since the snapshot was read, now that the lease is ours; asks nobody."""
        ...

    def holds_lease(self) -> bool:
        """Whether our token is still the valid one: renewed right now, under that condition.

        The last request before every call that changes a table. ``revoke_lease`` of another process makes it fail.
        """
        ...

    def keep_lease(self) -> bool:
        """The same without a request while the lease is young. Before every write of an item."""
        ...

    def revoke_lease(self) -> Lease | None:
        """Take the lease from whoever holds it and free it, under a higher token.

        A verb that changes what may be done (``suspend``, ``release``) calls this: the pass under way sends nothing
        more and reads the state anew. The lease that was revoked; ``None`` where nobody but us held it.
        """
        ...

    def is_held(self, lease: Lease) -> bool:
        """Whether another process must be believed to hold ``lease``: by its changes on our steady clock."""
        ...

    def owns(self, lease: Lease) -> bool:
        """Whether this process is the holder named in ``lease``; asks nobody."""
        ...

    def current_lease(self) -> Lease | None: ...

    def release_lease(self) -> None: ...

    def add_history(self, report: PassReport) -> None: ...

    def history(self, limit: int) -> tuple[Mapping[str, Any], ...]:
        """The newest runs first: pass_id, trigger, started, finished, verdict, summary."""
        ...


class DeclarationSource(Protocol):
    """Where the desired state comes from."""

    def load(self) -> DesiredState:
        """Read everything twice and whole; ``DeclarationError`` lists every problem."""
        ...

    def still(self, desired: DesiredState) -> bool:
        """Whether the files read now are those that ``desired`` was made from; False where they cannot be read."""
        ...

    def remains(self, desired: DesiredState, undeclared: Sequence[Undeclared]) -> tuple[Problem, ...]:
        """A problem for each table that is not declared any more and is still defined beside the declarations.

        Every file below the declarations counts, read or not; what cannot be looked at is a problem too.
        """
        ...


class RequestValidator(Protocol):
    """botocore's own parameter validation, offline."""

    def problem(self, call: Call) -> str | None:
        """What is wrong with a planned call, or None."""
        ...


@dataclass(frozen=True, slots=True)
class ApiExchange:
    """What one AWS request was about: the tables it names, the service's error code, and its ``ResponseMetadata``."""

    tables: tuple[str, ...] = ()
    code: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)


class Telemetry(Protocol):
    """The one way by which calls and progress reach metrics and logs."""

    def request(self, operation: str, result: str, seconds: float, exchange: ApiExchange) -> None:
        """One AWS request ended; ``result`` is ``success`` or the class of the error."""
        ...

    def retry(self, operation: str) -> None:
        """The SDK sent a request again."""
        ...

    def pass_started(self, pass_id: str, trigger: str) -> None: ...

    def planned(self, pass_id: str, words: str) -> None:
        """All tables were looked at, and acting begins; ``words`` say what will be done."""
        ...

    def pass_finished(self, report: PassReport) -> None: ...

    def waiting(self, holder: str, seconds: float) -> None:
        """A run waits until ``holder`` gives the lease back, for ``seconds`` at most; said once a run."""
        ...

    def step(self, pass_id: str, table: str, step: Step) -> None:
        """A step reached done or failed."""
        ...

    def seeded(self, table: TableReport) -> None:
        """``seed`` or ``clear`` ended for a table; a pass reports its seeds by ``pass_finished``."""
        ...


class Tracing(Protocol):
    """Spans: a pass holds its tables, a table holds the calls that are made for it, whatever thread makes them."""

    def whole_pass(self, pass_id: str, trigger: str) -> AbstractContextManager[Callable[[PassReport], None]]:
        """Around one pass; what it gives is called with the report. A pass that raises ends as an error."""
        ...

    def table(self, name: str) -> AbstractContextManager[None]:
        """Around work on one table, as often as a pass comes back to it."""
        ...

    def call(self, operation: str, result: str, seconds: float, exchange: ApiExchange) -> None:
        """One AWS request ended just now."""
        ...

    def step(self, step: Step) -> None:
        """A step of the table at hand reached done or failed."""
        ...


class Parallel(Protocol):
    """Runs a function over items, bounded; a simulation runs them one by one."""

    def map(self, function: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
        """Results in the order of the items."""
        ...
