"""The command ``rebuild-index``: create a new index, give readers time to switch to it, then delete the old one.

The key and projection of a global secondary index cannot be changed, and UpdateTable creates or deletes one index per
call. Each run of the command goes as far as possible and says what comes next. A record in the state table lets a later
run continue; while it exists, passes leave both indexes alone.
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTable.html
"""

from __future__ import annotations

import re
from dataclasses import field, replace
from datetime import timedelta

from reconciler.engine.commands import CommandContext, CommandResult
from reconciler.engine.index_builds import Seen, report_builds
from reconciler.engine.observe import observe_table
from reconciler.facets import index_calls, index_conflicts
from reconciler.model.change import Call
from reconciler.model.errors import Ambiguous, Busy, UsageError
from reconciler.model.json_values import to_the_second
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.observed import ObservedTable
from reconciler.model.records import IndexRebuild
from reconciler.model.table import GlobalIndex, TableSpec
from reconciler.planning.index_backfill import pending_backfill
from reconciler.planning.index_rebuild import readers_switched


def next_name(index: str) -> str:
    """The default name of the new index: ``by_email-v2`` for ``by_email``, ``by_email-v3`` for ``by_email-v2``."""
    found = re.fullmatch(r"(.+)-v(\d+)", index)
    return f"{found[1]}-v{int(found[2]) + 1}" if found else f"{index}-v2"


