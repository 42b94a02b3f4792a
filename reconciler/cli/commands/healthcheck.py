"""Exit 0 when the daemon reports ready; with --tables, when these tables are ACTIVE and seeded, without a daemon."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

from reconciler import interruption
from reconciler.cli import codes
from reconciler.cli.command import command
from reconciler.cli.invocation import Invocation
from reconciler.cli.options import Output
from reconciler.cli.parameters import Option
from reconciler.model.errors import UsageError
from reconciler.model.report import PassReport, TableReport

if TYPE_CHECKING:
    from reconciler.model.desired import DesiredState
    from reconciler.settings import Settings

PAUSE_SECONDS = 1.0
Named = Annotated[
    str | None,
    Option(("--tables",), metavar="A,B", help="Wait up to --wait until these tables are ACTIVE and seeded; no daemon."),
]


@command()
def healthcheck(invocation: Invocation, tables: Named = None) -> int:
    """Ask /readyz on the configured port of this machine, or look at the named tables themselves."""
    invocation.allow(Output.HUMAN, Output.JSON)
    settings = invocation.settings()
    if tables is None:
        from reconciler import wiring

        ready, sentence = wiring.healthcheck(settings)
    else:
        names = tuple(filter(None, (name.strip() for name in tables.split(","))))
        if not names:
            raise UsageError("--tables: no table is named. Write names or base names, separated by commas.")
        ready, sentence = _await(invocation, settings, names)
    invocation.answer([sentence], {"ready": ready, "message": sentence})
    return codes.OK if ready else codes.ERROR


def _await(invocation: Invocation, settings: Settings, names: tuple[str, ...]) -> tuple[bool, str]:
    """Whether the tables became ready within WAIT, which also limits the wait for the endpoint."""
    deadline = time.monotonic() + settings.wait.total_seconds()
    with invocation.opened(settings, read_only=True) as app:
        desired = app.source.load()
        while True:
            waits = _not_ready(app.reconciler.preview(names))
            if waits is None:
                return True, f"ready: {', '.join(names)}{_unseeded(desired, names)}"
            if time.monotonic() + PAUSE_SECONDS > deadline or interruption.stop_event().wait(PAUSE_SECONDS):
                return False, f"not ready: {waits}"


def _unseeded(desired: DesiredState, names: tuple[str, ...]) -> str:
    """Which tables have no seed here. Where its file is not mounted, nothing else says that it is missing."""
    found = [name for name in names if (declaration := desired.named(name)) and not declaration.seed]
    return f"; no seed in these declarations, so none was waited for: {', '.join(found)}" if found else ""


def _not_ready(report: PassReport) -> str | None:
    """Why not all tables are ready; ``None`` where they are. Drift does not matter, as for /readyz."""
    if report.error or report.problems:
        return report.error or str(report.problems[0])
    waiting = [f"{table.name}: {_why(table)}" for table in report.tables if table.declaration and not table.ready]
    return "; ".join(waiting) or None


def _why(table: TableReport) -> str:
    if table.error:
        return table.error
    if table.live_status is None:
        return "does not exist"
    return "its seed is not written yet" if table.live_status == "ACTIVE" else f"is {table.live_status}"
