"""Questions before something is changed. Called by ``up`` and ``destroy``."""

from __future__ import annotations

import typer

from reconciler import interruption
from reconciler.cli.invocation import Invocation
from reconciler.model.errors import UsageError


def must_be_able_to_ask(invocation: Invocation, *, yes: bool) -> None:
    """Off a terminal nobody can answer: raises ``UsageError`` unless --yes was given."""
    if not yes and not invocation.console.interactive:
        raise UsageError(f"`{invocation.verb}` asks before it changes anything, and this is no terminal. Add --yes.")


def confirmed(question: str) -> bool:
    """Ask on standard error; anything but yes is no. A signal ends the question at once."""
    with interruption.grace(0):
        return bool(typer.confirm(question, default=False, err=True))
