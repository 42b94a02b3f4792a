"""Remove the unchanged seed items. The loop does not seed these tables again until `reconciler seed`."""

from __future__ import annotations

from reconciler.cli import codes, exits
from reconciler.cli.command import Tables, Yes, command
from reconciler.cli.confirmation import confirm_loss, location, require_terminal
from reconciler.cli.invocation import Invocation
from reconciler.cli.options import Output
from reconciler.cli.progress import progress
from reconciler.cli.seeding import done_by_daemon, seed_lines


@command(reports=True)
def clear(invocation: Invocation, tables: Tables = None, yes: Yes = False) -> int:
    """Act on the named tables, or on all that have a seed. Asks first, except on an emulator."""
    settings = invocation.settings()
    names = tuple(tables or ())
    with invocation.opened(settings, read_only=False) as app:
        app.source.load()
        if not yes and not app.reconciler.ports.emulator:
            require_terminal(invocation, yes=yes)
            which = ", ".join(names) or "all tables that have a seed"
            where = location(settings, app.reconciler.ports.endpoint)
            question = f"Remove the unchanged seed items from {which} of {where}?"
            if not confirm_loss(question, settings.stack, emulator=False):
                invocation.say(["Nothing was changed."])
                return codes.ERROR
        if invocation.output in (Output.HUMAN, Output.JSON):
            answered, why = app.seed_by_daemon(names, clear=True)
            if answered is not None:
                return done_by_daemon(invocation, answered, f"The daemon at {why} removed the items")
            if why:
                invocation.say([f"Removing waits for the lease: {why}."])
        with progress(invocation) as shown:
            app.show_progress(shown.on_seeding, shown.on_work)
            report = app.reconciler.clear(names)
    invocation.show(report, applied=True, base=settings.desired_state)
    invocation.say(seed_lines(report))
    return exits.act(report)
