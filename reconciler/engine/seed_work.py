"""One seeding or clearing under way: its counts, its batches, and the checks before each call.

Used by ``seeding`` and ``clearing``. Items are sent in batches. Between two batches the record says how far it got, and
a stop or the deadline ends the work. Before every call the lease is checked, and at least every two seconds the
identity of the table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from reconciler.engine.context import EngineContext
from reconciler.engine.identity_watch import IdentityWatch
from reconciler.engine.seed_ledger import SeedLedger
from reconciler.model.desired import Declaration, Item, Seed
from reconciler.model.errors import (
    ApiError,
    Denied,
    EndpointChanged,
    Interrupted,
    LeaseLost,
    Outcome,
    OutcomeUnknown,
    TableChanged,
    Unreachable,
)
from reconciler.model.identity import Identity
from reconciler.model.records import SeedRecord, StateSnapshot
from reconciler.seeding.provenance import item_digest

BATCH = 100
"""Items; a process that is killed leaves at most so many of which nobody can say who wrote them."""
TRIES = 8
LONGEST_PAUSE = 5.0

T = TypeVar("T")
Numbered = tuple[int, Item, bytes]
"""Position in the seed, item, digest."""


@dataclass(frozen=True, slots=True)
class SeedOutcome:
    """What seeding or clearing did to one table, in items.

    ``present`` items had their key taken already. ``changed`` were written by the seeder and changed since; ``others``
    are in the table and not recorded as written by the seeder.
    ``gone`` were there no more. ``earlier`` are of an earlier version of the seed: kept in the table by ``write_seed``,
    not found unchanged by ``clear_seed``. ``failed`` were refused, or not reached because of an error.
    """

    record: SeedRecord | None = None
    written: int = 0
    present: int = 0
    removed: int = 0
    changed: int = 0
    others: int = 0
    gone: int = 0
    earlier: int = 0
    failed: int = 0
    recorded_earlier: int = 0
    """Items that the record of the seeder names beside the present seed; nobody looked whether they are still there."""
    error: ApiError | None = None
    unknown: tuple[OutcomeUnknown, ...] = ()
    """Items that ``clear`` may have removed with what others added to them; each message says which, and what to do."""
    stopped: str | None = None
    """Why it ended before all was done although nothing failed."""

    @property
    def kept(self) -> int:
        """Items that ``clear`` left in the table."""
        return self.changed + self.others

    @property
    def changed_anything(self) -> bool:
        """Whether any item of the table was written or removed."""
        return self.written > 0 or self.removed > 0


@dataclass
class SeedWork:
    """What both directions share: one table, its ledger, and the counts so far."""

    ports: EngineContext
    declaration: Declaration
    seed: Seed
    identity: Identity
    snapshot: StateSnapshot
    deadline: datetime | None
    ledger: SeedLedger = field(init=False)
    watch: IdentityWatch = field(init=False)
    total: int = 0
    done: int = 0
    errors: list[ApiError] = field(default_factory=list)
    interrupted: bool = False
    """Whether a batch was cut short because the process is to stop."""

    def __post_init__(self) -> None:
        self.ledger = SeedLedger.opened(self.ports, self.snapshot, self.table, self.seed, self.identity)
        self.watch = IdentityWatch(self.ports, self.declaration.spec.name, self.identity)

    @property
    def table(self) -> str:
        return self.declaration.spec.name

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(element.attribute for element in self.declaration.spec.keys)

    def stop(self) -> str | None:
        """Why no further batch is sent: the process is to end, or the time is over."""
        if self.interrupted or not self.ports.clock.sleep(0):
            return f"stopped after {self.done} of {self.total} items; the next run goes on from there"
        if self._late():
            return f"the deadline passed after {self.done} of {self.total} items; the next run goes on from there"
        return None

    def _late(self) -> bool:
        return self.deadline is not None and self.ports.clock.now() >= self.deadline

    def batch(self, items: Sequence[Numbered], action: Callable[[Item], T]) -> list[T | ApiError]:
        """The end of each item of a batch, in order; only the first ones where the process is to stop meanwhile."""
        results: list[T | ApiError] = []
        try:
            for result in self.ports.parallel.map(lambda numbered: self._one(numbered, action), items):
                results.append(result)
        except Interrupted:
            self.interrupted = True
        self.done += len(results)
        self.errors += [result for result in results if isinstance(result, ApiError)]
        return results

    @property
    def fatal(self) -> bool:
        """Whether what failed concerns more than one item, so that the next one would fail too."""
        return any(isinstance(error, TableChanged) or error.outcome is not Outcome.NEVER for error in self.errors)

    def _one(self, numbered: Numbered, action: Callable[[Item], T]) -> T | ApiError:
        pause = 0.05
        failure: ApiError = _lease_lost()
        for _ in range(TRIES):
            try:
                self.watch.confirm()
                if not self.ports.store.keep_lease():
                    return _lease_lost()
                return action(numbered[1])
            except TableChanged as error:
                return error
            except ApiError as error:
                if error.outcome is Outcome.NEVER:
                    return self._placed(error, numbered)
                if isinstance(error, Denied | Unreachable | LeaseLost | EndpointChanged):
                    return error
                failure = error
            if self._late() or not self.ports.clock.sleep(self.ports.random.uniform(0, pause)):
                break
            pause = min(pause * 2, LONGEST_PAUSE)
        return failure

    def _placed(self, error: ApiError, numbered: Numbered) -> ApiError:
        """The refusal of one item, with the place where the item is written."""
        position, item, _ = numbered
        line = self.seed.lines[position] if position < len(self.seed.lines) else None
        place = f"{self.seed.source}:{line}" if line is not None else f"{self.seed.source}, item [{position}]"
        key = ", ".join(f"{name} {next(iter(item[name].values()))!r}" for name in self.keys if name in item)
        failed = "was perhaps removed" if isinstance(error, OutcomeUnknown) else "was refused"
        return type(error)(error.operation, error.code, f"{place}: the item with {key} {failed}: {error.message}")

    def error(self) -> ApiError | None:
        """The failure that says most: another table under the name, the lease, then the first one."""
        for kind in (TableChanged, LeaseLost, ApiError):
            for error in self.errors:
                if isinstance(error, kind):
                    return error
        return None


def numbered_items(seed: Seed) -> list[Numbered]:
    return [(position, item, item_digest(item)) for position, item in enumerate(seed.items)]


def batches(items: Sequence[Numbered]) -> Iterator[Sequence[Numbered]]:
    for start in range(0, len(items), BATCH):
        yield items[start : start + BATCH]


def _lease_lost() -> LeaseLost:
    return LeaseLost("PutItem", "LeaseLost", "another reconciler holds the lease by now; it goes on from here")
