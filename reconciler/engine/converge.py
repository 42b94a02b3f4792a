"""Repeats passes until no step is ready or deferred, or until the deadline: what ``--once`` and ``up`` do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field, replace
from datetime import datetime

from reconciler.engine.authorization import PATIENCE, acquire_lease, waiting_for_lease
from reconciler.engine.context import EngineContext
from reconciler.engine.reconcile_pass import PassRequest
from reconciler.model.errors import ReconcilerError
from reconciler.model.json_values import to_the_second
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.plan import Action, Approval, Reason, Step, StepStatus
from reconciler.model.report import PassReport, RunReport, TableReport, TableStatus
from reconciler.planning.text import printable

FIRST_PAUSE = 0.1
LONGEST_PAUSE = 5.0
TRIES = 5
"""Consecutive rounds in which a table may fail before the run gives it up."""
REPORT_WAIT_AFTER = 2.0
"""Seconds of waiting after which a run reports what it waits for."""
FINAL = frozenset({Reason.REJECTED, Reason.IDENTITY})
"""Failures that are not retried: the service refused the call, or it reached another table. A retry could hide them."""


@dataclass(slots=True)
class ConvergeLoop:
    """One run: it repeats ``run_pass`` until the tables converge or ``deadline`` passes."""

    ports: EngineContext
    run_pass: Callable[[PassRequest], PassReport]
    deadline: datetime
    on_wait: Callable[[str], None] | None = None
    """Called with a sentence that says what the run waits for and until when, once for each sentence.

    Whoever shows it decides how often: the time that is left falls from one to the next."""
    waited: float = 0.0
    waits_reported: set[str] = field(default_factory=set)
    wait_reported: bool = False
    """Whether the wait for the lease was reported."""
    pass_ids: list[str] = field(default_factory=list)
    interrupted: bool = False
    """Whether a wait ended because the process is to stop."""

    def run(self, request: PassRequest) -> RunReport:
        """The report of the last round, with the steps and changes of all rounds.

        If another process held the lease, one more pass follows once it is free, because records may be left to write.
        If this process may have lost the lease since its last write, one more pass checks the result.
        """
        started = self.ports.clock.now()
        whole, held = self._run(request)
        if held and self._wait_for_lease(whole):
            again, _ = self._run(
                replace(request, ended=_ended(whole), approved=_approval_after_writes(request.approved, whole))
            )
            whole = _join(whole, again)
        # What this run saw last may be out of date if another process has written since.
        if self._may_have_lost_lease(whole):
            again, _ = self._run(replace(request, ended=_ended(whole)))
            whole = _join(whole, again)
        report = replace(_mark_unreached(whole), started=started, interrupted=self.interrupted)
        return RunReport.of(report, self.ports.random.token(), tuple(self.pass_ids))

    def _pass(self, request: PassRequest) -> PassReport:
        report = self.run_pass(request)
        self.pass_ids.append(report.pass_id)
        return report

    def _run(self, request: PassRequest) -> tuple[PassReport, bool]:
        """Run all rounds. Returns the joined report, and whether another process held the lease in one of them."""
        report = whole = self._pass(request)
        failures: dict[str, int] = {}
        ended = request.ended | _ended(report)
        held, pause = report.lease_holder is not None, FIRST_PAUSE
        while focus := self._unfinished(request, report, failures):
            progressed = any(table.has(StepStatus.DONE) for table in report.tables if table.name in focus)
            pause = FIRST_PAUSE if progressed else min(pause * 2, LONGEST_PAUSE)
            self._report_lease_wait(report)
            if not progressed and not self._wait(report, pause):
                break
            if self.ports.clock.now() >= self.deadline:
                break
            approved = _approval_after_writes(request.approved, whole)
            next_round = replace(
                request, focus=frozenset(focus), previous=_without_done_steps(report), ended=ended, approved=approved
            )
            report = self._pass(next_round)
            held = held or report.lease_holder is not None
            ended |= _ended(report)
            whole = _join(whole, report)
            if report.error:
                break
        return whole, held

    def _report_lease_wait(self, report: PassReport) -> None:
        """Report who holds the lease and how long this run waits for it: a log once, a person as the time goes by."""
        if not report.lease_holder:
            return
        left = (self.deadline - self.ports.clock.now()).total_seconds()
        if self.on_wait is not None:
            self.on_wait(printable(waiting_for_lease(report.lease_holder, left)))
        elif not self.wait_reported:
            self.ports.telemetry.waiting(report.lease_holder, max(0.0, left))
        self.wait_reported = True

    def _may_have_lost_lease(self, report: PassReport) -> bool:
        """Whether another process may have held the lease since this run wrote, so that its last report is doubtful."""
        if report.error or report.problems or not report.wrote:
            return False
        try:
            return not self.ports.store.keep_lease()
        except ReconcilerError:
            return True

    def _wait_for_lease(self, report: PassReport) -> bool:
        """Wait for the lease; ``False`` if a living process holds it, which then writes its records itself."""
        left = (self.deadline - self.ports.clock.now()).total_seconds()
        if report.error or left <= 0:
            return False
        try:
            acquire_lease(self.ports, min(PATIENCE.total_seconds(), left), wait_reported=self.wait_reported)
        except ReconcilerError:
            return False
        return True

    def _unfinished(self, request: PassRequest, report: PassReport, failures: dict[str, int]) -> list[str]:
        """The names of tables that need another round. In a suspended stack only ``destroy`` continues.

        A second ``destroy`` would otherwise end while its backup is CREATING, and create another backup each time.
        """
        idle = report.observe_only or (report.suspended and not request.destroy)
        if report.error or report.problems or idle or report.plan_changed:
            return []
        names = []
        for table in report.tables:
            failures[table.name] = failures.get(table.name, 0) + 1 if table.status is TableStatus.ERROR else 0
            if failures[table.name] < TRIES and self._has_work(table):
                names.append(table.name)
        return names

    def _has_work(self, table: TableReport) -> bool:
        if table.status is TableStatus.ERROR:
            return not any(step.reason in FINAL for step in table.steps)
        return any(self._open(step) for step in table.steps)

    def _open(self, step: Step) -> bool:
        if step.status is StepStatus.DEFERRED:
            # A grace period that only the process that leads can begin: no end of it is known.
            if step.reason is Reason.PRUNE_GRACE and step.not_before is None:
                return False
            return step.not_before is None or step.not_before < self.deadline
        return step.status in (StepStatus.READY, StepStatus.DONE)

    def _wait(self, report: PassReport, pause: float) -> bool:
        now = self.ports.clock.now()
        soonest = report.next_not_before
        only_dated = soonest is not None and all(
            step.not_before is not None for table in report.tables for step in table.steps if self._open(step)
        )
        seconds = (
            (soonest - now).total_seconds() if only_dated and soonest else self.ports.random.uniform(pause / 2, pause)
        )
        left = (self.deadline - now).total_seconds()
        seconds = max(0.0, min(seconds, left))
        self._report_wait(report, seconds)
        self.interrupted = not self.ports.clock.sleep(seconds)
        return not self.interrupted

    def _report_wait(self, report: PassReport, seconds: float) -> None:
        self.waited += seconds
        if self.on_wait is None or report.lease_holder or self.waited < REPORT_WAIT_AFTER:
            return
        for table in report.tables:
            for step in table.steps:
                if step.status is StepStatus.DEFERRED and self._open(step):
                    until = f" until {to_the_second(step.not_before)}" if step.not_before else ""
                    why = f" ({step.message})" if step.message else ""
                    what = f"{step.action.value} of {table.name} waits{until}{why}"
                    sentence = printable(f"{what}; this run ends at {to_the_second(self.deadline)} at the latest.")
                    if sentence not in self.waits_reported:
                        self.waits_reported.add(sentence)
                        self.on_wait(sentence)
                    return


def _approval_after_writes(approved: Approval | None, whole: PassReport) -> Approval | None:
    """The approval without its plan digest once something was written: the plan has changed by being carried out."""
    return replace(approved, digest=None) if approved is not None and whole.wrote else approved


def _ended(report: PassReport) -> frozenset[str]:
    """The names of tables that a round deleted or replaced, or would have without a guard of the whole pass."""
    return frozenset(table.name for table in report.tables if any(_counts(step) for step in table.steps))


def _counts(step: Step) -> bool:
    held = step.reason in (Reason.MAX_DELETES, Reason.INVALID_ANSWER, Reason.LEASE)
    return step.destructive and (held or step.status in (StepStatus.READY, StepStatus.DONE, StepStatus.FAILED))


def _without_done_steps(report: PassReport) -> PassReport:
    """The report without steps that are done, as the base of the next round."""
    return replace(report, tables=tuple(_table_without_done_steps(table) for table in report.tables))


def _table_without_done_steps(table: TableReport) -> TableReport:
    steps = tuple(step for step in table.steps if step.status is not StepStatus.DONE)
    return replace(table, steps=steps, seed_written=0, seed_present=0, seed_failed=0)


def _join(whole: PassReport, report: PassReport) -> PassReport:
    before = {table.name: table for table in whole.tables}
    after = {table.name: table for table in report.tables}
    names = sorted(before.keys() | after.keys())
    tables = tuple(table for name in names if (table := _join_table(before.get(name), after.get(name))) is not None)
    return replace(
        report,
        tables=tables,
        wrote=whole.wrote or report.wrote,
        warnings=tuple(dict.fromkeys(whole.warnings + report.warnings)),
        phases={
            key: whole.phases.get(key, 0.0) + report.phases.get(key, 0.0) for key in {**whole.phases, **report.phases}
        },
    )


def _join_table(before: TableReport | None, after: TableReport | None) -> TableReport | None:
    if after is None:
        # After the switch of a replacement, another table is reported in its place.
        return None if before is not None and before.generation is not None else _gone(before)
    if before is None:
        return after
    done = tuple(step for step in before.steps if step.status is StepStatus.DONE)
    kept = tuple(step for step in after.steps if step not in done)
    # Without a step of this run, what an earlier round found and this one does not is the work of another process.
    earlier = before.changes if done else ()
    paths = {change.path for change in earlier}
    changes = earlier + tuple(change for change in after.changes if change.path not in paths)
    return replace(
        after,
        steps=done + kept,
        changes=changes,
        seed_written=before.seed_written + after.seed_written,
        seed_present=before.seed_present + after.seed_present,
    )


def _gone(before: TableReport | None) -> TableReport | None:
    """A table that a later round no longer reports: it was deleted as planned, so nothing is left to do."""
    if before is None:
        return None
    done = tuple(step for step in before.steps if step.status is StepStatus.DONE)
    return replace(before, status=TableStatus.IN_SYNC, steps=done, error=None, drifted=())


def _mark_unreached(report: PassReport) -> PassReport:
    """The report with steps that were still ready at the end marked as not reached before the deadline."""
    if report.suspended or report.observe_only:
        return report
    return replace(report, tables=tuple(_unreached(table) for table in report.tables))


def _unreached(table: TableReport) -> TableReport:
    if not any(step.status is StepStatus.DONE for step in table.steps) or table.status is not TableStatus.PENDING:
        return table
    message = "not reached before the deadline"
    steps = tuple(
        s.deferred(Reason.BUSY, message) if s.status is StepStatus.READY and s.action is not Action.SEED else s
        for s in table.steps
    )
    return replace(table, steps=steps)