@dataclass(frozen=True, slots=True)
class Rebuild:
    """One run of the command. ``hold`` is how long the old index is kept after the new one is ready."""

    command: CommandContext
    hold: timedelta
    builds: Seen = field(default_factory=dict)

    def run(self, table: str, index: str, new: str | None) -> CommandResult:
        """Rebuild ``index`` of ``table`` under the name ``new``, as far as possible before the deadline.

        Without ``new``, the name is that of ``next_name``. Raises ``UsageError`` for a request that cannot be carried
        out, and ``StateError`` if writing is not allowed or the table belongs to another stack.
        """
        declaration = self.command.declared(table)
        desired = declaration.spec if declaration else None
        name = desired.name if desired else table
        snapshot = self.command.begin()
        observed = self._observe(name)
        self.command.refuse_foreign(snapshot, observed)
        record = snapshot.rebuilds.get(name)
        if record is None or not observed.identity.same(record.identity):
            record = self._begin(observed, index, new or next_name(index), desired)
        elif record.index != index or (new is not None and record.new_index != new):
            running = f"index {record.index} of {name} is being rebuilt as {record.new_index}"
            raise UsageError(f"{running}: finish that rebuild, or cancel it with --cancel")
        return self._continue(record, desired)

    def cancel(self, table: str) -> CommandResult:
        """Cancel a rebuild. The next pass manages both indexes again and deletes the one that is not declared."""
        declaration = self.command.declared(table)
        name = declaration.spec.name if declaration else table
        record = self.command.begin().rebuilds.get(name)
        if record is None:
            raise UsageError(f"no index of {name} is being rebuilt")
        self.command.ports.store.drop_rebuild(name)
        message = f"Canceled the rebuild of index {record.index} as {record.new_index}; neither index was changed."
        return CommandResult((message,), finished=True, data=_data(record, "cancelled"))

    def _begin(self, observed: ObservedTable, index: str, new: str, desired: TableSpec | None) -> IndexRebuild:
        name, live = observed.spec.name, {each.name for each in observed.spec.global_indexes or ()}
        if index not in live:
            raise UsageError(f"{name} has no index {index!r}; its indexes are: {', '.join(sorted(live)) or 'none'}")
        if new in live or new in {each.name for each in observed.spec.local_indexes or ()}:
            raise UsageError(f"{name} already has an index {new}; give another name with --as")
        if len(live) >= index_conflicts.LIMITS[GlobalIndex]:
            raise UsageError(f"{name} has {len(live)} indexes, which is the maximum, so {new} cannot be added")
        wanted = _new_index(observed.spec, index, new, desired)
        obstacle = index_conflicts.index_precondition(wanted, _with_index(observed.spec, wanted), observed.spec)
        if obstacle:
            raise UsageError(obstacle.sentence)
        self.command.check(index_calls.create_index_call(wanted, _with_index(observed.spec, wanted), observed.spec))
        hold = int(self.hold.total_seconds())
        record = IndexRebuild(name, observed.identity, index, new, self.command.ports.clock.now(), hold)
        self.command.ports.store.put_rebuild(record)
        return record

    def _continue(self, record: IndexRebuild, desired: TableSpec | None) -> CommandResult:
        pause: float | None = 0.0
        while pause is not None:
            observed = self._observe(record.name)
            report_builds(self.command.ports, self.builds, ((record.name, observed),))
            if not observed.identity.same(record.identity):
                raise UsageError(f"table {record.name} was recreated in the meantime; no index of it is being rebuilt")
            indexes = {index.name: index for index in observed.spec.global_indexes or ()}
            busy = observed.status != "ACTIVE" or "global_indexes" in observed.changing
            ready = record.new_index in indexes and not busy
            if ready and record.ready_at is None:
                missing = self._pending_backfill(record, desired, observed)
                if missing is not None:
                    return missing
                record = replace(record, ready_at=self.command.ports.clock.now())
                self.command.ports.store.put_rebuild(record)
            if busy:
                pause = self.command.pause(pause, why=f"an index of {record.name} is being built or deleted")
            elif record.new_index not in indexes:
                self._create(record, observed, desired)
                pause = self.command.pause(pause)
            elif record.index not in indexes:
                return self._finished(record)
            elif self.command.ports.clock.now() < record.drop_at:
                if record.drop_at > self.command.deadline:
                    return self._waiting(record)
                held = f"index {record.index} of {record.name} is kept until {to_the_second(record.drop_at)}"
                pause = self.command.pause(pause, record.drop_at, why=held)
            elif not readers_switched(record, desired):
                return self._not_switched(record)
            else:
                self._drop(record, observed)
                pause = self.command.pause(pause)
        return self._waiting(record) if record.ready_at else self._building(record)

    def _create(self, record: IndexRebuild, observed: ObservedTable, desired: TableSpec | None) -> None:
        wanted = _new_index(observed.spec, record.index, record.new_index, desired)
        self._write(index_calls.create_index_call(wanted, _with_index(observed.spec, wanted), observed.spec))

    def _drop(self, record: IndexRebuild, seen: ObservedTable) -> None:
        """Delete the old index if table and indexes are still as they were ``seen`` before the lease was renewed."""
        self.command.acquire_lease()
        observed = self._observe(record.name)
        here = observed.identity.same(seen.identity) and observed.status == "ACTIVE"
        if here and observed.spec.global_indexes == seen.spec.global_indexes and not observed.changing:
            self._write(index_calls.delete_index_call(record.index, observed.spec))

    def _write(self, call: Call) -> None:
        try:
            self.command.ports.api.write(call)
        except (Busy, Ambiguous):
            # Nothing is assumed about the call: the loop observes the table again and decides anew.
            return

    def _observe(self, name: str) -> ObservedTable:
        observed = observe_table(self.command.ports, name, None)
        if observed is None:
            raise UsageError(f"table {name} does not exist")
        return observed

    def _finished(self, record: IndexRebuild) -> CommandResult:
        self.command.ports.store.drop_rebuild(record.name)
        message = f"Index {record.new_index} has replaced {record.index}, which is deleted."
        return CommandResult((message,), finished=True, data=_data(record, "done"))

    def _building(self, record: IndexRebuild) -> CommandResult:
        message = f"Index {record.new_index} is being built; run the same command again to continue."
        return CommandResult((message,), finished=False, data=_data(record, "building"))

    def _waiting(self, record: IndexRebuild) -> CommandResult:
        when = to_the_second(record.drop_at)
        ready = f"Index {record.new_index} is ready: use it instead of {record.index} in readers and the declaration."
        later = f"{record.index} is kept until {when}; run the same command after that to delete it."
        return CommandResult((ready, later), finished=False, data=_data(record, "ready"))

    def _pending_backfill(
        self, record: IndexRebuild, desired: TableSpec | None, observed: ObservedTable
    ) -> CommandResult | None:
        """What to say while the new index lacks old items, because the migration that it names is not applied."""
        declared = (desired.global_indexes or ()) if desired is not None else ()
        index = next((each for each in declared if each.name == record.new_index), None)
        migrations = self.command.ports.store.load().migrations if index is not None and index.backfill else {}
        state = pending_backfill(index, observed.identity, migrations) if index is not None else None
        if index is None or state is None:
            return None
        message = (
            f"Index {record.new_index} is ACTIVE; its backfill {index.backfill} is {state}. Run `reconciler migrate"
            f" up`, then run this again. {record.index} is not deleted before that."
        )
        return CommandResult((message,), finished=False, data=_data(record, "building"))

    def _not_switched(self, record: IndexRebuild) -> CommandResult:
        message = (
            f"Index {record.new_index} is ready, but the declaration does not have it instead of {record.index}:"
            " change the declaration, then run this again. No index is deleted before that."
        )
        return CommandResult((message,), finished=False, data=_data(record, "ready"))


def _new_index(live: TableSpec, index: str, new: str, desired: TableSpec | None) -> GlobalIndex:
    """The definition of the new index: as declared under the new name, else under the old one, else the old index."""
    sides = ((desired, new), (desired, index), (live, index))
    found = (each for side, name in sides if side for each in side.global_indexes or () if each.name == name)
    old = next((each for each in live.global_indexes or () if each.name == index), None)
    chosen = next(found)
    return replace(chosen, name=new, throughput=chosen.throughput or (old.throughput if old else None))


def _with_index(live: TableSpec, index: GlobalIndex) -> TableSpec:
    indexes = sorted((*(live.global_indexes or ()), index), key=lambda each: each.name)
    return replace(live, global_indexes=tuple(indexes))


def _data(record: IndexRebuild, state: str) -> dict[str, str | None]:
    dropped = record.drop_at.isoformat() if record.ready_at else None
    return {
        "table": record.name,
        "index": record.index,
        "new_index": record.new_index,
        "state": state,
        "ready_at": record.ready_at.isoformat() if record.ready_at else None,
        "drop_not_before": dropped,
    }
