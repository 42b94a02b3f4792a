"""Write missing seed items, even into a table that is not empty; never over an existing item."""

from __future__ import annotations

from reconciler.cli import exits
from reconciler.cli.command import Tables, command
from reconciler.cli.invocation import Invocation
from reconciler.cli.progress import progress
from reconciler.cli.seeding import seed_lines


@command(reports=True)
def seed(invocation: Invocation, tables: Tables = None) -> int:
    """Act on the named tables, or on all that have a seed."""
    settings = invocation.settings()
    with invocation.opened(settings, read_only=False) as app:
        app.source.load()
        with progress(invocation) as shown:
            app.show_seeding(shown.on_seeding)
            report = app.reconciler.seed(tuple(tables or ()))
    invocation.show(report, applied=True, base=settings.desired_state)
    invocation.say(seed_lines(report))
    return exits.act(report)
