"""Preview, ask, converge. Also lifts a suspension."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

from reconciler.cli import codes, exits, saved_plan
from reconciler.cli.command import Yes, command
from reconciler.cli.confirmation import (
    confirm,
    confirm_loss,
    location,
    loses,
    loss_warning,
    require_terminal,
    stack_of,
)
from reconciler.cli.invocation import Invocation
from reconciler.cli.options import Output
from reconciler.cli.parameters import Argument
from reconciler.cli.progress import progress, reading
from reconciler.cli.seed_changes import with_seed_changes
from reconciler.model.plan import Reason, Step, StepStatus
from reconciler.model.report import PassReport
from reconciler.planning.digest import approval
from reconciler.presentation.document import document
from reconciler.presentation.plan_changes import plan_changes
from reconciler.presentation.render import counts

if TYPE_CHECKING:
    from reconciler.settings import Settings

WHAT_HELP = "Tables by name or base name, or the file of a saved plan; all tables if none is given."
What = Annotated[list[str] | None, Argument(metavar="TABLE|FILE", help=WHAT_HELP)]


@command(reports=True)
def up(invocation: Invocation, tables: What = None, yes: Yes = False) -> int:
    """Show the plan, ask, apply it and show the result.

    If the plan changes before it is applied, it is shown and asked about again. With --yes there is no question: the
    current plan is applied without destructive steps that were not shown. --yes alone is no consent to lose the items
    of a table; naming the table beside it is. A saved plan is applied as it was reviewed, or not at all.
    """
    require_terminal(invocation, yes=yes)
    saved = saved_plan.named_by(tables or ())
    settings = invocation.settings()
    names = tuple(tables or ()) if saved is None else saved.tables
    with invocation.opened(settings, read_only=False) as app:
        desired = app.source.load()
        shown_before: PassReport | None = None
        done_before: PassReport | None = None
        while True:
            with reading(invocation, app.activity):
                # What only a question would allow is not in a saved plan, because `preview` asks none.
                plan = app.reconciler.preview(names, confirming=saved is None and (not yes or bool(names)))
            if saved is not None:
                saved.refuse_if_changed(settings, desired, plan)
            if shown_before is not None:
                invocation.say(plan_changes(*(document(each)["tables"] for each in (shown_before, plan))))
            shown_before = plan
            work = _work(plan)
            # A replacement that waits for its switch needs a pass too, which repeats the changes made since.
            repeats = yes and saved is None and any(table.waits_for_switch for table in plan.tables)
            stopped = bool(plan.problems or plan.error) or not (work or plan.suspended or repeats)
            if stopped:
                plan = app.reconciler.ended_with(plan, "up", names)
            if stopped or invocation.output is Output.HUMAN:
                shown = with_seed_changes(plan, app, names) if stopped else replace(plan, suspended=False)
                invocation.show(shown, applied=False, base=settings.desired_state, final=stopped)
                if not stopped and plan.suspended:
                    invocation.say([f"The {stack_of(settings)} is suspended; applying this plan lifts the suspension."])
            if stopped:
                return exits.converge(plan)
            if not yes and not _confirmed(settings, plan):
                invocation.say(["Nothing was changed." if done_before is None else _refused(done_before)])
                return codes.ERROR
            if plan.suspended and app.reconciler.resume():
                invocation.say([f"The suspension of {stack_of(settings)} is lifted."])
            with progress(invocation, len(work)) as watched:
                app.show_progress(watched.on_seeding, watched.on_work)
                approved = approval(plan, only_this=not yes or saved is not None)
                report = app.converge("up", names, watched.on_step, approved, watched.on_wait)
            if saved is not None:
                saved.refuse_if_not_begun(report)
            if saved is not None or (not report.plan_changed and (yes or not _left_out(report))):
                break
            done_before = report if report.wrote else done_before
            done = "Nothing was done" if report.plan_changed else "Steps that were not in the shown plan were skipped"
            invocation.say([f"The plan has changed since it was shown. {done}; this is the current plan."])
        report = with_seed_changes(report, app, names)
    invocation.show(report, applied=True, results=True, base=settings.desired_state)
    invocation.say(exits.reasons_for_drift(report))
    invocation.say_what_embedded_keeps(settings)
    invocation.warn(app.publish_metrics())
    return exits.converge(report)


def _confirmed(settings: Settings, plan: PassReport) -> bool:
    question = f"{loss_warning(plan)}Apply this plan to {location(settings, plan.endpoint)}?"
    if not loses(plan):
        return confirm(question)
    emulator = plan.endpoint is not None and plan.endpoint.flavor.emulator
    return confirm_loss(question, settings.stack, emulator=emulator)


def _refused(before: PassReport) -> str:
    """What stands when a later question is refused: what was confirmed before it is applied."""
    return f"This plan was not applied. Before it: {counts(before, applied=True)}"


def _left_out(report: PassReport) -> bool:
    return any(step.reason is Reason.NOT_APPROVED for table in report.tables for step in table.steps)


def _work(plan: PassReport) -> list[Step]:
    return [
        step for table in plan.tables for step in table.steps if step.status in (StepStatus.READY, StepStatus.DEFERRED)
    ]
