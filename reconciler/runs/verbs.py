"""Executes a job with the verbs of the reconciler that the commands use. Called in the thread of the loop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.engine.reconciler import Reconciler
from reconciler.engine.state import EngineState
from reconciler.logs import get_logger
from reconciler.model.errors import ReconcilerError, UsageError
from reconciler.model.report import PassReport
from reconciler.planning import digest
from reconciler.runs.job import PAGE, TRIGGER, ItemsOutcome, Job, Outcome, Verb
from reconciler.runs.migration_runs import recorded_migrations
from reconciler.runs.quiet_telemetry import QuietTelemetry

if TYPE_CHECKING:
    from reconciler.mover.migrate_commands import MigrateCommands

    Migrate = Callable[[Reconciler], MigrateCommands]

SUFFIX = "_seeder"
log = get_logger("reconciler.runs")


class PlanChanged(UsageError):
    """The plan differs from the approved one; ``digest`` is that of the current plan."""

    def __init__(self, present: str) -> None:
        self.digest = present
        super().__init__(f"The plan has changed since it was previewed; its digest is now {present}. Nothing was done.")


def carry_out(job: Job, reconciler: Reconciler, migrate: Migrate | None = None) -> Outcome:
    """Execute the job. Raises what the verb raises, and ``PlanChanged``.

    ``migrate`` loads the migrations of items, for a run that asks for them.

    Only a pass over all tables reports to status and metrics. The reports of the other verbs cover some tables; the
    loop runs a full pass right after them.
    """
    quiet = replace(reconciler, ports=replace(reconciler.ports, telemetry=QuietTelemetry(reconciler.ports.telemetry)))
    match job.verb:
        case Verb.PREVIEW:
            report = _preview(quiet, job)
            return Outcome(report, plan_digest(report))
        case Verb.PREVIEW_ROLLBACK:
            report = _dry(quiet).preview_destroy(job.tables)
            return Outcome(report, plan_digest(report))
        case Verb.RUN:
            commands = migrate(reconciler) if job.items and migrate is not None else None
            report = _run(job, reconciler, quiet)
            return Outcome(report, items=None if commands is None else _items(reconciler, commands, report))
        case Verb.ROLLBACK:
            return _rollback(job, quiet)
        case Verb.SEED:
            return Outcome(quiet.seed(_seeded(job.tables, quiet)))
        case Verb.CLEAR:
            return Outcome(quiet.clear(_seeded(job.tables, quiet)))
        case Verb.TEST_RESET:
            return Outcome(quiet.reset_items(job.tables, job.content))
        case Verb.TEST_SNAPSHOT:
            return Outcome(quiet.snapshot_items(job.tables))
        case Verb.SUSPEND:
            _require_enforce(quiet)
            quiet.suspend(f"status {job.trigger}" if job.trigger == PAGE else job.trigger)
            return Outcome(None, suspended=True)
        case Verb.RESUME:
            _require_enforce(quiet)
            quiet.resume()
            return Outcome(None, suspended=False)


def _run(job: Job, reconciler: Reconciler, quiet: Reconciler) -> PassReport:
    if job.plan_digest is not None:
        _require_plan(job.plan_digest, _preview(quiet, job))
    names = reconciler.focus_names(job.tables) if job.tables else ()
    if reconciler.options.mode == "enforce":
        reconciler.resume()
    return quiet.run_pass(TRIGGER, names) if names else reconciler.run_pass(TRIGGER)


def _items(reconciler: Reconciler, commands: MigrateCommands, report: PassReport) -> ItemsOutcome:
    """Run the pending migrations of items after a pass that could write.

    A table that failed or is blocked does not keep the migrations of others from running: each asks for its own table.
    """
    if report.error or report.problems or report.observe_only:
        return ItemsOutcome(error="No migration of items was run, because the pass could not write.")
    try:
        with recorded_migrations(reconciler, commands, log.warning):
            return ItemsOutcome(commands.up())
    except ReconcilerError as error:
        return ItemsOutcome(error=str(error))
    finally:
        # The pass that reads the records again may be far away.
        records = {record.name: record for each in commands.ended if (record := getattr(each, "record", None))}
        if records:
            reconciler.state.migrations = {**(reconciler.state.migrations or {}), **records}


def _rollback(job: Job, quiet: Reconciler) -> Outcome:
    _require_enforce(quiet)
    if job.plan_digest is not None:
        _require_plan(job.plan_digest, _dry(quiet).preview_destroy(job.tables))
    report = quiet.destroy(job.tables)
    return Outcome(report, suspended=None if report.error or report.problems else True)


def _require_plan(digest: str, plan: PassReport) -> None:
    present = plan_digest(plan)
    if present != digest:
        raise PlanChanged(present)


def _require_enforce(reconciler: Reconciler) -> None:
    if reconciler.options.mode == "observe":
        raise UsageError("RECONCILER_MODE=observe: nothing is written")


def _seeded(names: tuple[str, ...], reconciler: Reconciler) -> tuple[str, ...]:
    """Seeder names as table names: ``users_seeder`` is ``users``, unless a table has that name."""
    if not any(name.endswith(SUFFIX) for name in names):
        return names
    desired = reconciler.ports.source.load()
    return tuple(name if desired.named(name) else name.removesuffix(SUFFIX) for name in names)


def _preview(quiet: Reconciler, job: Job) -> PassReport:
    return _dry(quiet).preview(job.tables)


def _dry(quiet: Reconciler) -> Reconciler:
    """The reconciler with its own state, so that a dry run does not count as an observation of drift."""
    return replace(quiet, state=EngineState(last_good=quiet.state.last_good))


def plan_digest(report: PassReport) -> str:
    """SHA-256 in hexadecimal over actions, statuses and changes by table, and over the errors of the plan."""
    return digest.plan_digest(report.tables, report.error, report.problems)
