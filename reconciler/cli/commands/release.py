"""Stop managing tables without touching them."""

from __future__ import annotations

from typing import Annotated

from reconciler.cli import codes
from reconciler.cli.command import command
from reconciler.cli.invocation import Invocation
from reconciler.cli.options import Output
from reconciler.cli.parameters import Argument

Names = Annotated[list[str], Argument(metavar="TABLE", help="Tables by name or base name.")]


@command()
def release(invocation: Invocation, tables: Names) -> int:
    """Only the state table is written."""
    invocation.allow(Output.HUMAN, Output.JSON)
    with invocation.opened(invocation.settings(), read_only=False) as app:
        sentences = app.reconciler.release(tuple(tables))
    invocation.answer(sentences, {"released": list(tables), "messages": list(sentences)})
    return codes.OK
