"""The initial state of a case of the campaign ``prune``: fifty live tables with all their records.

Nothing here is made by the engine; records and owner tags are put in place as earlier passes would have left them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from campaigns.prune_case import Live, PruneCase
from simulation.simulated_engine import MemoryStore, Sim, item, simulate
from simulation.table import Table

from reconciler.facets.tags import OWNER_TAG
from reconciler.model.desired import Lifecycle
from reconciler.model.identity import Identity
from reconciler.model.records import InventoryEntry, SeedRecord
from reconciler.seeding.digest import items_digest

SCOPE, OTHER_SCOPE = "default/default", "billing/default"
SEED = (item("1"), item("2"))
DIGEST = items_digest(SEED)
KEY: dict[str, Any] = {
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}
RECORDED = {
    "created": "created",
    "adopted": "adopted",
    "released": "released",
    "state_lost": "state_lost",
    "intent": "intent",
    "intent_of_others": "intent",
    "recreated": "created",
    "claimed_by_others": "created",
}
"""The ownership in our inventory; tables of the other kinds have no record."""
OURS_BY_TAG = ("created", "released", "state_lost", "intent", "tagged_without_record")
THEIRS_BY_TAG = ("tagged_by_others", "claimed_by_others")


@dataclass
class GroundTruth:
    """The real state, independent of the records. ``ours`` is a table that we created and nobody replaced."""

    live: Live
    table: Table
    ours: bool
    unwanted_since: float | None
    empty_since: float | None


def build(case: PruneCase) -> tuple[Sim, dict[str, GroundTruth]]:
    """The simulation, its clock a day later, and the ground truth of each table by name."""
    options = {field: getattr(case.options, field) for field in case.options.__dataclass_fields__}
    sim = simulate(flavor=case.flavor, timeout=30, **options)
    sim.dynamodb.table_ids = not case.flavor.emulator
    sim.clock.seconds = 2 * 86_400.0
    sim.dynamodb.limit_with_indexes = sim.dynamodb.limit = 500
    entries, theirs, seeds, truths = {}, {}, {}, {}
    for live in case.live_tables:
        table = _table(sim, live)
        identity = _identity(table)
        if live.kind in RECORDED:
            entries[live.name] = _entry(sim, live, identity)
        if live.items == "seed" and live.kind in RECORDED:
            seeds[live.name] = SeedRecord(live.name, "done", DIGEST, "seeds/table.json", identity, count=len(SEED))
        if live.kind == "claimed_by_others":
            theirs[live.name] = InventoryEntry(live.name, live.name, "created", "n", identity)
        proven = live.kind == "created" or (live.kind == "intent" and sim.dynamodb.has_tags)
        truths[live.name] = GroundTruth(live, table, proven, _since(sim, live.unwanted), _since(sim, live.empty))
    sim.store.snapshot = replace(sim.store.snapshot, inventory=entries, seeds=seeds)
    peer = MemoryStore(sim.clock)
    peer.snapshot = replace(peer.snapshot, inventory=theirs)
    sim.store.peers = {OTHER_SCOPE: peer}
    return sim, truths


def _table(sim: Sim, live: Live) -> Table:
    table = sim.dynamodb.make(TableName=live.name, **KEY)
    table.description["TableStatus"] = live.status
    table.description["DeletionProtectionEnabled"] = live.protected
    for each in SEED if live.items == "seed" else [item("9")] if live.items else []:
        table.items[repr([each["pk"]])] = dict(each)
    if sim.dynamodb.has_tags and live.kind in OURS_BY_TAG:
        table.tags[OWNER_TAG] = f"{SCOPE}/{live.name}"
    elif sim.dynamodb.has_tags and live.kind in THEIRS_BY_TAG:
        table.tags[OWNER_TAG] = f"{OTHER_SCOPE}/{live.name}"
    return table


def _identity(table: Table) -> Identity:
    shape = table.description
    created: datetime = shape["CreationDateTime"]
    return Identity(shape.get("TableId"), shape["TableArn"], created.isoformat())


def _entry(sim: Sim, live: Live, identity: Identity) -> InventoryEntry:
    """What an earlier pass wrote; the table of a ``recreated`` one was another."""
    before = replace(identity, table_id="id-before", created="2025-12-01T00:00:00+00:00")
    known: dict[str, Identity | None] = {"recreated": before, "intent": None, "intent_of_others": None}
    return InventoryEntry(
        live.name,
        live.name,
        RECORDED[live.kind],  # type: ignore[arg-type]
        nonce=live.name,
        identity=known.get(live.kind, identity),
        lifecycle=Lifecycle(protect=live.protect),
        changed_at=sim.clock.now() - timedelta(hours=1),
        unwanted_since=_time(sim, live.unwanted),
        empty_since=_time(sim, live.empty),
        forgotten_since=_time(sim, live.unwanted),
    )


def _since(sim: Sim, ago: float | None) -> float | None:
    return None if ago is None else sim.clock.seconds - ago


def _time(sim: Sim, ago: float | None) -> datetime | None:
    return None if ago is None else sim.clock.now() - timedelta(seconds=ago)
