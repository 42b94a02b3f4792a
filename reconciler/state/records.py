"""Each kind of record as it stands in the state table: its key, and its members to and from the model's types.

The range key is ``kind`` or ``kind#name``. Called by ``table``, ``lease`` and ``snapshot``.
"""

from __future__ import annotations

from typing import Any, get_args

from reconciler.model.desired import Lifecycle, OnExisting
from reconciler.model.records import (
    Attempts,
    Counted,
    Fingerprint,
    IndexRebuild,
    InventoryEntry,
    Lease,
    Marks,
    Ownership,
    SeedRecord,
    SeedState,
    Suspension,
)
from reconciler.state.fields import Fields, written_identity, written_time

TABLE, SEED, ATTEMPTS, MARKS, RUN = "table#", "seed#", "attempts#", "marks#", "run#"
REBUILD = "rebuild#"
LEASE, SUSPENSION, FINGERPRINT = "lease", "suspension", "fingerprint"


def from_entry(entry: InventoryEntry) -> dict[str, Any]:
    return {
        "name": entry.name,
        "base_name": entry.base_name,
        "ownership": entry.ownership,
        "nonce": entry.nonce,
        "identity": written_identity(entry.identity),
        "lifecycle": {
            "protect": entry.lifecycle.protect,
            "ignore_changes": list(entry.lifecycle.ignore_changes),
            "on_existing": entry.lifecycle.on_existing,
            "allow_data_loss": entry.lifecycle.allow_data_loss,
        },
        "digest": entry.digest,
        "changed_at": written_time(entry.changed_at),
        "unwanted_since": written_time(entry.unwanted_since),
        "empty_since": written_time(entry.empty_since),
    }


def to_entry(fields: Fields) -> InventoryEntry:
    lifecycle = fields.map("lifecycle")
    return InventoryEntry(
        name=fields.text("name"),
        base_name=fields.text("base_name"),
        ownership=fields.one_of("ownership", get_args(Ownership)),
        nonce=fields.text("nonce"),
        identity=fields.optional_identity("identity"),
        lifecycle=Lifecycle(
            protect=lifecycle.flag("protect"),
            ignore_changes=lifecycle.texts("ignore_changes"),
            on_existing=lifecycle.one_of("on_existing", get_args(OnExisting)),
            allow_data_loss=lifecycle.flag("allow_data_loss"),
        ),
        digest=fields.optional_text("digest"),
        changed_at=fields.optional_time("changed_at"),
        unwanted_since=fields.optional_time("unwanted_since"),
        empty_since=fields.optional_time("empty_since"),
    )


def from_seed(record: SeedRecord) -> dict[str, Any]:
    return {
        "name": record.name,
        "state": record.state,
        "digest": record.digest,
        "source": record.source,
        "identity": written_identity(record.identity),
        "count": record.count,
        "at": written_time(record.at),
    }


def to_seed(fields: Fields) -> SeedRecord:
    return SeedRecord(
        name=fields.text("name"),
        state=fields.one_of("state", get_args(SeedState)),
        digest=fields.text("digest"),
        source=fields.text("source"),
        identity=fields.optional_identity("identity"),
        count=fields.number("count"),
        at=fields.optional_time("at"),
    )


def from_attempts(attempts: Attempts) -> dict[str, Any]:
    return {
        "name": attempts.name,
        "identity": written_identity(attempts.identity),
        "counts": attempts.counts,
        "wanted": attempts.wanted,
        "seen": attempts.seen,
        "refused": {path: written_time(at) for path, at in attempts.refused.items()} or None,
    }


def to_attempts(fields: Fields) -> Attempts:
    return Attempts(
        name=fields.text("name"),
        identity=fields.optional_identity("identity"),
        counts=fields.map_of("counts", int),
        wanted=fields.map_of("wanted", str),
        seen=fields.map_of("seen", str),
        refused=fields.optional_times("refused"),
    )


def from_marks(marks: Marks) -> dict[str, Any]:
    return {
        "name": marks.name,
        "identity": written_identity(marks.identity),
        "times": {kind: [written_time(time) for time in times] for kind, times in marks.times.items()},
        "refused": {kind: written_time(time) for kind, time in marks.refused.items()},
    }


def to_marks(fields: Fields) -> Marks:
    return Marks(
        name=fields.text("name"),
        identity=fields.optional_identity("identity"),
        times=fields.map("times").times_by(get_args(Counted)),
        refused={kind: times[0] for kind, times in fields.map("refused").times_by(get_args(Counted)).items()},
    )


def from_rebuild(rebuild: IndexRebuild) -> dict[str, Any]:
    return {
        "name": rebuild.name,
        "identity": written_identity(rebuild.identity),
        "index": rebuild.index,
        "new_index": rebuild.new_index,
        "started": written_time(rebuild.started),
        "hold": rebuild.hold,
        "ready_at": written_time(rebuild.ready_at),
    }


def to_rebuild(fields: Fields) -> IndexRebuild:
    return IndexRebuild(
        name=fields.text("name"),
        identity=fields.identity("identity"),
        index=fields.text("index"),
        new_index=fields.text("new_index"),
        started=fields.time("started"),
        hold=fields.number("hold"),
        ready_at=fields.optional_time("ready_at"),
    )


def from_suspension(suspension: Suspension) -> dict[str, Any]:
    return {"by": suspension.by, "at": written_time(suspension.at)}


def to_suspension(fields: Fields) -> Suspension:
    return Suspension(by=fields.text("by"), at=fields.time("at"))


def from_lease(lease: Lease) -> dict[str, Any]:
    return {
        "holder": lease.holder,
        "token": lease.token,
        "expires": written_time(lease.expires),
        "beat": lease.beat or None,
        "released": lease.released or None,
    }


def to_lease(fields: Fields) -> Lease:
    return Lease(
        holder=fields.text("holder"),
        token=fields.number("token"),
        expires=fields.time("expires"),
        beat=fields.optional_number("beat") or 0,
        released=fields.optional_flag("released") or False,
    )


def from_fingerprint(fingerprint: Fingerprint) -> dict[str, Any]:
    return {
        "partition": fingerprint.partition,
        "account": fingerprint.account,
        "region": fingerprint.region,
        "state_table": written_identity(fingerprint.state_table),
    }


def to_fingerprint(fields: Fields) -> Fingerprint:
    return Fingerprint(
        partition=fields.text("partition"),
        account=fields.text("account"),
        region=fields.text("region"),
        state_table=fields.identity("state_table"),
    )
