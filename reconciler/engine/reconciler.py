"""What can be asked of the tool, each verb a few lines over the pass. Called by the command line, the loop and HTTP."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from types import MappingProxyType
from typing import Any, TypeVar

from reconciler.engine.authorization import authorize_writes
from reconciler.engine.commands import CommandContext, CommandResult
from reconciler.engine.context import EngineContext
from reconciler.engine.converge import ConvergeLoop
from reconciler.engine.import_tables import BaseOf, Import, ImportCandidates
from reconciler.engine.rebuild_index import Rebuild
from reconciler.engine.reconcile_pass import Pass, PassRequest
from reconciler.engine.release import Release
from reconciler.engine.restore import OnProgress, Restore, no_progress
from reconciler.engine.seed_commands import SeedCommands
from reconciler.engine.state import EngineState
from reconciler.model.desired import DesiredState
from reconciler.model.errors import ApiError, StateError, UsageError
from reconciler.model.identity import Endpoint
from reconciler.model.observed import ObservedTable
from reconciler.model.options import Options
from reconciler.model.plan import Approval, Step, StepStatus
from reconciler.model.records import StateSnapshot, Suspension
from reconciler.model.report import PassReport, RunReport, TableStatus
from reconciler.model.table import RestoreOverrides
from reconciler.planning.ownership import Event, advance, is_ours, is_released

HOLD = timedelta(hours=1)
"""How long an old index stays off emulators after the new one is ready."""
OnStep = Callable[[str, Step], None]
W = TypeVar("W")
Report = TypeVar("Report", bound=PassReport)


@dataclass(slots=True)
class Reconciler:
    """One environment under one set of options. ``timeout`` is the deadline of converging verbs."""

    ports: EngineContext
    options: Options
    timeout: timedelta
    allowed_accounts: frozenset[str] = frozenset()
    state: EngineState = field(default_factory=EngineState)
    on_endpoint_change: Callable[[Reconciler, Endpoint], None] | None = None
    """Called after a pass that found another endpoint or account: the next pass is made for that one."""

    def run_pass(self, trigger: str, tables: tuple[str, ...] = ()) -> PassReport:
        """One pass over the named (or all) tables: what the loop does. Raises ``UsageError`` for an unknown name."""
        return self._with_history(self._pass(PassRequest(trigger, focus=self._focus(tables))))

    def preview(self, tables: tuple[str, ...] = (), *, confirming: bool = False) -> PassReport:
        """What a pass would do; writes nothing. Raises ``UsageError`` for an unknown table.

        ``confirming`` shows as ready what a confirmation of this plan would allow.
        """
        approved = Approval(everything=True) if confirming else None
        return self._pass(PassRequest("preview", dry_run=True, focus=self._focus(tables), approved=approved))

    def converge(
        self,
        trigger: str,
        tables: tuple[str, ...] = (),
        on_step: OnStep | None = None,
        approved: Approval | None = None,
        on_wait: Callable[[str], None] | None = None,
    ) -> RunReport:
        """Rounds until converged or the deadline: ``--once``, and ``up`` with what was ``approved``.

        ``on_wait`` is told once why the run waits, and until when.
        """
        request = PassRequest(trigger, focus=self._focus(tables), approved=approved, on_step=on_step)
        return self._with_history(self._converge(request, on_wait))

    def destroy(self, tables: tuple[str, ...] = (), *, confirmed: bool = False) -> RunReport:
        """Delete what we created, under the deletion gate, then suspend even if some were blocked.

        ``confirmed`` says that a person was shown the names of the tables; naming them is as good.
        """
        approved = Approval(everything=True) if confirmed or tables else None
        request = PassRequest("destroy", focus=self._focus(tables), destroy=True, approved=approved)
        report = self._destroyer()._converge(request)
        if not report.error and not report.problems and self.options.mode == "enforce":
            self.suspend("destroy")
            if self._created_in_the_meantime(report, request.focus):
                report = self._destroyer()._converge(request)
        return replace(self._with_history(self._without_the_destroyed(report)), suspended=True)

    def preview_destroy(self, tables: tuple[str, ...] = ()) -> PassReport:
        """What ``destroy`` would do, with the gate's word on each table; writes nothing."""
        approved = Approval(everything=True) if tables else None
        request = PassRequest("preview", dry_run=True, focus=self._focus(tables), destroy=True, approved=approved)
        return self._destroyer()._pass(request)

    def seed(self, tables: tuple[str, ...] = ()) -> RunReport:
        """Write the missing seed items of the named (or all) tables, lifting ``cleared``; never over an item."""
        names = self._seeded_names(tables)
        return self._seed_verbs("seed").seed(names)

    def clear(self, tables: tuple[str, ...] = ()) -> RunReport:
        """Remove each item that the seed wrote and nobody changed, and remember that the table was cleared."""
        names = self._seeded_names(tables)
        return self._seed_verbs("clear").clear(names)

    def find_imports(self, names: tuple[str, ...], declared: DesiredState, base_of: BaseOf) -> ImportCandidates:
        """The named live tables read whole, or without names all that are not declared: what ``import`` writes down."""
        return Import(self.ports, self.options).find(names, declared, base_of)

    def adopt(
        self,
        tables: Mapping[str, ObservedTable],
        written: AbstractContextManager[W],
        declared_in: Mapping[str, str] = MappingProxyType({}),
    ) -> W:
        """Adopt tables that ``import`` writes down by entering ``written``, which happens once writing is allowed.

        ``declared_in`` are their files by base name, as a declaration's origin names them.
        """
        snapshot = self.writable_state()
        with written as files:
            Import(self.ports, self.options).adopt(tables, snapshot, declared_in)
        return files

    def release(self, tables: tuple[str, ...]) -> tuple[str, ...]:
        """Stop managing tables without touching them; one sentence each. ``take_back`` is the way back."""
        desired = self.ports.source.load()
        named = ((desired.named(table), table) for table in tables)
        names = tuple(declaration.spec.name if declaration else table for declaration, table in named)
        return Release(self.ports, self.writable_state).run(names)

    def readopt(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Manage released tables again, as adopted, so that they are never pruned; the names of those taken back."""
        if not names:
            return ()
        snapshot = self._command().begin()
        taken = [name for name in names if is_released(snapshot.inventory.get(name))]
        for name in taken:
            now = self.ports.clock.now()
            adopted = advance(snapshot.inventory[name], Event.IMPORT, unwanted_since=None, changed_at=now)
            self.ports.store.put_entry(adopted)
        return tuple(taken)

    def suspend(self, by: str) -> None:
        """Stop the writes of every loop of this stack and environment; observing goes on.

        The lease of a pass under way is revoked, so that it sends nothing more.
        """
        self.writable_state()
        self.ports.store.put_suspension(Suspension(by, self.ports.clock.now()))
        self.ports.store.revoke_lease()

    def resume(self) -> bool:
        """Lift a suspension; False when there was none."""
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
        tell: OnProgress = no_progress,
    ) -> CommandResult:
        """A new table ``to`` from a backup of ``table``, or from what it held at a time; ``tell`` hears how it goes."""
        wish = overrides or RestoreOverrides()
        return Restore(self._command()).run(table, to, backup=backup, at=at, overrides=wish, tell=tell)

    def rebuild_index(self, table: str, index: str, new: str | None, hold: timedelta | None) -> CommandResult:
        """Another index in the place of ``index``, which goes ``hold`` after the other is ready."""
        return Rebuild(self._command(), self._hold(hold)).run(table, index, new)

    def cancel_rebuild(self, table: str) -> CommandResult:
        """Forget a rebuild that is under way; nothing is touched."""
        return Rebuild(self._command(), self._hold(None)).cancel(table)

    def history(self, limit: int = 20) -> tuple[Mapping[str, Any], ...]:
        """The newest recorded runs; empty where there is no state yet."""
        return self.ports.store.history(limit) if self.ports.store.load().usable else ()

    def writable_state(self) -> StateSnapshot:
        """The state, created if it is missing. Raises ``StateError`` where nothing may be written here."""
        options = replace(self.options, mode="enforce")
        permission = authorize_writes(self.ports, options, self.allowed_accounts, dry=False, explicit=True)
        if permission.error:
            raise StateError(permission.error)
        return permission.snapshot

    def focus_names(self, tables: tuple[str, ...]) -> tuple[str, ...]:
        """The declared names (base or full) as table names; all of them when none is given."""
        desired = self.ports.source.load()
        if not tables:
            return tuple(declaration.spec.name for declaration in desired.declarations)
        return tuple(_known(desired, name) for name in tables)

    def _seeded_names(self, tables: tuple[str, ...]) -> tuple[str, ...]:
        """As ``focus_names``; ``UsageError`` where a table that was named has no seed."""
        names = self.focus_names(tables)
        desired = self.ports.source.load()
        for name in names if tables else ():
            declaration = desired.named(name)
            if declaration is not None and declaration.seed is None:
                base = declaration.base_name
                raise UsageError(
                    f"{name} has no seed: there is no seeds/{base}.json (or .jsonl, .yaml, .yml, .csv) beside "
                    f"{declaration.origin.file}. Write its items into that file, or yield them from seed() of its class"
                )
        return names

    def _focus(self, tables: tuple[str, ...]) -> frozenset[str] | None:
        """The names of declared tables, and of tables of the inventory that are declared no more."""
        if not tables:
            return None
        desired = self.ports.source.load()
        return frozenset(self._forgotten(name, desired) or _known(desired, name) for name in tables)

    def _forgotten(self, name: str, desired: DesiredState) -> str | None:
        """The table of the inventory that is meant, where no declared one is; None where there is none either."""
        if desired.named(name) is not None:
            return None
        declared = {declaration.spec.name for declaration in desired.declarations}
        inventory = self.ports.store.load().inventory.values()
        ours = [entry for entry in inventory if not is_released(entry) and entry.name not in declared]
        exact = [entry.name for entry in ours if entry.name == name]
        return next(iter(exact or [entry.name for entry in ours if entry.base_name == name]), None)

    def _without_the_destroyed(self, report: Report) -> Report:
        """The report with each declared table that went as missing: it is not in sync with its declaration."""
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

    def _destroyer(self) -> Reconciler:
        return replace(self, options=replace(self.options, explicit_delete=True, one_shot=True))

    def _command(self) -> CommandContext:
        return CommandContext(self.ports, self.options, self.allowed_accounts, self.ports.clock.now() + self.timeout)

    def _created_in_the_meantime(self, report: PassReport, focus: frozenset[str] | None) -> bool:
        """Whether another process created tables while these were destroyed; from the suspension on none can."""
        seen = {table.name for table in report.tables}
        inventory = self.ports.store.load().inventory
        made = {name for name, entry in inventory.items() if is_ours(entry)} - seen
        return bool(made if focus is None else made & focus)

    def _hold(self, asked: timedelta | None) -> timedelta:
        return asked if asked is not None else (timedelta(0) if self.ports.emulator else HOLD)

    def _seed_verbs(self, trigger: str) -> SeedCommands:
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

    def _with_history(self, report: Report) -> Report:
        """The report, kept in the history where it tells something new; what was done stands though that fails."""
        verdict, changed = report.verdict.value, False
        changed, self.state.last_verdict = verdict != self.state.last_verdict, verdict
        if report.error or report.observe_only or report.lease_holder or not (report.wrote or changed):
            return report
        try:
            self.ports.store.add_history(report)
        except (ApiError, StateError) as error:
            self.state.last_verdict = None
            return replace(report, warnings=(*report.warnings, f"this run is not in the history: {error}"))
        return report


def _known(desired: DesiredState, name: str) -> str:
    declaration = desired.named(name)
    if declaration is None:
        known = ", ".join(declaration.base_name for declaration in desired.declarations) or "none"
        raise UsageError(f"no table {name!r} is declared; declared are: {known}")
    return declaration.spec.name
