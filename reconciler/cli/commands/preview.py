"""Show what would be done and in which order, and what is deferred or blocked. Never writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated

from reconciler.cli import exits
from reconciler.cli.command import Tables, command
from reconciler.cli.invocation import Invocation
from reconciler.cli.options import Output
from reconciler.cli.parameters import Option
from reconciler.cli.progress import reading

DIFF_HELP = "Show the live and the declared table as a unified diff, and the API request of each step."
Diff = Annotated[bool, Option(("--diff",), help=DIFF_HELP)]
Out = Annotated[
    str | None, Option(("--out",), metavar="FILE", help="Also save the plan, for `up FILE` to apply exactly that.")
]
ExpectNoChanges = Annotated[
    bool, Option(("--expect-no-changes",), help="Exit 2 if there is any difference or an unfinished migration.")
]


@command(reports=True)
def preview(
    invocation: Invocation,
    tables: Tables = None,
    diff: Diff = False,
    out: Out = None,
    expect_no_changes: ExpectNoChanges = False,
) -> int:
    """Plan on a client that refuses every mutating operation."""
    settings = invocation.settings()
    with invocation.opened(settings, read_only=True) as app:
        desired = app.source.load()
        names = tuple(tables or ())
        with reading(invocation, app.activity):
            report = app.reconciler.preview(names)
        if report.error is None:
            report = replace(report, warnings=(*report.warnings, *app.reconciler.seed_changes(names)))
    documents: Mapping[str, tuple[str, ...]] = {}
    if diff and invocation.output in (Output.HUMAN, Output.MARKDOWN):
        from reconciler.presentation.unified_diff import unified_diffs

        documents = unified_diffs(report, desired.declarations)
    invocation.show(report, applied=False, diff=diff, base=settings.desired_state, documents=documents)
    if out is not None:
        from reconciler.cli import saved_plan

        saved_plan.save(out, settings, names, desired, report)
        again = saved_plan.applying(out, invocation.flags)
        invocation.say([f"The plan is saved. Apply exactly this plan with: {again}"])
    return exits.preview(report, expect_no_changes=expect_no_changes)
