"""The daemon: schedule, HTTP, metrics. With --once: converge once and exit."""

from __future__ import annotations

from typing import Annotated

from reconciler.cli import exits
from reconciler.cli.command import command
from reconciler.cli.invocation import Invocation
from reconciler.cli.parameters import Option
from reconciler.cli.progress import progress
from reconciler.cli.seed_changes import with_seed_changes

Once = Annotated[bool, Option(("--once",), help="Converge once and exit.")]


@command(reports=True)
def run(invocation: Invocation, once: Once = False) -> int:
    """Serve until a signal, or converge once."""
    settings = invocation.settings(one_shot=once, quiet_log=False)
    with invocation.opened(settings, read_only=False) as app:
        if not once:
            return int(app.serve())
        with progress(invocation) as watched:
            app.show_progress(watched.on_seeding, watched.on_work)
            report = app.converge("once", on_step=watched.on_step, on_wait=watched.on_wait)
        report = with_seed_changes(report, app)
    invocation.show(report, applied=True, base=settings.desired_state)
    invocation.say(exits.reasons_for_drift(report))
    invocation.say_what_embedded_keeps(settings)
    invocation.warn(app.publish_metrics())
    return exits.converge(report)
