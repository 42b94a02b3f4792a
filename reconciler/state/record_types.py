"""Each kind of record in the state table: its range key, and how its members are written and read.

The range key is ``kind`` or ``kind#name``. A kind lists each member of its model type once, for both directions.
Called by ``state_table``, ``lease`` and ``snapshot``.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar, get_args

from reconciler.model.desired import Lifecycle, OnExisting
from reconciler.model.records import (
    Attempts,
    Checkpoint,
    CopyEngine,
    CopyJob,
    CountedChange,
    Ended,
    Fingerprint,
    Generation,
    GenerationPhase,
    IndexRebuild,
    InventoryEntry,
    ItemMigration,
    JobKind,
    JobState,
    Lease,
    Managed,
    MigrationDirection,
    OnConflict,
    Ownership,
    OwnTag,
    Phase,
    QuotaUsage,
    Replacement,
    SeedPart,
    SeedRecord,
    SeedState,
    Suspension,
)
from reconciler.seeding.provenance import unpack
from reconciler.state.attribute_values import Unreadable
from reconciler.state.fields import Fields, written_identity, written_time

TABLE, SEED, ATTEMPTS, QUOTA_USAGE, RUN = "table#", "seed#", "attempts#", "marks#", "run#"
SEED_PART = "seedpart#"
REBUILD, ENDED = "rebuild#", "ended#"
REPLACEMENT, GENERATION = "replacement#", "generation#"
CHECKPOINT, MIGRATION = "checkpoint#", "migration#"
LEASE, SUSPENSION, FINGERPRINT = "lease", "suspension", "fingerprint"
WORK = ((CHECKPOINT, LEASE), (MIGRATION, f"{REPLACEMENT}\uffff"))
"""Two ranges of keys with the lease and all records of long work on items, and few others. There may be thousands of
records of tables and seeds, none of which is in them."""

FORMAT = 1
"""The newest ``format_version`` of a record that this version understands; a record without one is of format 1."""

LONGEST_HOLD = 10**9
"""Seconds. A longer hold, added to a time, could exceed the range of datetime."""

T = TypeVar("T")
Read = Callable[[Fields, str], Any]
Member = tuple[Callable[[Any], Any], Read]
"""How a value is written (``None`` stores nothing), and how it is read by its name."""


@dataclass(frozen=True, slots=True)
class Kind(Generic[T]):
    """The members of one type, by name."""

    made: type[T]
    members: Mapping[str, Member]

    def write(self, record: T) -> dict[str, Any]:
        """The members as they are stored."""
        return {name: write(getattr(record, name)) for name, (write, _) in self.members.items()}

    def read(self, fields: Fields) -> T:
        """The record. Raises ``Unreadable`` if a member is missing or invalid."""
        return self.made(**{name: read(fields, name) for name, (_, read) in self.members.items()})


def _same(read: Read) -> Member:
    return lambda value: value, read


def _one_of(choices: Any) -> Member:
    return _same(lambda fields, name: fields.one_of(name, get_args(choices)))


def _map_of(kind: type) -> Member:
    return _same(lambda fields, name: fields.map_of(name, kind))


def _times(times: Mapping[str, Any]) -> dict[str, str | None]:
    return {name: written_time(time) for name, time in times.items()}


def _first_times(fields: Fields, name: str) -> dict[Any, Any]:
    return {kind: times[0] for kind, times in fields.map(name).times_by(get_args(CountedChange)).items()}


def _packed(fields: Fields, name: str) -> str:
    """Packed digests, checked at once: a damaged record must not look like one without digests (I5)."""
    packed = fields.optional_text(name) or ""
    try:
        unpack(packed)
    except ValueError as error:
        raise Unreadable(f"{name} does not hold packed digests ({error})") from None
    return packed


TEXT, MAYBE_TEXT = _same(Fields.text), _same(Fields.optional_text)
NUMBER, FLAG = _same(Fields.number), _same(Fields.flag)
MAYBE_NUMBER = _same(Fields.optional_number)
COUNT: Member = (lambda count: count or None, lambda fields, name: fields.optional_number(name) or 0)
"""A count of which a record of an earlier version says nothing."""
WORD: Member = (lambda word: word or None, lambda fields, name: fields.optional_text(name) or "")
"""A text of which a record of an earlier version says nothing."""
TEXTS: Member = list, Fields.texts
TIME: Member = written_time, Fields.time
MAYBE_TIME: Member = written_time, Fields.optional_time
IDENTITY: Member = written_identity, Fields.identity
MAYBE_IDENTITY: Member = written_identity, Fields.optional_identity
DIGESTS: Member = (lambda packed: packed or None, _packed)


def _counts(fields: Fields, name: str) -> dict[str, int]:
    return fields.map_of(name, int) if name in fields else {}


def _known_of_entries() -> Container[str]:
    return ENTRIES.members


LIFECYCLES = Kind(
    Lifecycle,
    {
        "protect": FLAG,
        "ignore_changes": TEXTS,
        "on_existing": _one_of(OnExisting),
        "allow_data_loss": FLAG,
        "protect_as": WORD,
    },
)
MANAGED = Kind(
    Managed,
    {
        "identity": MAYBE_IDENTITY,
        "features": TEXTS,
        "tags": (lambda tags: dict(tags) or None, Fields.optional_texts),
    },
)
TAG_NONCES = {OwnTag.TAKEN_OVER: "taken-over", OwnTag.OVERWRITTEN: "lost"}
"""Stored instead of a nonce if the owner tag is not that of our create. The stored format has one member for both."""


class _Entries(Kind[InventoryEntry]):
    """The stored ``nonce`` also encodes the state of our owner tag."""

    def write(self, record: InventoryEntry) -> dict[str, Any]:
        return {**super().write(record), "nonce": TAG_NONCES.get(record.own_tag, record.nonce)}

    def read(self, fields: Fields) -> InventoryEntry:
        entry = super().read(fields)
        tag = next((tag for tag, stored in TAG_NONCES.items() if stored == entry.nonce), None)
        return entry if tag is None else replace(entry, nonce="", own_tag=tag)


ENTRIES: Kind[InventoryEntry] = _Entries(
    InventoryEntry,
    {
        "name": TEXT,
        "base_name": TEXT,
        "ownership": _one_of(Ownership),
        "nonce": TEXT,
        "identity": MAYBE_IDENTITY,
        "lifecycle": (LIFECYCLES.write, lambda fields, name: LIFECYCLES.read(fields.map(name))),
        "changed_at": MAYBE_TIME,
        "unwanted_since": MAYBE_TIME,
        "empty_since": MAYBE_TIME,
        "forgotten_since": MAYBE_TIME,
        "guarded_since": MAYBE_TIME,
        "ours_since": MAYBE_TIME,
        "declared_in": MAYBE_TEXT,
        "tagged_as": MAYBE_TEXT,
        "ending_at": MAYBE_TIME,
        "project": MAYBE_TEXT,
        "renamed_to": MAYBE_TEXT,
        "managed": (
            lambda managed: None if managed is None else MANAGED.write(managed),
            lambda fields, name: MANAGED.read(fields.map(name)) if name in fields else None,
        ),
        "cancelled_shape": MAYBE_TEXT,
        "revision": (lambda revision: revision or None, lambda fields, name: fields.optional_number(name) or 0),
        "unknown": (lambda _: None, lambda fields, _: fields.others(_known_of_entries())),
        "own_tag": (lambda _: None, lambda _, __: OwnTag.OF_CREATE),
    },
)
SEED_RECORDS = Kind(
    SeedRecord,
    {
        "name": TEXT,
        "state": _one_of(SeedState),
        "digest": TEXT,
        "source": TEXT,
        "identity": MAYBE_IDENTITY,
        "count": NUMBER,
        "at": MAYBE_TIME,
        "written": DIGESTS,
        "uncertain": DIGESTS,
        "earlier": (lambda earlier: earlier or None, lambda fields, name: fields.optional_number(name) or 0),
        "updating": (lambda updating: updating or None, lambda fields, name: fields.optional_flag(name) or False),
    },
)
SEED_PARTS = Kind(SeedPart, {"name": TEXT, "identity": MAYBE_IDENTITY, "written": DIGESTS})
ATTEMPT_RECORDS = Kind(
    Attempts,
    {
        "name": TEXT,
        "identity": MAYBE_IDENTITY,
        "counts": _map_of(int),
        "wanted": _map_of(str),
        "seen": _map_of(str),
        "refused": (lambda times: _times(times) or None, Fields.optional_times),
        "missed": (lambda texts: dict(texts) or None, Fields.optional_texts),
        "contested": (lambda times: _times(times) or None, Fields.optional_times),
    },
)
QUOTA_USAGES = Kind(
    QuotaUsage,
    {
        "name": TEXT,
        "identity": MAYBE_IDENTITY,
        "times": (
            lambda times: {kind: [written_time(time) for time in several] for kind, several in times.items()},
            lambda fields, name: fields.map(name).times_by(get_args(CountedChange)),
        ),
        "refused": (_times, _first_times),
    },
)
REBUILDS = Kind(
    IndexRebuild,
    {
        "name": TEXT,
        "identity": IDENTITY,
        "index": TEXT,
        "new_index": TEXT,
        "started": TIME,
        "hold": _same(lambda fields, name: fields.number(name, LONGEST_HOLD)),
        "ready_at": MAYBE_TIME,
    },
)
REPLACEMENTS = Kind(
    Replacement,
    {
        "name": TEXT,
        "phase": (
            lambda phase: phase.value,
            lambda fields, name: Phase(fields.one_of(name, tuple(phase.value for phase in Phase))),
        ),
        "identity": IDENTITY,
        "aside": TEXT,
        "keys": TEXTS,
        "started": TIME,
        "aside_identity": MAYBE_IDENTITY,
        "target": MAYBE_IDENTITY,
        "items": NUMBER,
        "size": NUMBER,
        "copied": NUMBER,
        "on_conflict": _one_of(OnConflict),
        "newest_by": TEXT,
        "asked": FLAG,
        "paused": FLAG,
        "keep": FLAG,
        "accepted": FLAG,
        "problem": MAYBE_TEXT,
        "digest": TEXT,
        "others": NUMBER,
        "finished": MAYBE_TIME,
    },
)


def _there(written: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in written.items() if value is not None}


COPY_JOBS = Kind(
    CopyJob,
    {
        "kind": _one_of(JobKind),
        "state": _one_of(JobState),
        "items": NUMBER,
        "size": NUMBER,
        "refused": NUMBER,
        "started": MAYBE_TIME,
        "ended": MAYBE_TIME,
    },
)
JOBS: Member = (
    lambda jobs: [_there(COPY_JOBS.write(job)) for job in jobs] or None,
    lambda fields, name: tuple(COPY_JOBS.read(job) for job in fields.optional_maps(name)),
)
GENERATIONS = Kind(
    Generation,
    {
        "name": TEXT,
        "phase": (
            lambda phase: phase.value,
            lambda fields, name: GenerationPhase(fields.one_of(name, tuple(phase.value for phase in GenerationPhase))),
        ),
        "number": NUMBER,
        "old": TEXT,
        "new": TEXT,
        "old_identity": IDENTITY,
        "keys": TEXTS,
        "started": TIME,
        "new_identity": MAYBE_IDENTITY,
        "items": NUMBER,
        "size": NUMBER,
        "copied": NUMBER,
        "replayed": NUMBER,
        "lag": MAYBE_NUMBER,
        "old_stream": FLAG,
        "new_stream": FLAG,
        "fence_since": MAYBE_TIME,
        "fencing": FLAG,
        "on_conflict": _one_of(OnConflict),
        "newest_by": TEXT,
        "switch": FLAG,
        "paused": FLAG,
        "keep": FLAG,
        "finish": FLAG,
        "again": FLAG,
        "problem": MAYBE_TEXT,
        "digest": TEXT,
        "switched": MAYBE_TIME,
        "hold": _same(lambda fields, name: fields.number(name, LONGEST_HOLD)),
        "finished": MAYBE_TIME,
        # Records of older releases do not have them.
        "engine": _same(lambda fields, name: fields.one_of(name, get_args(CopyEngine)) if name in fields else "scan"),
        "through": _same(lambda fields, name: fields.optional_text(name) or ""),
        "yielded": COUNT,
        "shape": MAYBE_TEXT,
        "pointer": MAYBE_TEXT,
        "change_rate": MAYBE_NUMBER,
        "replay_rate": MAYBE_NUMBER,
        "behind_since": MAYBE_TIME,
        "max_rcu": MAYBE_NUMBER,
        "max_wcu": MAYBE_NUMBER,
        "jobs": JOBS,
    },
)
ENDED_TABLES = Kind(Ended, {"name": TEXT, "identity": IDENTITY, "at": TIME})
COUNTS: Member = (lambda counts: dict(counts) or None, _counts)
WRITER: Member = (lambda _: None, lambda fields, _: fields.optional_number("fence") or 0)
"""The fencing token that a record carries, see ``fence``."""
CHECKPOINTS = Kind(
    Checkpoint,
    {
        "name": TEXT,
        "identity": IDENTITY,
        "started_as": TEXT,
        "position": MAYBE_TEXT,
        "finished": FLAG,
        "counts": COUNTS,
        "data": (lambda texts: dict(texts) or None, Fields.optional_texts),
        "token": WRITER,
    },
)
MIGRATIONS = Kind(
    ItemMigration,
    {
        "name": TEXT,
        "table": TEXT,
        "identity": IDENTITY,
        "checksum": TEXT,
        "direction": _one_of(MigrationDirection),
        "segments": NUMBER,
        "by": TEXT,
        "started": TIME,
        "finished": MAYBE_TIME,
        "counts": COUNTS,
        "token": WRITER,
        "body": (lambda body: body or None, lambda fields, name: fields.optional_text(name) or ""),
        "moved": (lambda moved: moved or None, lambda fields, name: fields.optional_flag(name) or False),
    },
)
SUSPENSIONS = Kind(Suspension, {"by": TEXT, "at": TIME})
LEASES = Kind(
    Lease,
    {
        "holder": TEXT,
        "token": NUMBER,
        "expires": TIME,
        "beat": (lambda beat: beat or None, lambda fields, name: fields.optional_number(name) or 0),
        "released": (lambda released: released or None, lambda fields, name: fields.optional_flag(name) or False),
        "name": (lambda name: name or None, lambda fields, name: fields.optional_text(name) or ""),
    },
)
FINGERPRINTS = Kind(Fingerprint, {"partition": TEXT, "account": TEXT, "region": TEXT, "state_table": IDENTITY})
