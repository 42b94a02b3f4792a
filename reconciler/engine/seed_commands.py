"""The commands ``seed`` and ``clear``, and the sentences about what seeding or clearing did.

Unlike a pass, the command ``seed`` also writes into a table that is not empty.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from reconciler.engine.authorization import acquire_lease
from reconciler.engine.context import EngineContext
from reconciler.engine.observe import observe_table
from reconciler.engine.seed import clear_seed, other_key, write_seed
from reconciler.engine.seed_batches import SeedOutcome
from reconciler.model.desired import Declaration
from reconciler.model.errors import ApiError, LeaseLost, OutcomeUnknown, TableChanged, UsageError
from reconciler.model.identity import Identity
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.options import Options
from reconciler.model.plan import Action, Reason, Step, StepStatus
from reconciler.model.records import StateSnapshot
from reconciler.model.report import RunReport, TableReport, TableStatus
from reconciler.planning.generations import items_elsewhere
from reconciler.planning.planner import seed_step
from reconciler.planning.references import seed_order
from reconciler.planning.scopes import foreign_owner, not_ours
from reconciler.planning.text import several

LEASE = "the lease was lost"


@dataclass(frozen=True, slots=True)
class SeedCommands:
    """Both commands for named tables. Raises ``StateError`` if another reconciler holds the lease.

    ``snapshot`` has the claims of other stacks, whose tables are not changed, and the seed records. The work ends
    between two batches at the ``deadline``.
    """

    ports: EngineContext
    options: Options
    trigger: str
    snapshot: StateSnapshot
    deadline: datetime | None = None
    update: bool = False
    """Whether ``seed`` also brings items of a former version of the seed to the present one."""

    def seed(self, names: tuple[str, ...]) -> RunReport:
        """Write the missing items, even into a table that is not empty. Never overwrites an item."""
        return self._run(names, Action.SEED)

    def clear(self, names: tuple[str, ...]) -> RunReport:
        """Remove items that the seed wrote and nobody changed. The record ``cleared`` prevents seeding by a pass."""
        return self._run(names, Action.CLEAR)

    def _run(self, names: tuple[str, ...], action: Action) -> RunReport:
        started, pass_id = self.ports.clock.now(), self.ports.random.token()
        if self.options.mode == "observe":
            raise UsageError("RECONCILER_MODE=observe: nothing is written")
        acquire_lease(self.ports)
        store = self.ports.store
        fresh = self if store.is_current(self.snapshot) else replace(self, snapshot=store.load())
        desired = self.ports.declared(fresh.snapshot.generations)
        chosen = [declaration for name in names if (declaration := desired.named(name)) and declaration.seed]
        order = seed_order(desired.declarations)
        chosen.sort(key=lambda declaration: order.position(declaration.spec.name), reverse=action is Action.CLEAR)
        tables = tuple(fresh._run_table(declaration, action, pass_id) for declaration in chosen)
        return RunReport(
            run_id=self.ports.random.token(),
            pass_ids=(pass_id,),
            pass_id=pass_id,
            trigger=self.trigger,
            environment=self.options.environment_label,
            started=started,
            finished=self.ports.clock.now(),
            endpoint=self.ports.endpoint,
            tables=tables,
            wrote=any(table.seed_written or table.seed_removed or table.seed_updated for table in tables),
            leader=True,
            stack=self.options.stack,
        )

    def _run_table(self, declaration: Declaration, action: Action, pass_id: str) -> TableReport:
        with self.ports.traces.table(declaration.spec.name):
            report = self._seed_table(declaration, action, pass_id)
            self.ports.traces.step(report.steps[0])
        self.ports.telemetry.seeded(report)
        return report

    def _seed_table(self, declaration: Declaration, action: Action, pass_id: str) -> TableReport:
        name = declaration.spec.name
        source, count = (declaration.seed.source, len(declaration.seed.items)) if declaration.seed else ("", 0)
        step = replace(seed_step(source, count), action=action)
        try:
            observed = observe_table(self.ports, name, None, ask_owner=lambda _: True)
            other = foreign_owner(self.snapshot, self.options, name, observed)
            if other is not None:
                return _report(declaration, step.failed(not_ours(name, other), Reason.OTHER_STACK), None)
            elsewhere = items_elsewhere(name, observed.identity if observed else None, self.snapshot)
            if elsewhere is not None:
                return _report(declaration, step.failed(elsewhere, Reason.REPLACING), None)
            if observed is None or observed.status != "ACTIVE":
                absent = f"the table is missing; `reconciler up {declaration.base_name}` creates it"
                busy = f"the table is {observed.status}; run this again once it is ACTIVE" if observed else absent
                return _report(declaration, step.failed(busy), None)
            why = other_key(declaration, observed)
            if why is not None:
                return _report(declaration, step.failed(why), None)
            outcome = self._execute(declaration, action, observed.identity)
        except ApiError as error:
            return _report(declaration, step.failed(str(error)), None)
        ended = seeded_step(step, outcome)
        self.ports.telemetry.step(pass_id, name, ended)
        return _report(declaration, ended, outcome)

    def _execute(self, declaration: Declaration, action: Action, identity: Identity) -> SeedOutcome:
        if action is Action.CLEAR:
            return clear_seed(self.ports, declaration, identity, self.snapshot, deadline=self.deadline)
        return write_seed(
            self.ports,
            declaration,
            identity,
            self.snapshot,
            by_command=True,
            update=self.update,
            deadline=self.deadline,
        )


def _report(declaration: Declaration, step: Step, outcome: SeedOutcome | None) -> TableReport:
    failed = step.status is StepStatus.FAILED
    return TableReport(
        name=declaration.spec.name,
        status=_status(step),
        base_name=declaration.base_name,
        declaration=str(declaration.origin),
        steps=(step,),
        error=step.message if failed else None,
        seed_state=outcome.record.state if outcome and outcome.record else None,
        seed_written=outcome.written if outcome else 0,
        seed_present=outcome.present if outcome else 0,
        seed_removed=outcome.removed if outcome else 0,
        seed_kept=outcome.kept if outcome else 0,
        seed_updated=outcome.updated if outcome else 0,
        seed_failed=outcome.failed if outcome else 0,
    )


def _status(step: Step) -> TableStatus:
    if step.status is StepStatus.FAILED:
        return TableStatus.ERROR
    return TableStatus.PENDING if step.status is StepStatus.DEFERRED else TableStatus.IN_SYNC


def seeded_step(step: Step, outcome: SeedOutcome) -> Step:
    """The step with the status that follows from the outcome: failed, deferred if it stopped early, else done."""
    counts = seed_summary(outcome) if step.action is Action.SEED else clear_summary(outcome)
    error = outcome.error
    if outcome.unknown:
        # Every such item is named, whatever else happened: nothing else will ever tell that it may be lost.
        others = () if error is None or isinstance(error, OutcomeUnknown) else (error,)
        return step.failed("; ".join([*map(str, (*outcome.unknown, *others)), counts]))
    if isinstance(error, LeaseLost):
        return step.deferred(Reason.LEASE, f"{LEASE}; {counts}")
    if isinstance(error, TableChanged):
        verb = "written, the last ones possibly into the new table" if step.action is Action.SEED else "removed"
        items = several(outcome.written if step.action is Action.SEED else outcome.removed, "item")
        return step.failed(f"{error.message}; stopped after {items} {verb}", Reason.IDENTITY)
    if error is not None:
        return step.failed(f"{error}; {counts}")
    if outcome.stopped is not None:
        return step.deferred(Reason.BUSY, f"{outcome.stopped}; {counts}")
    source = outcome.record.source if outcome.record else ""
    words = f"{counts}, from {source}" if step.action is Action.SEED and source else counts
    return step.done().with_message(words)


def seed_summary(outcome: SeedOutcome) -> str:
    """``2 written, 1 present``, and the numbers of failed items and of items of earlier versions."""
    parts = [f"{outcome.written:,} written", f"{outcome.present:,} present"]
    if outcome.updated:
        parts.append(f"{outcome.updated:,} updated")
    if outcome.changed:
        parts.append(f"{outcome.changed:,} kept (changed by others)")
    if outcome.failed:
        parts.append(f"{outcome.failed:,} failed")
    if outcome.earlier:
        parts.append(f"{outcome.earlier:,} of an earlier version of the seed remain")
    if outcome.recorded_earlier:
        parts.append(f"up to {outcome.recorded_earlier:,} of an earlier version of the seed remain")
    return ", ".join(parts)


def clear_summary(outcome: SeedOutcome) -> str:
    """``3 removed, 1 kept (changed since)``, and the numbers of items that were gone or failed."""
    reasons = [
        f"{count:,} {reason}" if outcome.changed and outcome.others else reason
        for count, reason in (
            (outcome.changed, "changed since"),
            (outcome.others, "not recorded as written by the seed"),
        )
        if count
    ]
    kept = f"{outcome.kept:,} kept"
    parts = [f"{outcome.removed:,} removed", f"{kept} ({', '.join(reasons)})" if reasons else kept]
    if outcome.gone:
        parts.append(f"{outcome.gone:,} already gone")
    if outcome.earlier:
        parts.append(f"{outcome.earlier:,} of an earlier version of the seed not found unchanged")
    if outcome.failed:
        parts.append(f"{outcome.failed:,} failed")
    return ", ".join(parts)
