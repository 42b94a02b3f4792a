"""The state table of the campaign ``simulation`` in memory: it outlives processes, can be lost, and holds the lease.

``Session`` is the ``Store`` port of one process, with the rules of the real one: a lease of thirty seconds and its
token, records keyed by name, and a table that is made anew where it is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from simulation.clock import VirtualClock
from simulation.simulated_engine import HERE

from reconciler.model.errors import NotFound
from reconciler.model.identity import Identity
from reconciler.model.observation import Observation
from reconciler.model.records import (
    Attempts,
    Checkpoint,
    Ended,
    Fingerprint,
    IndexRebuild,
    InventoryEntry,
    ItemMigration,
    Lease,
    QuotaUsage,
    SeedPart,
    SeedRecord,
    StateSnapshot,
    Suspension,
)
from reconciler.model.report import PassReport

TERM = timedelta(seconds=30)
ELSEWHERE = Fingerprint("aws", "999988887777", "eu-central-1", Identity("state", "arn:state", "2026-01-01"))


@dataclass
class State:
    """The content of the only state table of a scenario. ``gone`` means that the table was deleted."""

    clock: VirtualClock
    snapshot: StateSnapshot = field(
        default_factory=lambda: StateSnapshot(recorded_fingerprint=HERE, actual_fingerprint=HERE)
    )
    lease: Lease | None = None
    gone: bool = False
    writes: int = 0

    def lose(self) -> None:
        """The table is deleted with all that it held."""
        self.gone, self.lease = True, None
        there = self.snapshot.actual_fingerprint
        self.snapshot = StateSnapshot(recorded_fingerprint=HERE, actual_fingerprint=there)

    def stolen(self) -> None:
        """Somebody else takes the lease."""
        token = self.lease.token + 1 if self.lease else 1
        self.lease = Lease("rival", token, self.clock.now() + TERM)


Through = Callable[[str, str, Callable[[], Any]], Any]


class Session:
    """One process at the state table; every call goes ``through`` the transport, which may make it fail."""

    def __init__(self, state: State, holder: str, through: Through) -> None:
        self._state, self._holder, self._through = state, holder, through
        self._own: Lease | None = None
        self._fresh = False

    def load(self) -> StateSnapshot:
        return self._call("Scan", self._read)

    def ensure(self) -> StateSnapshot:
        return self._call("CreateTable", self._made)

    def put_entry(self, entry: InventoryEntry) -> InventoryEntry:
        written = replace(entry, revision=entry.revision + 1)
        self._keep("inventory", entry.name, written)
        return written

    def put_entries(self, entries: Sequence[InventoryEntry]) -> tuple[InventoryEntry, ...]:
        written = tuple(replace(entry, revision=entry.revision + 1) for entry in entries)

        def write() -> None:
            kept = {**self._state.snapshot.inventory, **{entry.name: entry for entry in written}}
            self._state.snapshot = replace(self._state.snapshot, inventory=kept)

        self._write(write, operation="TransactWriteItems")
        return written

    def drop_entry(self, entry: InventoryEntry) -> None:
        self._keep("inventory", entry.name, None)

    def put_seed(self, record: SeedRecord) -> None:
        self._keep("seeds", record.name, record)

    def put_seed_part(self, part: SeedPart) -> None:
        self._keep("seed_parts", part.name, part)

    def drop_seed_part(self, name: str) -> None:
        self._keep("seed_parts", name, None)

    def put_attempts(self, attempts: Attempts) -> None:
        self._keep("attempts", attempts.name, attempts if attempts.counts or attempts.wanted else None)

    def put_quota_usage(self, marks: QuotaUsage) -> None:
        self._keep("quota_usage", marks.name, marks if marks.times or marks.refused else None)

    def put_rebuild(self, rebuild: IndexRebuild) -> None:
        self._keep("rebuilds", rebuild.name, rebuild)

    def drop_rebuild(self, name: str) -> None:
        self._keep("rebuilds", name, None)

    def put_ended(self, ended: Ended) -> None:
        self._keep("ended", ended.name, ended)

    def drop_ended(self, name: str) -> None:
        self._keep("ended", name, None)

    def put_checkpoint(self, checkpoint: Checkpoint) -> None:
        self._keep("checkpoints", checkpoint.name, checkpoint)

    def drop_checkpoint(self, name: str) -> None:
        self._keep("checkpoints", name, None)

    def put_migration(self, migration: ItemMigration) -> None:
        self._keep("migrations", migration.name, migration)

    def drop_migration(self, name: str) -> None:
        self._keep("migrations", name, None)

    def put_suspension(self, suspension: Suspension | None) -> None:
        def write() -> None:
            self._state.snapshot = replace(self._state.snapshot, suspension=suspension)

        self._write(write)

    def acquire_lease(self) -> Lease | None:
        return self._call("PutItem", self._acquire)

    def is_current(self, snapshot: StateSnapshot) -> bool:
        """One process at a time reads and writes here."""
        return True

    def holds_lease(self) -> bool:
        return bool(self._call("PutItem", self._renewed))

    def confirm_lease(self) -> bool:
        """A read while the lease is young, as the state table sends it."""
        if self._own is None or self._own.expires - self._state.clock.now() <= TERM * 2 / 3:
            return self.holds_lease()
        return bool(self._call("GetItem", lambda: self._state.lease == self._own))

    def keep_lease(self) -> bool:
        if self._own is None or self._own.expires <= self._state.clock.now():
            return False
        young = self._own.expires - self._state.clock.now() > TERM * 2 / 3
        return young or bool(self._call("PutItem", self._renewed))

    def revoke_lease(self) -> Lease | None:
        def write() -> Lease | None:
            revoked = self._state.lease
            if revoked is None or revoked.holder == self._holder:
                return None
            self._state.lease = None
            return revoked

        return self._call("PutItem", write)

    def is_held(self, lease: Lease) -> bool:
        return not lease.released

    def owns(self, lease: Lease) -> bool:
        return lease.holder == self._holder

    def current_lease(self) -> Lease | None:
        return self._call("GetItem", lambda: self._state.lease)

    def release_lease(self) -> None:
        self._own = None

    def add_history(self, report: PassReport, found: Observation | None = None) -> None:
        """History is kept of passes that may write nothing, too."""
        self._write(lambda: None, counts=False)

    def history(self, limit: int) -> tuple[Mapping[str, Any], ...]:
        return ()

    def runs_of_others(self) -> tuple[Mapping[str, Any], ...]:
        return ()

    def _call(self, operation: str, work: Callable[[], Any]) -> Any:
        return self._through("state", operation, work)

    def _read(self) -> StateSnapshot:
        if self._state.gone:
            self._fresh = True
            return StateSnapshot(usable=False, fresh=True, problem="the state table does not exist yet")
        return replace(self._state.snapshot, lease=self._state.lease, fresh=self._fresh)

    def _made(self) -> StateSnapshot:
        self._fresh, self._state.gone = self._fresh or self._state.gone, False
        return self._read()

    def _keep(self, kind: str, name: str, record: Any) -> None:
        def write() -> None:
            kept = {key: value for key, value in getattr(self._state.snapshot, kind).items() if key != name}
            if record is not None:
                kept[name] = record
            self._state.snapshot = replace(self._state.snapshot, **{kind: kept})

        self._write(write)

    def _write(self, work: Callable[[], None], *, counts: bool = True, operation: str = "PutItem") -> None:
        def write() -> None:
            if self._state.gone:
                raise NotFound(operation, "ResourceNotFoundException", "there is no state table")
            self._state.writes += counts
            work()

        self._call(operation, write)

    def _acquire(self) -> Lease | None:
        if self._state.gone:
            raise NotFound("PutItem", "ResourceNotFoundException", "there is no state table")
        found, now = self._state.lease, self._state.clock.now()
        if found is not None and found.expires > now and found.holder != self._holder:
            self._own = None
            return None
        ours = found is not None and self._own is not None and found.token == self._own.token and found.expires > now
        token = found.token if found is not None and ours else (found.token if found else 0) + 1
        self._own = self._state.lease = Lease(self._holder, token, now + TERM)
        return self._own

    def _renewed(self) -> bool:
        found, own, now = self._state.lease, self._own, self._state.clock.now()
        if found is None or found != own or found.expires <= now:
            return False
        self._own = self._state.lease = Lease(self._holder, found.token, now + TERM)
        return True
