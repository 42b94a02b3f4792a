"""Write missing seed items, even into a table that is not empty; never over an existing item."""

from __future__ import annotations

from typing import Annotated

from reconciler.cli import exits
from reconciler.cli.command import Tables, command
from reconciler.cli.invocation import Invocation
from reconciler.cli.parameters import Option
from reconciler.cli.progress import progress
from reconciler.cli.seeding import seed_lines, verified_lines

Verify = Annotated[
    bool, Option(("--verify",), help="Compare each table with its seed, and write nothing. Exit 2 if one differs.")
]


@command(reports=True)
def seed(invocation: Invocation, tables: Tables = None, verify: Verify = False) -> int:
    """Act on the named tables, or on all that have a seed."""
    if verify:
        return _verify(invocation, tuple(tables or ()))
    settings = invocation.settings()
    with invocation.opened(settings, read_only=False) as app:
        app.source.load()
        with progress(invocation) as shown:
            app.show_seeding(shown.on_seeding)
            report = app.reconciler.seed(tuple(tables or ()))
    invocation.show(report, applied=True, base=settings.desired_state)
    invocation.say(seed_lines(report))
    return exits.act(report)


def _verify(invocation: Invocation, tables: tuple[str, ...]) -> int:
    settings = invocation.settings()
    with invocation.opened(settings, read_only=True) as app:
        app.source.load()
        found = app.reconciler.verify_seeds(tables)
    invocation.show(found.report, applied=False, base=settings.desired_state)
    invocation.say(verified_lines(found))
    return exits.preview(found.report, expect_no_changes=True)
