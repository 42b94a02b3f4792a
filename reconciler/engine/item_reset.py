"""Resets the items of tables for tests: what a test wrote goes, what it deleted comes back. Called by the facade.

Nothing else in the engine writes over items of others, so that this asks twice: the setting ``TESTING`` must be on, and
right before the first write the endpoint must still be an emulator.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import Literal

from reconciler.engine.authorization import acquire_lease
from reconciler.engine.context import EngineContext
from reconciler.engine.observe import observe_table
from reconciler.engine.state import EngineState
from reconciler.model.desired import Declaration, Item
from reconciler.model.errors import ApiError, NotFound, UsageError
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.options import Options
from reconciler.model.records import StateSnapshot
from reconciler.model.report import RunReport, TableReport, TableStatus
from reconciler.planning.scopes import foreign_owner, not_ours
from reconciler.seeding.digest import canonical

Content = Literal["snapshot", "seed", "empty"]
BATCH = 25
"""Requests that one BatchWriteItem may have."""
HOW_TO = "Set RECONCILER_TESTING=true beside an emulator that has nothing but test data."


@dataclass(frozen=True, slots=True)
class ItemReset:
    """``state`` keeps the snapshot. ``writable_state`` raises ``StateError`` where nothing may be written."""

    ports: EngineContext
    options: Options
    state: EngineState
    writable_state: Callable[[], StateSnapshot]

    def missing(self, names: Sequence[str]) -> bool:
        """Whether one of the tables does not exist."""
        self._check()
        return any(observe_table(self.ports, name, None) is None for name in names)

    def take_snapshot(self, names: Sequence[str]) -> RunReport:
        """Read and keep all items of the tables."""
        self._check()
        tables = []
        for declaration in self._declared(names):
            name = declaration.spec.name
            try:
                items = self.state.test_snapshot[name] = tuple(self.ports.items.all_items(name))
            except ApiError as error:
                tables.append(_report(declaration, error=str(error)))
            else:
                tables.append(_report(declaration, present=len(items)))
        return self._reported("test snapshot", tables)

    def reset(self, names: Sequence[str], content: Content) -> RunReport:
        """Let each table have exactly the wanted items. A failure of one table does not stop the others."""
        self._check()
        snapshot = self.writable_state()
        acquire_lease(self.ports)
        tables = []
        for declaration in self._declared(names):
            try:
                tables.append(self._reset_table(declaration, content, snapshot))
            except ApiError as error:
                tables.append(_report(declaration, error=str(error)))
        return self._reported("test reset", tables)

    def _check(self) -> None:
        if not self.options.testing:
            raise UsageError(f"Tests may not reset items here: RECONCILER_TESTING is off. {HOW_TO}")
        confirm = self.ports.endpoint_watch.confirm
        flavor = (confirm() if confirm else self.ports.endpoint).flavor
        if not flavor.emulator:
            raise UsageError(f"Tests may not reset items here: the endpoint is {flavor.value}. {HOW_TO}")

    def _declared(self, names: Sequence[str]) -> tuple[Declaration, ...]:
        desired = self.ports.declared(self.state.generations or {})
        return tuple(declaration for name in names if (declaration := desired.named(name)))

    def _reset_table(self, declaration: Declaration, content: Content, snapshot: StateSnapshot) -> TableReport:
        name = declaration.spec.name
        observed = observe_table(self.ports, name, None, ask_owner=lambda _: True)
        if observed is None:
            raise NotFound(
                "DescribeTable", "ResourceNotFoundException", f"{name} does not exist; `reconciler up` creates it"
            )
        other = foreign_owner(snapshot, self.options, name, observed)
        if other is not None:
            return _report(declaration, error=not_ours(name, other))
        keys = tuple(element.attribute for element in declaration.spec.keys)
        written, removed = difference(self.ports.items.all_items(name), self._wanted(declaration, content), keys)
        requests = [*((None, key) for key in removed), *((item, None) for item in written)]
        pending = iter(requests)
        while batch := tuple(islice(pending, BATCH)):
            if not self.ports.store.keep_lease():
                return _report(declaration, error="the lease was lost")
            self.ports.items.overwrite(
                name, [item for item, _ in batch if item is not None], [key for _, key in batch if key is not None]
            )
        return _report(declaration, written=len(written), removed=len(removed))

    def _wanted(self, declaration: Declaration, content: Content) -> Iterable[Item]:
        kept = self.state.test_snapshot.get(declaration.spec.name)
        if content == "snapshot" and kept is not None:
            return kept
        return () if content == "empty" or declaration.seed is None else declaration.seed.items

    def _reported(self, trigger: str, tables: Sequence[TableReport]) -> RunReport:
        now, pass_id = self.ports.clock.now(), self.ports.random.token()
        return RunReport(
            run_id=self.ports.random.token(),
            pass_ids=(pass_id,),
            pass_id=pass_id,
            trigger=trigger,
            environment=self.options.environment_label,
            started=now,
            finished=now,
            endpoint=self.ports.endpoint,
            tables=tuple(tables),
            wrote=any(table.seed_written or table.seed_removed for table in tables),
            stack=self.options.stack,
        )


def difference(
    live: Iterable[Item], wanted: Iterable[Item], keys: Sequence[str]
) -> tuple[tuple[Item, ...], tuple[Item, ...]]:
    """The items to write and the keys to remove, so that ``live`` becomes ``wanted``."""

    def key(item: Item) -> str:
        return canonical({name: item[name] for name in keys})

    there: Mapping[str, Item] = {key(item): item for item in live}
    expected: Mapping[str, Item] = {key(item): item for item in wanted}
    removed = tuple({each: item[each] for each in keys} for name, item in there.items() if name not in expected)
    written = tuple(
        item for name, item in expected.items() if name not in there or canonical(there[name]) != canonical(item)
    )
    return written, removed


def _report(
    declaration: Declaration, *, written: int = 0, removed: int = 0, present: int = 0, error: str | None = None
) -> TableReport:
    return TableReport(
        name=declaration.spec.name,
        status=TableStatus.ERROR if error else TableStatus.IN_SYNC,
        base_name=declaration.base_name,
        declaration=str(declaration.origin),
        error=error,
        seed_written=written,
        seed_removed=removed,
        seed_present=present,
    )
