"""One pass: load the declarations, authorize, assess all tables, pass the guards, apply, seed and report.

``Pass.run`` is the place to start reading the engine. ``docs/concepts/architecture.md`` shows the flow as a diagram.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import field, replace
from datetime import datetime
from functools import partial
from typing import TypeVar

from reconciler.engine.apply import PassResult, apply_all, report_only
from reconciler.engine.assess import assess_tables
from reconciler.engine.assessment import PassContext, TableAssessment
from reconciler.engine.authorization import WriteAuthorization, authorize_writes, unreachable
from reconciler.engine.context import EngineContext
from reconciler.engine.foreign_declarations import ForeignGuard, find_foreign
from reconciler.engine.pass_guards import apply_pass_guards, record_removals_first
from reconciler.engine.state import EngineState, SafetyLatch
from reconciler.engine.table_reports import plan_summary
from reconciler.model.desired import DesiredState
from reconciler.model.errors import (
    Ambiguous,
    ApiError,
    DeclarationError,
    EndpointChanged,
    Forbidden,
    Problem,
    StateError,
    Unreachable,
)
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.options import Options
from reconciler.model.plan import Approval, Step
from reconciler.model.records import CAP_WINDOW, Ended, StateSnapshot
from reconciler.model.report import PassReport, TableReport, TableStatus
from reconciler.planning.copy_names import is_made
from reconciler.planning.digest import plan_digest
from reconciler.planning.ownership import is_released
from reconciler.planning.removals import (
    declared_elsewhere,
    in_new_files,
    missing_folders,
    renamed,
    unclear_removals,
    undeclared,
)

T = TypeVar("T")
FEWEST_UNREAD = 2
"""Declared tables without a record from which on a list comes first, and those that it does not show are not read."""


@dataclass(frozen=True, slots=True)
class PassRequest:
    """The input of one pass.

    ``trigger`` is shown in logs and history. ``focus`` limits the pass to these table names, ``None`` means all.
    ``desired`` replaces loading the declarations. ``previous`` is the report of the previous round of a run; the new
    report includes its other tables. ``ended`` names the tables that earlier rounds deleted or replaced, or wanted to;
    they count towards the limit of deletions. ``destroy`` deletes the tables that this stack created. ``ends_work``
    does nothing but end the replacement of undeclared tables in the focus, as a person asked. ``approved`` is what a
    person confirmed, or ``None`` if nobody was asked.
    """

    trigger: str
    dry_run: bool = False
    focus: frozenset[str] | None = None
    desired: DesiredState | None = None
    previous: PassReport | None = None
    ended: frozenset[str] = frozenset()
    destroy: bool = False
    ends_work: bool = False
    approved: Approval | None = None
    on_step: Callable[[str, Step], None] | None = None
    deadline: datetime | None = None
    """After it no further table and no further batch of items is begun."""


@dataclass(slots=True)
class Pass:
    """One pass. Call ``run`` once; the other methods are its phases, in order."""

    ports: EngineContext
    options: Options
    allowed_accounts: frozenset[str]
    state: EngineState
    request: PassRequest
    pass_id: str = field(init=False)
    started: datetime = field(init=False)
    phases: dict[str, float] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    problems: tuple[Problem, ...] = ()
    desired: DesiredState | None = None
    plan_changed: bool = False
    listed: tuple[str, ...] | None = None
    """The names of all tables; ``None`` if they were not listed."""

    def run(self) -> PassReport:
        """Run the pass. Errors of the endpoint, the state or the declarations are in the report, never raised."""
        if self.options.trusts_records and not self.request.dry_run:
            # A record may be older than this process, so a grace period would end that nobody has watched.
            raise ValueError("options that trust records are for a dry run")
        self.started = self.ports.clock.now()
        self.pass_id = self.ports.random.token()
        with self.ports.traces.whole_pass(self.pass_id, self.request.trigger) as traced:
            self.ports.telemetry.pass_started(self.pass_id, self.request.trigger)
            report = self._reported()
            traced(report)
            self.ports.telemetry.pass_finished(report)
        return report

    def _reported(self) -> PassReport:
        try:
            return self._run()
        except ApiError as error:
            silent = isinstance(error, Unreachable | Ambiguous)
            text = unreachable(error, self.ports.endpoint.url) if silent else str(error)
            return self._report(self._unobserved_tables(text), error=text, answered=not silent)
        except StateError as error:
            return self._report(self._unobserved_tables(str(error)), error=str(error))

    def _run(self) -> PassReport:
        desired = self._timed("load", self._load)
        if desired is None:
            return self._report(())
        self.desired = desired
        if not (desired.declarations or self.request.ends_work):
            # An unmounted folder reads as "no declarations", and all tables would be pruned.
            return self._report((), error="No tables are declared; nothing was changed")
        dry = self.request.dry_run or bool(self.problems)
        authorization = self._timed("state", lambda: self._authorize(dry=dry))
        self.warnings += authorization.snapshot.notices
        if authorization.warning:
            self.warnings.append(authorization.warning)
        if authorization.error:
            unread = self._unobserved_tables(authorization.error)
            return self._report(unread, error=authorization.error, snapshot=authorization.snapshot)
        self.state.generations = authorization.snapshot.generations
        snapshot = authorization.snapshot
        was_read = snapshot.usable or snapshot.fresh
        self.state.migrations = snapshot.migrations if was_read else None
        self.state.running_migrations = self._running_migrations(snapshot) if snapshot.migrations else {}
        self.state.seeds = snapshot.seeds if was_read else None
        if authorization.snapshot.generations or any(each.renamed_from for each in desired.as_read.declarations):
            authorization, desired = self._with_generations(authorization, desired)
        self.state.load_attempts(authorization.snapshot)
        if not self._removals_are_understood(desired, authorization.snapshot):
            authorization = replace(authorization, writes=False)
            if self.state.last_good is None:
                return self._report((), snapshot=authorization.snapshot)
            desired = self.desired = self.state.last_good
        result = self._timed("tables", lambda: self._tables(desired, authorization))
        names = self.listed
        unmanaged_tables = _unmanaged(names or (), desired, authorization.snapshot, self.options.state_table)
        return self._report(
            (*result.tables, *unmanaged_tables),
            # The same error as that of the run, so that a check of the plan fails before the run does.
            error=authorization.refusal if self.request.dry_run else None,
            snapshot=authorization.snapshot,
            result=result,
            unmanaged=None if names is None else len(unmanaged_tables),
        )

    def _with_generations(
        self, authorization: WriteAuthorization, desired: DesiredState
    ) -> tuple[WriteAuthorization, DesiredState]:
        """Let the pass speak of the tables that the declared names mean now, where others have taken their place."""
        from reconciler.engine.assess_generation import behind_warnings
        from reconciler.planning.generations import (
            awaiting_moves,
            former_names,
            resolved,
            taken_names,
            with_both,
            without_others,
        )

        snapshot = authorization.snapshot
        generations, renames = snapshot.generations, awaiting_moves(desired, snapshot)
        taken = taken_names(desired, generations)
        if taken:
            raise StateError("\n".join(taken))
        self.desired = resolved(desired, generations, renames, former_names(desired, snapshot))
        if self.state.last_good is not None:
            last_good = self.state.last_good
            moves, former = awaiting_moves(last_good, snapshot), former_names(last_good, snapshot)
            self.state.last_good = resolved(last_good, generations, moves, former)
        self.request = replace(self.request, focus=with_both(self.request.focus, generations, renames))
        self.warnings += behind_warnings(generations.values(), self.ports.clock.now())
        return replace(authorization, snapshot=without_others(snapshot)), self.desired

    def _load(self) -> DesiredState | None:
        if self.request.desired is not None:
            return self.request.desired
        if self.request.ends_work:
            # Whatever is declared or cannot be read, nothing follows from it.
            return DesiredState((), "")
        try:
            desired = self.ports.source.load()
        except DeclarationError as error:
            self.problems = error.problems
            self.warnings += error.warnings
            return self.state.last_good.as_read if self.state.last_good is not None else None
        self.warnings += desired.warnings
        return desired

    def _removals_are_understood(self, desired: DesiredState, snapshot: StateSnapshot) -> bool:
        """Whether every removed declaration is a real removal. If so, these are the last good declarations."""
        if self.problems:
            return True
        if not (self.request.destroy or self.request.ends_work):
            self.problems = unclear_removals(desired, snapshot.inventory)
            missing = undeclared(desired, snapshot.inventory)
            # Searching all files is expensive, so it is done only if a table would count as removed.
            self.problems += self.ports.source.remains(desired.as_read, missing) if missing else ()
        if not (self.problems or self.request.ends_work):
            self.state.last_good = desired
        return not self.problems

    def _authorize(self, *, dry: bool) -> WriteAuthorization:
        return authorize_writes(self.ports, self.options, self.allowed_accounts, dry=dry, explicit=self.request.destroy)

    def _unlisted(self, desired: DesiredState, authorization: WriteAuthorization) -> frozenset[str]:
        """The declared tables without a record that a complete ListTables did not list; they are not read as well.

        Only on an emulator, where a list is never out of date, and only where writes follow: CreateTable refuses a
        table that exists nevertheless, and the next round reads it. Nothing is ever deleted because it is not listed.
        """
        if self.request.destroy or self.request.previous is not None or not self.ports.emulator:
            return frozenset()
        known = authorization.snapshot.inventory
        new = [each.spec.name for each in desired.declarations if each.spec.name not in known]
        if not authorization.writes or len(new) < FEWEST_UNREAD:
            return frozenset()
        self._list()
        return frozenset() if self.listed is None else frozenset(new).difference(self.listed)

    def _list(self) -> None:
        if self.request.previous is None and self.listed is None:
            self.listed = self._timed("list", self._names)

    def _names(self) -> tuple[str, ...] | None:
        try:
            return self.ports.api.list_tables()
        except Forbidden as error:
            self.warnings.append(f"ListTables was denied, so unmanaged tables are not counted: {error.message}")
            return None

    def _tables(self, desired: DesiredState, authorization: WriteAuthorization) -> PassResult:
        destroy, latch = self.request.destroy or self.request.ends_work, SafetyLatch()
        inventory = authorization.snapshot.inventory
        unlisted = self._unlisted(desired, authorization)
        guard = ForeignGuard() if destroy else find_foreign(self.ports, desired, authorization.snapshot, latch)
        context = PassContext(
            self.ports,
            self.options,
            authorization.snapshot,
            self.state.attempts,
            guard,
            self.request.approved,
            latch=latch,
            desired=None if destroy else desired,
            declared={each.spec.name: each for each in desired.declarations} if destroy else {},
            plan_cache=self.state.plan_cache,
            conclusions=self.state.conclusions,
            cancelled_deletions=self.state.cancelled_deletions,
            elapsed_times=self.state.elapsed_times,
            backups=self.state.backups,
            missing_folders={} if destroy else missing_folders(desired, inventory),
            renamed={} if destroy else renamed(desired, inventory),
            in_new_files={} if destroy else in_new_files(desired, inventory),
            elsewhere=declared_elsewhere(
                desired,
                inventory,
                self.options.project,
                partial(self.ports.source.stands_in, desired=desired.as_read) if self.options.stack_is_named else None,
            ),
            stable_at=None if destroy else desired.settled_at,
            deadline=self.request.deadline,
            unlisted=unlisted,
        )
        if self.request.focus is None:
            self.state.forget_all_but({declaration.spec.name for declaration in desired.declarations})
        # The pages of ListTables come one after the other; the tables are read meanwhile.
        assessments = assess_tables(
            context,
            desired,
            self.request.focus,
            destroy=self.request.destroy,
            ends_work=self.request.ends_work,
            beside=self._list,
        )
        for assessment in assessments:
            if isinstance(assessment.error, EndpointChanged):
                raise assessment.error
        if not destroy:
            assessments = self._held_for_copies(desired, authorization.snapshot, assessments)
        if any(each.renamed_from for each in desired.declarations):
            from reconciler.engine.assess_rename import empty_warnings

            self.warnings += empty_warnings(assessments, authorization.snapshot)
        # Nearly always there is none, and a pass looks at thousands of tables.
        if self.state.index_builds or any(each.observed and each.observed.building for each in assessments):
            from reconciler.engine.index_builds import report_builds

            seen = ((each.name, each.observed) for each in assessments)
            report_builds(self.ports, self.state.index_builds, seen, whole=self.request.focus is None)
        self.state.cancelled_deletions.record((assessment.recorded, assessment.entry) for assessment in assessments)
        assessments = apply_pass_guards(
            assessments,
            self.options,
            authorization.snapshot,
            self.request.ended,
            recent=self._recent(authorization.snapshot),
            latch_closed=latch.closed,
        )
        if not authorization.writes or self._plan_differs(context, assessments):
            return report_only(context, assessments)
        replaced = {each.name for each in assessments if context.renamed_to(each.entry) is not None}
        assessments = record_removals_first(assessments, guard.names | replaced)
        self.ports.telemetry.planned(self.pass_id, *plan_summary(assessments))
        return apply_all(context, assessments, self.state, self._report_step)

    def _held_for_copies(
        self, desired: DesiredState, snapshot: StateSnapshot, assessments: list[TableAssessment]
    ) -> list[TableAssessment]:
        """The assessments without a step for tables whose items may be in a copy of which nothing is recorded."""
        # Nearly always there is no such name, and a pass looks at thousands of tables.
        made = tuple(filter(is_made, self.listed or ()))
        if self.listed is not None and not made:
            self.state.copies = {}
        if not (made or self.state.copies):
            return assessments
        from reconciler.engine.unrecorded_copies import find_copies, held_for_copies

        if made:
            self.state.copies = find_copies(self.ports, desired, snapshot, made)
        return held_for_copies(assessments, self.state.copies)

    def _recent(self, snapshot: StateSnapshot) -> tuple[Ended, ...]:
        """The tables that ended within the last hour, which count towards the limit of deletions."""
        elapsed_times, clock = self.state.elapsed_times, self.ports.clock
        return tuple(
            ended
            for ended in snapshot.ended.values()
            if elapsed_times.within(("ended", ended.name), ended.at, CAP_WINDOW, clock)
        )

    def _running_migrations(self, snapshot: StateSnapshot) -> Mapping[str, str]:
        from reconciler.engine.unfinished_migrations import running_migrations

        return running_migrations(snapshot, self.ports.clock.now())

    def _with_migrations(self, tables: tuple[TableReport, ...]) -> tuple[TableReport, ...]:
        """The tables with what is to be said of migrations that were begun on their items and are not finished."""
        # A process that migrates items is imported nothing for: most stacks have no migration.
        if not self.state.migrations:
            return tables
        from reconciler.engine.unfinished_migrations import with_migrations

        return with_migrations(tables, self.state.migrations, self.state.running_migrations, self.ports.migration_files)

    def _plan_differs(self, context: PassContext, assessments: list[TableAssessment]) -> bool:
        """Whether the plan differs from the one that a person confirmed. Then none of it is carried out."""
        approved = self.request.approved
        if approved is None or approved.digest is None:
            return False
        planned = report_only(context, assessments)
        self.plan_changed = plan_digest(self._merge_previous(planned.tables).values()) != approved.digest
        return self.plan_changed

    def _report_step(self, name: str, step: Step) -> None:
        self.ports.telemetry.step(self.pass_id, name, step)
        if self.request.on_step is not None:
            self.request.on_step(name, step)

    def _report(
        self,
        tables: Iterable[TableReport],
        *,
        error: str | None = None,
        snapshot: StateSnapshot | None = None,
        result: PassResult | None = None,
        unmanaged: int | None = None,
        answered: bool = True,
    ) -> PassReport:
        leads = self._leads(snapshot, result)
        free = bool(leads) and self._is_free(snapshot, result)
        previous = self.request.previous
        merged = self._merge_previous(self.state.reuse(self._with_drift_start(table)) for table in tables)
        self.state.reports = merged
        return PassReport(
            pass_id=self.pass_id,
            trigger=self.request.trigger,
            environment=self.options.environment_label,
            started=self.started,
            finished=self.ports.clock.now(),
            endpoint=self.ports.endpoint,
            tables=self._with_migrations(tuple(merged[name] for name in sorted(merged))),
            problems=self.problems,
            warnings=tuple(self.warnings),
            error=error,
            wrote=result is not None and result.wrote,
            suspended=snapshot is not None and snapshot.suspension is not None,
            observe_only=self.options.mode == "observe",
            leader=leads,
            lease_holder=result.holder if result else None,
            held_by=_holder(snapshot, result) if leads is False else None,
            lease_free=free,
            last_holder=_holder(snapshot, None) if free else None,
            unmanaged=previous.unmanaged if previous else unmanaged,
            phases=dict(self.phases),
            endpoint_up=answered,
            stack=self.options.stack,
            plan_changed=self.plan_changed,
        )

    def _merge_previous(self, tables: Iterable[TableReport]) -> dict[str, TableReport]:
        """These tables, and those of the previous round that this one did not assess."""
        previous = self.request.previous
        merged = {table.name: table for table in previous.tables if not self._is_in_focus(table)} if previous else {}
        return merged | {table.name: table for table in tables}

    def _with_drift_start(self, table: TableReport) -> TableReport:
        since = self.state.drift_start(table, self.started)
        return table if since is None else replace(table, drift_since=since)

    def _unobserved_tables(self, error: str) -> tuple[TableReport, ...]:
        """A report with ``error`` for each declared table of a pass that could not observe them."""
        declarations = self.desired.declarations if self.desired and self.request.previous is None else ()
        return tuple(
            TableReport(d.spec.name, TableStatus.ERROR, d.base_name, str(d.origin), error=error) for d in declarations
        )

    def _is_in_focus(self, table: TableReport) -> bool:
        return self.request.focus is None or table.name in self.request.focus

    def _leads(self, snapshot: StateSnapshot | None, result: PassResult | None) -> bool | None:
        if snapshot is None or not snapshot.usable:
            return None
        if result is not None and (result.led or result.holder):
            return result.led
        lease = snapshot.lease
        return lease is None or self.ports.store.owns(lease) or not self.ports.store.is_held(lease)

    def _is_free(self, snapshot: StateSnapshot | None, result: PassResult | None) -> bool:
        """Whether nobody holds the lease, of which it is known that no other process does."""
        if (result is not None and result.led) or snapshot is None:
            return False
        lease = snapshot.lease
        # Our own lease is not renewed while nothing is to be written. The clock of its term is our own.
        if lease is None or lease.released or lease.expires <= self.ports.clock.now():
            return True
        return not self.ports.store.owns(lease)

    def _timed(self, phase: str, work: Callable[[], T]) -> T:
        began = self.ports.clock.monotonic()
        try:
            return work()
        finally:
            self.phases[phase] = self.phases.get(phase, 0.0) + self.ports.clock.monotonic() - began


def _holder(snapshot: StateSnapshot | None, result: PassResult | None) -> str | None:
    if result is not None and result.holder:
        return result.holder
    return snapshot.lease.shown if snapshot is not None and snapshot.lease is not None else None


def _unmanaged(
    names: tuple[str, ...], desired: DesiredState, snapshot: StateSnapshot, state_table: str
) -> tuple[TableReport, ...]:
    ours = {name for name, entry in snapshot.inventory.items() if not is_released(entry)}
    copies = {each.aside for each in snapshot.replacements.values() if each.under_way}
    known = {declaration.spec.name for declaration in desired.declarations} | ours | copies | {state_table}
    known |= snapshot.set_aside.keys()
    return tuple(TableReport(name, TableStatus.UNMANAGED) for name in names if name not in known)
