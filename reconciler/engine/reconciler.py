"""The facade of the engine: one method per command. Called by the command line, the daemon and HTTP."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import field, replace
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from reconciler.engine.authorization import authorize_writes
from reconciler.engine.commands import CommandContext, CommandResult
from reconciler.engine.context import EngineContext
from reconciler.engine.converge import ConvergeLoop
from reconciler.engine.import_tables import BaseOf, Import, ImportCandidates
from reconciler.engine.reconcile_pass import Pass, PassRequest
from reconciler.engine.restore import OnProgress, Restore, no_progress
from reconciler.engine.seed_commands import SeedCommands
from reconciler.engine.state import EngineState
from reconciler.model.desired import DesiredState, Seed
from reconciler.model.errors import ReconcilerError, StateError, UsageError
from reconciler.model.identity import Endpoint
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.observed import ObservedTable
from reconciler.model.options import Options
from reconciler.model.plan import Approval, Step, StepStatus
from reconciler.model.records import InventoryEntry, SeedRecord, StateSnapshot, Suspension
from reconciler.model.report import PassReport, RunReport, TableStatus, Verdict
from reconciler.model.table import RestoreOverrides
from reconciler.planning.ownership import Event, advance, is_ours, is_released

if TYPE_CHECKING:
    from reconciler.engine.check_references import CheckedReference
    from reconciler.engine.item_reset import Content, ItemReset
    from reconciler.engine.seed_verify import SeedVerification

HOLD = timedelta(hours=1)
"""How long ``rebuild-index`` keeps the old index after the new one is ready. On emulators it keeps none."""
OnStep = Callable[[str, Step], None]
W = TypeVar("W")
Report = TypeVar("Report", bound=PassReport)


@dataclass(slots=True)
class Reconciler:
    """One environment with one set of options.

    ``timeout`` limits commands that converge or wait. An empty ``allowed_accounts`` allows every account.
    """

    ports: EngineContext
    options: Options
    timeout: timedelta
    allowed_accounts: frozenset[str] = frozenset()
    state: EngineState = field(default_factory=EngineState)
    on_endpoint_change: Callable[[Reconciler, Endpoint], None] | None = None
    """Called after a pass that found another endpoint or account; the next pass uses the new one."""

    def run_pass(self, trigger: str, tables: tuple[str, ...] = ()) -> PassReport:
        """Run one pass over the named tables, or all of them. Raises ``UsageError`` for an unknown name."""
        request = PassRequest(trigger, focus=self._focus(tables))
        return self._with_history(self._pass(request), whole=request.focus is None)

    def end_work(self, trigger: str, table: str) -> PassReport:
        """Run one pass that does nothing but end the replacement of ``table``, which is not declared any more."""
        request = PassRequest(trigger, focus=frozenset({table}), ends_work=True)
        return self._with_history(self._pass(request))

    def preview(self, tables: tuple[str, ...] = (), *, confirming: bool = False) -> PassReport:
        """What a pass would do. Writes nothing. Raises ``UsageError`` for an unknown name.

        With ``confirming``, steps that a confirmation of this plan would allow are shown as ready.
        """
        approved = Approval(everything=True) if confirming else None
        return self._pass(PassRequest("preview", dry_run=True, focus=self._focus(tables), approved=approved))

    def ended_with(self, plan: PassReport, trigger: str, tables: tuple[str, ...] = ()) -> PassReport:
        """The plan of a run that ends with it, because all that is open is blocked, with its entry in the history.

        A run that finds nothing open leaves none, nor does one without a state table to write it to.
        """
        if plan.verdict is not Verdict.DRIFTED or not self.ports.store.load().usable:
            return plan
        return replace(self._with_history(replace(plan, trigger=trigger), whole=not tables), trigger=plan.trigger)

    def converge(
        self,
        trigger: str,
        tables: tuple[str, ...] = (),
        on_step: OnStep | None = None,
        approved: Approval | None = None,
        on_wait: Callable[[str], None] | None = None,
    ) -> RunReport:
        """Repeat passes until the tables converge or ``timeout`` is over: ``--once`` and ``up``.

        ``approved`` is what a person confirmed. ``on_step`` gets the table and each step that is done or failed.
        ``on_wait`` gets a sentence about what the run waits for, once for each. Raises ``UsageError``.
        """
        request = PassRequest(trigger, focus=self._focus(tables), approved=approved, on_step=on_step)
        return self._with_history(self._converge(request, on_wait), whole=request.focus is None)

    def destroy(
        self,
        tables: tuple[str, ...] = (),
        *,
        confirmed: bool = False,
        on_step: OnStep | None = None,
        on_wait: Callable[[str], None] | None = None,
    ) -> RunReport:
        """Delete the tables that this stack created, through the deletion gate, and suspend the stack.

        The stack is suspended even if the gate blocked some tables; otherwise the daemon would create the others again.
        It is not if the pass failed or may not write. Warnings say which tables stay because this stack did not create
        them.

        ``confirmed`` tells that a person was shown the names of the tables; to name them in ``tables`` is as good.
        ``on_step`` and ``on_wait`` are those of ``converge``.
        """
        approved = Approval(everything=True) if confirmed or tables else None
        request = PassRequest("destroy", focus=self._focus(tables), destroy=True, approved=approved, on_step=on_step)
        report = self._with_explicit_delete()._converge(request, on_wait)
        if report.error or report.problems or self.options.mode != "enforce":
            return self._with_history(self._with_destroyed_missing(report))
        self.suspend("destroy")
        from reconciler.planning.staying_tables import staying_tables

        inventory = self.ports.store.load().inventory
        if self._created_in_the_meantime(inventory, report, request.focus):
            report = self._with_explicit_delete()._converge(request, on_wait)
        stay = staying_tables(inventory, request.focus, (table.name for table in report.tables))
        report = replace(report, warnings=(*report.warnings, *stay))
        return replace(self._with_history(self._with_destroyed_missing(report)), suspended=True)

    def preview_destroy(self, tables: tuple[str, ...] = ()) -> PassReport:
        """What ``destroy`` would do, with the decision of the deletion gate on each table. Writes nothing."""
        approved = Approval(everything=True) if tables else None
        request = PassRequest("preview", dry_run=True, focus=self._focus(tables), destroy=True, approved=approved)
        return self._with_explicit_delete()._pass(request)

    def seed(self, tables: tuple[str, ...] = (), *, update: bool = False) -> RunReport:
        """Write the missing seed items of the named tables, or all of them. Never overwrites an item.

        With ``update``, items that equal a former version of the seed are changed to the present one.

        A table that was cleared counts as seeded again. Raises ``UsageError`` for a named table without a seed.
        """
        names = self._seeded_names(tables)
        return self._recorded(replace(self._seed_commands("seed"), update=update).seed(names))

    def seed_changes(self, tables: tuple[str, ...] = ()) -> tuple[str, ...]:
        """A sentence for each table that was seeded with another version of its seed. Only reads.

        No request is sent where the last pass read the records of the seeds and none differs.
        """
        try:
            if self.state.seeds is not None and not _has_other_seed(self.state.seeds, self.desired()):
                return ()
        except ReconcilerError:
            return ()
        from reconciler.engine.seed_changes import seed_changes

        return seed_changes(self.ports, tables)

    def other_seeds(self) -> frozenset[tuple[str, str]]:
        """The tables that were seeded with another version of their seed, each with the digest of the present one.

        As the last pass read it: no request is sent, and no file is read.
        """
        desired, records = self.state.last_good, self.state.seeds or {}
        seeds = {each.spec.name: each.seed for each in (desired.declarations if desired else ()) if each.seed}
        return frozenset((name, seed.digest) for name, seed in seeds.items() if _differs(records.get(name), seed))

    def verify_seeds(self, tables: tuple[str, ...] = ()) -> SeedVerification:
        """Compare the named tables, or all that have a seed, with their seeds. Only reads.

        Raises ``UsageError`` for a named table without a seed.
        """
        # Commands of their own are imported when they are called: a pass needs none of them.
        from reconciler.engine.seed_verify import verify_seeds

        return verify_seeds(self.ports, self.options, self._seeded_names(tables), self.desired())

    def clear(self, tables: tuple[str, ...] = ()) -> RunReport:
        """Remove the items that the seed wrote and nobody changed, and record the table as cleared.

        Raises ``UsageError`` for a named table without a seed.
        """
        names = self._seeded_names(tables)
        return self._recorded(self._seed_commands("clear").clear(names))

    def reset_items(self, tables: tuple[str, ...], content: Content) -> RunReport:
        """Let the named tables, or all, have exactly the items of the last snapshot, of their seeds, or none.

        For tests beside an emulator. A missing table is created first. Raises ``UsageError`` where it is not allowed.
        """
        names = self.focus_names(tables)
        reset = self._test_items()
        if reset.missing(names):
            self._pass(PassRequest("test reset", focus=frozenset(names)))
        return reset.reset(names, content)

    def snapshot_items(self, tables: tuple[str, ...]) -> RunReport:
        """Keep the items of the named tables, or of all, in memory for ``reset_items``."""
        return self._test_items().take_snapshot(self.focus_names(tables))

    def _test_items(self) -> ItemReset:
        from reconciler.engine.item_reset import ItemReset

        return ItemReset(self.ports, self.options, self.state, self.writable_state)

    def find_imports(self, names: tuple[str, ...], declared: DesiredState, base_of: BaseOf) -> ImportCandidates:
        """The live tables that ``import`` can declare: the named ones, or all that are not declared."""
        return Import(self.ports, self.options).find(
            names, self.ports.meant(declared, self.ports.store.load().generations), base_of
        )

    def adopt(
        self,
        tables: Mapping[str, ObservedTable],
        written: AbstractContextManager[W],
        declared_in: Mapping[str, str] = MappingProxyType({}),
    ) -> W:
        """Record imported tables as adopted, by base name, and return what ``written`` yields.

        Entering ``written`` writes the declarations; that happens after writing to the state is authorized.
        ``declared_in`` has the file of each base name. Raises ``StateError``.
        """
        snapshot = self.writable_state()
        with written as files:
            Import(self.ports, self.options).adopt(tables, snapshot, declared_in)
        return files

    def check_references(self, tables: tuple[str, ...] = (), sample: int | None = None) -> tuple[CheckedReference, ...]:
        """Look for items of live tables that refer to no item; ``sample`` limits the items that are read of each table.

        Only reads. Raises ``UsageError`` for an unknown table, and for one without references to check.
        """
        from reconciler.engine.check_references import CheckReferences

        names = self.focus_names(tables) if tables else ()
        return CheckReferences(self.ports, self.desired()).run(names, sample)

    def release(self, tables: tuple[str, ...]) -> tuple[str, ...]:
        """Stop managing tables without changing them. Returns one sentence for each; ``readopt`` undoes it.

        Raises ``StateError`` if a table could not be released.
        """
        from reconciler.engine.release import Release

        desired = self.desired()
        named = ((desired.named(table), table) for table in tables)
        names = tuple(declaration.spec.name if declaration else table for declaration, table in named)
        return Release(self.ports, self.writable_state).run(names)

    def readopt(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Manage released tables again, as adopted, so that they are never deleted. Returns their names."""
        if not names:
            return ()
        snapshot = self.command().begin()
        taken = [name for name in names if is_released(snapshot.inventory.get(name))]
        for name in taken:
            now = self.ports.clock.now()
            adopted = advance(snapshot.inventory[name], Event.IMPORT, unwanted_since=None, changed_at=now, managed=None)
            self.ports.store.put_entry(adopted)
        return tuple(taken)

    def suspend(self, by: str) -> None:
        """Stop the writes of every daemon of this stack and environment. They continue to observe.

        The lease of a running pass is revoked, so that it sends no further call.
        """
        self.writable_state()
        self.ports.store.put_suspension(Suspension(by, self.ports.clock.now()))
        # In this order: a pass that acquires the lease after the revocation reads the suspension.
        self.ports.store.revoke_lease()

    def resume(self) -> bool:
        """Lift the suspension; ``False`` if there was none. Raises ``StateError``."""
        snapshot = self.ports.store.load()
        if not (snapshot.usable or snapshot.fresh):
            raise StateError(snapshot.problem or "the state table cannot be used")
        if snapshot.suspension is None:
            return False
        self.writable_state()
        self.ports.store.put_suspension(None)
        return True

    def restore(
        self,
        table: str,
        to: str,
        *,
        backup: str | None,
        at: str | None,
        overrides: RestoreOverrides | None = None,
        on_progress: OnProgress = no_progress,
    ) -> CommandResult:
        """Restore a backup of ``table``, or its state at a time, into the new table ``to``; see ``Restore.run``."""
        return Restore(self.command()).run(
            table, to, backup=backup, at=at, overrides=overrides or RestoreOverrides(), on_progress=on_progress
        )

    def rebuild_index(
        self,
        table: str,
        index: str,
        new: str | None,
        hold: timedelta | None,
        on_wait: Callable[[str], None] | None = None,
    ) -> CommandResult:
        """Build the index ``new`` to replace ``index``, which is deleted ``hold`` after the new one is ready."""
        from reconciler.engine.rebuild_index import Rebuild

        return Rebuild(replace(self.command(), on_wait=on_wait), self._hold(hold)).run(table, index, new)

    def cancel_rebuild(self, table: str) -> CommandResult:
        """Cancel a rebuild. Neither index is changed."""
        from reconciler.engine.rebuild_index import Rebuild

        return Rebuild(self.command(), self._hold(None)).cancel(table)

    def history(self, limit: int = 20) -> tuple[Mapping[str, Any], ...]:
        """The last recorded runs, newest first; empty if there is no state yet."""
        return self.ports.store.history(limit) if self.ports.store.load().usable else ()

    def writable_state(self) -> StateSnapshot:
        """The state, whose table is created if it is missing. Raises ``StateError`` if writing is not allowed."""
        options = replace(self.options, mode="enforce")
        authorization = authorize_writes(self.ports, options, self.allowed_accounts, dry=False, explicit=True)
        if authorization.error:
            raise StateError(authorization.error)
        self.state.generations = authorization.snapshot.generations
        return authorization.snapshot

    def desired(self) -> DesiredState:
        """The declarations, with the names of the tables that they mean now. Raises ``DeclarationError``."""
        if self.state.generations is None:
            self.state.generations = self.ports.store.load().generations
        return self.ports.declared(self.state.generations)

    def focus_names(self, tables: tuple[str, ...]) -> tuple[str, ...]:
        """The table names of declarations, given by name or base name; all of them if none is given."""
        desired = self.desired()
        if not tables:
            return tuple(declaration.spec.name for declaration in desired.declarations)
        return tuple(_known(desired, name) for name in tables)

    def _seeded_names(self, tables: tuple[str, ...]) -> tuple[str, ...]:
        """Like ``focus_names``. Raises ``UsageError`` if a named table has no seed."""
        names = self.focus_names(tables)
        desired = self.desired()
        for name in names if tables else ():
            declaration = desired.named(name)
            if declaration is not None and declaration.seed is None:
                base = declaration.base_name
                raise UsageError(
                    f"{name} has no seed: there is no seeds/{base}.json (or .jsonl, .ndjson, .yaml, .yml, .csv, .tsv, "
                    f".ion) beside {declaration.origin.file}. "
                    "Write its items to that file, or yield them from seed() of its class"
                )
        return names

    def _focus(self, tables: tuple[str, ...]) -> frozenset[str] | None:
        """The table names, given by name or base name, of declared tables and of undeclared ones in the inventory."""
        if not tables:
            return None
        desired = self.ports.source.load()
        return frozenset(self._undeclared_name(name, desired) or _known(desired, name) for name in tables)

    def _undeclared_name(self, name: str, desired: DesiredState) -> str | None:
        """The undeclared table of the inventory with this name or base name; ``None`` if a declared one has it."""
        if desired.named(name) is not None:
            return None
        declared = {declaration.spec.name for declaration in desired.declarations}
        snapshot = self.ports.store.load()
        replacement = snapshot.replacements.get(name)
        if replacement is not None and replacement.under_way and name not in declared:
            return name
        inventory = snapshot.inventory.values()
        ours = [entry for entry in inventory if not is_released(entry) and entry.name not in declared]
        exact = [entry.name for entry in ours if entry.name == name]
        return next(iter(exact or [entry.name for entry in ours if entry.base_name == name]), None)

    def _with_destroyed_missing(self, report: Report) -> Report:
        """The report with each declared table that was deleted as missing: it is not in sync with its declaration."""
        desired = self.state.last_good
        declared = {each.spec.name for each in desired.declarations} if desired is not None else set()
        gone = {
            table.name
            for table in report.tables
            if table.status is TableStatus.IN_SYNC and table.name in declared and table.has(StepStatus.DONE)
        }
        tables = tuple(
            replace(table, status=TableStatus.MISSING) if table.name in gone else table for table in report.tables
        )
        return replace(report, tables=tables)

    def _with_explicit_delete(self) -> Reconciler:
        return replace(self, options=replace(self.options, explicit_delete=True, one_shot=True))

    def command(self) -> CommandContext:
        """What a command that writes without a pass needs; its deadline begins now."""
        return CommandContext(self.ports, self.options, self.allowed_accounts, self.ports.clock.now() + self.timeout)

    def _created_in_the_meantime(
        self, inventory: Mapping[str, InventoryEntry], report: PassReport, focus: frozenset[str] | None
    ) -> bool:
        """Whether another process created tables during ``destroy``. After the suspension none can."""
        seen = {table.name for table in report.tables}
        made = {name for name, entry in inventory.items() if is_ours(entry)} - seen
        return bool(made if focus is None else made & focus)

    def _hold(self, hold: timedelta | None) -> timedelta:
        return hold if hold is not None else (timedelta(0) if self.ports.emulator else HOLD)

    def _seed_commands(self, trigger: str) -> SeedCommands:
        state = self.writable_state()
        return SeedCommands(self.ports, self.options, trigger, state, self.ports.clock.now() + self.timeout)

    def _pass(self, request: PassRequest) -> PassReport:
        report = Pass(self.ports, self.options, self.allowed_accounts, self.state, request).run()
        found = self.ports.endpoint_watch.changed_to
        if found is not None and self.on_endpoint_change is not None:
            self.on_endpoint_change(self, found)
            self.state = EngineState(last_good=self.state.last_good)
        return report

    def _converge(self, request: PassRequest, on_wait: Callable[[str], None] | None = None) -> RunReport:
        deadline = self.ports.clock.now() + self.timeout
        return ConvergeLoop(self.ports, self._pass, deadline, on_wait).run(replace(request, deadline=deadline))

    def _recorded(self, report: Report) -> Report:
        """The report of a command that is no pass, with its entry in the history."""
        from reconciler.engine.command_history import recorded

        return recorded(self.ports, report)

    def _with_history(self, report: Report, *, whole: bool = False) -> Report:
        """The report of a pass, with its entry in the history. ``whole`` tells that it was over all tables."""
        from reconciler.engine.pass_history import with_history

        return with_history(self.ports, self.state, report, whole=whole)

    def keep_last_pass(self) -> None:
        """Add the last pass to the history when the process ends. Raises ``ApiError`` and ``StateError``."""
        from reconciler.engine.pass_history import keep_last_pass

        keep_last_pass(self.ports, self.state)


def _known(desired: DesiredState, name: str) -> str:
    declaration = desired.named(name)
    if declaration is None:
        known = ", ".join(declaration.base_name for declaration in desired.declarations) or "none"
        raise UsageError(f"no table {name!r} is declared; declared are: {known}")
    return declaration.spec.name


def _has_other_seed(records: Mapping[str, SeedRecord], desired: DesiredState) -> bool:
    """Whether a record is of another version of a declared seed."""
    seeds = {each.spec.name: each.seed for each in desired.declarations if each.seed is not None}
    return any(_differs(records.get(name), seed) for name, seed in seeds.items())


def _differs(record: SeedRecord | None, seed: Seed) -> bool:
    return record is not None and record.digest != seed.digest
