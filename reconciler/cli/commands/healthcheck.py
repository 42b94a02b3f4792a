"""Exit 0 when the daemon reports ready; for the HEALTHCHECK of the image."""

from __future__ import annotations

from reconciler.cli import codes
from reconciler.cli.command import command
from reconciler.cli.invocation import Invocation
from reconciler.cli.options import Output


@command()
def healthcheck(invocation: Invocation) -> int:
    """Ask /readyz on the configured port of this machine."""
    invocation.allow(Output.HUMAN, Output.JSON)
    settings = invocation.settings()
    from reconciler import wiring

    ready, sentence = wiring.healthcheck(settings)
    invocation.answer([sentence], {"ready": ready, "message": sentence})
    return codes.OK if ready else codes.ERROR
