"""A whole engine over the simulated DynamoDB: store, source, telemetry and reconciler, for tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cache
from typing import Any

from simulation.clock import CountingRandom, OneAfterTheOther, OneByOne, VirtualClock
from simulation.items import Items
from simulation.simulated_dynamodb import SimulatedDynamoDB

from reconciler.aws.rate_limit import RateLimited
from reconciler.engine.context import EngineContext
from reconciler.engine.ports import ApiExchange, SeedProgress, WorkProgress
from reconciler.engine.reconciler import Reconciler
from reconciler.model.change import Call
from reconciler.model.desired import Declaration, DesiredState, Item, Lifecycle, Origin, Seed, Undeclared
from reconciler.model.errors import ConditionFailed, DeclarationError, Problem, RecordChanged
from reconciler.model.identity import Endpoint, Flavor, Identity
from reconciler.model.observation import Observation
from reconciler.model.options import Options
from reconciler.model.plan import Step
from reconciler.model.records import (
    Attempts,
    Checkpoint,
    Claim,
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
from reconciler.model.report import PassReport, TableReport
from reconciler.model.table import KeyElement, TableSpec
from reconciler.mover.replacer import Replacer
from reconciler.seeding.digest import items_digest

HERE = Fingerprint("aws", "111122223333", "eu-central-1", Identity("state", "arn:state", "2026-01-01"))
PK = (KeyElement("pk", "HASH", "S"),)


class MemoryStore:
    """The ``Store`` port in memory. ``rival`` is a lease that somebody else holds.

    ``peers`` are the records of other scopes in the same state table, ``written`` how often a record was changed.
    """

    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock
        self.snapshot = StateSnapshot(recorded_fingerprint=HERE, actual_fingerprint=HERE)
        self.rival: Lease | None = None
        self.lost = False
        self.peers: dict[str, MemoryStore] = {}
        self.written = 0
        self.runs: list[PassReport] = []
        self.found: list[Observation | None] = []
        self.acquired = 0

    def load(self) -> StateSnapshot:
        claims: dict[str, tuple[Claim, ...]] = {}
        for scope, peer in sorted(self.peers.items()):
            for entry in peer.snapshot.inventory.values():
                claims[entry.name] = (*claims.get(entry.name, ()), Claim(scope, entry.ownership, entry.identity))
        return replace(self.snapshot, foreign_claims=claims)

    ensure = load

    def put_entry(self, entry: InventoryEntry) -> InventoryEntry:
        self.written += 1
        standing = self.snapshot.inventory.get(entry.name)
        if standing is not None and standing.revision != entry.revision:
            raise RecordChanged("PutItem", "ConditionalCheckFailedException", "the record was written anew")
        written = replace(entry, revision=entry.revision + 1)
        self.snapshot = replace(self.snapshot, inventory={**self.snapshot.inventory, entry.name: written})
        return written

    def put_entries(self, entries: Sequence[InventoryEntry]) -> tuple[InventoryEntry, ...]:
        for entry in entries:
            standing = self.snapshot.inventory.get(entry.name)
            if standing is not None and standing.revision != entry.revision:
                raise ConditionFailed("TransactWriteItems", "TransactionCanceledException", "a record was written anew")
        return tuple(self.put_entry(entry) for entry in entries)

    def overwrite(self, entry: InventoryEntry) -> None:
        """Somebody else overwrites the record."""
        standing = self.snapshot.inventory.get(entry.name)
        self.put_entry(replace(entry, revision=standing.revision if standing else 0))

    def drop_entry(self, entry: InventoryEntry) -> None:
        self.written += 1
        kept = {key: value for key, value in self.snapshot.inventory.items() if key != entry.name}
        self.snapshot = replace(self.snapshot, inventory=kept)

    def put_seed(self, record: SeedRecord) -> None:
        self.written += 1
        self.snapshot = replace(self.snapshot, seeds={**self.snapshot.seeds, record.name: record})

    def put_seed_part(self, part: SeedPart) -> None:
        self.written += 1
        self.snapshot = replace(self.snapshot, seed_parts={**self.snapshot.seed_parts, part.name: part})

    def drop_seed_part(self, name: str) -> None:
        kept = {key: value for key, value in self.snapshot.seed_parts.items() if key != name}
        self.snapshot = replace(self.snapshot, seed_parts=kept)

    def put_attempts(self, attempts: Attempts) -> None:
        self.snapshot = replace(self.snapshot, attempts={**self.snapshot.attempts, attempts.name: attempts})

    def put_quota_usage(self, marks: QuotaUsage) -> None:
        self.snapshot = replace(self.snapshot, quota_usage={**self.snapshot.quota_usage, marks.name: marks})

    def put_rebuild(self, rebuild: IndexRebuild) -> None:
        self.snapshot = replace(self.snapshot, rebuilds={**self.snapshot.rebuilds, rebuild.name: rebuild})

    def drop_rebuild(self, name: str) -> None:
        kept = {key: value for key, value in self.snapshot.rebuilds.items() if key != name}
        self.snapshot = replace(self.snapshot, rebuilds=kept)

    def put_replacement(self, replacement: Replacement) -> None:
        kept = {**self.snapshot.replacements, replacement.name: replacement}
        self.snapshot = replace(self.snapshot, replacements=kept)

    def drop_replacement(self, name: str) -> None:
        kept = {key: value for key, value in self.snapshot.replacements.items() if key != name}
        self.snapshot = replace(self.snapshot, replacements=kept)

    def put_generation(self, generation: Generation) -> None:
        kept = {**self.snapshot.generations, generation.name: generation}
        self.snapshot = replace(self.snapshot, generations=kept)

    def drop_generation(self, name: str) -> None:
        kept = {key: value for key, value in self.snapshot.generations.items() if key != name}
        self.snapshot = replace(self.snapshot, generations=kept)

    def put_ended(self, ended: Ended) -> None:
        self.snapshot = replace(self.snapshot, ended={**self.snapshot.ended, ended.name: ended})

    def drop_ended(self, name: str) -> None:
        kept = {key: value for key, value in self.snapshot.ended.items() if key != name}
        self.snapshot = replace(self.snapshot, ended=kept)

    def put_checkpoint(self, checkpoint: Checkpoint) -> None:
        self.snapshot = replace(self.snapshot, checkpoints={**self.snapshot.checkpoints, checkpoint.name: checkpoint})

    def drop_checkpoint(self, name: str) -> None:
        kept = {key: value for key, value in self.snapshot.checkpoints.items() if key != name}
        self.snapshot = replace(self.snapshot, checkpoints=kept)

    def put_migration(self, migration: ItemMigration) -> None:
        self.snapshot = replace(self.snapshot, migrations={**self.snapshot.migrations, migration.name: migration})

    def drop_migration(self, name: str) -> None:
        kept = {key: value for key, value in self.snapshot.migrations.items() if key != name}
        self.snapshot = replace(self.snapshot, migrations=kept)

    def put_suspension(self, suspension: Suspension | None) -> None:
        self.snapshot = replace(self.snapshot, suspension=suspension)

    def is_suspended(self) -> bool:
        return self.snapshot.suspension is not None

    def load_work(self) -> StateSnapshot:
        return replace(self.snapshot, lease=self.rival)

    def acquire_lease(self) -> Lease | None:
        if self.rival is not None:
            return None
        self.acquired += 1
        return Lease("me", 1, self.clock.now() + timedelta(seconds=30))

    def is_current(self, snapshot: StateSnapshot) -> bool:
        """Nobody else writes here, but for a test."""
        return True

    def holds_lease(self) -> bool:
        return self.rival is None and not self.lost

    def confirm_lease(self) -> bool:
        return self.holds_lease()

    keep_lease = holds_lease

    def revoke_lease(self) -> Lease | None:
        revoked, self.rival = self.rival, None
        return revoked

    def is_held(self, lease: Lease) -> bool:
        return not lease.released

    def owns(self, lease: Lease) -> bool:
        return lease.holder == "me"

    def current_lease(self) -> Lease | None:
        return self.rival

    def release_lease(self) -> None:
        return None

    def add_history(self, report: PassReport, found: Observation | None = None) -> None:
        self.runs.append(report)
        self.found.append(found)

    def history(self, limit: int) -> tuple[Mapping[str, Any], ...]:
        return ()

    def runs_of_others(self) -> tuple[Mapping[str, Any], ...]:
        return ()


@dataclass
class ListSource:
    """The ``Source`` port over declarations that a test sets; ``broken`` makes every load fail."""

    declarations: tuple[Declaration, ...] = ()
    broken: bool = False

    def load(self) -> DesiredState:
        if self.broken:
            raise DeclarationError((Problem("users.yaml", 1, None, "is broken", "Mend it"),))
        return DesiredState(self.declarations, digest="d")

    def still(self, desired: DesiredState) -> bool:
        return not self.broken and self.declarations == desired.declarations

    def remains(self, desired: DesiredState, undeclared: Sequence[Undeclared]) -> tuple[Problem, ...]:
        return ()

    def stands_in(self, folder: str, file: str, desired: DesiredState) -> bool:
        return False

    def check_ahead(self) -> None:
        return None


@dataclass
class Silent:
    """The ``Telemetry`` port; records its calls."""

    steps: list[tuple[str, Step]] = field(default_factory=list)
    reports: list[PassReport] = field(default_factory=list)
    seeds: list[TableReport] = field(default_factory=list)
    waits: list[tuple[str, float]] = field(default_factory=list)
    progress: list[SeedProgress] = field(default_factory=list)
    work: list[WorkProgress] = field(default_factory=list)

    def request(self, operation: str, result: str, seconds: float, exchange: ApiExchange) -> None: ...

    def retry(self, operation: str) -> None: ...

    def pass_started(self, pass_id: str, trigger: str) -> None: ...

    def planned(self, pass_id: str, words: str, creating: int) -> None: ...

    def waiting(self, holder: str, seconds: float) -> None:
        self.waits.append((holder, seconds))

    def pass_finished(self, report: PassReport) -> None:
        self.reports.append(report)

    def step(self, pass_id: str, table: str, step: Step) -> None:
        self.steps.append((table, step))

    def seeding(self, progress: SeedProgress) -> None:
        self.progress.append(progress)

    def working(self, progress: WorkProgress) -> None:
        self.work.append(progress)

    def seeded(self, table: TableReport) -> None:
        self.seeds.append(table)


class AllValid:
    """The ``RequestValidator`` port that finds nothing."""

    def problem(self, call: Call) -> str | None:
        return None


@dataclass
class Sim:
    """Everything of one simulated environment, and the reconciler over it."""

    clock: VirtualClock
    dynamodb: SimulatedDynamoDB
    items: Items
    store: MemoryStore
    source: ListSource
    telemetry: Silent
    reconciler: Reconciler

    def declare(self, *declarations: Declaration) -> None:
        self.source.declarations = declarations

    def run(self, trigger: str = "interval") -> PassReport:
        return self.reconciler.run_pass(trigger)

    def once(self) -> PassReport:
        return self.reconciler.converge("once")


def simulate(
    *, flavor: Flavor = Flavor.MOTO, delay: float = 0.0, stale: float = 0.0, timeout: float = 300, **options: Any
) -> Sim:
    """A new simulated environment. ``flavor`` selects an emulator or the quotas of AWS; options are those of a pass."""
    clock = VirtualClock()
    dynamodb = SimulatedDynamoDB(clock, delay=delay, has_tags=flavor.has_tags, strict=not flavor.emulator, stale=stale)
    items, store, source, telemetry = Items(dynamodb), MemoryStore(clock), ListSource(), Silent()
    endpoint = Endpoint("http://localhost:8000", "eu-central-1", "111122223333", "aws", flavor)
    api = dynamodb if flavor.emulator else RateLimited(dynamodb, clock)
    environment = EngineContext(
        api,
        items,
        store,
        source,
        clock,
        CountingRandom(),
        telemetry,
        OneByOne(),
        AllValid(),
        endpoint,
        replacer=cache(Replacer),
        many=OneAfterTheOther(api),
    )
    reconciler = Reconciler(environment, Options(**options), timedelta(seconds=timeout))
    return Sim(clock, dynamodb, items, store, source, telemetry, reconciler)


def declaration(
    name: str = "users", *, seed: tuple[Item, ...] = (), lifecycle: Lifecycle | None = None, **spec: Any
) -> Declaration:
    """A declared table, by default with a string key ``pk``."""
    spec.setdefault("keys", PK)
    seeded = Seed(f"seeds/{name}.json", seed, items_digest(seed)) if seed else None
    return Declaration(name, TableSpec(name, **spec), Origin(f"{name}.yaml", 1), lifecycle or Lifecycle(), seed=seeded)


def item(pk: str, **attributes: str) -> Item:
    return {"pk": {"S": pk}, **{name: {"S": value} for name, value in attributes.items()}}
