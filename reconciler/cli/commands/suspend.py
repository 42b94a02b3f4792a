"""Stop the loop from writing. It keeps observing and reports that it is suspended."""

from __future__ import annotations

import getpass
import socket

from reconciler.cli import codes
from reconciler.cli.command import command
from reconciler.cli.confirmation import stack_of
from reconciler.cli.invocation import Invocation
from reconciler.cli.options import Output


@command()
def suspend(invocation: Invocation) -> int:
    """Record the suspension and who requested it."""
    invocation.allow(Output.HUMAN, Output.JSON)
    settings = invocation.settings()
    with invocation.opened(settings, read_only=False) as app:
        app.reconciler.suspend(by=_who())
    invocation.answer([f"The {stack_of(settings)} is suspended. `reconciler resume` lifts that."], {"suspended": True})
    return codes.OK


def _who() -> str:
    try:
        user = getpass.getuser()
    except (OSError, KeyError):
        user = "somebody"
    return f"{user}@{socket.gethostname()}"
