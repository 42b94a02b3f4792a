"""Implements the engine's ``StateStore``: all records of one stack and environment in one DynamoDB table.

The hash key is ``scope`` ("stack/environment"), the range key ``record``. The table is on demand and has deletion
protection. A table of the same name with other keys is not a state table and is never written. Built by the wiring.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from reconciler.engine.ports import Clock
from reconciler.model.errors import (
    ApiError,
    Busy,
    ConditionFailed,
    Denied,
    LeaseLost,
    Malformed,
    NotFound,
    RecordChanged,
    Rejected,
    StateError,
)
from reconciler.model.observation import Observation
from reconciler.model.records import (
    Attempts,
    Checkpoint,
    Ended,
    Fingerprint,
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
from reconciler.model.report import PassReport
from reconciler.state import fence
from reconciler.state import record_types as kinds
from reconciler.state.attribute_values import encode
from reconciler.state.cache import StateCache, Tokens, contradiction
from reconciler.state.client import StateClient, query
from reconciler.state.former_stack import FormerStack, StackTransfer
from reconciler.state.history import History
from reconciler.state.lease import TERM, LeaseRecord
from reconciler.state.schema import create_request, fingerprint_of, has_state_table_keys
from reconciler.state.snapshot import ReadRecords, foreign_claims, read_items, snapshot_of

READY_SECONDS = 60.0
"""Seconds to wait until a new state table is ACTIVE."""
POLL_SECONDS = 0.5
REPORTED_SECONDS = 2.0
"""Seconds after which the wait is reported."""
READABLE = frozenset(("ACTIVE", "UPDATING"))
"""Statuses in which DynamoDB serves items."""


class StateTable:
    """The records of one scope. ``holder`` names this process in the lease, a UUID.

    ``on_create`` is called before the table is created: a run that begins with nothing will write.
    """

    def __init__(
        self,
        client: StateClient,
        name: str,
        scope: str,
        *,
        holder: str,
        clock: Clock,
        holder_name: str = "",
        lease_term: timedelta = TERM,
        former: FormerStack | None = None,
        on_wait: Callable[[str], None] | None = None,
        on_create: Callable[[], None] = lambda: None,
    ) -> None:
        self.name = name
        self._client = client
        self._scope = scope
        self._clock = clock
        self._on_wait = on_wait
        self._on_create = on_create
        self._lease = LeaseRecord(client, name, scope, holder=holder, clock=clock, name=holder_name, term=lease_term)
        self._history = History(client, name, scope, holder, holder_name)
        self._fresh = False
        self._seen_token = 0
        self._place: Fingerprint | None = None
        """The state table of the last load."""
        self._cache = StateCache()
        self._records = ReadRecords()
        self._notices: tuple[str, ...] = ()
        self._transfer: StackTransfer | None = None
        if former is not None and former.scope != scope:
            self._transfer = StackTransfer(client, name, scope, former, holder=holder, clock=clock, term=lease_term)

    def load(self) -> StateSnapshot:
        """Read all records. ``usable`` is False if the table is missing, not ready or access is denied.

        Raises ``StateError`` if the table is not a state table or a record is unreadable.
        """
        try:
            live = self._describe()
            if live is None:
                self._fresh = True
                return self._unusable(f"the state table {self.name} does not exist yet")
            if live["TableStatus"] not in READABLE:
                return self._unusable(f"the state table {self.name} is {live['TableStatus']}")
            return self._read(live)
        except Denied as denied:
            return self._unusable(self._refused(denied))
        except NotFound:
            return self._unusable(f"the state table {self.name} was deleted while it was read")

    def ensure(self) -> StateSnapshot:
        """As ``load``, but creates a missing table, and records the fingerprint if there is none."""
        try:
            live = self._describe()
            if live is None:
                self._fresh = True
                self._create()
            if live is None or live["TableStatus"] == "CREATING":
                self._wait()
        except Denied as denied:
            return self._unusable(self._refused(denied))
        snapshot = self.load()
        if not snapshot.usable or snapshot.recorded_fingerprint or snapshot.actual_fingerprint is None:
            return snapshot
        try:
            self._transfer_former_stack(snapshot.actual_fingerprint)
            recorded = self._record_fingerprint(snapshot.actual_fingerprint)
        except Denied as denied:
            return self._unusable(self._refused(denied))
        # If another process recorded its fingerprint first, ``load`` returns that one to compare with.
        if recorded and not self._notices:
            return replace(snapshot, recorded_fingerprint=snapshot.actual_fingerprint)
        return self.load()

    def _transfer_former_stack(self, actual: Fingerprint) -> None:
        """Transfer the records of the former stack. The fingerprint, written afterwards, marks it as complete."""
        notice = self._transfer.carry_out(self._lease, actual) if self._transfer is not None else None
        if notice is not None:
            self._notices = (notice,)

    def put_entry(self, entry: InventoryEntry) -> InventoryEntry:
        written = replace(entry, revision=entry.revision + 1)
        members = {**entry.unknown, **kinds.ENTRIES.write(written)}
        self._put(kinds.TABLE + entry.name, members, expected={"revision": entry.revision or None}, confirm=True)
        return written

    def put_entries(self, entries: Sequence[InventoryEntry]) -> tuple[InventoryEntry, ...]:
        # Imported where tables are created; see the start-up budget.
        from reconciler.state.record_batch import put_together

        token, puts, written = self._token(), [], []
        for entry in entries:
            written.append(replace(entry, revision=entry.revision + 1))
            members = {**entry.unknown, **kinds.ENTRIES.write(written[-1])}
            item = self._item(kinds.TABLE + entry.name, members, token)
            puts.append({"Item": item, **fence.condition(token, {"revision": entry.revision or None})})
        stored = put_together(self._client, self.name, puts)
        return tuple(entry for entry, is_stored in zip(written, stored, strict=True) if is_stored)

    def drop_entry(self, entry: InventoryEntry) -> None:
        members = kinds.ENTRIES.write(entry)
        # A create of another process may have succeeded since this record was read, and changed it.
        as_read = {name: members[name] for name in ("ownership", "nonce", "changed_at") if members[name] is not None}
        self._drop(kinds.TABLE + entry.name, {**as_read, "revision": entry.revision or None})

    def put_seed(self, record: SeedRecord) -> None:
        self._put(kinds.SEED + record.name, kinds.SEED_RECORDS.write(record), confirm=True)

    def put_seed_part(self, part: SeedPart) -> None:
        self._put(kinds.SEED_PART + part.name, kinds.SEED_PARTS.write(part))

    def drop_seed_part(self, name: str) -> None:
        self._drop(kinds.SEED_PART + name)

    def put_attempts(self, attempts: Attempts) -> None:
        """Write the attempts; delete the record if there are none."""
        key = kinds.ATTEMPTS + attempts.name
        if attempts.counts or attempts.wanted:
            self._put(key, kinds.ATTEMPT_RECORDS.write(attempts))
        else:
            self._drop(key)

    def put_quota_usage(self, usage: QuotaUsage) -> None:
        """Write the usage of quotas; delete the record if there is none."""
        key = kinds.QUOTA_USAGE + usage.name
        if usage.times or usage.refused:
            self._put(key, kinds.QUOTA_USAGES.write(usage))
        else:
            self._drop(key)

    def put_rebuild(self, rebuild: IndexRebuild) -> None:
        self._put(kinds.REBUILD + rebuild.name, kinds.REBUILDS.write(rebuild))

    def drop_rebuild(self, name: str) -> None:
        self._drop(kinds.REBUILD + name)

    def put_replacement(self, replacement: Replacement) -> None:
        self._put(kinds.REPLACEMENT + replacement.name, kinds.REPLACEMENTS.write(replacement), confirm=True)

    def put_generation(self, generation: Generation) -> None:
        self._put(kinds.GENERATION + generation.name, kinds.GENERATIONS.write(generation), confirm=True)

    def drop_generation(self, name: str) -> None:
        self._drop(kinds.GENERATION + name)

    def drop_replacement(self, name: str) -> None:
        self._drop(kinds.REPLACEMENT + name)

    def put_ended(self, ended: Ended) -> None:
        self._put(kinds.ENDED + ended.name, kinds.ENDED_TABLES.write(ended))

    def drop_ended(self, name: str) -> None:
        self._drop(kinds.ENDED + name)

    def put_checkpoint(self, checkpoint: Checkpoint) -> None:
        self._put(kinds.CHECKPOINT + checkpoint.name, kinds.CHECKPOINTS.write(checkpoint))

    def drop_checkpoint(self, name: str) -> None:
        self._drop(kinds.CHECKPOINT + name)

    def put_migration(self, migration: ItemMigration) -> None:
        self._put(kinds.MIGRATION + migration.name, kinds.MIGRATIONS.write(migration), confirm=True)

    def drop_migration(self, name: str) -> None:
        self._drop(kinds.MIGRATION + name)

    def put_suspension(self, suspension: Suspension | None) -> None:
        if suspension is None:
            self._drop(kinds.SUSPENSION)
        else:
            self._put(kinds.SUSPENSION, kinds.SUSPENSIONS.write(suspension), confirm=True)

    def is_suspended(self) -> bool:
        return self._stored(kinds.SUSPENSION) is not None

    def load_work(self) -> StateSnapshot:
        items = [item for first, last in kinds.WORK for item in self._between(first, last)]
        suspension = self._stored(kinds.SUSPENSION)
        # Not with the records of the last load: those are of a pass, which may read at the same moment.
        return snapshot_of([*items, *([suspension] if suspension else [])], self.name)

    def _between(self, first: str, last: str) -> Iterator[Mapping[str, Any]]:
        request = {
            "TableName": self.name,
            "KeyConditionExpression": "#scope = :scope AND #record BETWEEN :first AND :last",
            "ExpressionAttributeNames": {"#scope": "scope", "#record": "record"},
            "ExpressionAttributeValues": encode({":scope": self._scope, ":first": first, ":last": last}),
        }
        return query(self._client, request)

    def acquire_lease(self) -> Lease | None:
        return self._lease.acquire(above=self._seen_token)

    def is_current(self, snapshot: StateSnapshot) -> bool:
        return self._lease.is_current(snapshot.lease)

    def holds_lease(self) -> bool:
        return self._lease.holds()

    def confirm_lease(self) -> bool:
        return self._lease.confirms()

    def keep_lease(self) -> bool:
        return self._lease.keeps()

    def lease_lasts(self) -> bool:
        """Whether the term of our lease, less a margin, has not passed by our own clock. Makes no request."""
        return self._lease.lasts()

    def lease_left(self) -> float:
        """Seconds in which a call may be sent under our lease; negative after it. Makes no request."""
        return self._lease.left_to_send()

    def revoke_lease(self) -> Lease | None:
        return self._lease.revoke(above=self._seen_token)

    def is_held(self, lease: Lease) -> bool:
        return self._lease.is_held(lease)

    def owns(self, lease: Lease) -> bool:
        return self._lease.owns(lease)

    def current_lease(self) -> Lease | None:
        return self._lease.read()

    def release_lease(self) -> None:
        self._lease.release()

    def add_history(self, report: PassReport, found: Observation | None = None) -> None:
        # Runs are recorded by any process, at any time: the table may be another one since the pass has read it.
        live = self._describe()
        if live is not None:
            self._arrive(fingerprint_of(live))
        self._history.add(report, self._token() or None, found)

    def history(self, limit: int) -> tuple[Mapping[str, Any], ...]:
        return self._history.newest(limit)

    def runs_of_others(self) -> tuple[Mapping[str, Any], ...]:
        return self._history.of_others(self._records.runs)

    def _describe(self) -> Mapping[str, Any] | None:
        try:
            live: Mapping[str, Any] = self._client.call("DescribeTable", {"TableName": self.name})["Table"]
        except NotFound:
            return None
        if not has_state_table_keys(live):
            raise StateError(
                f"The table {self.name} is not a state table: its keys are not scope and record. "
                "Set RECONCILER_STATE_TABLE to another name."
            )
        return live

    def _create(self) -> None:
        """Create the table. Another process may create it at the same moment, which is fine."""
        self._on_create()
        request = create_request(self.name)
        try:
            self._client.call(request.operation, request.params)
        except Busy:
            return
        except Rejected as rejected:
            raise StateError(f"The state table {self.name} cannot be created: {rejected.message}") from rejected

    def _wait(self) -> None:
        # Not a retry library: the wait runs on the clock of the engine, which tests simulate and a stop cuts short.
        began = self._clock.monotonic()
        deadline, is_reported = began + READY_SECONDS, False
        while True:
            live = self._describe()
            if live is not None and live["TableStatus"] != "CREATING":
                return
            if self._clock.monotonic() >= deadline:
                raise StateError(f"The state table {self.name} is not ACTIVE after {READY_SECONDS:.0f} s. Try again.")
            if self._on_wait is not None and not is_reported and self._clock.monotonic() - began >= REPORTED_SECONDS:
                is_reported = True
                until = f"{READY_SECONDS:.0f} s at most"
                self._on_wait(f"Waiting for the state table {self.name} to become ACTIVE, {until}.")
            if not self._clock.sleep(POLL_SECONDS):
                raise StateError(f"Stopped while the state table {self.name} was being created.")

    def _read(self, live: Mapping[str, Any]) -> StateSnapshot:
        here = fingerprint_of(live)
        self._arrive(here)
        # Before the Scan: tokens that another thread sees during it would make these records look restored.
        before = self._cache.before(here)
        items, others = read_items(self._client, self.name, self._scope)
        snapshot = snapshot_of(items, self.name, self._records)
        elsewhere = foreign_claims(others)
        rolled_back = self._rolled_back(before, snapshot.lease, items)
        snapshot = replace(
            snapshot,
            foreign_claims=elsewhere,
            fresh=self._fresh,
            actual_fingerprint=here,
            rolled_back=rolled_back,
            notices=self._notices,
        )
        return self._transfer.preview(snapshot) if self._transfer is not None else snapshot

    def _arrive(self, here: Fingerprint) -> None:
        """Forget the lease of another state table, for example after the restart of an emulator in memory.

        A record with its token would make the lease of the present one look restored, and stop every process.
        """
        if self._place is not None and not self._place.same(here):
            self._lease.forget()
            self._seen_token = 0
        self._place = here

    def _rolled_back(self, before: Tokens, lease: Lease | None, items: list[Mapping[str, Any]]) -> str | None:
        """Why the records are an older copy, ``None`` if they are not.

        A Scan of several pages is no snapshot: the lease may be read before a new holder, and records after it. So a
        lease that seems too old is read again.
        """
        found = fence.tokens(items, self.name)
        highest = max(found.values(), default=0)
        if lease is not None and lease.token < max(highest, before.highest):
            lease = self._lease.read()
        read = Tokens(lease.token if lease else None, highest, found)
        self._seen_token = max(highest, read.lease or 0)
        problem = contradiction(before, read, self.name)
        if problem is None:
            self._cache.keep(read)
        return problem

    def _record_fingerprint(self, fingerprint: Fingerprint) -> bool:
        condition = {
            "ConditionExpression": "attribute_not_exists(#record)",
            "ExpressionAttributeNames": {"#record": "record"},
        }
        try:
            self._put(kinds.FINGERPRINT, kinds.FINGERPRINTS.write(fingerprint), condition=condition)
        except ConditionFailed:
            return False
        return True

    def _put(
        self,
        record: str,
        members: Mapping[str, Any],
        *,
        condition: Mapping[str, Any] | None = None,
        expected: Mapping[str, Any] | None = None,
        confirm: bool = False,
    ) -> None:
        """Write one record. ``confirm`` reads it back, for records that deletes depend on.

        A proxy or an emulator may report success for a write that was never applied.
        """
        token = self._token() if fence.is_fenced(record) else None
        item = self._item(record, members, token)
        try:
            self._write("PutItem", {"TableName": self.name, "Item": item, **(condition or {})}, token, expected)
        except RecordChanged:
            # After a lost response the SDK sends the request again, and its condition fails on our own first write.
            if self._stored(record) != item:
                raise
            return
        if confirm and self._stored(record) != item:
            if self._lease.led and not self._lease.holds():
                # It was written. A later holder of the lease replaced or deleted it while this process was paused.
                self._lease.lose()
                raise LeaseLost("PutItem", "LeaseLost", "another reconciler took the lease and changed this record")
            message = f"the write of record {record} was confirmed, but the state table {self.name} does not contain it"
            raise Malformed("PutItem", "NotApplied", message)

    def _item(self, record: str, members: Mapping[str, Any], token: int | None) -> dict[str, Any]:
        return encode({"scope": self._scope, "record": record, fence.FENCE: token, **members})

    def _stored(self, record: str) -> Mapping[str, Any] | None:
        key = encode({"scope": self._scope, "record": record})
        answer = self._client.call("GetItem", {"TableName": self.name, "Key": key, "ConsistentRead": True})
        item: Mapping[str, Any] | None = answer.get("Item")
        return item

    def _drop(self, record: str, expected: Mapping[str, Any] | None = None) -> None:
        key = encode({"scope": self._scope, "record": record})
        token = self._token() if fence.is_fenced(record) else None
        self._write("DeleteItem", {"TableName": self.name, "Key": key}, token, expected)

    def _token(self) -> int:
        """The fencing token of our last lease; without one, the highest token that was read."""
        return self._lease.token or self._seen_token

    def _write(
        self, operation: str, request: Mapping[str, Any], token: int | None, expected: Mapping[str, Any] | None = None
    ) -> None:
        """Send one write, conditional on the fencing token if there is one. Raises ``LeaseLost`` for a later holder.

        Raises ``RecordChanged`` if we still hold the lease: then another command changed the record since it was read.
        """
        if token is None:
            self._client.call(operation, request)
            return
        try:
            self._client.call(operation, {**request, **fence.condition(token, expected)})
        except ConditionFailed as refused:
            if expected and self._was_changed(request, token):
                raise RecordChanged(operation, refused.code, "the record was changed after it was read") from None
            self._lease.lose()
            raise LeaseLost(
                operation, refused.code, "another reconciler took the lease and wrote this record"
            ) from None

    def _was_changed(self, request: Mapping[str, Any], token: int) -> bool:
        """Whether a rejected write met a changed record, rather than the record of a later holder.

        A holder of the lease checks the lease. A command without one (``release``, ``import``) compares the tokens.
        """
        if self._lease.led:
            return self._lease.holds()
        record = (request.get("Item") or request["Key"])["record"]["S"]
        stored = self._stored(record)
        found = fence.tokens([stored], self.name) if stored else {}
        return found.get(record, 0) <= token

    def _unusable(self, problem: str) -> StateSnapshot:
        return StateSnapshot(usable=False, fresh=self._fresh, problem=problem)

    def _refused(self, error: ApiError) -> str:
        return f"dynamodb:{error.operation} on table/{self.name} was refused ({error.code}: {error.message})"
