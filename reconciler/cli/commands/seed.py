"""Write missing seed items, even into a table that is not empty; never over an existing item."""

from __future__ import annotations

from typing import Annotated

from reconciler.cli import exits
from reconciler.cli.command import Tables, command
from reconciler.cli.invocation import Invocation
from reconciler.cli.options import Output
from reconciler.cli.parameters import Option
from reconciler.cli.progress import progress
from reconciler.cli.seeding import done_by_daemon, seed_lines, verified_lines
from reconciler.model.errors import UsageError

Verify = Annotated[
    bool, Option(("--verify",), help="Compare each table with its seed, and write nothing. Exit 2 if one differs.")
]

Update = Annotated[
    bool, Option(("--update",), help="Also change items that equal a former version of the seed, as it was written.")
]


@command(reports=True)
def seed(invocation: Invocation, tables: Tables = None, verify: Verify = False, update: Update = False) -> int:
    """Act on the named tables, or on all that have a seed."""
    if verify and update:
        raise UsageError("--verify writes nothing, and --update writes. Give one of them")
    if verify:
        return _verify(invocation, tuple(tables or ()))
    settings = invocation.settings()
    with invocation.opened(settings, read_only=False) as app:
        app.source.load()
        if not update and invocation.output in (Output.HUMAN, Output.JSON):
            answered, why = app.seed_by_daemon(tuple(tables or ()))
            if answered is not None:
                return done_by_daemon(invocation, answered, f"The daemon at {why} did the seeding")
            if why:
                invocation.say([f"Seeding waits for the lease: {why}."])
        with progress(invocation) as shown:
            app.show_progress(shown.on_seeding, shown.on_work)
            report = app.reconciler.seed(tuple(tables or ()), update=update)
    invocation.show(report, applied=True, base=settings.desired_state)
    if invocation.output is not Output.HUMAN:
        invocation.say(seed_lines(report))
    invocation.say_what_embedded_keeps(settings)
    return exits.act(report)


def _verify(invocation: Invocation, tables: tuple[str, ...]) -> int:
    settings = invocation.settings()
    with invocation.opened(settings, read_only=True) as app:
        app.source.load()
        with progress(invocation) as shown:
            app.show_progress(shown.on_seeding, shown.on_work)
            found = app.reconciler.verify_seeds(tables)
    invocation.show(found.report, applied=False, base=settings.desired_state)
    invocation.say(verified_lines(found))
    return exits.preview(found.report, expect_no_changes=True)
