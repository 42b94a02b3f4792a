"""Show what would be done and in which order, and what is deferred or blocked. Never writes."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from reconciler.cli import exits
from reconciler.cli.command import Tables, command
from reconciler.cli.confirmation import location
from reconciler.cli.invocation import Invocation
from reconciler.cli.options import Output
from reconciler.cli.parameters import Option

Diff = Annotated[bool, Option(("--diff",), help="Show the API request of each step too.")]
ExpectNoChanges = Annotated[bool, Option(("--expect-no-changes",), help="Exit 2 if there is any difference.")]


@command(reports=True)
def preview(
    invocation: Invocation, tables: Tables = None, diff: Diff = False, expect_no_changes: ExpectNoChanges = False
) -> int:
    """Plan on a client that refuses every mutating operation."""
    settings = invocation.settings()
    with invocation.opened(settings, read_only=True) as app:
        app.source.load()
        names = tuple(tables or ())
        report = app.reconciler.preview(names)
        if report.error is None:
            report = replace(report, warnings=(*report.warnings, *app.reconciler.seed_changes(names)))
    if invocation.output is Output.HUMAN and invocation.console.interactive:
        invocation.say([f"Plan for {location(settings, report)}:"])
    invocation.show(report, applied=False, diff=diff, base=settings.desired_state)
    return exits.preview(report, expect_no_changes=expect_no_changes)
