"""The stored form of records: no field is lost, and each reads back equal."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from reconciler.model.desired import Lifecycle
from reconciler.model.identity import Identity
from reconciler.model.records import (
    Attempts,
    Checkpoint,
    CopyJob,
    Ended,
    Fingerprint,
    Generation,
    GenerationPhase,
    IndexRebuild,
    InventoryEntry,
    ItemMigration,
    Lease,
    Managed,
    Phase,
    QuotaUsage,
    Replacement,
    SeedPart,
    SeedRecord,
    Suspension,
)
from reconciler.state import record_types
from reconciler.state.attribute_values import Unreadable, decode, encode
from reconciler.state.fields import Fields
from reconciler.state.record_types import Kind

AT, LATER = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), datetime(2026, 1, 2, 3, 4, 6, 7, tzinfo=UTC)
ID = Identity("id-1", "arn:t", "2026-01-01")
AT_TEXT, LATER_TEXT = "2026-01-02T03:04:05.000000+00:00", "2026-01-02T03:04:06.000007+00:00"
ID_TEXT = {"table_id": "id-1", "arn": "arn:t", "created": "2026-01-01"}
KINDS = {name: kind for name, kind in vars(record_types).items() if isinstance(kind, Kind)}
STORED: dict[str, tuple[Any, dict[str, Any]]] = {
    "LIFECYCLES": (
        Lifecycle(True, ("ttl",), "own", True, "DeletionPolicy: Retain"),
        {
            "protect": True,
            "ignore_changes": ["ttl"],
            "on_existing": "own",
            "allow_data_loss": True,
            "protect_as": "DeletionPolicy: Retain",
        },
    ),
    "ENTRIES": (
        InventoryEntry(
            "users-prod",
            "users",
            "created",
            "n",
            ID,
            Lifecycle(),
            AT,
            LATER,
            AT,
            LATER,
            AT,
            LATER,
            "users.yaml",
            "a/b",
            AT,
            "/projects/shop",
            "bills",
            Managed(ID, ("stream", "ttl"), {"team": "a"}),
            "{}",
            4,
        ),
        {
            "name": "users-prod",
            "base_name": "users",
            "ownership": "created",
            "nonce": "n",
            "identity": ID_TEXT,
            "lifecycle": {
                "protect": False,
                "ignore_changes": [],
                "on_existing": "adopt",
                "allow_data_loss": False,
                "protect_as": None,
            },
            "changed_at": AT_TEXT,
            "unwanted_since": LATER_TEXT,
            "empty_since": AT_TEXT,
            "forgotten_since": LATER_TEXT,
            "guarded_since": AT_TEXT,
            "ours_since": LATER_TEXT,
            "declared_in": "users.yaml",
            "tagged_as": "a/b",
            "project": "/projects/shop",
            "renamed_to": "bills",
            "managed": {"identity": ID_TEXT, "features": ["stream", "ttl"], "tags": {"team": "a"}},
            "cancelled_shape": "{}",
            "ending_at": AT_TEXT,
            "revision": 4,
            "unknown": None,
            "own_tag": None,
        },
    ),
    "MANAGED": (Managed(None, ("ttl",)), {"identity": None, "features": ["ttl"], "tags": None}),
    "SEED_RECORDS": (
        SeedRecord(
            "users", "done", "d", "seeds/users.json", ID, 3, AT, "AAAAAAAAAAE=", "AAAAAAAAAAI=", 4, updating=True
        ),
        {
            "name": "users",
            "state": "done",
            "digest": "d",
            "source": "seeds/users.json",
            "identity": ID_TEXT,
            "count": 3,
            "at": AT_TEXT,
            "written": "AAAAAAAAAAE=",
            "uncertain": "AAAAAAAAAAI=",
            "earlier": 4,
            "updating": True,
        },
    ),
    "SEED_PARTS": (
        SeedPart("users#00001", ID, "AAAAAAAAAAE="),
        {"name": "users#00001", "identity": ID_TEXT, "written": "AAAAAAAAAAE="},
    ),
    "ATTEMPT_RECORDS": (
        Attempts("users", ID, {"ttl": 2}, {"ttl": "w"}, {"ttl": "s"}, {"sse": AT}, {"ttl": "m"}, {"pitr": AT}),
        {
            "name": "users",
            "identity": ID_TEXT,
            "counts": {"ttl": 2},
            "wanted": {"ttl": "w"},
            "seen": {"ttl": "s"},
            "refused": {"sse": AT_TEXT},
            "missed": {"ttl": "m"},
            "contested": {"pitr": AT_TEXT},
        },
    ),
    "QUOTA_USAGES": (
        QuotaUsage("users", ID, {"ttl": (AT, LATER)}, {"ttl": AT}),
        {
            "name": "users",
            "identity": ID_TEXT,
            "times": {"ttl": [AT_TEXT, LATER_TEXT]},
            "refused": {"ttl": AT_TEXT},
        },
    ),
    "REBUILDS": (
        IndexRebuild("users", ID, "by_a", "by_a2", AT, 60, LATER),
        {
            "name": "users",
            "identity": ID_TEXT,
            "index": "by_a",
            "new_index": "by_a2",
            "started": AT_TEXT,
            "hold": 60,
            "ready_at": LATER_TEXT,
        },
    ),
    "COPY_JOBS": (
        CopyJob("import", "failed", 7, 700, 2, AT, LATER),
        {
            "kind": "import",
            "state": "failed",
            "items": 7,
            "size": 700,
            "refused": 2,
            "started": AT_TEXT,
            "ended": LATER_TEXT,
        },
    ),
    "GENERATIONS": (
        Generation(
            "users",
            GenerationPhase.HOLD,
            3,
            "users-g2",
            "users-g3",
            ID,
            ("customer HASH S", "id RANGE N"),
            AT,
            new_identity=ID,
            items=7,
            size=700,
            copied=3,
            replayed=5,
            lag=2,
            old_stream=True,
            new_stream=True,
            fence_since=AT,
            fencing=True,
            on_conflict="newest",
            newest_by="at",
            switch=True,
            paused=True,
            keep=True,
            finish=True,
            again=True,
            problem="somebody deleted it",
            digest="00ff",
            switched=AT,
            hold=60,
            finished=LATER,
            engine="bulk",
            through="s3://bucket/copies",
            yielded=2,
            shape="{}",
            pointer="/app/users",
            change_rate=160,
            replay_rate=80,
            behind_since=AT,
            max_rcu=500,
            max_wcu=200,
            jobs=(CopyJob("export", "done", 7, 700, 0, AT, LATER), CopyJob("bulk", "running")),
        ),
        {
            "name": "users",
            "phase": "hold",
            "number": 3,
            "old": "users-g2",
            "new": "users-g3",
            "old_identity": ID_TEXT,
            "keys": ["customer HASH S", "id RANGE N"],
            "started": AT_TEXT,
            "new_identity": ID_TEXT,
            "items": 7,
            "size": 700,
            "copied": 3,
            "replayed": 5,
            "lag": 2,
            "old_stream": True,
            "new_stream": True,
            "fence_since": AT_TEXT,
            "fencing": True,
            "on_conflict": "newest",
            "newest_by": "at",
            "switch": True,
            "paused": True,
            "keep": True,
            "finish": True,
            "again": True,
            "problem": "somebody deleted it",
            "digest": "00ff",
            "switched": AT_TEXT,
            "hold": 60,
            "finished": LATER_TEXT,
            "engine": "bulk",
            "through": "s3://bucket/copies",
            "yielded": 2,
            "shape": "{}",
            "pointer": "/app/users",
            "change_rate": 160,
            "replay_rate": 80,
            "behind_since": AT_TEXT,
            "max_rcu": 500,
            "max_wcu": 200,
            "jobs": [
                {
                    "kind": "export",
                    "state": "done",
                    "items": 7,
                    "size": 700,
                    "refused": 0,
                    "started": AT_TEXT,
                    "ended": LATER_TEXT,
                },
                {
                    "kind": "bulk",
                    "state": "running",
                    "items": 0,
                    "size": 0,
                    "refused": 0,
                },
            ],
        },
    ),
    "REPLACEMENTS": (
        Replacement(
            "users",
            Phase.RETURNING,
            ID,
            "users.replacing.0a1b",
            ("customer HASH S", "id RANGE N"),
            AT,
            aside_identity=ID,
            target=ID,
            items=7,
            size=700,
            copied=3,
            on_conflict="newest",
            newest_by="at",
            asked=True,
            paused=True,
            keep=True,
            accepted=True,
            problem="somebody deleted it",
            digest="00ff",
            others=2,
            finished=LATER,
        ),
        {
            "name": "users",
            "phase": "returning",
            "identity": ID_TEXT,
            "aside": "users.replacing.0a1b",
            "keys": ["customer HASH S", "id RANGE N"],
            "started": AT_TEXT,
            "aside_identity": ID_TEXT,
            "target": ID_TEXT,
            "items": 7,
            "size": 700,
            "copied": 3,
            "on_conflict": "newest",
            "newest_by": "at",
            "asked": True,
            "paused": True,
            "keep": True,
            "accepted": True,
            "problem": "somebody deleted it",
            "digest": "00ff",
            "others": 2,
            "finished": LATER_TEXT,
        },
    ),
    "ENDED_TABLES": (Ended("users", ID, AT), {"name": "users", "identity": ID_TEXT, "at": AT_TEXT}),
    "CHECKPOINTS": (
        Checkpoint("users#0001_a#00002", ID, "abc", '{"pk":{"S":"a"}}', True, {"changed": 2}, {"sequence": "7"}),
        {
            "name": "users#0001_a#00002",
            "identity": ID_TEXT,
            "started_as": "abc",
            "position": '{"pk":{"S":"a"}}',
            "finished": True,
            "counts": {"changed": 2},
            "data": {"sequence": "7"},
            "token": None,
        },
    ),
    "MIGRATIONS": (
        ItemMigration(
            "0001_a", "users", ID, "abc", "up", 4, "host:12", AT, LATER, {"changed": 2}, body="ab", moved=True
        ),
        {
            "name": "0001_a",
            "table": "users",
            "identity": ID_TEXT,
            "checksum": "abc",
            "direction": "up",
            "segments": 4,
            "by": "host:12",
            "started": AT_TEXT,
            "finished": LATER_TEXT,
            "counts": {"changed": 2},
            "token": None,
            "body": "ab",
            "moved": True,
        },
    ),
    "SUSPENSIONS": (Suspension("me", AT), {"by": "me", "at": AT_TEXT}),
    "LEASES": (
        Lease("me", 7, AT, 3, True, "host:12"),
        {"holder": "me", "token": 7, "expires": AT_TEXT, "beat": 3, "released": True, "name": "host:12"},
    ),
    "FINGERPRINTS": (
        Fingerprint("aws", "111122223333", "eu-west-1", ID),
        {"partition": "aws", "account": "111122223333", "region": "eu-west-1", "state_table": ID_TEXT},
    ),
}


@pytest.mark.parametrize("name", KINDS)
def test_no_field_of_a_record_is_forgotten(name: str) -> None:
    kind = KINDS[name]
    assert list(kind.members) == [field.name for field in fields(kind.made)]


@pytest.mark.parametrize("name", KINDS)
def test_a_record_keeps_its_stored_form_and_reads_back_equal(name: str) -> None:
    record, stored = STORED[name]
    assert KINDS[name].write(record) == stored
    assert KINDS[name].read(Fields(decode(encode(stored)))) == record


def test_a_lifecycle_of_an_older_version_does_not_say_how_its_file_protects() -> None:
    stored = {"protect": True, "ignore_changes": [], "on_existing": "adopt", "allow_data_loss": False}
    assert record_types.LIFECYCLES.read(Fields(stored)) == Lifecycle(protect=True)


@pytest.mark.parametrize("packed", ["AAAA", "AAAAAAAAAAE", "not base64!", "AAAAAAAAAAEA", "\u00e9" * 12])
@pytest.mark.parametrize("member", ["written", "uncertain"])
def test_damaged_digests_do_not_read_as_an_empty_record(member: str, packed: str) -> None:
    stored = {**STORED["SEED_RECORDS"][1], member: packed}
    with pytest.raises(Unreadable, match=f"{member} does not hold packed digests"):
        record_types.SEED_RECORDS.read(Fields(stored))


def test_a_seed_record_of_an_older_version_names_no_item() -> None:
    stored = {
        k: v for k, v in STORED["SEED_RECORDS"][1].items() if k not in ("written", "uncertain", "earlier", "updating")
    }
    record = record_types.SEED_RECORDS.read(Fields(stored))
    assert (record.written, record.uncertain, record.earlier, record.updating) == ("", "", 0, False)


def test_what_a_lease_does_not_have_is_not_written() -> None:
    written = record_types.LEASES.write(Lease("me", 1, AT))
    assert (written["beat"], written["released"]) == (None, None)
    there = {name: value for name, value in written.items() if value is not None}
    assert record_types.LEASES.read(Fields(there)) == Lease("me", 1, AT)


def test_a_generation_of_an_older_release_is_copied_by_scan() -> None:
    record = Generation("users", GenerationPhase.COPY, 2, "users", "users-g2", ID, ("customer HASH S",), AT)
    stored = {
        name: value
        for name, value in record_types.GENERATIONS.write(record).items()
        if value is not None and name not in ("engine", "through")
    }
    assert record_types.GENERATIONS.read(Fields(stored)) == record


def test_a_generation_with_an_engine_of_a_later_release_is_refused() -> None:
    """A former release stops at ``import`` in the same way: it must not take another copy for its own."""
    record = Generation("users", GenerationPhase.COPY, 2, "users", "users-g2", ID, ("customer HASH S",), AT)
    written = record_types.GENERATIONS.write(replace(record, engine="import"))
    stored = {name: value for name, value in written.items() if value is not None}
    assert record_types.GENERATIONS.read(Fields(stored)).engine == "import"
    with pytest.raises(Unreadable, match="engine is"):
        record_types.GENERATIONS.read(Fields({**stored, "engine": "of a later release"}))
