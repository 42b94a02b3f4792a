"""Make a new table from a backup, or from what a table held at a time; never over a table that is there."""

from __future__ import annotations

from typing import Annotated

import typer

from reconciler.cli import codes
from reconciler.cli.command import command
from reconciler.cli.invocation import Invocation
from reconciler.cli.options import Output

Table = Annotated[str, typer.Argument(metavar="TABLE", help="The table, by name or base name; it may be gone.")]
To = Annotated[str, typer.Option("--to", metavar="NAME", help="The name of the new table, as it stands.")]
From = Annotated[str | None, typer.Option("--from", metavar="BACKUP", help="A backup by name or ARN, or 'latest'.")]
At = Annotated[str | None, typer.Option("--at", metavar="TIME", help="A time (ISO 8601, UTC), or 'latest'.")]


@command()
def restore(invocation: Invocation, table: Table, to: To, from_backup: From = None, at: At = None) -> int:
    """Begin, wait until the table is ACTIVE or the deadline; called again it waits on. Exit 2 where it is not done."""
    invocation.allow(Output.HUMAN, Output.JSON)
    with invocation.opened(invocation.settings(), read_only=False) as app:
        told = app.restore(table, to, backup=from_backup, at=at)
    invocation.answer(told.sentences, {**told.facts, "finished": told.finished, "messages": list(told.sentences)})
    return codes.OK if told.finished else codes.DRIFT
