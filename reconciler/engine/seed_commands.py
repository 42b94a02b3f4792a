"""``seed`` and ``clear`` as asked for by a person: ``seed`` writes without the proof of emptiness that a pass needs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from reconciler.engine.clear import clear_seed
from reconciler.engine.context import EngineContext
from reconciler.engine.foreign_owner import foreign_owner
from reconciler.engine.lease_wait import acquire_lease
from reconciler.engine.observe import observe_table
from reconciler.engine.seed import write_seed
from reconciler.engine.seed_messages import seeded_step
from reconciler.engine.seed_work import SeedOutcome
from reconciler.model.desired import Declaration
from reconciler.model.errors import ApiError, UsageError
from reconciler.model.identity import Identity
from reconciler.model.options import Options
from reconciler.model.plan import Action, Reason, Step, StepStatus
from reconciler.model.records import StateSnapshot
from reconciler.model.report import RunReport, TableReport, TableStatus
from reconciler.planning.planner import seed_step
from reconciler.planning.scopes import not_ours


@dataclass(frozen=True, slots=True)
class SeedCommands:
    """Both verbs over named tables. Raises ``StateError`` when another reconciler holds the lease.

    ``snapshot`` names the tables of other stacks, where no item is written or removed, and the items that the seed
    wrote. At the ``deadline`` the work ends between two batches.
    """

    ports: EngineContext
    options: Options
    trigger: str
    snapshot: StateSnapshot
    deadline: datetime | None = None

    def seed(self, names: tuple[str, ...]) -> RunReport:
        """Write the missing keys, even into a table that is not empty, never over an existing item."""
        return self._run(names, Action.SEED)

    def clear(self, names: tuple[str, ...]) -> RunReport:
        """Remove what the seed wrote and nobody changed; the record ``cleared`` keeps the loop from seeding again."""
        return self._run(names, Action.CLEAR)

    def _run(self, names: tuple[str, ...], action: Action) -> RunReport:
        started, pass_id = self.ports.clock.now(), self.ports.random.token()
        if self.options.mode == "observe":
            raise UsageError("RECONCILER_MODE=observe: nothing is written")
        acquire_lease(self.ports)
        store = self.ports.store
        fresh = self if store.is_current(self.snapshot) else replace(self, snapshot=store.load())
        desired = self.ports.source.load()
        chosen = [declaration for name in names if (declaration := desired.named(name)) and declaration.seed]
        tables = tuple(fresh._traced(declaration, action, pass_id) for declaration in chosen)
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
            wrote=any(table.seed_written or table.seed_removed for table in tables),
            leader=True,
            stack=self.options.stack,
        )

    def _traced(self, declaration: Declaration, action: Action, pass_id: str) -> TableReport:
        with self.ports.traces.table(declaration.spec.name):
            report = self._one(declaration, action, pass_id)
            self.ports.traces.step(report.steps[0])
        self.ports.telemetry.seeded(report)
        return report

    def _one(self, declaration: Declaration, action: Action, pass_id: str) -> TableReport:
        name = declaration.spec.name
        source, count = (declaration.seed.source, len(declaration.seed.items)) if declaration.seed else ("", 0)
        step = replace(seed_step(source, count), action=action)
        try:
            observed = observe_table(self.ports, name, None, ask_owner=lambda _: True)
            other = foreign_owner(self.snapshot, self.options, name, observed)
            if other is not None:
                return _report(declaration, step.failed(not_ours(name, other), Reason.OTHER_STACK), None)
            if observed is None or observed.status != "ACTIVE":
                state = "missing" if observed is None else observed.status
                return _report(declaration, step.failed(f"the table is {state}; converge first"), None)
            outcome = self._carried_out(declaration, action, observed.identity)
        except ApiError as error:
            return _report(declaration, step.failed(str(error)), None)
        ended = seeded_step(step, outcome)
        self.ports.telemetry.step(pass_id, name, ended)
        return _report(declaration, ended, outcome)

    def _carried_out(self, declaration: Declaration, action: Action, identity: Identity) -> SeedOutcome:
        if action is Action.CLEAR:
            return clear_seed(self.ports, declaration, identity, self.snapshot, deadline=self.deadline)
        return write_seed(self.ports, declaration, identity, self.snapshot, asked=True, deadline=self.deadline)


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
        seed_failed=outcome.failed if outcome else 0,
    )


def _status(step: Step) -> TableStatus:
    if step.status is StepStatus.FAILED:
        return TableStatus.ERROR
    return TableStatus.PENDING if step.status is StepStatus.DEFERRED else TableStatus.IN_SYNC
