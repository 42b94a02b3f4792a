"""The command ``migrate``: status, up, down, dry run and verify, over the files and the records of a stack.

``up`` and ``down`` hold the lease from the first item to the last. A process without it only observes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import field, replace
from typing import Any

from reconciler.engine.commands import CommandContext
from reconciler.engine.observe import observe_table
from reconciler.engine.seed_batches import IdentityWatch
from reconciler.model.desired import Item
from reconciler.model.errors import (
    ApiError,
    DeclarationError,
    LeaseLost,
    Problem,
    ReconcilerError,
    Rejected,
    StateError,
    UsageError,
)
from reconciler.model.identity import Identity
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.records import (
    Checkpoint,
    GenerationPhase,
    ItemMigration,
    MigrationDirection,
    Phase,
    StateSnapshot,
)
from reconciler.mover.calls import GuardedCalls
from reconciler.mover.checkpoints import Checkpoints
from reconciler.mover.governor import Governor, RateLimits, limits_of
from reconciler.mover.item_change import ItemChange, ItemFault, Untouched, change_of
from reconciler.mover.item_problems import ItemProblems
from reconciler.mover.migrate import FAILED, MigrationAborted, MigrationProgress, MigrationResult, MigrationRun
from reconciler.mover.migration_file import MigrationFile
from reconciler.mover.migration_order import (
    DeclaredTables,
    MigrationOrder,
    MigrationStatus,
    begun_elsewhere,
    former_name_warning,
    order_of,
    undeclared_problem,
)
from reconciler.mover.ports import MoverItems, Page, ScanRequest
from reconciler.mover.scan import SegmentedScan, segments_for
from reconciler.planning.observe import identity_of
from reconciler.planning.ownership import is_released
from reconciler.seeds.item_rules import item_size

SAMPLE_ITEMS = 1_000
"""Items that a dry run reads of each table."""
EXAMPLES = 3
BETWEEN_TABLES = frozenset(
    {GenerationPhase.FENCE, GenerationPhase.SWITCH, GenerationPhase.REVERT, GenerationPhase.RETURN}
)
ITEMS_ASIDE = frozenset({Phase.DELETING, Phase.CREATING, Phase.RETURNING, Phase.VERIFYING})
"""Phases of a replacement in which its copy has all items, and the table perhaps not."""
WRITE_BYTES, READ_BYTES = 1024, 4096


@dataclass(frozen=True, slots=True)
class MigrateLimits:
    """Units per second that a person allowed, and the most segments that run at the same time."""

    max_rcu: float | None = None
    max_wcu: float | None = None
    workers: int = 10


@dataclass(frozen=True, slots=True)
class Sampled:
    """What a dry run found for one migration.

    ``counts`` are of the sampled items, ``total`` is the item count of DescribeTable. The estimates are for all items,
    at the rates that the migration would keep to; seconds are ``None`` where there is no limit.
    """

    migration: MigrationFile
    table: str
    total: int
    sampled: int
    counts: Mapping[str, int]
    examples: tuple[ItemChange, ...]
    problems: tuple[Problem, ...]
    read_units: float
    write_units: float
    limits: RateLimits

    @property
    def changes(self) -> int:
        """Estimated number of items that change."""
        if not self.sampled:
            return 0
        return round(self.counts.get("changed", 0) / self.sampled * max(self.total, self.sampled))

    @property
    def seconds(self) -> float | None:
        """Estimated time at the limits."""
        times = [
            units / rate
            for units, rate in ((self.read_units, self.limits.read), (self.write_units, self.limits.write))
            if rate
        ]
        return max(times, default=None)


@dataclass(frozen=True, slots=True)
class Verified:
    """What ``verify`` found for one applied migration: how many items it would still change, and examples."""

    migration: MigrationFile
    table: str
    counts: Mapping[str, int]
    examples: tuple[Item, ...]
    error: ApiError | None = None

    @property
    def left(self) -> int:
        """Items that the migration would still change, or cannot be applied to."""
        return self.counts.get("changed", 0) + self.counts.get(FAILED, 0)


@dataclass(frozen=True, slots=True)
class Target:
    """The live table of one migration."""

    name: str
    identity: Identity
    key_names: tuple[str, ...]
    items: int
    described: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class MigrateCommands:
    """All of them. ``files`` are sorted by number; ``by`` is who runs this, for the records."""

    command: CommandContext
    items: MoverItems
    files: tuple[MigrationFile, ...]
    by: str
    limits: MigrateLimits = field(default_factory=MigrateLimits)
    on_progress: Callable[[MigrationProgress], None] | None = None
    ended: list[MigrationResult | MigrationAborted] = field(default_factory=list)
    """What ``up`` and ``down`` ran, in order, for the history; complete also after an exception."""

    def status(self) -> MigrationOrder:
        """Where each migration stands. Only reads."""
        snapshot = self.command.ports.store.load()
        return self._order(snapshot, self._tables(snapshot))

    def up(self, to: str | None = None) -> tuple[MigrationResult, ...]:
        """Run what is pending, in order, up to the migration ``to``. Stops after one that did not finish.

        Raises ``DeclarationError`` with all problems of files and records, before the first item.
        """
        self.command.ports.source.load()
        wanted = self._until(to)
        snapshot = self.command.begin()
        tables = self._tables(snapshot)
        order = self._checked(snapshot, tables)
        reverting = [state for state in order.states if state.status is MigrationStatus.REVERTING]
        if reverting:
            raise UsageError(f"{reverting[-1].name} is being undone. Finish that first: `reconciler migrate down`.")
        results: list[MigrationResult] = []
        for file in order.pending:
            if wanted is not None and file.number > wanted:
                break
            with self._noted(file, tables):
                results.append(self._run(file, "up", tables, self.command.ports.store.load()))
                self.ended.append(results[-1])
            if not results[-1].finished:
                break
        return tuple(results)

    def down(self, count: int = 1) -> tuple[MigrationResult, ...]:
        """Undo the last ``count`` migrations, the last one first. Raises ``UsageError`` if one has no ``down``."""
        self.command.ports.source.load()
        snapshot = self.command.begin()
        tables = self._tables(snapshot)
        chosen = self._checked(snapshot, tables).applied[:count]
        if not chosen:
            raise UsageError("no migration is applied, so there is nothing to undo")
        for state in chosen:
            if state.file is None or state.file.down is None:
                raise UsageError(f"{state.name} has no down(item), so it cannot be undone; nothing was changed")
        results: list[MigrationResult] = []
        for state in chosen:
            assert state.file is not None
            with self._noted(state.file, tables):
                results.append(self._run(state.file, "down", tables, self.command.ports.store.load()))
                self.ended.append(results[-1])
                if not results[-1].finished:
                    break
                self.command.ports.store.drop_migration(state.name)
        return tuple(results)

    def next_down(self, count: int = 1) -> tuple[str, ...]:
        """The names of what ``down`` would undo. Only reads."""
        return tuple(state.name for state in self.status().applied[:count])

    def dry_run(self, direction: MigrationDirection = "up", to: str | None = None) -> tuple[Sampled, ...]:
        """Evaluate what ``up`` or ``down`` would run for a sample of the items. Writes nothing, takes no lease."""
        snapshot = self.command.ports.store.load()
        tables = self._tables(snapshot)
        order = self._checked(snapshot, tables)
        wanted = self._until(to)
        files = [file for file in order.pending if wanted is None or file.number <= wanted]
        if direction == "down":
            files = [state.file for state in order.applied[:1] if state.file is not None]
        for file in files:
            # What it would count is not what the migration would find, and that would be refused.
            self._refuse_replaced(_declared_name(file, tables), snapshot)
        return tuple(self._sample(file, direction, tables) for file in files)

    def verify(self) -> tuple[MigrationOrder, tuple[Verified, ...]]:
        """Read all items of the tables of applied migrations, and count those that would still change. Only reads."""
        snapshot = self.command.ports.store.load()
        tables = self._tables(snapshot)
        order = self._order(snapshot, tables)
        applied = [state.file for state in order.states if state.status is MigrationStatus.APPLIED and state.file]
        for file in applied:
            name = _declared_name(file, tables)
            if name in snapshot.replacements and snapshot.replacements[name].phase in ITEMS_ASIDE:
                # It speaks of all items, and the table may have only some of them.
                self._refuse_replaced(name, snapshot)
        return order, tuple(self._verified(file, tables) for file in applied)

    @contextmanager
    def _noted(self, file: MigrationFile, tables: DeclaredTables) -> Iterator[None]:
        """Notes an exception in ``ended``."""
        try:
            yield
        except Exception as error:
            declaration = tables.of(file)
            table = declaration.spec.name if declaration is not None else file.table
            # What the reconciler raises on purpose comes before the first item or after the last one; items that fail
            # are part of a result.
            expected = isinstance(error, ReconcilerError)
            said = str(error).removeprefix(f"{file.name}: ") if expected else type(error).__name__
            self.ended.append(MigrationAborted(file.name, table, said, may_have_changed=not expected))
            raise

    def _tables(self, snapshot: StateSnapshot) -> DeclaredTables:
        """The declared tables, with the names that they have now."""
        return DeclaredTables(self.command.ports.declared(snapshot.generations), snapshot.migrations)

    def _until(self, to: str | None) -> int | None:
        if to is None:
            return None
        for file in self.files:
            if to in (file.name, str(file.number), f"{file.number:04}"):
                return file.number
        known = ", ".join(file.name for file in self.files) or "none"
        raise UsageError(f"--to: unknown migration {to!r}; there are: {known}")

    def _order(self, snapshot: StateSnapshot, tables: DeclaredTables) -> MigrationOrder:
        declared = {file.name: tables.of(file) for file in self.files}
        names = {name: found.spec.name for name, found in declared.items() if found is not None}
        wanted = {*names.values(), *(record.table for record in snapshot.migrations.values())}
        live: dict[str, Identity] = {}
        for name in sorted(wanted):
            observed = observe_table(self.command.ports, name, None)
            if observed is not None:
                live[name] = observed.identity
        for replacement in snapshot.replacements.values():
            if replacement.phase in ITEMS_ASIDE:
                # The table may be gone or new, and its items and these records come back to it.
                live[replacement.name] = replacement.target or replacement.identity
        order = order_of(self.files, snapshot.migrations, names, live)
        unknown = (
            undeclared_problem(file.file, file.lines.get("table"), file.table, tables.desired)
            for file in self.files
            if declared[file.name] is None
        )
        declared_now = {each.spec.name for each in tables.desired.declarations}
        begun = {name: each for name, each in snapshot.migrations.items() if each.table in declared_now}
        elsewhere = (
            begun_elsewhere(file, names[file.name], begun.get(file.name), live)
            for file in self.files
            if file.name in names
        )
        former = (former_name_warning(file, tables.desired, declared[file.name]) for file in self.files)
        return replace(
            order,
            problems=(*order.problems, *(each for each in (*unknown, *elsewhere) if each is not None)),
            warnings=tuple(warning for warning in former if warning is not None),
        )

    def _checked(self, snapshot: StateSnapshot, tables: DeclaredTables) -> MigrationOrder:
        order = self._order(snapshot, tables)
        if order.problems:
            raise DeclarationError(order.problems)
        return order

    def _target(self, file: MigrationFile, tables: DeclaredTables, snapshot: StateSnapshot | None) -> Target:
        """The live table. Raises ``StateError`` if it cannot be migrated.

        ``snapshot`` is ``None`` if nothing is written; the owner of the table is not checked then.
        """
        declaration = tables.of(file)
        assert declaration is not None
        name = declaration.spec.name
        if snapshot is not None:
            self._refuse_replaced(name, snapshot)
        observed = observe_table(self.command.ports, name, None)
        if observed is None or observed.status not in ("ACTIVE", "UPDATING"):
            state = "does not exist" if observed is None else f"is {observed.status}"
            raise StateError(f"{file.name}: table {name} {state}. Run `reconciler up` first.")
        if snapshot is not None:
            self.command.refuse_foreign(snapshot, observed)
            if is_released(snapshot.inventory.get(name)):
                raise StateError(f"table {name} is released. `reconciler import {name}` manages it again.")
            if declaration.lifecycle.on_existing == "observe":
                raise StateError(
                    f"table {name} is only observed (lifecycle.on_existing: observe), so its items are not changed. "
                    "Write adopt there to manage it."
                )
        described = self.items.describe(name)
        if not identity_of(described).same(observed.identity):
            raise StateError(f"table {name} was created again in the meantime. Run the command again.")
        keys = tuple(element["AttributeName"] for element in described["KeySchema"])
        return Target(name, observed.identity, keys, int(described.get("ItemCount") or 0), described)

    @staticmethod
    def _refuse_replaced(name: str, snapshot: StateSnapshot) -> None:
        """Raise ``StateError`` while a table is replaced under its own name, or its name goes to another table.

        In every other phase of the latter, one table takes all writes and the other one follows it, those of a
        migration too.
        """
        replacement = snapshot.replacements.get(name)
        if replacement is not None and replacement.under_way:
            # A part of the items is in the copy, and would come back as it was.
            raise StateError(
                f"table {name} is being replaced, and a part of its items is in {replacement.aside}. "
                f"Finish that first: `reconciler replace {name} --resume`."
            )
        for work in snapshot.generations.values():
            if name not in (work.old, work.new) or work.phase not in BETWEEN_TABLES:
                continue
            stopped = work.paused or work.problem is not None
            command = f"`reconciler replace {work.name}{' --resume' if stopped else ''}`"
            raise StateError(
                f"table {name} is between {work.old} and {work.new} ({work.phase.value}), and what is written now"
                f" may be lost. Finish that first: {command}."
            )

    def _limits(self, target: Target) -> RateLimits:
        limits = self.limits
        emulator = self.command.ports.emulator
        return limits_of(target.described, emulator=emulator, max_rcu=limits.max_rcu, max_wcu=limits.max_wcu)

    def _run(
        self, file: MigrationFile, direction: MigrationDirection, tables: DeclaredTables, snapshot: StateSnapshot
    ) -> MigrationResult:
        ports = self.command.ports
        target = self._target(file, tables, snapshot)
        found = snapshot.migrations.get(file.name)
        calls = self._calls(target, ports.store)
        record = self._resumed(found, file, direction, target)
        if record is None:
            self._try_where(file, direction, target, calls)
            segments = segments_for(target.items, self.limits.workers)
            record = ItemMigration(
                file.name,
                target.name,
                target.identity,
                file.checksum,
                direction,
                segments,
                self.by,
                ports.clock.now(),
                body=file.checksums.body,
            )
            ports.store.put_migration(record)
        checkpoints = Checkpoints(
            ports.store,
            snapshot.checkpoints,
            table=target.name,
            work=file.name,
            identity=target.identity,
            started_as=f"{direction} {record.segments} {file.checksum}",
        )
        where = file.where if direction == "up" else None
        scan = SegmentedScan(self.items, calls, ports.parallel, checkpoints, target.name, record.segments, where)
        run = MigrationRun(
            ports, self.items, calls, scan, file, record, target.key_names, target.items, self.on_progress
        )
        result = run.run()
        # What was applied before has no open work; of a record of another identity nothing is left.
        begun = found is not None and found.direction == direction and found.identity.same(target.identity)
        if not begun or found is None or found.finished is not None:
            return result
        if found.checksum != file.checksum:
            return replace(result, began_again="its file has changed since it was begun")
        return replace(result, began_again="its table was replaced since it was begun" if found.moved else None)

    def _try_where(
        self, file: MigrationFile, direction: MigrationDirection, target: Target, calls: GuardedCalls
    ) -> None:
        """Let DynamoDB read the condition before anything is recorded. Raises ``DeclarationError`` if it refuses it."""
        if (where := _where(file, direction)) is not None:
            self._page(file, ScanRequest(target.name, limit=1, where=where), calls)

    def _page(self, file: MigrationFile, request: ScanRequest, calls: GuardedCalls) -> Page:
        """A page of the items of a migration. Raises ``DeclarationError`` if its condition is refused."""
        try:
            return calls.read(lambda: self.items.scan_page(request), lambda page: page.units)
        except Rejected as refused:
            if request.where is None:
                raise
            remedy = "Write a condition of DynamoDB; a reserved word needs a place: names = {'#s': 'status'}."
            problem = Problem(file.file, file.lines.get("where"), "where", f"is refused: {refused.message}", remedy)
            raise DeclarationError((problem,)) from refused

    @staticmethod
    def _resumed(
        found: ItemMigration | None, file: MigrationFile, direction: MigrationDirection, target: Target
    ) -> ItemMigration | None:
        """The record that an earlier run left, if this run continues it."""
        if found is None or not found.identity.same(target.identity):
            return None
        same = found.direction == direction and found.checksum == file.checksum and found.finished is None
        # With moved items, none of the parts that it was begun with is left.
        return found if same and not found.moved else None

    def _calls(self, target: Target, store: Any) -> GuardedCalls:
        ports = self.command.ports
        watch = IdentityWatch(ports, target.name, target.identity)
        governor = Governor(ports.clock, ports.random, self._limits(target))
        return GuardedCalls(ports.clock, ports.random, store, watch, governor)

    def _sample(self, file: MigrationFile, direction: MigrationDirection, tables: DeclaredTables) -> Sampled:
        target = self._target(file, tables, None)
        calls = self._calls(target, _NoLease())
        counts: dict[str, int] = {}
        examples: list[ItemChange] = []
        problems = ItemProblems(file.file, target.name, target.key_names, EXAMPLES)
        sampled, read, write, start = 0, 0.0, 0.0, None
        while sampled < SAMPLE_ITEMS:
            request = ScanRequest(target.name, start=start, limit=SAMPLE_ITEMS - sampled, where=_where(file, direction))
            request = replace(request, consistent=False)
            page = self._page(file, request, calls)
            for item in page.items:
                what, change, fault = _evaluated(file, direction, item, target)
                counts[what] = counts.get(what, 0) + 1
                if change is not None:
                    write += max(1, -(-item_size(change.after) // WRITE_BYTES))
                    examples += [change] if len(examples) < EXAMPLES else []
                if fault is not None:
                    problems.add(item, fault.line, f"{fault.name}()", fault.reason, fault.remedy)
            _count_skipped(counts, page)
            sampled += page.scanned
            # A consistent read costs twice as much as this one.
            read += page.units * 2
            start = page.last_key
            if start is None:
                break
        all_items = max(target.items, sampled) if start is not None else sampled
        factor = all_items / sampled if sampled else 0.0
        return Sampled(
            file,
            target.name,
            all_items,
            sampled,
            counts,
            tuple(examples),
            problems.problems,
            read * factor,
            write * factor,
            self._limits(target),
        )

    def _verified(self, file: MigrationFile, tables: DeclaredTables) -> Verified:
        target = self._target(file, tables, None)
        ports = self.command.ports
        examples: list[Item] = []

        def handle(page: Page) -> Mapping[str, int]:
            counts: dict[str, int] = {}
            for item in page.items:
                what, change, fault = _evaluated(file, "up", item, target)
                counts[what] = counts.get(what, 0) + 1
                if (change is not None or fault is not None) and len(examples) < EXAMPLES:
                    examples.append({name: item[name] for name in target.key_names})
            return counts

        checkpoints = Checkpoints(
            _NoRecords(), {}, table=target.name, work=file.name, identity=target.identity, started_as="verify"
        )
        segments = segments_for(target.items, self.limits.workers)
        calls = self._calls(target, _NoLease())
        scan = SegmentedScan(self.items, calls, ports.parallel, checkpoints, target.name, segments, file.where)
        result = scan.run(handle)
        error = result.error
        if error is None and result.stopped:
            error = LeaseLost("Scan", "Stopped", "the process is to stop")
        return Verified(file, target.name, result.counts, tuple(examples[:EXAMPLES]), error)


class _NoLease:
    """In the place of the store where nothing is written."""

    def keep_lease(self) -> bool:
        return True


class _NoRecords:
    """Checkpoints of work that only reads: they are kept in memory."""

    def put_checkpoint(self, checkpoint: Checkpoint) -> None:
        del checkpoint

    def drop_checkpoint(self, name: str) -> None:
        del name


def _declared_name(file: MigrationFile, tables: DeclaredTables) -> str:
    declaration = tables.of(file)
    return declaration.spec.name if declaration is not None else file.table


def _evaluated(
    file: MigrationFile, direction: MigrationDirection, item: Item, target: Target
) -> tuple[str, ItemChange | None, ItemFault | None]:
    try:
        change = change_of(file, direction, item, target.key_names)
    except ItemFault as fault:
        return FAILED, None, fault
    if isinstance(change, Untouched):
        return change.value, None, None
    return "changed", change, None


def _count_skipped(counts: dict[str, int], page: Page) -> None:
    skipped = page.scanned - len(page.items)
    if skipped:
        counts[Untouched.SKIPPED.value] = counts.get(Untouched.SKIPPED.value, 0) + skipped


def _where(file: MigrationFile, direction: MigrationDirection) -> Any:
    return file.where if direction == "up" else None
