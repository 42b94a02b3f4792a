"""Let the loop write again."""

from __future__ import annotations

from reconciler.cli import codes
from reconciler.cli.command import command
from reconciler.cli.confirmation import stack_of
from reconciler.cli.invocation import Invocation
from reconciler.cli.options import Output


@command()
def resume(invocation: Invocation) -> int:
    """Lift the suspension; no error where there is none."""
    invocation.allow(Output.HUMAN, Output.JSON)
    settings = invocation.settings()
    with invocation.opened(settings, read_only=False) as app:
        lifted = app.reconciler.resume()
    which = stack_of(settings)
    sentence = f"The suspension of {which} is lifted." if lifted else f"The {which} was not suspended."
    invocation.answer([sentence], {"suspended": False, "lifted": lifted})
    return codes.OK
