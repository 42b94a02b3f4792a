"""Runs one migration over all items of its table. Called by ``migrate_commands``, and by any process that resumes it.

Nothing is ever overwritten: an update names the values that it was computed from, and is computed again from the
current item where they have changed. An item that was deleted stays deleted.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field, replace

from reconciler.engine.context import EngineContext
from reconciler.model.desired import Item
from reconciler.model.errors import ApiError, ConditionFailed, Interrupted, Problem, Rejected
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.records import ItemMigration
from reconciler.mover.calls import GuardedCalls
from reconciler.mover.checkpoints import total
from reconciler.mover.item_change import ItemChange, ItemFault, Untouched, change_of
from reconciler.mover.item_problems import ItemProblems
from reconciler.mover.migration_file import MigrationFile
from reconciler.mover.ports import FoundItem, MoverItems, Page
from reconciler.mover.scan import PageFailed, SegmentedScan
from reconciler.mover.where_expression import holds
from reconciler.seeding.digest import canonical

CONFLICTS = 50
"""Attempts at one item that somebody else keeps changing."""
SURELY_UNCHANGED = 3
"""Times that an item was refused and then read unchanged. Once may be a change that was undone in between."""
FIRST_PAUSE, LONGEST_PAUSE = 0.02, 2.0
MOST_PROBLEMS = 20
"""Different errors of items that are reported."""
CHANGED, GONE, CONFLICT, FAILED = "changed", "gone", "conflicts", "failed"


@dataclass(frozen=True, slots=True)
class MigrationProgress:
    """How far one migration is. ``total`` is what DescribeTable says, which may be six hours old."""

    name: str
    table: str
    total: int
    counts: Mapping[str, int]
    seconds: float


@dataclass(frozen=True, slots=True)
class MigrationResult:
    """How one run of a migration ended. ``record`` is what is stored.

    ``began_again`` tells why it started at the first item although it had been begun, as a clause.
    ``problems`` name the first items that failed, those with equal errors together; ``failed`` is how many items they
    speak of.
    """

    record: ItemMigration
    finished: bool
    problems: tuple[Problem, ...] = ()
    error: ApiError | None = None
    stopped: bool = False
    failed: int = 0
    began_again: str | None = None


@dataclass(frozen=True, slots=True)
class MigrationAborted:
    """A migration that an exception or a refusal ended. ``may_have_changed`` tells whether items may be changed."""

    name: str
    table: str
    error: str
    may_have_changed: bool = False


@dataclass
class MigrationRun:
    """The work of one migration on one table, in this process."""

    ports: EngineContext
    items: MoverItems
    calls: GuardedCalls
    scan: SegmentedScan
    migration: MigrationFile
    record: ItemMigration
    key_names: Sequence[str]
    total: int = 0
    on_progress: Callable[[MigrationProgress], None] | None = None
    _problems: ItemProblems = field(init=False)
    _cut_short: list[Mapping[str, int]] = field(default_factory=list)
    """What was done of pages that an error or the end of the process cut short. Their checkpoints are before them."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._problems = ItemProblems(self.migration.file, self.record.table, self.key_names, MOST_PROBLEMS)

    def run(self) -> MigrationResult:
        """Handle every item that is left. Stores the record as finished and deletes the checkpoints at the end."""
        began = self.ports.clock.monotonic()
        seen: dict[str, int] = {}

        def report(counts: Mapping[str, int]) -> None:
            with self._lock:
                for name, count in counts.items():
                    seen[name] = seen.get(name, 0) + count
                now = dict(seen)
            if self.on_progress is not None:
                seconds = self.ports.clock.monotonic() - began
                self.on_progress(MigrationProgress(self.migration.name, self.record.table, self.total, now, seconds))

        result = self.scan.run(self._page, report)
        problems = self._problems.problems
        record = replace(self.record, counts=total([result.counts, *self._cut_short]))
        if problems or not result.finished:
            failed = self._problems.items
            return MigrationResult(record, False, problems, result.error, result.stopped, failed)
        record = replace(record, finished=self.ports.clock.now())
        try:
            # The record first: without it, the checkpoints are all that tells that the work is done.
            self.ports.store.put_migration(record)
            self.scan.checkpoints.drop()
        except ApiError as error:
            return MigrationResult(record, False, (), error)
        return MigrationResult(record, True)

    def _page(self, page: Page) -> Mapping[str, int]:
        counts: dict[str, int] = {}
        try:
            for item in page.items:
                self._item(item, counts)
        except (ApiError, Interrupted):
            with self._lock:
                self._cut_short.append(counts)
            raise
        skipped = page.scanned - len(page.items)
        if skipped:
            _add(counts, Untouched.SKIPPED.value, skipped)
        if counts.get(FAILED):
            raise PageFailed(counts)
        return counts

    def _item(self, item: Item, counts: dict[str, int]) -> None:
        try:
            _add(counts, self._migrated(item, counts))
        except ItemFault as fault:
            self._problems.add(item, fault.line, f"{fault.name}()", fault.reason, fault.remedy)
            _add(counts, FAILED)
        except Rejected as refused:
            remedy = "Correct the item or the migration, then run the command again."
            self._problems.add(item, None, None, f"DynamoDB refuses the update: {refused.message}", remedy)
            _add(counts, FAILED)

    def _migrated(self, item: Item, counts: dict[str, int]) -> str:
        """What was done with one item: ``changed``, ``done``, ``skipped`` or ``gone``."""
        pause, unchanged = FIRST_PAUSE, 0
        for _ in range(CONFLICTS):
            change = change_of(self.migration, self.record.direction, item, self.key_names)
            if isinstance(change, Untouched):
                return change.value
            if self._applied(change):
                return CHANGED
            found = self._read_again(change).item
            if found is None:
                return GONE
            if change.is_in(found):
                # Our own update, whose answer was lost, or the same one by somebody else.
                return CHANGED
            where = change.update.where
            if where is not None:
                # A Query could filter, but not by a key attribute, and the condition of the update says it as well: an
                # item that stays as it was read and is refused again is one that ``where`` does not select.
                selected = holds(where, found)
                unchanged = unchanged + 1 if canonical(found) == canonical(item) else 0
                if selected is False or (selected is None and unchanged >= SURELY_UNCHANGED):
                    return Untouched.SKIPPED.value
            item = found
            _add(counts, CONFLICT)
            self.ports.clock.sleep(self.ports.random.uniform(0, pause))
            pause = min(pause * 2, LONGEST_PAUSE)
        remedy = "Run the command again when it is written less often."
        raise ItemFault(self.record.direction, None, f"somebody else changed the item {CONFLICTS} times", remedy)

    def _applied(self, change: ItemChange) -> bool:
        try:
            self.calls.write(lambda: self.items.update(self.record.table, change.update), lambda units: units)
        except ConditionFailed:
            return False
        return True

    def _read_again(self, change: ItemChange) -> FoundItem:
        return self.calls.read(lambda: self.items.find(self.record.table, change.update.key), lambda found: found.units)


def _add(counts: dict[str, int], name: str, count: int = 1) -> None:
    counts[name] = counts.get(name, 0) + count
